const std = @import("std");
const socketserver = @import("socketserver");

/// Answers each line in upper case. A line of more than 1,024 bytes ends the connection, so that no peer can fill the memory.
fn handle(connection: *socketserver.Connection) !void {
    var buffer: [1024]u8 = undefined;
    var reader: socketserver.Reader = .init(connection, &buffer);
    var output: [1024]u8 = undefined;
    var writer: socketserver.Writer = .init(connection, &output);
    while (try reader.interface.takeDelimiter('\n')) |line| {
        for (line) |*letter| letter.* = std.ascii.toUpper(letter.*);
        try writer.interface.print("{s}\n", .{line});
        try writer.interface.flush();
    }
}

comptime {
    socketserver.exportStreamHandler(handle);
}
