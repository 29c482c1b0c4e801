//! Misbehaves in the way that the first line of its peer names, or echoes. The host must keep those that echo going, as if
//! the others were not in the same server.
//!
//! The other programs show one fault each. This one has a few of them in one component, because a server has one.

use std::hint::black_box;
use std::io::BufRead as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Any;

impl Handler for Any {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        request.rfile.read_line(&mut line)?;
        match line.trim_end() {
            "echo" => {
                request.rfile.copy_to(&mut request.wfile)?;
                Ok(())
            }
            "spin" => loop {
                std::hint::spin_loop();
            },
            "trap" => core::arch::wasm32::unreachable(),
            "panic" => panic!("asked to"),
            "exit" => std::process::exit(1),
            "overflow" => {
                descend(1);
                Ok(())
            }
            "grow" => {
                let mut blocks = Vec::new();
                loop {
                    blocks.push(black_box(vec![0xa5_u8; 1 << 20]));
                }
            }
            "print" => loop {
                #[expect(clippy::print_stdout, reason = "the fault that is asked for")]
                {
                    println!("again");
                }
            },
            "flood" => loop {
                request.connection().send_all(&[b'x'; 65_536])?;
            },
            other => Err(format!("there is no fault `{other}`").into()),
        }
    }
}

#[expect(unconditional_recursion, reason = "the fault that is asked for")]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    descend(black_box(depth + 1)) + black_box(frame)[3]
}

socketserver_guest::export!(Any);
