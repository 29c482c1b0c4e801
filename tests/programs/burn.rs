//! Behaves: for each line with a number computes for so many milliseconds, and answers `ok`. The host must charge it
//! for that time and for no other, and serve others meanwhile.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Burn;

impl Handler for Burn {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        while request.rfile.read_line(&mut line)? > 0 {
            compute(Duration::from_millis(line.trim().parse()?));
            request.wfile.write_all(b"ok\n")?;
            line.clear();
        }
        Ok(())
    }
}

fn compute(time: Duration) {
    let started = Instant::now();
    let mut number = 1_u64;
    while started.elapsed() < time {
        // Some 10 microseconds of work for each look at the clock, so that the time is spent in the guest.
        for _ in 0..10_000 {
            number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}

socketserver_guest::export!(Burn);
