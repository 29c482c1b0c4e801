//! One connection, from its acceptance to its end.

use std::net::SocketAddr;

use adapter_connection::network::ErrorCode;
use adapter_sockets::complain;
use futures::channel::oneshot;
use futures::future::{Either, select};
use wasip3::clocks::monotonic_clock;
use wasip3::sockets::types::TcpSocket;
use wit_bindgen::spawn_local;

use crate::bindings::socketserver::adapters::ends::Teller;
use crate::bindings::socketserver::core::async_stream_handler::{ConnectionInfo, handle};
use crate::bindings::wit_stream;
use crate::convert;

/// For how long a peer that goes on sending may take to notice that it is not received any more, in nanoseconds; as the
/// server `socketserver` has it. A socket that is closed while bytes have not been read is reset by the system, and a peer that
/// is reset may lose what it has not read yet.
const LINGER: u64 = 2_000_000_000;

/// Calls the handler with the connection, and closes it in order when the handler is done.
pub(crate) async fn serve(socket: TcpSocket, remote: SocketAddr, listener: SocketAddr) {
    let local = socket.get_local_address().map_or(listener, convert::address_from_wasi);
    let info = ConnectionInfo {
        remote_address: adapter_sockets::from_std(remote),
        local_address: adapter_sockets::from_std(local),
    };
    let (received, received_end) = socket.receive();
    let (end, end_for_handler) = Teller::open();
    let (peer_has_ended, ended) = oneshot::channel();
    spawn_local(async move {
        let received: Result<(), ErrorCode> = received_end.await.map_err(convert::error);
        // It is told in vain if nobody is interested any more.
        let _ = peer_has_ended.send(());
        Teller::tell(end, received).await;
    });
    let told = match handle(info, received, end_for_handler).await {
        Ok((stream, told)) => {
            // Why it was not all sent is told to the handler, and to nobody else, as a peer may go when it likes.
            let _ = socket.send(stream).await;
            told.await.map_err(|error| error.to_string())
        }
        Err(error) => {
            let (nothing, stream) = wit_stream::new();
            drop(nothing);
            let _ = socket.send(stream).await;
            Err(error)
        }
    };
    if let Err(error) = told {
        complain(&format!("handler error: {error}"));
    }
    let lingering = Box::pin(monotonic_clock::wait_for(LINGER));
    match select(ended, lingering).await {
        Either::Left(_) | Either::Right(_) => drop(socket),
    }
}
