//! A SOCKS5 proxy, RFC 1928: the command CONNECT, without authentication.
//!
//! `handshake` asks the peer for a `target`, by messages that `greeting`, `request` and `reply` know, `connect` connects to
//! it, and `relay` passes bytes on. A `refusal` is how all but the last can end, a `failure` is one of connecting. `peer`,
//! `connect`, `relay` and `address` know the streams and sockets of WASI; nothing else does.

mod address;
mod bindings;
mod connect;
mod failure;
mod greeting;
mod handshake;
mod peer;
mod refusal;
mod relay;
mod reply;
mod request;
mod target;

use socketserver_guest::asynchronous::raw::{
    AsyncStreamHandler, Bytes, ConnectionInfo, End, ErrorCode, StreamWriter, spawn, wit_future, wit_stream,
};

use self::bindings::wasi::sockets::types::TcpSocket;
use self::handshake::Wire as _;
use self::peer::Peer;
use self::refusal::Refusal;
use self::relay::Broken;
use self::target::Target;

/// Connects its peer to where it asks to be connected to.
struct Socks;

impl AsyncStreamHandler for Socks {
    async fn handle(_: ConnectionInfo, received: Bytes, received_end: End) -> Result<(Bytes, End), String> {
        let (sender, sent) = wit_stream::new();
        let (end, sent_end) = wit_future::new(|| Err(words("the handler was cancelled")));
        spawn(async move {
            let result = serve(received, received_end, sender).await;
            // A host that has dropped its end does not want to know.
            let _ = end.write(result).await;
        });
        Ok((sent, sent_end))
    }
}

async fn serve(received: Bytes, received_end: End, sender: StreamWriter<u8>) -> Result<(), ErrorCode> {
    let mut peer = Peer::new(received, sender);
    match establish(&mut peer).await {
        Ok((target, socket)) => {
            let (received, sender) = peer.into_streams().await;
            match relay::relay(socket, received, received_end, sender).await {
                Ok(()) => Ok(()),
                Err(Broken::Peer(error)) => Err(error),
                Err(Broken::Target(failure)) => Err(words(format!("{target}: {failure}"))),
            }
        }
        // Whether it was lost is told by its end.
        Err(Refusal::Absent) => received_end.await,
        Err(refusal) => {
            if let Some(answer) = refusal.answer() {
                // The log is told of the refusal, whether or not the peer is.
                let _ = peer.send(answer).await;
            }
            Err(words(refusal.to_string()))
        }
    }
}

/// Everything before the relay: a connection, of which the peer has been told.
async fn establish(peer: &mut Peer) -> Result<(Target, TcpSocket), Refusal> {
    let target = handshake::shake(peer).await?;
    match connect::connect(&target).await {
        Ok(socket) => {
            let local = socket.get_local_address();
            let bound = local.map_or(reply::UNSPECIFIED, address::of_socket);
            peer.send(reply::success(bound)).await?;
            Ok((target, socket))
        }
        Err(failure) => Err(Refusal::Unconnected(target, failure)),
    }
}

/// For the log of the server.
fn words(words: impl Into<String>) -> ErrorCode {
    ErrorCode::Other(Some(words.into()))
}

socketserver_guest::export_async_raw!(Socks);
