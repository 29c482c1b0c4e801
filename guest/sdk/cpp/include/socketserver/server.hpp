/// Server programs: components that drive servers themselves, with Python's classes.
///
///     class LocalServer : public socketserver::ThreadingServer {
///     public:
///         using ThreadingServer::ThreadingServer;
///         bool verify_request(const socketserver::Request& request) override { return request.remote_address().port != 0; }
///     };
///
///     static socketserver::Result program(std::span<char*> arguments) {
///         LocalServer server("tcp://127.0.0.1:9999");
///         if (auto bound = server.bind_and_activate(); !bound) return bound;
///         return server.serve_forever();
///     }
///
///     SOCKETSERVER_PROGRAM(program)
///
/// There is one instance of the program, from its start to its end. Each request is handled in a fresh instance of a handler: of the
/// component itself, if it has one, or of another that the operator names.
#ifndef SOCKETSERVER_SERVER_HPP
#define SOCKETSERVER_SERVER_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "socketserver/address.hpp"
#include "socketserver/connection.hpp"
#include "socketserver/error.hpp"
#include "socketserver/server.h"

namespace socketserver {

/// How a server handles its requests. Each of them has a fresh instance of the handler in any case.
enum class Concurrency { one_at_a_time, threading, forking };

/// A request that was taken. One that nothing was done with is refused.
class Request {
public:
    explicit Request(socketserver_request* raw) : raw_(raw) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Who sent it.
    Address remote_address() const { return Address{raw_->remote}; }

    /// For the library for C.
    socketserver_request* raw() { return raw_; }

private:
    socketserver_request* raw_;
};

/// How a request ended. It is valid during the call that it is given to.
class Outcome {
public:
    explicit Outcome(const socketserver_outcome* raw) : raw_(raw) {}

    /// Who had sent it.
    Address remote_address() const { return Address{raw_->remote}; }
    socketserver_reason reason() const { return raw_->reason; }
    /// The name of the reason, as in the log.
    std::string_view reason_text() const { return socketserver_reason_text(raw_->reason); }
    /// The handler's words, or the host's, if there are some.
    std::optional<std::string_view> message() const {
        if (raw_->message == nullptr) return std::nullopt;
        return raw_->message;
    }

    /// For the library for C.
    const socketserver_outcome* raw() const { return raw_; }

private:
    const socketserver_outcome* raw_;
};

/// A server. Every virtual function does what Python's method of this name does; a class derived from it overrides some, and calls
/// `BaseServer::` where Python has `super()`.
///
/// The end of its life closes it, as Python's `with` does; overrides of a derived class are not called then.
class BaseServer {
public:
    explicit BaseServer(std::string url, Concurrency concurrency = Concurrency::one_at_a_time) : url_(std::move(url)) {
        socketserver_server_init(&raw_, url_.c_str(), static_cast<socketserver_concurrency>(concurrency));
        raw_.user = this;
        raw_.server_bind = [](auto* raw) { return detail::returned(of(raw).server_bind()); };
        raw_.server_activate = [](auto* raw) { return detail::returned(of(raw).server_activate()); };
        raw_.server_close = [](auto* raw) { of(raw).server_close(); };
        raw_.get_request = [](auto* raw, auto* request) { return of(raw).get_request(*request); };
        raw_.verify_request = [](auto* raw, auto* request) {
            Request verified(const_cast<socketserver_request*>(request));
            return of(raw).verify_request(verified);
        };
        raw_.process_request = [](auto* raw, auto* request) { with(request, of(raw), &BaseServer::process_request); };
        raw_.finish_request = [](auto* raw, auto* request) { with(request, of(raw), &BaseServer::finish_request); };
        raw_.shutdown_request = [](auto* raw, auto* request) { with(request, of(raw), &BaseServer::shutdown_request); };
        raw_.close_request = [](auto* raw, auto* request) { with(request, of(raw), &BaseServer::close_request); };
        raw_.handle_timeout = [](auto* raw) { of(raw).handle_timeout(); };
        raw_.handle_error = [](auto* raw, auto* outcome) { of(raw).handle_error(Outcome(outcome)); };
        raw_.collect_children = [](auto* raw) { of(raw).collect_children(); };
        raw_.service_actions = [](auto* raw) { of(raw).service_actions(); };
    }
    BaseServer(const BaseServer&) = delete;
    BaseServer& operator=(const BaseServer&) = delete;
    virtual ~BaseServer() {
        if (!closed_) BaseServer::server_close();
    }

