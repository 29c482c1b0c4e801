//! Server programs: components that drive servers themselves, with Python's hooks.
//!
//! ```zig
//! fn program(_: []const [*:0]const u8) !void {
//!     var server: socketserver.Server = .init("tcp://127.0.0.1:9999", .threading);
//!     server.setHooks(struct {
//!         pub fn verifyRequest(_: *socketserver.Server, request: *const socketserver.server.Request) bool {
//!             return request.remoteAddress().family() != .unix;
//!         }
//!     });
//!     defer server.close();
//!     try server.bindAndActivate();
//!     try server.serveForever();
//! }
//!
//! comptime {
//!     socketserver.exportProgram(program);
//! }
//! ```
//!
//! There is one instance of the program, from its start to its end. Each request is handled in a fresh instance of a handler: of the
//! component itself, if it has one, or of another that the operator names.

const builtin = @import("builtin");
const std = @import("std");
const c = @import("c.zig");
const failure = @import("failure.zig");
const Address = @import("address.zig").Address;
const Error = failure.Error;

/// How a server handles its requests. Each of them has a fresh instance of the handler in any case.
pub const Concurrency = enum(c_int) { one_at_a_time, threading, forking };

pub const Counters = c.Counters;
pub const Reason = c.Reason;

/// How often `serveForever` calls `serviceActions` while nothing happens, in milliseconds.
pub const poll_interval = 500;

/// A request that was taken. One that nothing was done with is refused.
pub const Request = struct {
    raw: c.Request,

    /// Who sent it.
    pub fn remoteAddress(request: *const Request) Address {
        return .{ .raw = request.raw.remote };
    }

    fn of(raw: *c.Request) *Request {
        return @fieldParentPtr("raw", raw);
    }
};

/// How a request ended. It is valid during the call that it is given to.
pub const Outcome = struct {
    raw: c.Outcome,

    /// Who had sent it.
    pub fn remoteAddress(outcome: *const Outcome) Address {
        return .{ .raw = outcome.raw.remote };
    }

    pub fn reason(outcome: *const Outcome) Reason {
        return outcome.raw.reason;
    }

    /// The name of the reason, as in the log: `cpu-time`.
    pub fn reasonText(outcome: *const Outcome) []const u8 {
        return std.mem.span(c.socketserver_reason_text(outcome.raw.reason));
    }

    /// The handler's words, or the host's, if there are some.
    pub fn message(outcome: *const Outcome) ?[]const u8 {
        return std.mem.span(outcome.raw.message orelse return null);
    }
};

