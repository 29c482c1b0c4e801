//! nginx, where it answers by itself: it has no echo, and what it would pass on to another server measures that one too.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Peer, first_line};
use crate::bench::row::Service;
use crate::bench::server::{Ready, Server, free_address};

pub(super) const NGINX: Peer = Peer {
    name: "nginx",
    what: "nginx with one worker, which answers from its configuration (`return`). It has no echo, and what it would pass on to another \
           server measures that one too, so it is in no other row",
    install: "apt-get install nginx-light libnginx-mod-stream",
    version: |_| first_line(Command::new("nginx").arg("-v")),
    start: |stage, demand| {
        let address = free_address()?;
        let (load, block) = match demand.service {
            // It has the time in seconds and milliseconds, in digits.
            Service::Time => (
                stream_module()?,
                format!("stream {{ server {{ listen {address}; return $msec; }} }}"),
            ),
            Service::Http(_) => (
                String::new(),
                format!(
                    "http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path body; proxy_temp_path proxy; \
                     fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; \
                     server {{ listen {address}; location / {{ return 200 \"Hello, HTTP!\\n\"; }} }} }}"
                ),
            ),
            _ => bail!("it has no such service"),
        };
        let folder = stage.folder.join("nginx");
        fs::create_dir_all(&folder)?;
        let file = folder.join("nginx.conf");
        let configuration = format!(
            "{load}daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr error;\nworker_rlimit_nofile 20000;\n\
             events {{ worker_connections 10000; }}\n{block}\n"
        );
        fs::write(&file, configuration).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&file)
            .args(["-e", "stderr"]);
        Server::start("nginx", &mut command, stage.cores, Ready::Accepts(address))
    },
};

/// Distributions pack it as a module of its own, in a folder that nginx knows.
fn stream_module() -> Result<String> {
    let output = Command::new("nginx")
        .arg("-V")
        .output()
        .context("nginx is not installed")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if text.split_ascii_whitespace().any(|word| word == "--with-stream") {
        return Ok(String::new());
    }
    let folder = text
        .split_ascii_whitespace()
        .find_map(|word| word.strip_prefix("--modules-path="))
        .context("nginx does not say where its modules are")?;
    let module = Path::new(folder).join("ngx_stream_module.so");
    ensure!(module.exists(), "nginx has no stream module");
    Ok(format!("load_module {};\n", module.display()))
}
