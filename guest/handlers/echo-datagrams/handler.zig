const socketserver = @import("socketserver");

/// Sends each datagram back, an empty one too.
fn handle(datagram: *socketserver.Datagram) !void {
    try datagram.reply(datagram.data());
}

comptime {
    socketserver.exportDatagramHandler(handle);
}
