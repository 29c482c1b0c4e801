//! Bytes from one connection to the other, both ways at once.

use socketserver_guest::asynchronous::futures::future::try_join;
use socketserver_guest::asynchronous::raw::{Bytes, End, ErrorCode, StreamResult, StreamWriter};

use crate::bindings::wasi::sockets::types::TcpSocket;
use crate::failure::Failure;

/// How much is read at once: enough that the bytes cost more than the calls.
const BUFFER: usize = 65_536;

/// Why a relay has ended before its time.
pub(crate) enum Broken {
    /// The peer is lost.
    Peer(ErrorCode),
    Target(Failure),
}

/// Passes on what either side sends until both have ended, and the end of each as soon as it is there.
///
/// # Errors
///
/// One side has failed. There is nobody left to send what comes from the other.
pub(crate) async fn relay(
    socket: TcpSocket,
    received: Bytes,
    received_end: End,
    sender: StreamWriter<u8>,
) -> Result<(), Broken> {
    // The host gets its own stream back: these bytes never come into the memory of the handler.
    let sent = socket.send(received);
    let to_target = async {
        let sent = sent.await;
        // How the peer ended is known when the stream has ended. To the target a lost one looks like one that has sent all.
        received_end.await.map_err(Broken::Peer)?;
        Ok(sent)
    };
    let (sent, ()) = try_join(to_target, to_peer(&socket, sender)).await?;
    // Not before the target has ended too: it may have said why it takes no more.
    sent.map_err(|error| Broken::Target(error.into()))
}

/// Through one buffer, because the stream to the peer began with the handshake: another stream cannot follow in it.
async fn to_peer(socket: &TcpSocket, mut sender: StreamWriter<u8>) -> Result<(), Broken> {
    let (mut stream, end) = socket.receive();
    let mut buffer = Vec::with_capacity(BUFFER);
    loop {
        let (result, bytes) = stream.read(buffer).await;
        if result == StreamResult::Dropped {
            break;
        }
        buffer = sender.write_all(bytes).await;
        if !buffer.is_empty() {
            // The peer takes no more, and may still send. The target is told, by not receiving from it.
            return Ok(());
        }
    }
    // Before the last wait, for the peer waits for this.
    drop(sender);
    end.await.map_err(|error| Broken::Target(error.into()))
}
