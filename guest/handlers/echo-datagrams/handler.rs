use socketserver_guest::{DatagramHandler, DatagramRequest, Result};

/// Sends each datagram back, an empty one too: therefore not by `wfile`, which is not sent when it is empty.
#[derive(Default)]
struct Echo;

impl DatagramHandler for Echo {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        request.reply(request.data())?;
        Ok(())
    }
}

socketserver_guest::export_datagrams!(Echo);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Datagram, serve_datagram};

    use super::*;

    #[test]
    fn a_datagram_comes_back() {
        for data in ["hello", ""] {
            let datagram = Datagram::carrying(data);
            serve_datagram::<Echo>(&datagram).unwrap();
            assert_eq!(datagram.sent(), [(data.into(), datagram.remote_address())]);
        }
    }
}
