use socketserver_guest::Result;
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};

/// Sends back whatever it receives, until the peer has sent everything.
#[derive(Default)]
struct Echo;

impl AsyncHandler for Echo {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let mut buffer = Vec::new();
        while request.receiver.receive(&mut buffer).await? > 0 {
            request.sender.send_buffer(&mut buffer).await?;
        }
        Ok(())
    }
}

socketserver_guest::export_async!(Echo);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Peer, serve_async};

    use super::*;

    #[test]
    fn everything_comes_back_in_order() {
        let peer = Peer::sending([vec![b'a'; 100_000], vec![b'b'; 3]]).taking([Ok(7)]);
        serve_async::<Echo>(&peer).unwrap();
        assert_eq!(peer.got_bytes(), [&[b'a'; 100_000][..], b"bbb"].concat());
    }
}
