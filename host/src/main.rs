//! The command: parse, log, load, bind, announce, serve, drain, and an exit code that says how it went.

#![expect(clippy::print_stderr, reason = "a command tells its user what went wrong")]

mod announce;
mod check;
mod cli;
mod command;
mod exit;
mod workers;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use bytesize::ByteSize;
use clap::ArgMatches;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socketserver::{
    Capacity, CloseReason, Code, Counts, Facts, Handle, LogObserver, Outcome, Phase, Program, ProgramEnded,
    RejectReason, Server,
};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

use crate::announce::ProgramObserver;
use crate::check::Report;
use crate::cli::{CapacityArgs, Check, Cli, Command, Output, ProcessArgs, Run, Serve};
use crate::command::component;
use crate::exit::{Exit, Failure};
use crate::workers::{HANDLER, Member, WORKER};

/// A connection makes and frees a few dozen small objects; with this allocator they cost 4 to 6 % less of its processor
/// time than with glibc's, and a quiet server gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let member = match Member::join(std::env::var_os(WORKER).as_deref(), std::env::var_os(HANDLER)) {
        Ok(member) => member,
        Err(failure) => return failed(failure),
    };
    let (cli, matches) = match Cli::parse_with_sources(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are no errors. Nobody reads either when the stream is gone.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Clean }.into();
        }
    };
    let result = match cli.command {
        Command::Build(build) => command::build(&build),
        Command::Bundle(bundle) => command::bundle(&bundle),
        Command::Capacity(capacity) => run_capacity(*capacity),
        Command::Check(check) => run_check(*check, &matches),
        Command::Dev(dev) => command::dev(*dev),
        Command::Doctor(doctor) => command::doctor(&doctor),
        Command::Inspect(inspect) => command::inspect(&inspect),
        Command::New(new) => command::create(&new),
        Command::Run(run) => run_program(*run),
        Command::Serve(serve) => run_serve(*serve, member),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => failed(failure),
    }
}

fn failed(Failure { exit, error }: Failure) -> ExitCode {
    eprintln!("error: {error:#}");
    exit.into()
}

fn run_serve(serve: Serve, member: Option<Member>) -> Result<Exit, Failure> {
    start_log(&serve.settings.process)?;
    let workers = serve.workers();
    let handler = match &member {
        Some(member) => member.handler(),
        None => component(&serve.handler)?,
    };
    let descriptors = raise_descriptors();
    if member.is_none() && workers > 1 {
        return workers::supervise(serve.config(handler.clone()), &handler);
    }
    let runtime = runtime(&serve.settings.process, workers)?;
    let sockets = serve.settings.max_sockets() / u64::from(workers);
    let result = runtime.block_on(async {
        // Taken before anything is bound: from here on a signal drains, and never cuts.
        let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Bug, error))?;
        let mut config = serve.config(handler);
        if let Some(member) = &member {
            member.configure(&mut config)?;
        }
        let server = Server::bind(config, Arc::new(LogObserver)).await?;
        log_facts(server.facts());
        log_capacity(server.capacity());
        warn_of_few(descriptors, sockets);
        let handle = server.handle();
        let is_worker = member.is_some();
        let stopped_as = match member {
            Some(member) => {
                // A terminal's interrupt comes to all of its processes, and it is the supervisor's to pass on.
                signals.leave_interrupt();
                member.obey(handle.clone());
                "worker stopped"
            }
            None => {
                announce::listeners(handle.addresses());
                "stopped"
            }
        };
        let serving = server.serve();
        tokio::pin!(serving);
        let mut phases = handle.phase();
        let stopped = loop {
            tokio::select! {
                stopped = &mut serving => break stopped,
                signal = signals.next() => match signal {
                    // A service manager tells every process to stop, and so does the supervisor: it alone may tell to kill.
                    Signal::Stop if is_worker => handle.stop(),
                    _ => obey(signal, &handle),
                },
                Ok(()) = phases.changed() => info!(target: "socketserver", phase = %*phases.borrow_and_update(), "phase"),
            }
        };
        log_counts(stopped_as, &stopped.counts);
        Ok(if stopped.killed { Exit::Killed } else { Exit::Clean })
    });
    leave(runtime);
    result
}

