//! The HTTP request that a connection is, where it is one.

const builtin = @import("builtin");
const std = @import("std");
const c = @import("c.zig");

/// What an HTTP request has beside its body.
pub const HttpRequest = struct {
    raw: c.HttpRequest,

    /// A header field.
    pub const Header = extern struct {
        raw: c.HttpHeader,

        /// Names that differ in case alone are the same.
        pub fn name(header: *const Header) []const u8 {
            return std.mem.span(header.raw.name);
        }

        /// It need not be UTF-8.
        pub fn value(header: *const Header) []const u8 {
            return header.raw.value[0..header.raw.value_size];
        }
    };

    /// As it stands in the request: `GET`.
    pub fn method(request: *const HttpRequest) []const u8 {
        return std.mem.span(request.raw.method);
    }

    /// `http` or `https`, where the server knows.
    pub fn scheme(request: *const HttpRequest) ?[]const u8 {
        return std.mem.span(request.raw.scheme orelse return null);
    }

    /// The host that the client asked, and the port where it is not the scheme's own: `example.org:8080`.
    pub fn authority(request: *const HttpRequest) ?[]const u8 {
        return std.mem.span(request.raw.authority orelse return null);
    }

    /// The path, and the query if there is one: `/search?q=socket`.
    pub fn pathWithQuery(request: *const HttpRequest) ?[]const u8 {
        return std.mem.span(request.raw.path_with_query orelse return null);
    }

    /// The header fields in their order; a name may come several times.
    pub fn headers(request: *const HttpRequest) []const Header {
        const all = request.raw.headers orelse return &.{};
        return @ptrCast(all[0..request.raw.header_count]);
    }

    /// Give its memory back. It need not be called: the instance ends.
    pub fn deinit(request: *HttpRequest) void {
        c.socketserver_http_request_free(&request.raw);
    }
};

/// The request that the connection being handled is; null where it is no request, and in a test: everywhere but behind HTTP
/// (`socketserver bundle --for wasmtime-serve`), where a handler receives the body of a request, and sends the body of the response.
///
/// Where one instance serves several connections at once, as an asynchronous handler may in a runtime that is not ours, this is the
/// request that it was called for last: ask before waiting for anything.
pub fn httpRequest() ?HttpRequest {
    // A test has no host to call.
    if (builtin.is_test) return null;
    var request: HttpRequest = undefined;
    return if (c.socketserver_http_request(&request.raw)) request else null;
}
