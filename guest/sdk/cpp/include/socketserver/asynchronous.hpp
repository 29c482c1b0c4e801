/// A handler of the asynchronous world: it has the streams of WASI 0.3, and can receive and send at the same time.
#ifndef SOCKETSERVER_ASYNCHRONOUS_HPP
#define SOCKETSERVER_ASYNCHRONOUS_HPP

#include <concepts>
#include <cstddef>
#include <span>

#include "socketserver/address.hpp"
#include "socketserver/asynchronous.h"
#include "socketserver/bytes.hpp"
#include "socketserver/error.hpp"

namespace socketserver {

/// What `AsyncConnection::wait` reports.
struct Ended {
    bool received = false;
    bool sent = false;
};

/// One accepted stream connection, in the asynchronous world. One receive and one send can be under way at a time.
class AsyncConnection {
public:
    explicit AsyncConnection(socketserver_async_connection* raw) : raw_(raw) {}
    AsyncConnection(const AsyncConnection&) = delete;
    AsyncConnection& operator=(const AsyncConnection&) = delete;

    /// Receive at least one byte, straight into `buffer`, and return the part that was filled; empty at the end of the stream.
    Expected<std::span<char>> receive(std::span<char> buffer) {
        ssize_t size = socketserver_async_receive(raw_, buffer.data(), buffer.size());
        if (size < 0) return detail::last_error();
        return buffer.first(static_cast<std::size_t>(size));
    }

    /// Send all of `data`.
    template <Bytes T>
    Result send_all(const T& data) {
        auto bytes = detail::view(data);
        return detail::result(socketserver_async_send_all(raw_, bytes.data(), bytes.size()));
    }

    /// Begin to receive. `buffer` must stay where it is until the receive has ended.
    Result start_receive(std::span<char> buffer) {
        return detail::result(socketserver_async_start_receive(raw_, buffer.data(), buffer.size()));
    }

    /// Begin to send. `data` must stay as it is until the send has ended.
    Result start_send(std::span<const char> data) {
        return detail::result(socketserver_async_start_send(raw_, data.data(), data.size()));
    }

    /// Wait until a receive or a send has ended that is under way.
    Expected<Ended> wait() {
        int ended = socketserver_async_wait(raw_);
        if (ended < 0) return detail::last_error();
        return Ended{(ended & SOCKETSERVER_RECEIVED) != 0, (ended & SOCKETSERVER_SENT) != 0};
    }

    /// How the last receive ended: how many bytes, 0 at the end of the stream.
    Expected<std::size_t> received() { return size(socketserver_async_received(raw_)); }

    /// How the last send ended: how many bytes were taken.
    Expected<std::size_t> sent() { return size(socketserver_async_sent(raw_)); }

    /// End what is sent; the peer may still send.
    Result shutdown() { return detail::result(socketserver_async_shutdown(raw_)); }

    /// The address of the peer.
    Address remote_address() const { return Address{*socketserver_async_remote_address(raw_)}; }

    /// The address that the peer connected to.
    Address local_address() const { return Address{*socketserver_async_local_address(raw_)}; }

private:
    static Expected<std::size_t> size(ssize_t size) {
        if (size < 0) return detail::last_error();
        return static_cast<std::size_t>(size);
    }

    socketserver_async_connection* raw_;
};

/// A class that serves a connection in the asynchronous world. An object of it is made for each, and destroyed at the end.
template <typename T>
concept AsyncHandler = std::default_initializable<T> && requires(T handler, AsyncConnection& connection) {
    { handler.handle(connection) } -> std::same_as<Result>;
};

namespace detail {
template <typename Handler>
int serve_async(socketserver_async_connection* raw) {
    static_assert(AsyncHandler<Handler>, "the class needs a default constructor and `socketserver::Result handle(socketserver::AsyncConnection&)`");
    AsyncConnection connection(raw);
    Handler handler;
    return returned(handler.handle(connection));
}
}  // namespace detail
}  // namespace socketserver

/// Make the class `Handler` the asynchronous handler of this component. Once in a program, outside of namespaces.
#undef SOCKETSERVER_ASYNC_HANDLER
#define SOCKETSERVER_ASYNC_HANDLER(Handler)                                                        \
    extern "C" int socketserver_async_handler(struct socketserver_async_connection* connection) { \
        return socketserver::detail::serve_async<Handler>(connection);                                   \
    }

#endif
