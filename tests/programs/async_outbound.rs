//! Does what its peer says with the sockets of WASI 0.3. The host must let it reach what the operator grants, and nothing
//! else.
//!
//! The answer to each line is a line: `ok VALUE`, or `error CODE`.
//!
//! | command | what it does |
//! |---|---|
//! | `ask ADDRESS TEXT` | connects, sends the line and its end, and answers all that comes back |
//! | `exchange ADDRESS TEXT` | sends a datagram, and answers the one that comes back |
//! | `look-up NAME` | answers its addresses |
//! | `bind ADDRESS`, `listen` | what a guest may not do |
//! | `hoard ADDRESS` | connects as often as it may, keeps the streams and drops the sockets; answers how often |
//! | `release` | drops the streams |

use std::net::{IpAddr, SocketAddr};

use socketserver_guest::Result;
use socketserver_guest::asynchronous::raw::{Bytes, wit_stream};
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};

use self::bindings::wasi::sockets::ip_name_lookup::resolve_addresses;
use self::bindings::wasi::sockets::types::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket, UdpSocket,
};

mod bindings {
    #![allow(
        missing_docs,
        unsafe_code,
        unreachable_pub,
        unused_qualifications,
        elided_lifetimes_in_paths,
        dead_code,
        clippy::all,
        reason = "generated code"
    )]

    wit_bindgen::generate!({ path: "wit", world: "outbound", generate_all });
}

#[derive(Default)]
struct Outbound {
    hoard: Vec<Bytes>,
}

impl AsyncHandler for Outbound {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let AsyncRequest { receiver, sender, .. } = request;
        while let Some(line) = receiver.receive_line(1024).await? {
            let line = str::from_utf8(line)?.trim_end().to_owned();
            let answer = match self.command(&line).await {
                Ok(value) => format!("ok {value}\n"),
                Err(code) => format!("error {code}\n"),
            };
            sender.send_all(answer.as_bytes()).await?;
        }
        Ok(())
    }
}

impl Outbound {
    async fn command(&mut self, line: &str) -> Result<String, String> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "ask" => ask(rest).await,
            "bind" => {
                let address = address(rest)?;
                tcp(address)?.bind(wit(address)).map_err(code)?;
                Ok(String::new())
            }
            "exchange" => exchange(rest).await,
            "hoard" => self.hoard(address(rest)?).await,
            "listen" => {
                let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(code)?;
                socket.listen().map(|_| String::new()).map_err(code)
            }
            "look-up" => {
                let found = resolve_addresses(rest.to_owned()).await.map_err(code)?;
                let found: Vec<_> = found.into_iter().map(|address| ip(address).to_string()).collect();
                Ok(found.join(" "))
            }
            "release" => {
                self.hoard.clear();
                Ok(String::new())
            }
            _ => Err("there is no such command".to_owned()),
        }
    }

    async fn hoard(&mut self, address: SocketAddr) -> Result<String, String> {
        loop {
            let Ok(socket) = tcp(address) else {
                return Ok(self.hoard.len().to_string());
            };
            socket.connect(wit(address)).await.map_err(code)?;
            let (stream, end) = socket.receive();
            drop((socket, end));
            self.hoard.push(stream);
        }
    }
}

async fn ask(rest: &str) -> Result<String, String> {
    let (to, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let to = address(to)?;
    let socket = tcp(to)?;
    socket.connect(wit(to)).await.map_err(code)?;
    let (mut writer, stream) = wit_stream::new();
    let sent = socket.send(stream);
    let (received, end) = socket.receive();
    writer.write_all(format!("{text}\n").into_bytes()).await;
    drop(writer);
    sent.await.map_err(code)?;
    let answer = received.collect().await;
    end.await.map_err(code)?;
    Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
}

async fn exchange(rest: &str) -> Result<String, String> {
    let (to, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let to = address(to)?;
    let socket = UdpSocket::create(family(to)).map_err(code)?;
    socket
        .send(text.as_bytes().to_vec(), Some(wit(to)))
        .await
        .map_err(code)?;
    let (bytes, _) = socket.receive().await.map_err(code)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn tcp(address: SocketAddr) -> Result<TcpSocket, String> {
    TcpSocket::create(family(address)).map_err(code)
}

fn code(code: impl std::fmt::Debug) -> String {
    format!("{code:?}")
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text} is no address"))
}

fn family(address: SocketAddr) -> IpAddressFamily {
    if address.is_ipv4() {
        IpAddressFamily::Ipv4
    } else {
        IpAddressFamily::Ipv6
    }
}

fn wit(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: v4.port(),
            address: v4.ip().octets().into(),
        }),
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}

fn ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => [a, b, c, d].into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => [a, b, c, d, e, f, g, h].into(),
    }
}

socketserver_guest::export_async!(Outbound);
