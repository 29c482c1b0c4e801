//! The library for C: what its headers declare.

pub const Address = extern struct {
    family: Family,
    port: u16,
    of: extern union {
        ipv4: [4]u8,
        ipv6: extern struct { groups: [8]u16, flow_info: u32, scope_id: u32 },
        name: [unix_name_size]u8,
    },

    pub const Family = enum(c_int) { ipv4, ipv6, unix };
};

pub const unix_name_size = 328;
pub const address_text_size = unix_name_size;

pub const Connection = opaque {};
pub const AsyncConnection = opaque {};
pub const DatagramSocket = opaque {};

pub const readable = 1;
pub const writable = 2;

pub const received = 1;
pub const sent = 2;

pub const Datagram = extern struct {
    data: [*]u8,
    size: usize,
    remote: Address,
    truncated: bool,
};

pub extern fn socketserver_error() [*:0]const u8;
pub extern fn socketserver_fail(message: [*:0]const u8) c_int;
pub extern fn socketserver_address_text(address: *const Address, text: [*]u8, size: usize) [*:0]u8;

pub extern fn socketserver_receive(connection: *Connection, buffer: [*]u8, size: usize) isize;
pub extern fn socketserver_send(connection: *Connection, data: [*]const u8, size: usize) isize;
pub extern fn socketserver_send_all(connection: *Connection, data: [*]const u8, size: usize) c_int;
pub extern fn socketserver_wait(connection: *Connection, interest: c_int) c_int;
pub extern fn socketserver_shutdown(connection: *Connection, how: c_int) c_int;
pub extern fn socketserver_set_timeout(connection: *Connection, milliseconds: c_int) void;
pub extern fn socketserver_remote_address(connection: *Connection, address: *Address) void;
pub extern fn socketserver_local_address(connection: *Connection, address: *Address) void;

pub extern fn socketserver_reply(socket: *DatagramSocket, datagram: *const Datagram, data: [*]const u8, size: usize) c_int;
pub extern fn socketserver_datagram_set_timeout(socket: *DatagramSocket, milliseconds: c_int) void;
pub extern fn socketserver_datagram_local_address(socket: *DatagramSocket, address: *Address) void;

pub extern fn socketserver_async_receive(connection: *AsyncConnection, buffer: [*]u8, size: usize) isize;
pub extern fn socketserver_async_send_all(connection: *AsyncConnection, data: [*]const u8, size: usize) c_int;
pub extern fn socketserver_async_start_receive(connection: *AsyncConnection, buffer: [*]u8, size: usize) c_int;
pub extern fn socketserver_async_start_send(connection: *AsyncConnection, data: [*]const u8, size: usize) c_int;
pub extern fn socketserver_async_wait(connection: *AsyncConnection) c_int;
pub extern fn socketserver_async_received(connection: *AsyncConnection) isize;
pub extern fn socketserver_async_sent(connection: *AsyncConnection) isize;
pub extern fn socketserver_async_shutdown(connection: *AsyncConnection) c_int;
pub extern fn socketserver_async_remote_address(connection: *const AsyncConnection) *const Address;
pub extern fn socketserver_async_local_address(connection: *const AsyncConnection) *const Address;

pub const HttpHeader = extern struct {
    name: [*:0]u8,
    value: [*:0]u8,
    value_size: usize,
};

pub const HttpRequest = extern struct {
    method: [*:0]u8,
    scheme: ?[*:0]u8,
    authority: ?[*:0]u8,
    path_with_query: ?[*:0]u8,
    headers: ?[*]HttpHeader,
    header_count: usize,
};

pub extern fn socketserver_http_request(request: *HttpRequest) bool;
pub extern fn socketserver_http_request_free(request: *HttpRequest) void;

pub const Request = extern struct {
    remote: Address,
    handle: i32,
};

pub const Outcome = extern struct {
    remote: Address,
    reason: Reason,
    message: ?[*:0]const u8,
};

pub const Reason = enum(c_int) {
    bug,
    completed,
    cpu_time,
    exit,
    handler_error,
    idle,
    instantiate,
    killed,
    lifetime,
    memory,
    reset,
    timed_out,
    trap,
};

pub const Counters = extern struct {
    accepted: u32,
    active: u32,
    rejected: u32,
};

pub const Server = extern struct {
    user: ?*anyopaque,
    timeout: c_int,
    max_children: u32,
    block_on_close: bool,
    daemon_threads: bool,
    request_queue_size: c_int,
    allow_reuse_address: c_int,
    allow_reuse_port: c_int,
    max_packet_size: c_int,
    handler: ?[*:0]const u8,
    server_bind: *const fn (*Server) callconv(.c) c_int,
    server_activate: *const fn (*Server) callconv(.c) c_int,
    server_close: *const fn (*Server) callconv(.c) void,
    get_request: *const fn (*Server, *Request) callconv(.c) c_int,
    verify_request: *const fn (*Server, *const Request) callconv(.c) bool,
    process_request: *const fn (*Server, *Request) callconv(.c) void,
    finish_request: *const fn (*Server, *Request) callconv(.c) void,
    shutdown_request: *const fn (*Server, *Request) callconv(.c) void,
    close_request: *const fn (*Server, *Request) callconv(.c) void,
    handle_timeout: *const fn (*Server) callconv(.c) void,
    handle_error: *const fn (*Server, *const Outcome) callconv(.c) void,
    collect_children: *const fn (*Server) callconv(.c) void,
    service_actions: *const fn (*Server) callconv(.c) void,
    state: extern struct {
        url: [*:0]const u8,
        concurrency: c_int,
        handle: i32,
        closed: bool,
        suspended: bool,
        full: bool,
        stopping: bool,
        shutdown_requested: bool,
    },
};

pub extern fn socketserver_reason_text(reason: Reason) [*:0]const u8;
pub extern fn socketserver_server_init(server: *Server, url: [*:0]const u8, concurrency: c_int) void;
pub extern fn socketserver_server_bind_and_activate(server: *Server) c_int;
pub extern fn socketserver_server_serve_forever_with(server: *Server, poll_interval: c_int) c_int;
pub extern fn socketserver_server_handle_request(server: *Server) c_int;
pub extern fn socketserver_server_shutdown(server: *Server) void;
pub extern fn socketserver_server_close(server: *Server) void;
pub extern fn socketserver_server_address(server: *const Server, address: *Address) bool;
pub extern fn socketserver_server_fileno(server: *const Server) u32;
pub extern fn socketserver_server_counters(server: *const Server) Counters;
pub extern fn socketserver_server_suspend(server: *Server) void;
pub extern fn socketserver_server_resume(server: *Server) void;
pub extern fn socketserver_server_is_stopping(server: *const Server) bool;

pub extern fn socketserver_base_server_bind(server: *Server) c_int;
pub extern fn socketserver_base_server_activate(server: *Server) c_int;
pub extern fn socketserver_base_server_close(server: *Server) void;
pub extern fn socketserver_base_process_request(server: *Server, request: *Request) void;
pub extern fn socketserver_base_finish_request(server: *Server, request: *Request) void;
pub extern fn socketserver_base_shutdown_request(server: *Server, request: *Request) void;
pub extern fn socketserver_base_close_request(server: *Server, request: *Request) void;
pub extern fn socketserver_base_handle_timeout(server: *Server) void;
pub extern fn socketserver_base_handle_error(server: *Server, outcome: *const Outcome) void;
pub extern fn socketserver_base_collect_children(server: *Server) void;
