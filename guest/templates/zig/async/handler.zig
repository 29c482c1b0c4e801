const std = @import("std");
const socketserver = @import("socketserver");

var buffers: [2][4096]u8 = undefined;

/// Answers in upper case, and receives on while it sends: one buffer is filled while the other one is sent.
fn handle(connection: *socketserver.AsyncConnection) !void {
    var text = try connection.receive(&buffers[0]) orelse return;
    var filled: u1 = 0;
    while (text.len > 0) : (filled = ~filled) {
        for (text) |*letter| letter.* = std.ascii.toUpper(letter.*);
        const next = &buffers[~filled];
        try connection.startReceive(next);
        try connection.sendAll(text);
        _ = try connection.wait();
        text = next[0..try connection.received()];
    }
}

comptime {
    socketserver.exportAsyncHandler(handle);
}
