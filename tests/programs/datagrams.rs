//! Does what the first word of a datagram says, so that tests drive it from outside. The host must answer each call as
//! `wit/datagrams.wit` says, and keep what one datagram does from the others.
//!
//! | datagram | answer |
//! |---|---|
//! | `echo ...` | the datagram, with its first word |
//! | `twice ...` | the datagram, two times |
//! | `none ...` | none |
//! | `length ...` | how many bytes the datagram has: `8192`, or `8192 truncated` |
//! | `addresses` | the remote address and the local one, each on a line |
//! | `elsewhere ADDRESS` | what comes of sending to another address: `ok`, or the words of the error |
//! | `big COUNT` | what comes of sending so many `x`: `ok` after them, or the words of the error |
//! | `count` | how many datagrams this instance has been given, with this one |
//! | `panic` | none: it panics |
//! | `fail WORDS` | none: `handle` returns the words as an error |
//! | `spin` | none: it computes for ever |

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use socketserver_guest::{Address, DatagramHandler, DatagramRequest, Result};

/// Outlives a datagram, in an instance that does.
static COUNT: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Datagrams;

impl DatagramHandler for Datagrams {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        let text = String::from_utf8_lossy(request.data()).into_owned();
        let text = text.trim_end();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb {
            "echo" => request.wfile.extend_from_slice(request.rfile.get_ref()),
            "twice" => {
                request.reply(request.data())?;
                request.reply(request.data())?;
            }
            "none" => {}
            "length" => {
                let length = request.data().len();
                let truncated = if request.is_truncated() { " truncated" } else { "" };
                write!(request.wfile, "{length}{truncated}")?;
            }
            "addresses" => {
                let (remote, local) = (request.remote_address(), request.local_address());
                write!(request.wfile, "{remote}\n{local}")?;
            }
            "elsewhere" => {
                let elsewhere = match rest.parse() {
                    Ok(address) => Address::Ip(address),
                    Err(_) => Address::Unix(Some(rest.to_owned())),
                };
                let result = request.socket().send_to(b"hello", &elsewhere);
                tell(request, result)?;
            }
            "big" => {
                let result = request.reply(&vec![b'x'; rest.parse()?]);
                tell(request, result)?;
            }
            "count" => write!(request.wfile, "{count}")?,
            "panic" => panic!("asked to"),
            "fail" => return Err(rest.into()),
            "spin" => loop {
                std::hint::spin_loop();
            },
            other => return Err(format!("there is no command `{other}`").into()),
        }
        Ok(())
    }
}

fn tell(request: &mut DatagramRequest, result: std::io::Result<()>) -> Result {
    match result {
        Ok(()) => write!(request.wfile, "ok")?,
        Err(error) => write!(request.wfile, "{error}")?,
    }
    Ok(())
}

socketserver_guest::export_datagrams!(Datagrams);
