//! Behaves: sends what it is told of the HTTP request that its connection is, a line each, and then how many bytes it
//! received. Without a request the first line is `no request`.
//!
//! A request to `/fail` fails at once, one to `/fail-late` after the first bytes of the response, and one to `/trap` or
//! `/trap-late` traps at these moments.

use std::io::{Write as _, sink};

use socketserver_guest::{Handler, Request, Result, http_request};

#[derive(Default)]
struct Tell;

impl Handler for Tell {
    fn handle(&mut self, request: &mut Request) -> Result {
        let Some(http) = http_request() else {
            request.wfile.write_all(b"no request\n")?;
            return Ok(());
        };
        let path = http.path_with_query.as_deref().unwrap_or("none");
        match path {
            "/fail" => return Err("refused by choice".into()),
            "/fail-late" => {
                request.wfile.write_all(b"a part")?;
                request.wfile.flush()?;
                return Err("refused by choice".into());
            }
            "/trap" => panic!("trapped by choice"),
            "/trap-late" => {
                request.wfile.write_all(b"a part")?;
                request.wfile.flush()?;
                panic!("trapped by choice");
            }
            _ => {}
        }
        writeln!(request.wfile, "{} {path}", http.method)?;
        writeln!(
            request.wfile,
            "authority {}",
            http.authority.as_deref().unwrap_or("none")
        )?;
        writeln!(request.wfile, "scheme {}", http.scheme.as_deref().unwrap_or("none"))?;
        for (name, value) in &http.headers {
            writeln!(request.wfile, "{name}: {}", value.escape_ascii())?;
        }
        writeln!(request.wfile, "remote {:?}", request.remote_address())?;
        let count = request.rfile.copy_to(&mut sink())?;
        writeln!(request.wfile, "received {count}")?;
        Ok(())
    }
}

socketserver_guest::export!(Tell);
