//! Who is at the two ends of a connection, or of the way of a datagram.

const std = @import("std");
const c = @import("c.zig");

/// One end of a connection. An IPv4 peer of a dual-stack listener is an IPv4 address. Where the transport has no ports (`icmp`), the
/// port is 0.
pub const Address = struct {
    raw: c.Address,

    pub const Family = c.Address.Family;

    /// Bytes that are enough for the text of any address.
    pub const text_size = c.address_text_size;

    pub fn family(address: *const Address) Family {
        return address.raw.family;
    }

    pub fn port(address: *const Address) u16 {
        return address.raw.port;
    }

    /// `127.0.0.1:49152`, `[fe80::1%3]:49152`, `/run/echo.sock`, `@echo`, or `unnamed`.
    pub fn text(address: *const Address, buffer: *[text_size]u8) []const u8 {
        return std.mem.span(c.socketserver_address_text(&address.raw, buffer, buffer.len));
    }
};
