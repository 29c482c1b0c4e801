//! What a component is compiled from: the handler, and what it means that it panics.

const std = @import("std");
const handler = @import("handler");

comptime {
    _ = handler;
}

/// A panic is a trap, and the backtrace in the log of the server names what was wrong and where. To print it would have every component
/// import WASI. A handler that wants something else has a `pub const panic` of its own.
pub const panic = if (@hasDecl(handler, "panic")) handler.panic else std.debug.FullPanic(trap);

fn trap(message: []const u8, address: ?usize) noreturn {
    _ = message;
    _ = address;
    @trap();
}

pub const std_options: std.Options = if (@hasDecl(handler, "std_options")) handler.std_options else .{};
