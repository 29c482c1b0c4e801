const socketserver = @import("socketserver");

/// Not on the stack, where zig would fill all of it in each instance before it is used.
var buffer: [65536]u8 = undefined;

/// Sends back whatever it receives, until the peer has sent everything.
fn handle(connection: *socketserver.Connection) !void {
    while (try connection.receive(&buffer)) |received| try connection.sendAll(received);
}

comptime {
    socketserver.exportStreamHandler(handle);
}