fn run_program(run: Run) -> Result<Exit, Failure> {
    start_log(&run.settings.process)?;
    let program = component(&run.program)?;
    let handlers = command::components(run.handlers())?;
    let runtime = runtime(&run.settings.process, 1)?;
    let descriptors = raise_descriptors();
    let sockets = run.settings.max_sockets();
    let result = runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Bug, error))?;
        let (config, grants) = run.config(program, handlers);
        let program = Program::load(config, grants, Arc::new(ProgramObserver::default())).await?;
        warn_of_few(descriptors, sockets);
        let handle = program.handle();
        let running = program.run();
        tokio::pin!(running);
        let mut phases = handle.phase();
        let stopped = loop {
            tokio::select! {
                stopped = &mut running => break stopped,
                signal = signals.next() => obey(signal, &handle),
                Ok(()) = phases.changed() => info!(target: "socketserver", phase = %*phases.borrow_and_update(), "phase"),
            }
        };
        log_counts("stopped", &stopped.counts);
        if stopped.connects_refused > 0 {
            let connects_refused = stopped.connects_refused;
            info!(target: "socketserver", connects_refused, "the program was refused what no --allow-connect grants");
        }
        Ok(match stopped.end {
            ProgramEnded::Trapped { message, backtrace } => {
                error!(target: "socketserver", error = message, backtrace = backtrace.join(", "), "the program trapped");
                Exit::Program
            }
            ProgramEnded::Killed => Exit::Killed,
            _ if stopped.killed => Exit::Killed,
            ProgramEnded::Failed => Exit::Program,
            _ => Exit::Clean,
        })
    });
    leave(runtime);
    result
}

/// Ends the worker threads. A name that is looked up for a guest that is gone may block one for as long as its name server
/// takes, and nobody waits for the answer.
fn leave(runtime: Runtime) {
    runtime.shutdown_background();
}

fn run_check(check: Check, matches: &ArgMatches) -> Result<Exit, Failure> {
    let Check { output, serve } = check;
    start_log(&serve.settings.process)?;
    let handler = component(&serve.handler)?;
    let machine_defaults = serve.settings.machine_defaults(serve.workers());
    let config = serve.config(handler);
    let facts = runtime_for_check()?.block_on(Server::check(config, Arc::new(LogObserver)))?;
    let matches = matches.subcommand_matches("check").unwrap_or(matches);
    let report = Report::new(matches, &facts, &machine_defaults).print(output);
    let _ = io::stdout().write_all(report.as_bytes());
    Ok(Exit::Clean)
}

fn run_capacity(capacity: CapacityArgs) -> Result<Exit, Failure> {
    let CapacityArgs {
        output,
        sandboxes,
        serve,
    } = capacity;
    start_log(&serve.settings.process)?;
    let handler = component(&serve.handler)?;
    let runtime = runtime(&serve.settings.process, serve.workers())?;
    let max_memory = ByteSize(serve.settings.max_memory());
    let measuring = Server::measure(serve.config(handler), Arc::new(LogObserver), sandboxes);
    let result = runtime.block_on(measuring);
    leave(runtime);
    let (facts, capacity) = result?;
    let report = command::capacity(&capacity, &facts, max_memory, output);
    let _ = io::stdout().write_all(report.as_bytes());
    Ok(Exit::Clean)
}

