mod command;

use std::future::pending;
use std::io::Write as _;
use std::pin::pin;
use std::time::Duration;

use socketserver_guest::Result;
use socketserver_guest::asynchronous::futures::future::{Either, select};
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, sleep};

use self::command::Command;

/// How much of a line is answered at once: a longer one is answered in parts.
const LONGEST_LINE: usize = 1024;

/// Ticks while it answers its peer.
#[derive(Default)]
struct Ticker;

impl AsyncHandler for Ticker {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let AsyncRequest { receiver, sender, .. } = request;
        let mut interval = None;
        let mut ticks = 0_u64;
        let mut tick = pin!(wait(interval));
        loop {
            let line = pin!(receiver.receive_line(LONGEST_LINE));
            // The tick is first, and goes on from line to line: a peer that talks all the time sees it too.
            match select(tick.as_mut(), line).await {
                Either::Left(((), _)) => {
                    ticks += 1;
                    writeln!(sender.buffer(), "tick {ticks}")?;
                    tick.set(wait(interval));
                }
                Either::Right((line, _)) => {
                    let Some(line) = line? else {
                        return Ok(());
                    };
                    let line = line.trim_ascii_end();
                    match Command::of(line) {
                        Command::Every(duration) => {
                            interval = Some(duration);
                            tick.set(wait(interval));
                        }
                        Command::Hear => sender.buffer().extend_from_slice(b"heard "),
                        Command::Quiet => {
                            interval = None;
                            tick.set(wait(interval));
                        }
                        Command::Quit => return Ok(sender.send_all(b"bye\n").await?),
                    }
                    sender.buffer().extend_from_slice(line);
                    sender.buffer().push(b'\n');
                }
            }
            sender.flush().await?;
        }
    }
}

/// Waits for the next tick: for ever, where there is none.
async fn wait(interval: Option<Duration>) {
    match interval {
        Some(interval) => sleep(interval).await,
        None => pending().await,
    }
}

socketserver_guest::export_async!(Ticker);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Peer, serve_async};

    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    fn served(peer: Peer) -> String {
        serve_async::<Ticker>(&peer).unwrap();
        String::from_utf8(peer.got_bytes()).unwrap()
    }

    #[test]
    fn it_ticks_while_it_answers() {
        let peer = Peer::sending(["hello\nevery 100ms\n"])
            .then_quiet(TENTH * 5 / 2)
            .then_sending("still there?\n")
            .then_quiet(TENTH)
            .then_sending("quiet\n")
            .then_quiet(TENTH * 10)
            .then_sending("quit\nignored\n");
        let expected = "heard hello\nevery 100ms\ntick 1\ntick 2\nheard still there?\ntick 3\nquiet\nbye\n";
        assert_eq!(served(peer), expected);
    }

    /// Half of a line is no reason to wait for the other half.
    #[test]
    fn a_line_in_two_parts_is_answered_once() {
        let peer = Peer::sending(["every 100ms\nhal"])
            .then_quiet(TENTH * 3 / 2)
            .then_sending("ves\n");
        assert_eq!(served(peer), "every 100ms\ntick 1\nheard halves\n");
    }

    #[test]
    fn it_ends_with_the_stream_of_its_peer() {
        assert_eq!(served(Peer::sending(["every 1s\nbye"])), "every 1s\nheard bye\n");
    }
}
