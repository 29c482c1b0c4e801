//! What an asynchronous handler is given.

use super::receiver::Receiver;
use super::sender::Sender;
use crate::address::Address;

/// One connection, whose two directions can be used at the same time.
///
/// They are two fields, so that each can be borrowed by itself:
///
/// ```
/// use std::io;
/// use std::time::Duration;
///
/// use socketserver_guest::asynchronous::futures::join;
/// use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, sleep};
/// use socketserver_guest::Result;
///
/// /// Counts what it receives while it says that it is there.
/// #[derive(Default)]
/// struct Busy;
///
/// impl AsyncHandler for Busy {
///     async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
///         let AsyncRequest { receiver, sender, .. } = request;
///         let count = async {
///             let (mut buffer, mut total) = (Vec::new(), 0);
///             while receiver.receive(&mut buffer).await? > 0 {
///                 total += buffer.len();
///                 buffer.clear();
///             }
///             io::Result::Ok(total)
///         };
///         let speak = async {
///             for _ in 0..3 {
///                 sleep(Duration::from_secs(1)).await;
///                 sender.send_all(b"here\n").await?;
///             }
///             io::Result::Ok(())
///         };
///         let (total, spoken) = join!(count, speak);
///         spoken?;
///         request.sender.send_all(total?.to_string().as_bytes()).await?;
///         Ok(())
///     }
/// }
/// # let peer = socketserver_guest::testing::Peer::sending(["abc"]);
/// # socketserver_guest::testing::serve_async::<Busy>(&peer)?;
/// # assert_eq!(peer.got_bytes(), b"here\nhere\nhere\n3");
/// # Ok::<(), socketserver_guest::Error>(())
/// ```
///
/// Python equivalent: the arguments of the callback of `asyncio.start_server()`
pub struct AsyncRequest {
    /// What the peer sends.
    pub receiver: Receiver,
    /// What the peer is sent.
    pub sender: Sender,
    remote: Address,
    local: Address,
}

impl AsyncRequest {
    pub(crate) fn new(receiver: Receiver, sender: Sender, remote: Address, local: Address) -> Self {
        Self {
            receiver,
            sender,
            remote,
            local,
        }
    }

    /// The address of the peer.
    ///
    /// Python equivalent: `StreamWriter.get_extra_info('peername')`
    pub fn remote_address(&self) -> &Address {
        &self.remote
    }

    /// The address that the peer connected to.
    ///
    /// Python equivalent: `StreamWriter.get_extra_info('sockname')`
    pub fn local_address(&self) -> &Address {
        &self.local
    }
}
