//! The way from a function to the program that a component exports.

#[cfg(target_family = "wasm")]
use crate::error::Result;

/// Runs the function that [`main!`](crate::main) names.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[expect(clippy::result_unit_err, reason = "what `wasi:cli/run` returns")]
pub fn run(main: fn() -> Result) -> std::result::Result<(), ()> {
    main().map_err(|error| {
        #[expect(clippy::print_stderr, reason = "as what Rust does with the error of `main`")]
        {
            eprintln!("Error: {error}");
        }
    })
}

/// Make a function the program of this component: the host calls it once, and the program ends when it returns.
///
/// The function takes nothing and returns [`Result`](crate::Result). An error is printed to standard error, and the
/// program has failed then. [`std::env::args`] has what the operator gives the program as arguments, after a name.
///
/// Once in a crate, and outside of functions. Beside [`export!`](crate::export) or
/// [`export_datagrams!`](crate::export_datagrams) it makes a program with a handler of its own. On other targets than
/// WebAssembly it expands to nothing but a check of the type.
///
/// ```
/// use socketserver_guest::Result;
///
/// fn main() -> Result {
///     Ok(())
/// }
///
/// socketserver_guest::main!(main);
/// ```
///
/// Python equivalent: `if __name__ == '__main__':`
#[macro_export]
macro_rules! main {
    ($main:path) => {
        const _: () = {
            #[cfg(target_family = "wasm")]
            struct Program;

            #[cfg(target_family = "wasm")]
            impl $crate::server_bindings::exports::wasi::cli::run::Guest for Program {
                fn run() -> ::core::result::Result<(), ()> {
                    $crate::server::run($main)
                }
            }

            #[cfg(target_family = "wasm")]
    $crate::server_bindings::export_program!(Program with_types_in $crate::server_bindings);

            #[cfg(not(target_family = "wasm"))]
            const _: fn() -> $crate::Result = $main;
        };
    };
}