fn start_log(process: &ProcessArgs) -> Result<(), Failure> {
    let filter = EnvFilter::builder().parse(&process.log).map_err(|error| {
        let error = anyhow!(error).context(format!("`{}` is not a log filter", process.log));
        Failure::new(Exit::Usage, error)
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match process.log_format {
        Output::Json => lines.json().flatten_event(true).init(),
        Output::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
    }
    Ok(())
}

fn runtime(process: &ProcessArgs, workers: u16) -> Result<Runtime, Failure> {
    let threads = process.threads(workers);
    // One thread has nobody to share its tasks with, and without the means for it a request of HTTP costs 7 % less.
    let mut builder = if threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let runtime = builder
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("cannot start the worker threads");
    runtime.map_err(|error| Failure::new(Exit::Bug, error))
}

fn runtime_for_check() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.map_err(|error| Failure::new(Exit::Bug, error))
}

/// Takes all the descriptors that the process may have, as Go's runtime does, and tells how many; `None` is no limit.
fn raise_descriptors() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

fn warn_of_few(descriptors: Option<u64>, sockets: u64) {
    let need = sockets + DESCRIPTORS_OF_PROCESS;
    if let Some(have) = descriptors.filter(|have| *have < need) {
        warn!(
            target: "socketserver",
            have,
            need,
            "fewer descriptors than max-connections and max-outbound need; connections beyond them will wait (ulimit -n)"
        );
    }
}

fn obey(signal: Signal, handle: &Handle) {
    match signal {
        Signal::Stop if *handle.phase().borrow() < Phase::Draining => {
            info!(target: "socketserver", "told to stop; a second signal kills open connections");
            handle.stop();
        }
        Signal::Stop => handle.kill(),
        Signal::Status => log_counts("status", &handle.status().counts),
    }
}

/// The signals that a server obeys.
struct Signals {
    /// `None` leaves it to another process.
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: tokio::signal::unix::Signal,
    user: tokio::signal::unix::Signal,
}

#[derive(Clone, Copy)]
enum Signal {
    Stop,
    Status,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: Some(signal(SignalKind::interrupt())?),
            terminate: signal(SignalKind::terminate())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    /// Ignores interrupts from here on.
    fn leave_interrupt(&mut self) {
        // It stays registered with the runtime, which is what keeps it from ending the process.
        self.interrupt = None;
    }

    /// Waits to be told to stop.
    async fn stop(&mut self) {
        while !matches!(self.next().await, Signal::Stop) {}
    }

    async fn next(&mut self) -> Signal {
        let interrupt = async {
            match &mut self.interrupt {
                Some(interrupt) => interrupt.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.user.recv() => Signal::Status,
        }
    }
}

fn log_capacity(capacity: &Capacity) {
    let first = capacity.first();
    info!(
        target: "socketserver",
        sandboxes = first.fits(),
        bound = %first.resource,
        more_with = first.resource.remedy(),
        "capacity"
    );
}

fn log_facts(facts: &Facts) {
    info!(
        target: "socketserver",
        allocation = %facts.allocation,
        allocation_why = facts.allocation_why,
        memory_reset = %facts.memory_reset,
        why = facts.memory_reset_why,
        concurrency = facts.concurrency,
        code = ?facts.code,
        duration = facts.duration.as_secs_f64(),
        "handler loaded"
    );
    match &facts.code {
        Code::Compiled(Some(why)) => {
            warn!(target: "socketserver", why, "an entry of the cache was refused and rebuilt")
        }
        Code::NotStored(error) => {
            warn!(target: "socketserver", error, "compiled code could not be stored in the cache")
        }
        _ => {}
    }
}

/// One line with every counter. If it does not balance, that is our bug, and is said.
fn log_counts(message: &'static str, counts: &Counts) {
    let closed = name_counts(&CloseReason::ALL, CloseReason::name, |reason| counts.closed(reason));
    let rejected = name_counts(&RejectReason::ALL, RejectReason::name, |reason| counts.rejected(reason));
    let requests_ended = name_counts(&Outcome::ALL, Outcome::name, |outcome| counts.requests_ended(outcome));
    // A server without HTTP does not speak of it.
    let requests = (counts.requests > 0).then_some(counts.requests);
    info!(
        target: "socketserver",
        accepted = counts.accepted,
        active = counts.active,
        closed = counts.closed_in_all(),
        closed_by_reason = closed,
        rejected_by_reason = rejected,
        accept_failures = counts.accept_failures,
        requests,
        active_requests = requests.map(|_| counts.active_requests),
        requests_ended_by_outcome = requests.map(|_| requests_ended),
        "{message}"
    );
    if counts.closed(CloseReason::Bug) + counts.requests_ended(Outcome::Bug) > 0 {
        error!(target: "socketserver", "connections or requests ended by a bug of the server; please report it with this log");
    }
}

fn name_counts<T: Copy>(all: &[T], name: fn(T) -> &'static str, count: impl Fn(T) -> u64) -> String {
    let counts: Vec<_> = all
        .iter()
        .filter(|one| count(**one) > 0)
        .map(|one| format!("{}={}", name(*one), count(*one)))
        .collect();
    counts.join(" ")
}

/// Listeners, the poller, standard streams, libraries, and some to spare.
const DESCRIPTORS_OF_PROCESS: u64 = 32;
