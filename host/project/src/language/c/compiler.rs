//! The compilers of C and C++ for WebAssembly: where they are, and how they are told what to do.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::build::{BuildError, Job};
use crate::doctor::{Requirement, State};
use crate::language::Language;
use crate::tool::{Found, Tool};

/// What a compiler can compile.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    C,
    Cpp,
}

impl Dialect {
    /// How to get a compiler.
    const fn hint(self) -> &'static str {
        match self {
            Self::C => {
                "on Debian: apt install clang lld wasi-libc libclang-rt-dev-wasm32; anywhere: pip install ziglang, or unpack a WASI SDK and set WASI_SDK_PATH"
            }
            Self::Cpp => "pip install ziglang, or unpack a WASI SDK and set WASI_SDK_PATH",
        }
    }

    const fn language(self) -> Language {
        match self {
            Self::C => Language::C,
            Self::Cpp => Language::Cpp,
        }
    }
}

/// The system's clang, which compiles C if the library is there too.
const CLANG: Tool = Tool {
    program: "clang",
    module: None,
    version: &["--version"],
    hint: Dialect::C.hint(),
};

/// Zig, which brings clang and both libraries.
pub(crate) const ZIG: Tool = Tool {
    program: "zig",
    module: Some("ziglang"),
    version: &["version"],
    hint: "pip install ziglang, or see https://ziglang.org/download",
};

/// Where systems put the C library for WebAssembly.
const SYSROOTS: [&str; 2] = ["/usr", "/usr/share/wasi-sysroot"];

/// The settings of the standard library of C++ by which it checks what it is given.
const HARDENING: [(&str, &str); 2] = [
    ("_LIBCPP_HARDENING_MODE", "_LIBCPP_HARDENING_MODE_FAST"),
    (
        "_LIBCPP_ASSERTION_SEMANTIC_DEFAULT",
        "_LIBCPP_ASSERTION_SEMANTIC_QUICK_ENFORCE",
    ),
];

/// The name of the target, which every clang knows.
pub(crate) const TARGET: &str = "wasm32-wasi";

/// A compiler and linker that was found.
pub(crate) struct Compiler {
    c: Invocation,
    cpp: Invocation,
    family: Family,
    /// What people call it.
    pub(crate) version: String,
}

/// The beginning of a command.
struct Invocation {
    program: OsString,
    arguments: Vec<OsString>,
}

/// Whose options it takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    Clang,
    Zig,
}

impl Compiler {
    /// A compiler for `dialect`: the WASI SDK that the user names, or the system's clang, or zig.
    pub(crate) fn find(dialect: Dialect, folder: &Path) -> Option<Self> {
        let sdk = env::var_os("WASI_SDK_PATH").filter(|path| !path.is_empty());
        if let Some(compiler) = sdk.and_then(|path| Self::wasi_sdk(Path::new(&path))) {
            return Some(compiler);
        }
        let clang = if dialect == Dialect::C {
            CLANG.find(folder).and_then(|clang| Self::clang(&clang))
        } else {
            None
        };
        clang.or_else(|| ZIG.find(folder).map(|zig| Self::zig(&zig)))
    }

    /// The same, or what is missing.
    pub(crate) fn for_job(dialect: Dialect, job: &Job<'_>) -> Result<Self, BuildError> {
        Self::find(dialect, &job.source.folder).ok_or_else(|| BuildError::Missing {
            language: dialect.language(),
            tool: "a compiler for WebAssembly".to_owned(),
            hint: dialect.hint().to_owned(),
        })
    }

    /// Whether there is one, for people.
    pub(crate) fn requirement(dialect: Dialect, folder: &Path) -> Requirement {
        Requirement {
            name: "compiler".to_owned(),
            state: match Self::find(dialect, folder) {
                Some(compiler) => State::Found(compiler.version),
                None => State::Missing(dialect.hint().to_owned()),
            },
        }
    }

    /// The compiler of a WASI SDK, which finds everything else by itself.
    fn wasi_sdk(root: &Path) -> Option<Self> {
        let invocation = |program| Invocation {
            program: root.join("bin").join(program).into(),
            arguments: Vec::new(),
        };
        let c = invocation("clang");
        let version = first_line(c.command().arg("--version"))?;
        Some(Self {
            cpp: invocation("clang++"),
            c,
            family: Family::Clang,
            version: format!("WASI SDK: {version}"),
        })
    }

