/// One received datagram, and the handler that answers it.
#ifndef SOCKETSERVER_DATAGRAM_HPP
#define SOCKETSERVER_DATAGRAM_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include "socketserver/address.hpp"
#include "socketserver/bytes.hpp"
#include "socketserver/connection.hpp"
#include "socketserver/datagram.h"
#include "socketserver/error.hpp"

namespace socketserver {

/// A datagram, as it was received, and the socket that it came through.
class Datagram {
public:
    Datagram(socketserver_datagram* raw, socketserver_datagram_socket* socket) : raw_(raw), socket_(socket) {}
    Datagram(const Datagram&) = delete;
    Datagram& operator=(const Datagram&) = delete;

    /// What it carries. It may be changed in place.
    std::span<char> data() { return {static_cast<char*>(raw_->data), raw_->size}; }

    /// Who sent it.
    Address remote_address() const { return Address{raw_->remote}; }

    /// The address that it was sent to.
    Address local_address() {
        Address address;
        socketserver_datagram_local_address(socket_, &address);
        return address;
    }

    /// Whether it was longer than the host receives: `data` is its beginning, and the rest is lost.
    bool is_truncated() const { return raw_->truncated; }

    /// Send a datagram to who sent this one. It may be called any number of times.
    template <Bytes T>
    Result reply(const T& data) {
        auto bytes = detail::view(data);
        return detail::result(socketserver_reply(socket_, raw_, bytes.data(), bytes.size()));
    }

    /// Bound each later reply; nothing is no bound.
    void set_timeout(std::optional<std::chrono::milliseconds> time) {
        socketserver_datagram_set_timeout(socket_, detail::milliseconds(time));
    }

private:
    socketserver_datagram* raw_;
    socketserver_datagram_socket* socket_;
};

/// A class that serves a datagram. An object of it is made for each, and destroyed at the end.
template <typename T>
concept DatagramHandler = std::default_initializable<T> && requires(T handler, Datagram& datagram) {
    { handler.handle(datagram) } -> std::same_as<Result>;
};

namespace detail {
template <typename Handler>
int serve_datagram(socketserver_datagram* raw, socketserver_datagram_socket* socket) {
    static_assert(DatagramHandler<Handler>, "the class needs a default constructor and `socketserver::Result handle(socketserver::Datagram&)`");
    Datagram datagram(raw, socket);
    Handler handler;
    return returned(handler.handle(datagram));
}
}  // namespace detail
}  // namespace socketserver

/// Make the class `Handler` the handler of datagrams of this component. Once in a program, outside of namespaces.
#undef SOCKETSERVER_DATAGRAM_HANDLER
#define SOCKETSERVER_DATAGRAM_HANDLER(Handler)                                                   \
    extern "C" int socketserver_datagram_handler(struct socketserver_datagram* datagram,        \
                                                 struct socketserver_datagram_socket* socket) {  \
        return socketserver::detail::serve_datagram<Handler>(datagram, socket);                           \
    }

#endif