    /// The settings, by the names that they have in C: `timeout`, `max_children`, `allow_reuse_address` and the others.
    socketserver_server& settings() { return raw_; }

    /// Bind and activate; and close, when one of them fails.
    Result bind_and_activate() { return detail::result(socketserver_server_bind_and_activate(&raw_)); }

    /// Serve until `shutdown` is called or the operator wants the program to end.
    Result serve_forever(std::optional<std::chrono::milliseconds> poll_interval = std::chrono::milliseconds(SOCKETSERVER_POLL_INTERVAL)) {
        return detail::result(socketserver_server_serve_forever_with(&raw_, detail::milliseconds(poll_interval)));
    }

    /// Handle one request. Returns false when the operator wants the program to end.
    Expected<bool> handle_request() {
        int result = socketserver_server_handle_request(&raw_);
        if (result < 0) return detail::last_error();
        return result > 0;
    }

    /// End `serve_forever` when the hook that calls this has returned.
    void shutdown() { socketserver_server_shutdown(&raw_); }

    /// The address that is bound, with the port that the system chose.
    std::optional<Address> server_address() const {
        Address address;
        if (!socketserver_server_address(&raw_, &address)) return std::nullopt;
        return address;
    }

    /// A number that stands for the server in logs; 0 before it is bound.
    unsigned fileno() const { return socketserver_server_fileno(&raw_); }
    socketserver_counters counters() const { return socketserver_server_counters(&raw_); }
    /// How many requests are being handled.
    unsigned active_children() const { return counters().active; }
    void suspend() { socketserver_server_suspend(&raw_); }
    void resume() { socketserver_server_resume(&raw_); }
    bool is_stopping() const { return socketserver_server_is_stopping(&raw_); }

    virtual Result server_bind() { return detail::result(socketserver_base_server_bind(&raw_)); }
    virtual Result server_activate() { return detail::result(socketserver_base_server_activate(&raw_)); }
    virtual void server_close() {
        closed_ = true;
        socketserver_base_server_close(&raw_);
    }
    virtual bool verify_request(const Request&) { return true; }
    virtual void process_request(Request& request) { socketserver_base_process_request(&raw_, request.raw()); }
    virtual void finish_request(Request& request) { socketserver_base_finish_request(&raw_, request.raw()); }
    virtual void shutdown_request(Request& request) { socketserver_base_shutdown_request(&raw_, request.raw()); }
    virtual void close_request(Request& request) { socketserver_base_close_request(&raw_, request.raw()); }
    virtual void handle_timeout() { socketserver_base_handle_timeout(&raw_); }
    virtual void handle_error(const Outcome& outcome) { socketserver_base_handle_error(&raw_, outcome.raw()); }
    virtual void collect_children() { socketserver_base_collect_children(&raw_); }
    virtual void service_actions() {}

    /// Take the next request; -1 is that there is none.
    virtual int get_request(socketserver_request& request) { return socketserver_base_get_request(&raw_, &request); }

private:
    static BaseServer& of(socketserver_server* raw) { return *static_cast<BaseServer*>(raw->user); }

    static void with(socketserver_request* raw, BaseServer& server, void (BaseServer::*hook)(Request&)) {
        Request request(raw);
        (server.*hook)(request);
    }

    std::string url_;
    socketserver_server raw_;
    bool closed_ = false;
};

/// A server whose requests are handled in the background, any number at a time.
class ThreadingServer : public BaseServer {
public:
    explicit ThreadingServer(std::string url) : BaseServer(std::move(url), Concurrency::threading) {}
};

/// A server whose requests are handled in the background, 40 at a time unless told otherwise.
class ForkingServer : public BaseServer {
public:
    explicit ForkingServer(std::string url) : BaseServer(std::move(url), Concurrency::forking) {}
};

namespace detail {
template <typename Program>
int run(Program program, int argc, char** argv) {
    return returned(program(std::span(argv, static_cast<std::size_t>(argc))));
}
}  // namespace detail
}  // namespace socketserver

/// Make `program`, a `socketserver::Result (std::span<char*> arguments)`, the program of this component: the host calls it once.
#undef SOCKETSERVER_PROGRAM
#define SOCKETSERVER_PROGRAM(program)                                \
    extern "C" int socketserver_program(int argc, char** argv) {   \
        return socketserver::detail::run(program, argc, argv);       \
    }

#endif
