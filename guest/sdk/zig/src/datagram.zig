//! One received datagram, and the handler that answers it.

const builtin = @import("builtin");
const c = @import("c.zig");
const failure = @import("failure.zig");
const Address = @import("address.zig").Address;
const Error = failure.Error;

/// A datagram, as it was received, and the socket that it came through.
pub const Datagram = struct {
    raw: *c.Datagram,
    socket: *c.DatagramSocket,

    /// What it carries. It may be changed in place.
    pub fn data(datagram: *Datagram) []u8 {
        return datagram.raw.data[0..datagram.raw.size];
    }

    /// Who sent it.
    pub fn remoteAddress(datagram: *const Datagram) Address {
        return .{ .raw = datagram.raw.remote };
    }

    /// The address that it was sent to.
    pub fn localAddress(datagram: *Datagram) Address {
        var address: Address = undefined;
        c.socketserver_datagram_local_address(datagram.socket, &address.raw);
        return address;
    }

    /// Whether it was longer than the host receives: `data` is its beginning, and the rest is lost.
    pub fn isTruncated(datagram: *const Datagram) bool {
        return datagram.raw.truncated;
    }

    /// Send a datagram to who sent this one. It may be called any number of times.
    pub fn reply(datagram: *Datagram, answer: []const u8) Error!void {
        return failure.check(c.socketserver_reply(datagram.socket, datagram.raw, answer.ptr, answer.len));
    }

    /// Bound each later reply; null is no bound.
    pub fn setTimeout(datagram: *Datagram, milliseconds: ?u31) void {
        c.socketserver_datagram_set_timeout(datagram.socket, milliseconds orelse -1);
    }
};

/// Make `handle`, a `fn (*Datagram) !void`, the handler of datagrams of this component. Once in a program, in a `comptime` block.
pub fn exportDatagramHandler(comptime handle: anytype) void {
    // A test has no host to call.
    if (builtin.is_test) return;
    const Exported = struct {
        fn socketserver_datagram_handler(raw: *c.Datagram, socket: *c.DatagramSocket) callconv(.c) c_int {
            var datagram: Datagram = .{ .raw = raw, .socket = socket };
            return failure.result(handle(&datagram));
        }
    };
    @export(&Exported.socketserver_datagram_handler, .{ .name = "socketserver_datagram_handler" });
}
