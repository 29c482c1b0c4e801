//! Reads one line from its peer, and does what it says. See `tests/programs/README.md`.

const std = @import("std");
const socketserver = @import("socketserver");
const Connection = socketserver.Connection;

const Word = enum { echo, count, allocate, spin, trap, recurse, fail, exit, print, leak };

var counter: usize = 0;
var kept: ?*Connection = null;

fn handle(connection: *Connection) !void {
    var buffer: [1024]u8 = undefined;
    var reader: socketserver.Reader = .init(connection, &buffer);
    const line = try reader.interface.takeDelimiter('\n') orelse return;
    const word = std.meta.stringToEnum(Word, line) orelse return socketserver.fail("no such word");
    switch (word) {
        .echo => {
            var writer: socketserver.Writer = .init(connection, &.{});
            _ = try reader.interface.streamRemaining(&writer.interface);
        },
        .count => {
            counter += 1;
            var text: [32]u8 = undefined;
            try connection.sendAll(try std.fmt.bufPrint(&text, "{d}\n", .{counter}));
        },
        .allocate => while (true) {
            const memory = std.heap.c_allocator.alloc(u8, 1 << 20) catch @panic("out of memory");
            @memset(memory, 1);
            std.mem.doNotOptimizeAway(memory.ptr);
        },
        .spin => while (true) asm volatile (""),
        .trap => try connection.sendAll(&.{buffer[line.len + buffer.len]}),
        .recurse => std.mem.doNotOptimizeAway(recurse(0)),
        .fail => return socketserver.fail("refused by choice"),
        .exit => std.c.exit(3),
        .print => {
            print(1, "to stdout\n");
            print(2, "to stderr\n");
            try connection.sendAll("done\n");
        },
        .leak => kept = connection,
    }
}

fn recurse(depth: usize) usize {
    var frame: [256]u8 = undefined;
    std.mem.doNotOptimizeAway(&frame);
    return @call(.never_inline, recurse, .{depth + 1}) + frame[depth % frame.len];
}

fn print(stream: std.c.fd_t, text: []const u8) void {
    _ = std.c.write(stream, text.ptr, text.len);
}

comptime {
    socketserver.exportStreamHandler(handle);
}
