//! A handler of the asynchronous world: it has the streams of WASI 0.3, and can receive and send at the same time.

const builtin = @import("builtin");
const c = @import("c.zig");
const failure = @import("failure.zig");
const Address = @import("address.zig").Address;
const Error = failure.Error;

/// One accepted stream connection, in the asynchronous world. One receive and one send can be under way at a time.
pub const AsyncConnection = struct {
    raw: *c.AsyncConnection,

    /// What `wait` reports.
    pub const Ended = struct { received: bool, sent: bool };

    /// Receive at least one byte, straight into `buffer`, and return the part that was filled; null at the end of the stream.
    pub fn receive(connection: *AsyncConnection, buffer: []u8) Error!?[]u8 {
        const count = try failure.size(c.socketserver_async_receive(connection.raw, buffer.ptr, buffer.len));
        return if (count == 0) null else buffer[0..count];
    }

    /// Send all of `data`.
    pub fn sendAll(connection: *AsyncConnection, data: []const u8) Error!void {
        return failure.check(c.socketserver_async_send_all(connection.raw, data.ptr, data.len));
    }

    /// Begin to receive. `buffer` must stay where it is until the receive has ended.
    pub fn startReceive(connection: *AsyncConnection, buffer: []u8) Error!void {
        return failure.check(c.socketserver_async_start_receive(connection.raw, buffer.ptr, buffer.len));
    }

    /// Begin to send. `data` must stay as it is until the send has ended.
    pub fn startSend(connection: *AsyncConnection, data: []const u8) Error!void {
        return failure.check(c.socketserver_async_start_send(connection.raw, data.ptr, data.len));
    }

    /// Wait until a receive or a send has ended that is under way.
    pub fn wait(connection: *AsyncConnection) Error!Ended {
        const ended = try failure.size(c.socketserver_async_wait(connection.raw));
        return .{ .received = ended & c.received != 0, .sent = ended & c.sent != 0 };
    }

    /// How the last receive ended: how many bytes, 0 at the end of the stream.
    pub fn received(connection: *AsyncConnection) Error!usize {
        return failure.size(c.socketserver_async_received(connection.raw));
    }

    /// How the last send ended: how many bytes were taken.
    pub fn sent(connection: *AsyncConnection) Error!usize {
        return failure.size(c.socketserver_async_sent(connection.raw));
    }

    /// End what is sent; the peer may still send.
    pub fn shutdown(connection: *AsyncConnection) Error!void {
        return failure.check(c.socketserver_async_shutdown(connection.raw));
    }

    /// The address of the peer.
    pub fn remoteAddress(connection: *const AsyncConnection) Address {
        return .{ .raw = c.socketserver_async_remote_address(connection.raw).* };
    }

    /// The address that the peer connected to.
    pub fn localAddress(connection: *const AsyncConnection) Address {
        return .{ .raw = c.socketserver_async_local_address(connection.raw).* };
    }
};

/// Make `handle`, a `fn (*AsyncConnection) !void`, the asynchronous handler of this component. Once in a program, in a `comptime` block.
pub fn exportAsyncHandler(comptime handle: anytype) void {
    // A test has no host to call.
    if (builtin.is_test) return;
    const Exported = struct {
        fn socketserver_async_handler(raw: *c.AsyncConnection) callconv(.c) c_int {
            var connection: AsyncConnection = .{ .raw = raw };
            return failure.result(handle(&connection));
        }
    };
    @export(&Exported.socketserver_async_handler, .{ .name = "socketserver_async_handler" });
}
