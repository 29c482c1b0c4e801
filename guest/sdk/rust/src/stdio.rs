//! Standard output and standard error, without C's library.
//!
//! [`std`] prints with C's `write`, if only the words of a panic. C's has a table of all that a descriptor may stand for, and
//! links seventeen functions of WASI for it, which every instance of a component pays for. A handler has neither files nor a
//! terminal, so this takes its place, with the two descriptors that there are. Sockets of [`std::net`] are written with `send`.

use std::ffi::c_int;
use std::slice;

use wasip2::cli::{stderr, stdout};

/// `write` of POSIX.
///
/// # Safety
///
/// `start` points at `length` bytes.
#[expect(unsafe_code, reason = "it has the name of C's function, and its arguments")]
#[unsafe(no_mangle)]
unsafe extern "C" fn write(descriptor: c_int, start: *const u8, length: usize) -> isize {
    let stream = match descriptor {
        1 => stdout::get_stdout(),
        2 => stderr::get_stderr(),
        _ => return fail(BAD_DESCRIPTOR),
    };
    // SAFETY: so the caller promises.
    let bytes = unsafe { slice::from_raw_parts(start, length) };
    for part in bytes.chunks(MOST_AT_ONCE) {
        if stream.blocking_write_and_flush(part).is_err() {
            return fail(INPUT_OUTPUT);
        }
    }
    // All of a memory is less than half of the addresses.
    length.cast_signed()
}

fn fail(error: c_int) -> isize {
    #[expect(unsafe_code, reason = "the variable is C's")]
    // SAFETY: there is one thread, and C's library gives the place of its own variable.
    unsafe {
        *__errno_location() = error;
    }
    -1
}

#[expect(unsafe_code, reason = "a function of C's library")]
unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// The errors `EBADF` and `EIO` by their numbers in WASI.
const BAD_DESCRIPTOR: c_int = 8;
const INPUT_OUTPUT: c_int = 29;

/// More is a trap, by the documentation of `blocking-write-and-flush`.
const MOST_AT_ONCE: usize = 4096;
