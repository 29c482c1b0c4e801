//! Python's own server, which ours is named after, as far as it is there.

use std::process::{Command, Stdio};

/// What starts `ThreadingUDPServer` with an echo; nothing where there is no Python.
pub(super) fn datagrams() -> Option<Command> {
    let mut version = Command::new(PYTHON);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().ok().filter(|status| status.success())?;
    let mut command = Command::new(PYTHON);
    // Isolated: no settings of the user, and nothing from the folder that it runs in.
    command.args(["-I", "-c", ECHO]);
    Some(command)
}

const PYTHON: &str = "python3";

const ECHO: &str = r#"
import socketserver

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data, self.client_address)

with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Echo) as server:
    print("listening udp://%s:%d" % server.server_address, flush=True)
    server.serve_forever()
"#;
