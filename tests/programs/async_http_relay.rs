//! Answers with what comes from another server, whose address is the path: the stream of its socket is the body of the response,
//! as it is. The host must send all of it, though the guest has nothing left to do.

use std::net::SocketAddr;

use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};
use wasip3::wit_future;

wasip3::http::service::export!(Relay);

struct Relay;

impl Guest for Relay {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let Ok(SocketAddr::V4(address)) = path[1..].parse() else {
            return Err(ErrorCode::HttpRequestUriInvalid);
        };
        let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|_| ErrorCode::ConnectionLimitReached)?;
        let address = IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: address.port(),
            address: address.ip().octets().into(),
        });
        socket
            .connect(address)
            .await
            .map_err(|_| ErrorCode::ConnectionRefused)?;
        let (received, _end) = socket.receive();
        let (trailers, ended) = wit_future::new(|| Ok(None));
        drop(trailers);
        let (response, _sent) = Response::new(Fields::new(), Some(received), ended);
        Ok(response)
    }
}