/// A server. Its settings are the fields of `raw`, by the names that they have in C: `timeout`, `max_children`, `allow_reuse_address`
/// and the others.
pub const Server = struct {
    raw: c.Server,
    /// For the hooks.
    context: ?*anyopaque = null,

    /// Nothing is bound yet. The string must stay until the server is bound.
    pub fn init(url: [:0]const u8, concurrency: Concurrency) Server {
        var server: Server = .{ .raw = undefined };
        c.socketserver_server_init(&server.raw, url.ptr, @backingInt(concurrency));
        return server;
    }

    /// Has functions of `Hooks` called in the place of Python's methods: `verifyRequest`, `processRequest`, `finishRequest`,
    /// `shutdownRequest`, `closeRequest`, `handleTimeout`, `handleError`, `collectChildren`, `serviceActions`. Those of the same name in
    /// `base` are Python's `super()`.
    pub fn setHooks(server: *Server, comptime Hooks: type) void {
        inline for (comptime std.meta.declarations(Hooks)) |name| {
            if (comptime !isHook(name)) {
                @compileError("no hook is called " ++ name);
            }
        }
        if (@hasDecl(Hooks, "verifyRequest")) server.raw.verify_request = &struct {
            fn call(raw: *c.Server, request: *const c.Request) callconv(.c) bool {
                return Hooks.verifyRequest(of(raw), @fieldParentPtr("raw", request));
            }
        }.call;
        if (@hasDecl(Hooks, "processRequest")) server.raw.process_request = withRequest(Hooks.processRequest);
        if (@hasDecl(Hooks, "finishRequest")) server.raw.finish_request = withRequest(Hooks.finishRequest);
        if (@hasDecl(Hooks, "shutdownRequest")) server.raw.shutdown_request = withRequest(Hooks.shutdownRequest);
        if (@hasDecl(Hooks, "closeRequest")) server.raw.close_request = withRequest(Hooks.closeRequest);
        if (@hasDecl(Hooks, "handleTimeout")) server.raw.handle_timeout = alone(Hooks.handleTimeout);
        if (@hasDecl(Hooks, "collectChildren")) server.raw.collect_children = alone(Hooks.collectChildren);
        if (@hasDecl(Hooks, "serviceActions")) server.raw.service_actions = alone(Hooks.serviceActions);
        if (@hasDecl(Hooks, "handleError")) server.raw.handle_error = &struct {
            fn call(raw: *c.Server, outcome: *const c.Outcome) callconv(.c) void {
                Hooks.handleError(of(raw), @as(*const Outcome, @fieldParentPtr("raw", outcome)));
            }
        }.call;
    }

    /// What hooks do that nobody has set.
    pub const base = struct {
        pub fn processRequest(server: *Server, request: *Request) void {
            c.socketserver_base_process_request(&server.raw, &request.raw);
        }
        pub fn finishRequest(server: *Server, request: *Request) void {
            c.socketserver_base_finish_request(&server.raw, &request.raw);
        }
        pub fn shutdownRequest(server: *Server, request: *Request) void {
            c.socketserver_base_shutdown_request(&server.raw, &request.raw);
        }
        pub fn closeRequest(server: *Server, request: *Request) void {
            c.socketserver_base_close_request(&server.raw, &request.raw);
        }
        pub fn handleTimeout(server: *Server) void {
            c.socketserver_base_handle_timeout(&server.raw);
        }
        pub fn handleError(server: *Server, outcome: *const Outcome) void {
            c.socketserver_base_handle_error(&server.raw, &outcome.raw);
        }
        pub fn collectChildren(server: *Server) void {
            c.socketserver_base_collect_children(&server.raw);
        }
    };

    /// Bind and activate; and close, when one of them fails.
    pub fn bindAndActivate(server: *Server) Error!void {
        return failure.check(c.socketserver_server_bind_and_activate(&server.raw));
    }

    /// Serve until `shutdown` is called or the operator wants the program to end.
    pub fn serveForever(server: *Server) Error!void {
        return failure.check(c.socketserver_server_serve_forever_with(&server.raw, poll_interval));
    }

    /// Handle one request. Returns false when the operator wants the program to end.
    pub fn handleRequest(server: *Server) Error!bool {
        return try failure.size(c.socketserver_server_handle_request(&server.raw)) > 0;
    }

    /// End `serveForever` when the hook that calls this has returned.
    pub fn shutdown(server: *Server) void {
        c.socketserver_server_shutdown(&server.raw);
    }

    /// Stop listening, and wait as `raw.block_on_close` says. Every server that was bound should be closed.
    pub fn close(server: *Server) void {
        c.socketserver_server_close(&server.raw);
    }

    /// The address that is bound, with the port that the system chose.
    pub fn address(server: *const Server) ?Address {
        var bound: Address = undefined;
        return if (c.socketserver_server_address(&server.raw, &bound.raw)) bound else null;
    }

    /// A number that stands for the server in logs; 0 before it is bound.
    pub fn fileno(server: *const Server) u32 {
        return c.socketserver_server_fileno(&server.raw);
    }

    pub fn counters(server: *const Server) Counters {
        return c.socketserver_server_counters(&server.raw);
    }

    /// Leave requests in the kernel's buffers until `resume`.
    pub fn @"suspend"(server: *Server) void {
        c.socketserver_server_suspend(&server.raw);
    }

    /// Take requests again.
    pub fn @"resume"(server: *Server) void {
        c.socketserver_server_resume(&server.raw);
    }

    pub fn isStopping(server: *const Server) bool {
        return c.socketserver_server_is_stopping(&server.raw);
    }

    fn of(raw: *c.Server) *Server {
        return @fieldParentPtr("raw", raw);
    }

    fn alone(comptime hook: fn (*Server) void) *const fn (*c.Server) callconv(.c) void {
        return &struct {
            fn call(raw: *c.Server) callconv(.c) void {
                hook(of(raw));
            }
        }.call;
    }

    fn withRequest(comptime hook: fn (*Server, *Request) void) *const fn (*c.Server, *c.Request) callconv(.c) void {
        return &struct {
            fn call(raw: *c.Server, request: *c.Request) callconv(.c) void {
                hook(of(raw), Request.of(request));
            }
        }.call;
    }
};

fn isHook(comptime name: []const u8) bool {
    const others = [_][]const u8{ "serviceActions", "verifyRequest" };
    for (others) |other| {
        if (std.mem.eql(u8, name, other)) return true;
    }
    return @hasDecl(Server.base, name);
}

/// Make `program`, a `fn ([]const [*:0]const u8) !void` that takes its arguments, the program of this component. Once in a program, in a
/// `comptime` block.
pub fn exportProgram(comptime program: anytype) void {
    // A test has no host to call.
    if (builtin.is_test) return;
    const Exported = struct {
        fn socketserver_program(count: c_int, arguments: [*]const [*:0]const u8) callconv(.c) c_int {
            return failure.result(program(arguments[0..@intCast(count)]));
        }
    };
    @export(&Exported.socketserver_program, .{ .name = "socketserver_program" });
}
