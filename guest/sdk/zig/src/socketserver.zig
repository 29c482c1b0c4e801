//! Python's `socketserver` for WebAssembly components in Zig: one function that serves one connection or one datagram, in a sandbox of
//! its own.
//!
//! ```zig
//! const socketserver = @import("socketserver");
//!
//! fn handle(connection: *socketserver.Connection) !void {
//!     var buffer: [4096]u8 = undefined;
//!     while (try connection.receive(&buffer)) |received| try connection.sendAll(received);
//! }
//!
//! comptime {
//!     socketserver.exportStreamHandler(handle);
//! }
//! ```
//!
//! It is a layer over the library for C, whose headers say more of each operation.

pub const Address = @import("address.zig").Address;
pub const AsyncConnection = @import("asynchronous.zig").AsyncConnection;
pub const Connection = @import("connection.zig").Connection;
pub const Datagram = @import("datagram.zig").Datagram;
pub const Error = @import("failure.zig").Error;
pub const HttpRequest = @import("http_request.zig").HttpRequest;
pub const Reader = @import("stream.zig").Reader;
pub const Server = @import("server.zig").Server;
pub const Writer = @import("stream.zig").Writer;
pub const fail = @import("failure.zig").fail;
pub const httpRequest = @import("http_request.zig").httpRequest;
pub const server = @import("server.zig");

pub const exportAsyncHandler = @import("asynchronous.zig").exportAsyncHandler;
pub const exportDatagramHandler = @import("datagram.zig").exportDatagramHandler;
pub const exportProgram = @import("server.zig").exportProgram;
pub const exportStreamHandler = @import("connection.zig").exportStreamHandler;
