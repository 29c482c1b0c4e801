//! From a file to a sandbox that is ready to serve.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use thiserror::Error;
use tokio::time::Instant;
use wasmtime::component::Component;
use wasmtime::{Engine, ResourcesRequired};

use super::cache::{Cache, CacheError, Found, Key};
use super::capacity::{self, CapacityError};
use super::engine::{self, Concurrency, Pool};
use super::reset::{Choice, Reset, ResetError};
use super::strategy::{self, Strategy};
use super::{Sandbox, link, world};
use crate::config::{Allocation, Config, MemoryReset};
use crate::event::Observer;
use crate::listen::Listen;

/// A sandbox, and what is worth knowing about how it was made.
pub(crate) struct Loaded {
    pub(crate) sandbox: Sandbox,
    pub(crate) facts: Facts,
}

/// What a sandbox is made of, kept so that it can be made once more with another way of resetting memory.
pub(super) struct Recipe {
    compiled: Vec<u8>,
    pub(super) pool: Pool,
    pub(super) strategy: Strategy,
    pub(super) config: Config,
    pub(super) observer: Arc<dyn Observer>,
}

impl Recipe {
    pub(super) fn make(self: &Arc<Self>, reset: Reset) -> Result<Sandbox, LoadError> {
        let engine = capacity::reserve(self.pool, self.strategy, reset)?;
        let component = Imported::component(&engine, &self.compiled)?;
        // Else the first connection would make it, and fail if peers have taken all descriptors by then.
        component.initialize_copy_on_write_image().map_err(LoadError::Engine)?;
        let instance = link::linker(&engine, &component, self.pool.concurrency, &self.config)
            .and_then(|linker| linker.instantiate_pre(&component))
            .map_err(LoadError::Invalid)?;
        Sandbox::new(engine, instance, reset, Arc::clone(self))
    }
}

/// How a component was loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// Where instances get their memory.
    pub allocation: Allocation,
    /// Why from there.
    pub allocation_why: &'static str,
    /// The way of resetting memory that was chosen.
    pub memory_reset: MemoryReset,
    /// Why that one.
    pub memory_reset_why: &'static str,
    /// Whether the component uses what is async in the component model (functions, streams, WASI 0.3), so that it runs on an
    /// engine that has it.
    pub concurrency: bool,
    /// Where the compiled code came from.
    pub code: Code,
    /// How long it took to load, compilation included.
    pub duration: Duration,
}

/// Where compiled code came from.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Code {
    /// It was in the cache.
    Cached,
    /// It was compiled; the reason says why it was not taken from the cache, where there was something to take.
    Compiled(Option<&'static str>),
    /// It was compiled, and could not be stored in the cache.
    NotStored(String),
}

/// Loads `config.handler`, which has to serve what comes in at every listener.
///
/// This may compile for seconds, and blocks: call it where blocking is allowed.
pub(crate) fn load(config: &Config, observer: Arc<dyn Observer>) -> Result<Loaded, LoadError> {
    let artifact = Artifact::load(config, &config.handler)?;
    check_exports(&artifact.compiler, &artifact.component, &config.listen)?;
    artifact.into_sandbox(config, observer)
}

/// A component that was compiled, and is not known to be of any use yet.
pub(super) struct Artifact {
    started: Instant,
    /// It allocates on demand, so that what runs in it needs no pool.
    pub(super) compiler: Engine,
    pub(super) component: Component,
    pub(super) concurrency: Concurrency,
    allocation: strategy::Choice,
    compiled: Vec<u8>,
    code: Code,
}

impl Artifact {
    pub(super) fn load(config: &Config, path: &Path) -> Result<Self, LoadError> {
        let started = Instant::now();
        let bytes = read(path)?;
        let concurrency = world::concurrency(&bytes);
        let (instances, _) = config.sandboxes();
        let allocation = Strategy::choose(config.allocation, &bytes, concurrency, instances);
        let compiler = engine::compiler(concurrency, allocation.strategy).map_err(LoadError::Engine)?;
        let (compiled, code) = compile(&compiler, config, &bytes)?;
        let component = Imported::component(&compiler, &compiled)?;
        link::check_imports(&compiler, &component, config)?;
        Ok(Self {
            started,
            compiler,
            component,
            concurrency,
            allocation,
            compiled,
            code,
        })
    }

