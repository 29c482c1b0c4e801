//! The programs of the peers that CI has a toolchain for do what the benchmark takes them to do, and its client sees it.

use std::path::PathBuf;
use std::process::Command;

use super::{Components, Demand, Stage, find};
use crate::bench::cores::Cores;
use crate::bench::load::{Kind, Load, Outcome, measure_once};
use crate::bench::quantity::Quantity;
use crate::bench::row::Service;
use crate::workspace;

/// Each test has a folder of its own, because they run at the same time.
fn stage(name: &str) -> Stage {
    let folder = std::env::temp_dir().join(format!("socketserver-bench-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Stage {
        cores: Cores::choose().unwrap(),
        ours: PathBuf::new(),
        ours_flags: Vec::new(),
        xtask: PathBuf::new(),
        folder,
        components: Components::default(),
    }
}

fn has(program: &str, option: &str) -> bool {
    let hint = format!("{program} is not installed: a peer of the benchmark is not tested");
    workspace::has_tool(Command::new(program).arg(option), &hint).unwrap()
}

/// Puts a short load on a server, which must answer all of it rightly.
fn serve(name: &str, service: Service, kind: Kind) -> Outcome {
    let stage = stage(&format!("{name}-{service:?}-{kind:?}"));
    let demand = Demand {
        service,
        connections: 8,
        cache: None,
    };
    let server = (find(name).unwrap().start)(&stage, &demand).unwrap();
    // On a machine that is busy with other tests too, and beside handlers that loop, the least takes its time.
    let window = std::time::Duration::from_millis(if kind == Kind::Neighbour { 2_000 } else { 250 });
    let load = Load::new(kind, server.address(), server.id(), window, 4, 2).unwrap();
    let outcome = measure_once(load).unwrap();
    if service == Service::Spin {
        drop(server);
    } else {
        server.stop().unwrap();
    }
    std::fs::remove_dir_all(stage.folder).unwrap();
    assert_eq!(outcome.errors, 0, "{name}, {service:?}: {:?}", outcome.first_error);
    outcome
}

fn serve_all(name: &str) {
    serve(name, Service::Echo, Kind::Connect);
    serve(name, Service::Echo, Kind::Requests);
    serve(name, Service::Echo, Kind::Bulk);
    let idle = serve(name, Service::Echo, Kind::Fill);
    assert_eq!(idle.figures[&Quantity::Connections], 2.0);
    serve(name, Service::EchoDatagrams, Kind::Datagrams);
    if name != "python-forks" {
        let first = serve(name, Service::Time, Kind::FirstByte);
        assert!(first.figures[&Quantity::P50] > 0.0);
    }
}

#[test]
fn epoll_serves() {
    if has("cc", "--version") {
        serve_all("epoll");
    }
}

#[test]
fn go_serves() {
    if has("go", "version") {
        serve_all("go");
        serve("go", Service::Spin, Kind::Neighbour);
    }
}

#[test]
fn node_serves() {
    if has("node", "--version") {
        serve_all("node");
    }
}

#[test]
fn python_serves() {
    if has("python3", "--version") {
        serve_all("asyncio");
        serve_all("python-threads");
        serve_all("python-forks");
        serve("python-forks", Service::Spin, Kind::Neighbour);
    }
}
