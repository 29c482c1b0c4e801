use std::io::sink;

use socketserver_guest::{Handler, Request, Result};

/// Throws away whatever it receives.
#[derive(Default)]
struct Discard;

impl Handler for Discard {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut sink())?;
        Ok(())
    }
}

socketserver_guest::export!(Discard);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Peer, serve};

    use super::*;

    #[test]
    fn nothing_is_answered() {
        let peer = Peer::sending(["some", "thing"]);
        serve::<Discard>(&peer).unwrap();
        assert!(peer.got().is_empty());
    }
}
