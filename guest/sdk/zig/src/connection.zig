//! The one connection of an instance, and the handler that serves it.

const builtin = @import("builtin");
const c = @import("c.zig");
const failure = @import("failure.zig");
const Address = @import("address.zig").Address;
const Error = failure.Error;

/// One accepted stream connection. The host closes it when the handler returns.
pub const Connection = struct {
    raw: *c.Connection,

    pub const Shutdown = enum(c_int) { receive, send, both };

    pub const Readiness = struct {
        readable: bool = false,
        writable: bool = false,
    };

    /// Receive at least one byte, straight into `buffer`, and return the part of it that was filled; null at the end of the stream. One
    /// call fills at most 65,536 bytes.
    pub fn receive(connection: *Connection, buffer: []u8) Error!?[]u8 {
        const received = try failure.size(c.socketserver_receive(connection.raw, buffer.ptr, buffer.len));
        return if (received == 0) null else buffer[0..received];
    }

    /// Send at least one byte, and return how many were taken.
    pub fn send(connection: *Connection, data: []const u8) Error!usize {
        return failure.size(c.socketserver_send(connection.raw, data.ptr, data.len));
    }

    /// Send all of `data`. After an error it cannot be told how much was sent.
    pub fn sendAll(connection: *Connection, data: []const u8) Error!void {
        return failure.check(c.socketserver_send_all(connection.raw, data.ptr, data.len));
    }

    /// Wait until the connection is ready in one of the directions of `interest`, and return those in which it is.
    pub fn wait(connection: *Connection, interest: Readiness) Error!Readiness {
        const readable: c_int = if (interest.readable) c.readable else 0;
        const writable: c_int = if (interest.writable) c.writable else 0;
        const ready = try failure.size(c.socketserver_wait(connection.raw, readable | writable));
        return .{ .readable = ready & c.readable != 0, .writable = ready & c.writable != 0 };
    }

    /// Close one direction, or both. After `.send` the peer sees the end of the stream while it may still send.
    pub fn shutdown(connection: *Connection, how: Shutdown) Error!void {
        return failure.check(c.socketserver_shutdown(connection.raw, @backingInt(how)));
    }

    /// Bound each later call that waits; null, the state of a new connection, is no bound.
    pub fn setTimeout(connection: *Connection, milliseconds: ?u31) void {
        c.socketserver_set_timeout(connection.raw, milliseconds orelse -1);
    }

    /// The address of the peer.
    pub fn remoteAddress(connection: *Connection) Address {
        var address: Address = undefined;
        c.socketserver_remote_address(connection.raw, &address.raw);
        return address;
    }

    /// The address that the peer connected to.
    pub fn localAddress(connection: *Connection) Address {
        var address: Address = undefined;
        c.socketserver_local_address(connection.raw, &address.raw);
        return address;
    }
};

/// Make `handle`, a `fn (*Connection) !void`, the handler of streams of this component. Once in a program, in a `comptime` block.
pub fn exportStreamHandler(comptime handle: anytype) void {
    // A test has no host to call.
    if (builtin.is_test) return;
    const Exported = struct {
        fn socketserver_stream_handler(raw: *c.Connection) callconv(.c) c_int {
            var connection: Connection = .{ .raw = raw };
            return failure.result(handle(&connection));
        }
    };
    @export(&Exported.socketserver_stream_handler, .{ .name = "socketserver_stream_handler" });
}
