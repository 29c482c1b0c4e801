/// Python's `socketserver` for WebAssembly components in C++23: one class that serves one connection or one datagram, in a sandbox
/// of its own.
///
///     #include <socketserver.hpp>
///
///     struct Echo {
///         socketserver::Result handle(socketserver::Connection& connection) {
///             std::array<char, 65536> buffer;
///             for (;;) {
///                 auto received = connection.receive(buffer);
///                 if (!received) return std::unexpected(received.error());
///                 if (received->empty()) return {};
///                 if (auto sent = connection.send_all(*received); !sent) return sent;
///             }
///         }
///     };
///
///     SOCKETSERVER_STREAM_HANDLER(Echo)
///
/// It is a layer over the library for C, whose headers say more of each operation. Nothing throws: what can fail returns a
/// `std::expected`.
#ifndef SOCKETSERVER_HPP
#define SOCKETSERVER_HPP

#include "socketserver/asynchronous.hpp"
#include "socketserver/connection.hpp"
#include "socketserver/datagram.hpp"
#include "socketserver/error.hpp"
#include "socketserver/http_request.hpp"
#include "socketserver/lines.hpp"
#include "socketserver/server.hpp"

#endif
