//! How operations fail, and how a handler says that it has failed.

const std = @import("std");
const c = @import("c.zig");

/// Why an operation failed. `socketserver/error.h` of the library for C says what each of them means.
pub const Error = error{
    AccessDenied,
    AddressInUse,
    AddressNotBindable,
    InvalidArgument,
    InvalidState,
    OutOfMemory,
    Timeout,
    RemoteUnreachable,
    ConnectionBroken,
    ConnectionReset,
    ConnectionAborted,
    MessageTooLarge,
    /// Anything else; the log has the host's words.
    Other,
};

/// Say why a handler gives up: `return socketserver.fail("no such user");`. The message is for the log of the server; the peer does not
/// see it. Any other error is told by its name.
pub fn fail(message: [:0]const u8) error{HandlerFailed} {
    _ = c.socketserver_fail(message.ptr);
    return error.HandlerFailed;
}

/// The error that a function of the library for C has left in `errno`.
pub fn last() Error {
    return switch (@as(std.c.E, @fromBackingInt(@intCast(std.c._errno().*)))) {
        .ACCES => error.AccessDenied,
        .ADDRINUSE => error.AddressInUse,
        .ADDRNOTAVAIL => error.AddressNotBindable,
        .INVAL => error.InvalidArgument,
        .NOTCONN => error.InvalidState,
        .NOMEM => error.OutOfMemory,
        .TIMEDOUT => error.Timeout,
        .HOSTUNREACH => error.RemoteUnreachable,
        .PIPE => error.ConnectionBroken,
        .CONNRESET => error.ConnectionReset,
        .CONNABORTED => error.ConnectionAborted,
        .MSGSIZE => error.MessageTooLarge,
        else => error.Other,
    };
}

/// For functions of the library for C that return a size, or -1.
pub fn size(returned: isize) Error!usize {
    return if (returned < 0) last() else @intCast(returned);
}

/// For functions of the library for C that return 0, or -1.
pub fn check(returned: c_int) Error!void {
    if (returned < 0) return last();
}

/// What a handler's result is for the library for C.
pub fn result(outcome: anyerror!void) c_int {
    outcome catch |err| {
        // The library for C has words for what it has reported itself, also through `std.Io`, and `fail` has said its own.
        if (err != error.HandlerFailed and err != error.ReadFailed and err != error.WriteFailed and !isOwn(err)) {
            _ = c.socketserver_fail(@errorName(err).ptr);
        }
        return -1;
    };
    return 0;
}

fn isOwn(err: anyerror) bool {
    inline for (comptime std.meta.tags(Error)) |own| {
        if (err == own) return true;
    }
    return false;
}
