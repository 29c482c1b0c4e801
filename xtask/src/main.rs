//! What developers and CI run: `cargo xtask <task>`.
//!
//! One module for each task. Nothing of the server is linked here: tasks run it as its users do.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its user")]

mod bench;
mod c;
mod ci;
mod go;
mod javascript;
mod python;
mod tidy;
mod wit;
mod workspace;
mod zig;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this project's developers and of its CI.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compare the server with others, and with the targets of the project.
    Bench(bench::Args),
    /// Run the tests of the C in this project on this machine, with the sanitizers.
    C,
    /// Run all that CI runs, fastest first.
    Ci,
    /// Check the Go in this project with Go's own tools, and run its tests.
    Go,
    /// Run the tests of the JavaScript SDK on this machine, and check the types of all that is JavaScript or TypeScript.
    #[command(name = "javascript")]
    JavaScript,
    /// Run the tests of the Python SDK on this machine.
    Python,
    /// Check what no compiler checks: who may use what, text, and files that belong together.
    Tidy,
    /// Check that the WIT resolves, and that all of it is documented.
    Wit,
    /// Check the Zig in this project with zig itself, and run its tests.
    Zig,
    /// Serve echo without a sandbox: the other side of `bench`.
    #[command(hide = true)]
    NativeEcho(bench::peer::native::Args),
    /// Put load on a server and print what was measured: the client of `bench`.
    #[command(hide = true)]
    Load(bench::load::Load),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Bench(args) => bench::run(&args),
        Task::C => c::run(),
        Task::Ci => ci::run(),
        Task::Go => go::run(),
        Task::JavaScript => javascript::run(),
        Task::Python => python::run(),
        Task::Tidy => tidy::run(),
        Task::Wit => wit::run(),
        Task::Zig => zig::run(),
        Task::NativeEcho(args) => bench::peer::native::serve(&args),
        Task::Load(load) => bench::load::run(&load),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
