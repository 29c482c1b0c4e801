//! Sends what it is told of the HTTP request that its connection is. See `tests/programs/README.md`.

const std = @import("std");
const socketserver = @import("socketserver");

fn handle(connection: *socketserver.Connection) !void {
    var output: [4096]u8 = undefined;
    var writer: socketserver.Writer = .init(connection, &output);
    const answer = &writer.interface;
    var request = socketserver.httpRequest() orelse return connection.sendAll("no request\n");
    defer request.deinit();
    try answer.print("{s} {s}\n", .{ request.method(), request.pathWithQuery() orelse "none" });
    try answer.print("authority {s}\n", .{request.authority() orelse "none"});
    try answer.print("scheme {s}\n", .{request.scheme() orelse "none"});
    for (request.headers()) |*header| {
        try answer.print("{s}: ", .{header.name()});
        for (header.value()) |byte| {
            if (std.ascii.isPrint(byte)) try answer.writeByte(byte) else try answer.print("\\x{x:0>2}", .{byte});
        }
        try answer.writeByte('\n');
    }
    var input: [4096]u8 = undefined;
    var count: usize = 0;
    while (try connection.receive(&input)) |received| count += received.len;
    try answer.print("received {d}\n", .{count});
    try answer.flush();
}

comptime {
    socketserver.exportStreamHandler(handle);
}
