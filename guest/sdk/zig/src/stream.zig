//! A connection as `std.Io.Reader` and `std.Io.Writer`. They need no `std.Io`: the connection is all that they wait for.

const std = @import("std");
const Connection = @import("connection.zig").Connection;
const Error = @import("failure.zig").Error;

/// Reads lines, delimiters and numbers out of a connection, through a buffer that bounds what a peer can make the handler keep.
///
/// ```zig
/// var buffer: [1024]u8 = undefined;
/// var reader: socketserver.Reader = .init(connection, &buffer);
/// while (try reader.interface.takeDelimiter('\n')) |line| …
/// ```
pub const Reader = struct {
    connection: *Connection,
    interface: std.Io.Reader,
    /// Why `interface` has failed with `ReadFailed`.
    err: ?Error = null,

    pub fn init(connection: *Connection, buffer: []u8) Reader {
        return .{
            .connection = connection,
            .interface = .{ .vtable = &.{ .stream = stream }, .buffer = buffer, .seek = 0, .end = 0 },
        };
    }

    fn stream(interface: *std.Io.Reader, writer: *std.Io.Writer, limit: std.Io.Limit) std.Io.Reader.StreamError!usize {
        const reader: *Reader = @alignCast(@fieldParentPtr("interface", interface));
        if (writer.buffer.len == 0 and interface.end < interface.buffer.len) {
            // A writer without a buffer gives no room, so the bytes go through that of the reader.
            interface.end += try reader.receive(interface.buffer[interface.end..]);
            return 0;
        }
        const received = try reader.receive(limit.slice(try writer.writableSliceGreedy(1)));
        writer.advance(received);
        return received;
    }

    fn receive(reader: *Reader, buffer: []u8) std.Io.Reader.Error!usize {
        const received = reader.connection.receive(buffer) catch |err| {
            reader.err = err;
            return error.ReadFailed;
        } orelse return error.EndOfStream;
        return received.len;
    }
};

/// Collects writes in a buffer. What does not fit is sent; the rest waits for `interface.flush()`, and nothing is sent by itself at the
/// end of the handler.
pub const Writer = struct {
    connection: *Connection,
    interface: std.Io.Writer,
    /// Why `interface` has failed with `WriteFailed`.
    err: ?Error = null,

    pub fn init(connection: *Connection, buffer: []u8) Writer {
        return .{
            .connection = connection,
            .interface = .{ .vtable = &.{ .drain = drain }, .buffer = buffer },
        };
    }

    fn drain(interface: *std.Io.Writer, data: []const []const u8, splat: usize) std.Io.Writer.Error!usize {
        const writer: *Writer = @alignCast(@fieldParentPtr("interface", interface));
        const waiting = interface.buffered();
        if (waiting.len > 0) {
            try writer.send(waiting);
            interface.end = 0;
        }
        var sent: usize = 0;
        for (data[0 .. data.len - 1]) |part| {
            try writer.send(part);
            sent += part.len;
        }
        const repeated = data[data.len - 1];
        for (0..splat) |_| {
            try writer.send(repeated);
            sent += repeated.len;
        }
        return sent;
    }

    fn send(writer: *Writer, part: []const u8) std.Io.Writer.Error!void {
        if (part.len == 0) return;
        writer.connection.sendAll(part) catch |err| {
            writer.err = err;
            return error.WriteFailed;
        };
    }
};
