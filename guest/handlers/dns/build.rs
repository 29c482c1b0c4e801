//! Makes a table of `zone.txt`, so that no instance parses it: there is a new one for each query.

mod master_file;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const ZONE: &str = "zone.txt";

fn main() {
    println!("cargo::rerun-if-changed={ZONE}");
    let text = fs::read_to_string(ZONE).expect("the zone is beside the build script");
    let records = master_file::parse(&text).unwrap_or_else(|error| panic!("{ZONE}: {error}"));
    let mut table = String::from("&[\n");
    for record in records {
        let master_file::Record { owner, kind, ttl, data } = record;
        writeln!(
            table,
            "Record {{ owner: &{owner:?}, kind: {kind}, ttl: {ttl}, data: &{data:?} }},"
        )
        .expect("strings take everything");
    }
    table.push(']');
    let folder = env::var_os("OUT_DIR").expect("cargo names the folder");
    fs::write(Path::new(&folder).join("records.rs"), table).expect("cargo has made the folder");
}
