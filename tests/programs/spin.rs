//! Never returns and never calls the host. The host must interrupt it when its time is up, and serve others meanwhile.

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Spin;

impl Handler for Spin {
    fn handle(&mut self, _: &mut Request) -> Result {
        loop {
            std::hint::spin_loop();
        }
    }
}

socketserver_guest::export!(Spin);
