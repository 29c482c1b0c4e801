const std = @import("std");
const socketserver = @import("socketserver");

/// Answers each datagram in upper case.
fn handle(datagram: *socketserver.Datagram) !void {
    const text = datagram.data();
    for (text) |*letter| letter.* = std.ascii.toUpper(letter.*);
    try datagram.reply(text);
}

comptime {
    socketserver.exportDatagramHandler(handle);
}
