use std::io::sink;

use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

/// Throws away whatever it receives.
#[derive(Default)]
struct Discard;

impl Handler for Discard {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut sink())?;
        Ok(())
    }
}

impl DatagramHandler for Discard {
    fn handle(&mut self, _: &mut DatagramRequest) -> Result {
        Ok(())
    }
}

socketserver_guest::export!(Discard);
socketserver_guest::export_datagrams!(Discard);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Datagram, Peer, serve, serve_datagram};

    use super::*;

    #[test]
    fn nothing_is_answered() {
        let peer = Peer::sending(["some", "thing"]);
        serve::<Discard>(&peer).unwrap();
        assert!(peer.got().is_empty());

        let datagram = Datagram::carrying("something");
        serve_datagram::<Discard>(&datagram).unwrap();
        assert!(datagram.sent().is_empty());
    }
}
