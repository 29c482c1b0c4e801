//! Does what its peer says with sockets of its own, one call of `std::net` for each command. The host must let it reach
//! what the operator grants, and nothing else.
//!
//! The answer to each line is a line: `ok`, `ok VALUE`, or `error KIND` with the name of an `ErrorKind`, or with the words
//! of an error that has none. What is opened stays open until `close` or the end.
//!
//! | command | answer |
//! |---|---|
//! | `connect ADDRESS` | `ok`; the stream is that of the commands below |
//! | `connect-to NAME:PORT` | the same, after looking the name up |
//! | `ask TEXT` | sends the line, and `ok LINE` with what comes back |
//! | `bind ADDRESS` | `ok PORT`: a UDP socket, that of the commands below |
//! | `send-to ADDRESS TEXT` | `ok` |
//! | `receive-from` | `ok ADDRESS TEXT` |
//! | `listen ADDRESS` | `ok` |
//! | `look-up NAME` | `ok ADDRESS...` |
//! | `look-up-many NAME COUNT` | `ok`, after so many |
//! | `churn COUNT` | `ok`, after so many UDP sockets that wait for a datagram, one after the other |
//! | `close` | `ok` |

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Outbound {
    streams: Vec<BufReader<TcpStream>>,
    sockets: Vec<UdpSocket>,
    listeners: Vec<TcpListener>,
}

impl Handler for Outbound {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        while request.rfile.read_line(&mut line)? > 0 {
            let answer = match self.command(line.trim_end()) {
                Ok(value) => format!("ok {value}"),
                // What has no kind has words.
                Err(error) => match format!("{:?}", error.kind()).as_str() {
                    "Uncategorized" => format!("error {error}"),
                    kind => format!("error {kind}"),
                },
            };
            writeln!(request.wfile, "{}", answer.trim_end())?;
            line.clear();
        }
        Ok(())
    }
}

impl Outbound {
    fn command(&mut self, line: &str) -> io::Result<String> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "connect" => self.keep(TcpStream::connect(address(rest)?)?),
            "connect-to" => self.keep(TcpStream::connect(rest)?),
            "ask" => self.ask(rest),
            "bind" => {
                let socket = UdpSocket::bind(address(rest)?)?;
                let port = socket.local_addr()?.port();
                self.sockets.push(socket);
                Ok(port.to_string())
            }
            "send-to" => {
                let (to, text) = rest.split_once(' ').ok_or(io::ErrorKind::InvalidInput)?;
                last(&mut self.sockets)?.send_to(text.as_bytes(), address(to)?)?;
                Ok(String::new())
            }
            "receive-from" => {
                let mut bytes = [0; 1024];
                let (count, from) = last(&mut self.sockets)?.recv_from(&mut bytes)?;
                Ok(format!("{from} {}", String::from_utf8_lossy(&bytes[..count])))
            }
            "listen" => {
                self.listeners.push(TcpListener::bind(address(rest)?)?);
                Ok(String::new())
            }
            "look-up" => {
                let found: Vec<_> = (rest, 0)
                    .to_socket_addrs()?
                    .map(|found| found.ip().to_string())
                    .collect();
                Ok(found.join(" "))
            }
            "look-up-many" => {
                let (name, count) = rest.split_once(' ').ok_or(io::ErrorKind::InvalidInput)?;
                for _ in 0..number(count)? {
                    // What comes of it does not matter.
                    let _ = (name, 0).to_socket_addrs();
                }
                Ok(String::new())
            }
            "churn" => {
                for _ in 0..number(rest)? {
                    let socket = UdpSocket::bind("0.0.0.0:0")?;
                    socket.set_nonblocking(true)?;
                    // Nothing has come, and the host waits for it.
                    let _ = socket.recv_from(&mut [0; 16]);
                }
                Ok(String::new())
            }
            "close" => {
                *self = Self::default();
                Ok(String::new())
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn keep(&mut self, stream: TcpStream) -> io::Result<String> {
        self.streams.push(BufReader::new(stream));
        Ok(String::new())
    }

    fn ask(&mut self, line: &str) -> io::Result<String> {
        let stream = last(&mut self.streams)?;
        writeln!(stream.get_mut(), "{line}")?;
        let mut answer = String::new();
        stream.read_line(&mut answer)?;
        Ok(answer)
    }
}

fn last<T>(of: &mut [T]) -> io::Result<&mut T> {
    of.last_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
}

fn address(text: &str) -> io::Result<SocketAddr> {
    text.parse().map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn number(text: &str) -> io::Result<u32> {
    text.parse().map_err(|_| io::ErrorKind::InvalidInput.into())
}

socketserver_guest::export!(Outbound);
