use socketserver_guest::{DatagramHandler, DatagramRequest, Result};

/// Answers each datagram in upper case.
#[derive(Default)]
struct Shout;

impl DatagramHandler for Shout {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        request.reply(&request.data().to_ascii_uppercase())?;
        Ok(())
    }
}

socketserver_guest::export_datagrams!(Shout);
