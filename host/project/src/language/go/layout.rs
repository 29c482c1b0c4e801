//! The SDK of Go is written by hand against the canonical ABI: that what it takes for granted is what the WIT says.
//!
//! The types of its imports and exports are checked by every build. What they point to is not: the order of cases, and where
//! the fields of records are.

use std::path::Path;

use wit_parser::{Resolve, SizeAlign, TypeDefKind, TypeId};

use crate::component;

const ABI: &str = include_str!("../../../../../guest/sdk/go/internal/abi/abi.go");
const CONNECTION: &str = include_str!("../../../../../guest/sdk/go/internal/abi/connection.go");
const HTTP_REQUEST: &str = include_str!("../../../../../guest/sdk/go/internal/abi/http_request.go");
const SERVER: &str = include_str!("../../../../../guest/sdk/go/internal/abi/server.go");
const ADDRESS: &str = include_str!("../../../../../guest/sdk/go/internal/host/address.go");
const ERROR: &str = include_str!("../../../../../guest/sdk/go/internal/host/error.go");
const HOST: &str = include_str!("../../../../../guest/sdk/go/internal/host/host.go");
const HOST_SERVER: &str = include_str!("../../../../../guest/sdk/go/internal/host/server.go");
const REQUEST: &str = include_str!("../../../../../guest/sdk/go/server/request.go");

struct Wit {
    resolve: Resolve,
    sizes: SizeAlign,
}

impl Wit {
    fn load() -> Self {
        let resolve = component::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).unwrap();
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve).unwrap();
        Self { resolve, sizes }
    }

    fn id(&self, interface: &str, name: &str) -> TypeId {
        let found = self
            .resolve
            .interfaces
            .iter()
            .find(|(_, found)| found.name.as_deref() == Some(interface));
        found.unwrap().1.types[name]
    }

    fn cases(&self, interface: &str, name: &str) -> Vec<&str> {
        match &self.resolve.types[self.id(interface, name)].kind {
            TypeDefKind::Enum(of) => of.cases.iter().map(|case| case.name.as_str()).collect(),
            TypeDefKind::Flags(of) => of.flags.iter().map(|flag| flag.name.as_str()).collect(),
            TypeDefKind::Variant(of) => of.cases.iter().map(|case| case.name.as_str()).collect(),
            kind => panic!("{name} has no cases: {kind:?}"),
        }
    }

    fn size(&self, interface: &str, name: &str) -> usize {
        let size = self.sizes.size(&wit_parser::Type::Id(self.id(interface, name)));
        size.size_wasm32()
    }

    /// Where the fields of a record are.
    fn fields(&self, interface: &str, name: &str) -> Vec<(&str, usize)> {
        let TypeDefKind::Record(record) = &self.resolve.types[self.id(interface, name)].kind else {
            panic!("{name} is no record");
        };
        let offsets = self.sizes.field_offsets(record.fields.iter().map(|field| &field.ty));
        let names = record.fields.iter().map(|field| field.name.as_str());
        names
            .zip(offsets.iter().map(|(offset, _)| offset.size_wasm32()))
            .collect()
    }

    /// Where the payload of a variant is.
    fn payload(&self, interface: &str, name: &str) -> usize {
        let TypeDefKind::Variant(variant) = &self.resolve.types[self.id(interface, name)].kind else {
            panic!("{name} is no variant");
        };
        let cases = variant.cases.iter().map(|case| case.ty.as_ref());
        self.sizes.payload_offset(variant.tag(), cases).size_wasm32()
    }
}

/// The names of the constants of a Go file from the one that is of `kind` to the end of its block.
fn constants(source: &str, kind: &str) -> Vec<String> {
    let mut lines = source.lines().skip_while(|line| !line.contains(&format!("{kind} = ")));
    let block = lines.by_ref().take_while(|line| *line != ")");
    let names = block.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "//").map(str::to_owned).collect()
}

fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    words.collect()
}

fn has(source: &str, line: &str) {
    assert!(source.contains(line), "{line}");
}

