/// The one connection of an instance, and the handler that serves it.
#ifndef SOCKETSERVER_CONNECTION_HPP
#define SOCKETSERVER_CONNECTION_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include "socketserver/address.hpp"
#include "socketserver/bytes.hpp"
#include "socketserver/connection.h"
#include "socketserver/error.hpp"

namespace socketserver {

/// The directions of `Connection::shutdown`.
enum class Shutdown { receive, send, both };

/// The directions of `Connection::wait`.
struct Readiness {
    bool readable = false;
    bool writable = false;
};

/// Milliseconds for the library for C, where a negative number is no bound.
namespace detail {
inline int milliseconds(std::optional<std::chrono::milliseconds> time) {
    return time ? static_cast<int>(time->count()) : -1;
}
}  // namespace detail

/// One accepted stream connection. The host closes it when the handler returns.
class Connection {
public:
    explicit Connection(socketserver_connection* raw) : raw_(raw) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Receive at least one byte, straight into `buffer`, and return the part of it that was filled; empty at the end of the
    /// stream. One call fills at most 65,536 bytes.
    Expected<std::span<char>> receive(std::span<char> buffer) {
        ssize_t size = socketserver_receive(raw_, buffer.data(), buffer.size());
        if (size < 0) return detail::last_error();
        return buffer.first(static_cast<std::size_t>(size));
    }

    /// Send at least one byte, and return how many were taken.
    template <Bytes T>
    Expected<std::size_t> send(const T& data) {
        auto bytes = detail::view(data);
        ssize_t size = socketserver_send(raw_, bytes.data(), bytes.size());
        if (size < 0) return detail::last_error();
        return static_cast<std::size_t>(size);
    }

    /// Send all of `data`.
    template <Bytes T>
    Result send_all(const T& data) {
        auto bytes = detail::view(data);
        return detail::result(socketserver_send_all(raw_, bytes.data(), bytes.size()));
    }

    /// Wait until the connection is ready in one of the directions of `interest`, and return those in which it is.
    Expected<Readiness> wait(Readiness interest) {
        int flags = (interest.readable ? SOCKETSERVER_READABLE : 0) | (interest.writable ? SOCKETSERVER_WRITABLE : 0);
        int ready = socketserver_wait(raw_, flags);
        if (ready < 0) return detail::last_error();
        return Readiness{(ready & SOCKETSERVER_READABLE) != 0, (ready & SOCKETSERVER_WRITABLE) != 0};
    }

    /// Close one direction, or both.
    Result shutdown(Shutdown how) { return detail::result(socketserver_shutdown(raw_, static_cast<socketserver_shutdown_type>(how))); }

    /// Bound each later call that waits; nothing, the state of a new connection, is no bound.
    void set_timeout(std::optional<std::chrono::milliseconds> time) {
        socketserver_set_timeout(raw_, detail::milliseconds(time));
    }

    /// The address of the peer.
    Address remote_address() {
        Address address;
        socketserver_remote_address(raw_, &address);
        return address;
    }

    /// The address that the peer connected to.
    Address local_address() {
        Address address;
        socketserver_local_address(raw_, &address);
        return address;
    }

    /// For the library for C.
    socketserver_connection* raw() { return raw_; }

private:
    socketserver_connection* raw_;
};

/// A class that serves a connection. An object of it is made for each, and destroyed at the end.
template <typename T>
concept StreamHandler = std::default_initializable<T> && requires(T handler, Connection& connection) {
    { handler.handle(connection) } -> std::same_as<Result>;
};

namespace detail {
template <typename Handler>
int serve_stream(socketserver_connection* raw) {
    static_assert(StreamHandler<Handler>, "the class needs a default constructor and `socketserver::Result handle(socketserver::Connection&)`");
    Connection connection(raw);
    Handler handler;
    return returned(handler.handle(connection));
}
}  // namespace detail
}  // namespace socketserver

/// Make the class `Handler` the handler of streams of this component. Once in a program, outside of namespaces.
#undef SOCKETSERVER_STREAM_HANDLER
#define SOCKETSERVER_STREAM_HANDLER(Handler)                                                  \
    extern "C" int socketserver_stream_handler(struct socketserver_connection* connection) { \
        return socketserver::detail::serve_stream<Handler>(connection);                              \
    }

#endif