    /// Whether it exports this interface.
    pub(super) fn exports(&self, interface: &str) -> bool {
        let world = self.component.component_type();
        world.exports(&self.compiler).any(|(name, _)| name == interface)
    }

    /// Whether it handles anything.
    pub(super) fn is_handler(&self) -> bool {
        world::HANDLERS.iter().any(|handler| self.exports(handler))
    }

    /// The names of what it exports.
    pub(super) fn list_exports(&self) -> String {
        let world = self.component.component_type();
        list(world.exports(&self.compiler).map(|(name, _)| name))
    }

    /// Makes the sandbox in which it handles.
    pub(super) fn into_sandbox(self, config: &Config, observer: Arc<dyn Observer>) -> Result<Loaded, LoadError> {
        let strategy = self.allocation.strategy;
        let Choice { reset, why } = Reset::choose(config.memory_reset, strategy)?;
        let required = self.component.resources_required().unwrap_or(NOTHING_REQUIRED);
        check_memory(&required, config.limits.max_memory)?;
        let limits = &config.limits;
        let pool = Pool::for_component(&required, self.concurrency, config.sandboxes(), limits.max_memory);
        let recipe = Arc::new(Recipe {
            compiled: self.compiled,
            pool,
            strategy,
            config: config.clone(),
            observer,
        });
        Ok(Loaded {
            sandbox: recipe.make(reset)?,
            facts: Facts {
                allocation: strategy.name(),
                allocation_why: self.allocation.why,
                memory_reset: reset.name(),
                memory_reset_why: why,
                concurrency: self.concurrency == Concurrency::On,
                code: self.code,
                duration: self.started.elapsed(),
            },
        })
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let refused = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(refused)?.is_dir() {
        return Err(LoadError::Folder(path.to_owned()));
    }
    let bytes = fs::read(path).map_err(refused)?;
    let is_text = path.extension().is_some_and(|extension| extension == "wat");
    let bytes = if is_text {
        wat::parse_bytes(&bytes)
            .map_err(|mut error| {
                error.set_path(path);
                LoadError::Text(in_one_line(&error))
            })?
            .into_owned()
    } else {
        bytes
    };
    if wasmparser::Parser::is_component(&bytes) {
        Ok(bytes)
    } else if wasmparser::Parser::is_core_wasm(&bytes) {
        Err(LoadError::CoreModule(path.to_owned()))
    } else {
        Err(LoadError::NotWasm(path.to_owned()))
    }
}

/// The parser's message and place, without the picture of the line that it draws below.
fn in_one_line(error: &wat::Error) -> String {
    let text = error.to_string();
    let lines: Vec<_> = text.lines().take(2).map(str::trim).collect();
    lines.join(" ")
}

fn compile(engine: &Engine, config: &Config, component: &[u8]) -> Result<(Vec<u8>, Code), LoadError> {
    let compile = || engine.precompile_component(component).map_err(LoadError::Invalid);
    let Some(folder) = &config.cache else {
        return Ok((compile()?, Code::Compiled(None)));
    };
    let cache = Cache::open(folder)?;
    let key = Key::of(component, engine);
    let why = match cache.get(key) {
        // An entry that is whole and ours may still be of another processor: wasmtime looks again.
        Found::Compiled(compiled) if Imported::component(engine, &compiled).is_ok() => {
            return Ok((compiled, Code::Cached));
        }
        Found::Compiled(_) => Some("the cached code is for another processor"),
        Found::Refused(why) => Some(why),
        Found::Nothing => None,
    };
    let compiled = compile()?;
    let code = match cache.put(key, &compiled) {
        Ok(()) => Code::Compiled(why),
        Err(error) => Code::NotStored(error.to_string()),
    };
    Ok((compiled, code))
}

/// Compiled code that was imported into an engine.
struct Imported;

impl Imported {
    fn component(engine: &Engine, compiled: &[u8]) -> Result<Component, LoadError> {
        #[expect(unsafe_code, reason = "running compiled code is what deserializing is for")]
        // SAFETY: the bytes come from this process's own compiler, or from a cache entry that `cache` has shown to be
        // written by this user, through this code.
        let component = unsafe { Component::deserialize(engine, compiled) };
        component.map_err(LoadError::Invalid)
    }
}

fn check_exports(engine: &Engine, component: &Component, listen: &[Listen]) -> Result<(), LoadError> {
    let world = component.component_type();
    for listen in listen {
        let wanted = world::handlers_of(listen.transport());
        let is_wanted = |name: &str| wanted.iter().any(|wanted| world::fits(wanted, name));
        if !world.exports(engine).any(|(name, _)| is_wanted(name)) {
            return Err(LoadError::WrongWorld {
                listen: Box::new(listen.clone()),
                wanted: wanted.join(" or "),
                exports: list(world.exports(engine).map(|(name, _)| name)),
            });
        }
    }
    Ok(())
}

pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

fn check_memory(required: &ResourcesRequired, max_memory: u64) -> Result<(), LoadError> {
    let need = required.max_initial_memory_size.unwrap_or(0).saturating_mul(WASM_PAGE);
    if need <= max_memory {
        return Ok(());
    }
    Err(LoadError::Memory {
        need: ByteSize(need),
        max: ByteSize(max_memory),
    })
}

/// A component that cannot serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The cache of compiled code cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The pool does not fit this machine.
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    /// A core module.
    #[error(
        "{} is a core module, not a component; build it for wasm32-wasip2, or wrap it with `wasm-tools component new`",
        .0.display()
    )]
    CoreModule(PathBuf),
    /// The engine cannot be made.
    #[error("the engine cannot be made")]
    Engine(#[source] wasmtime::Error),
    /// A folder where a file is needed.
    #[error("{} is a folder, not a component", .0.display())]
    Folder(PathBuf),
    /// The component is broken.
    #[error("the component is not valid")]
    Invalid(#[source] wasmtime::Error),
    /// Its memory does not fit its limit.
    #[error(
        "the component starts with {} of memory, and max-memory is {}; raise it", need.display().iec(), max.display().iec()
    )]
    Memory {
        /// What its largest memory starts with.
        need: ByteSize,
        /// The limit.
        max: ByteSize,
    },
    /// Imports that a handler is not given.
    #[error("the component imports what a handler is not given: {imports}{advice}")]
    NotGranted {
        /// Their names.
        imports: String,
        /// What would grant some of them, where something does.
        advice: &'static str,
    },
    /// A component that is no server program.
    #[error(
        "the component is no server program: it exports {exports}, and wasi:cli/run is wanted; serve a handler with `serve`"
    )]
    NotAProgram {
        /// What it exports.
        exports: String,
    },
    /// A program without anything to handle its requests.
    #[error("the program exports no handler, and none was given; give it one with --handler name=path")]
    NoHandler,
    /// A component that was given as a handler, and is none.
    #[error("{} is no handler: it exports {exports}", path.display())]
    NotAHandler {
        /// The file.
        path: PathBuf,
        /// What it exports.
        exports: String,
    },
    /// No WebAssembly.
    #[error("{} is not WebAssembly; give a component, or a source to build", .0.display())]
    NotWasm(PathBuf),
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The wanted way of resetting memory cannot be had.
    #[error(transparent)]
    Reset(#[from] ResetError),
    /// The text form is wrong: what, and where.
    #[error("not the text of a component: {0}")]
    Text(String),
    /// There is no thread for the ticker.
    #[error("cannot start the thread that interrupts guests")]
    Ticker(#[source] io::Error),
    /// It is a component of another kind.
    #[error("the component cannot serve {listen}: it exports {exports}, and {wanted} is wanted")]
    WrongWorld {
        /// The listener that it was to serve.
        listen: Box<Listen>,
        /// What serves such a listener.
        wanted: String,
        /// What it exports.
        exports: String,
    },
}

const WASM_PAGE: u64 = 64 << 10;

/// For a component whose needs wasmtime cannot tell, because it imports a memory: it will not link either.
const NOTHING_REQUIRED: ResourcesRequired = ResourcesRequired {
    num_memories: 0,
    max_initial_memory_size: None,
    num_tables: 0,
    max_initial_table_size: None,
};