#[test]
fn cases_are_in_the_order_of_the_wit() {
    let wit = Wit::load();
    let as_in_go = |interface, name, renamed: &[(&str, &str)]| -> Vec<String> {
        let cases = wit.cases(interface, name).into_iter();
        cases
            .map(|case| {
                let other = renamed.iter().find(|(from, _)| *from == case);
                other.map_or_else(|| pascal(case), |(_, to)| (*to).to_owned())
            })
            .collect()
    };
    // `Timeout` is a type there.
    let renamed = [("timeout", "TimedOut")];
    assert_eq!(constants(ERROR, "Code"), as_in_go("network", "error-code", &renamed));
    let renamed = [("ipv4", "IPv4"), ("ipv6", "IPv6")];
    assert_eq!(
        constants(ADDRESS, "Family"),
        as_in_go("network", "socket-address", &renamed)
    );
    assert_eq!(constants(HOST, "Readiness"), as_in_go("connections", "readiness", &[]));
    let renamed = [("receive", "Receiving"), ("send", "Sending")];
    let directions = constants(HOST, "Direction");
    assert_eq!(
        directions,
        as_in_go("connections", "shutdown-type", &renamed)[..directions.len()]
    );
    let renamed = [
        ("request", "RequestCame"),
        ("timed-out", "TimePassed"),
        ("finished", "RequestFinished"),
        ("shutdown", "ShutdownWanted"),
    ];
    assert_eq!(constants(HOST_SERVER, "Event"), as_in_go("server", "event", &renamed));
    let renamed = [("cpu-time", "CPUTime")];
    assert_eq!(constants(REQUEST, "Reason"), as_in_go("server", "reason", &renamed));
    for reason in wit.cases("server", "reason") {
        has(REQUEST, &format!("\"{reason}\","));
    }
}

#[test]
fn fields_are_where_the_wit_has_them() {
    let wit = Wit::load();
    let payload = 4;
    has(ABI, "const payload = 4");
    assert_eq!(wit.payload("network", "error-code"), payload);
    assert_eq!(wit.payload("network", "socket-address"), payload);
    assert_eq!(
        wit.fields("network", "ipv4-socket-address"),
        [("port", 0), ("address", 2)]
    );
    assert_eq!(
        wit.fields("network", "ipv6-socket-address"),
        [("port", 0), ("flow-info", 4), ("address", 8), ("scope-id", 24)]
    );
    for line in ["(at(2))[:])", "(at(4))", "(at(8))", "(at(24))"] {
        has(ABI, line);
    }
    assert_eq!(wit.size("network", "socket-address"), 32);

    assert_eq!(
        wit.fields("server", "outcome"),
        [("remote", 0), ("reason", 32), ("message", 36)]
    );
    assert_eq!(wit.size("server", "outcome"), 48);
    has(SERVER, "const outcomeSize = 48");
    assert_eq!(
        wit.fields("server", "counters"),
        [("accepted", 0), ("active", 4), ("rejected", 8)]
    );

    assert_eq!(
        wit.fields("http-requests", "http-request"),
        [
            ("method", 0),
            ("scheme", 8),
            ("authority", 20),
            ("path-with-query", 32),
            ("headers", 44)
        ]
    );
    for offset in [
        "(payload)",
        "(payload + 8)",
        "(payload + 20)",
        "(payload + 32)",
        "(payload + 44)",
    ] {
        has(HTTP_REQUEST, offset);
    }
    // The number of header fields follows where they are, and a field is two pairs of words.
    has(HTTP_REQUEST, "(payload+48)");
    has(HTTP_REQUEST, "const headerSize = 16");

    // The largest of what a call returns is an HTTP request: a word is more for an option.
    has(ABI, "words [14]uint32");
    let most = payload + wit.size("http-requests", "http-request");
    assert_eq!(most, 14 * 4);
    assert!(wit.size("server", "outcome") <= most && payload + wit.size("network", "socket-address") <= most);
}

/// As many bytes as the SDK takes at most from one call, and no more, are what the WIT promises.
#[test]
fn one_call_returns_what_the_sdk_makes_room_for() {
    let wit = include_str!("../../../../../wit/connections.wit");
    has(wit, "returns at most 65,536 bytes");
    has(CONNECTION, "const maxReceived = 1 << 16");
}