    /// The system's clang, if the linker, the C library and the compiler's own library are there for WebAssembly.
    fn clang(clang: &Found) -> Option<Self> {
        let probe = |sysroot: &Path, question: &str| {
            let mut command = clang.command();
            command
                .arg("--target=wasm32-wasi")
                .arg(sysroot_option(sysroot))
                .arg(question);
            // Clang answers with the bare name of what it does not find.
            first_line(&mut command).is_some_and(|path| Path::new(&path).is_absolute() && Path::new(&path).is_file())
        };
        let sysroot = SYSROOTS.iter().map(Path::new).find(|sysroot| {
            [
                "-print-file-name=libc.a",
                "-print-libgcc-file-name",
                "-print-prog-name=wasm-ld",
            ]
            .iter()
            .all(|question| probe(sysroot, question))
        })?;
        let invocation = || {
            let mut invocation = Invocation::of(clang);
            invocation
                .arguments
                .extend([format!("--target={TARGET}").into(), sysroot_option(sysroot)]);
            invocation
        };
        Some(Self {
            c: invocation(),
            cpp: invocation(),
            family: Family::Clang,
            version: clang.version.clone(),
        })
    }

    /// Zig, as a compiler of C and C++.
    pub(crate) fn zig(zig: &Found) -> Self {
        let invocation = |command: &str| {
            let mut invocation = Invocation::of(zig);
            invocation
                .arguments
                .extend([command, "-target", TARGET].map(Into::into));
            invocation
        };
        Self {
            c: invocation("cc"),
            cpp: invocation("c++"),
            family: Family::Zig,
            version: format!("zig {}", zig.version),
        }
    }

    /// Compiles one source to an object.
    pub(crate) fn compile(&self, dialect: Dialect, source: &Path, object: &Path) -> Command {
        let mut command = self.invocation(dialect).command();
        command.args(["-O2", "-ffunction-sections", "-fdata-sections"]);
        if dialect == Dialect::Cpp {
            command.args(["-std=c++23", "-fno-exceptions", "-fno-rtti"]);
            // An index out of bounds of a span or a string traps. Zig sets the opposite before.
            for (name, value) in HARDENING {
                command.arg(format!("-U{name}")).arg(format!("-D{name}={value}"));
            }
        }
        command.arg("-c").arg(source).arg("-o").arg(object);
        command
    }

    /// Links objects to a module. Functions keep their names, for backtraces.
    pub(crate) fn link(
        &self,
        dialect: Dialect,
        objects: &[PathBuf],
        module: &Path,
        stack: u64,
        memory: u64,
    ) -> Command {
        let mut command = self.invocation(dialect).command();
        command.args(objects).arg("-o").arg(module).arg("-mexec-model=reactor");
        command.arg(format!("-Wl,-z,stack-size={stack}"));
        command.arg(format!("-Wl,--initial-memory={memory}"));
        if self.family == Family::Clang {
            // Zig always does this, and takes no option for it.
            command.arg("-Wl,--stack-first");
        }
        command
    }

    /// Bytes for the heap from the start. A handler that uses less never grows its memory, which would cost the host two calls of
    /// the system for each connection; what is not touched costs nothing. The `malloc` of zig's library grows it in any case.
    pub(crate) fn heap_size(&self) -> u64 {
        match self.family {
            Family::Clang => 1 << 18,
            Family::Zig => 0,
        }
    }

    fn invocation(&self, dialect: Dialect) -> &Invocation {
        match dialect {
            Dialect::C => &self.c,
            Dialect::Cpp => &self.cpp,
        }
    }
}

impl Invocation {
    fn of(found: &Found) -> Self {
        let command = found.command();
        Self {
            program: command.get_program().to_owned(),
            arguments: command.get_args().map(OsStr::to_owned).collect(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

fn sysroot_option(sysroot: &Path) -> OsString {
    let mut option = OsString::from("--sysroot=");
    option.push(sysroot);
    option
}

/// The first line that a command prints, if it succeeds.
fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()
        .map(str::to_owned)?;
    output.status.success().then_some(line)
}
