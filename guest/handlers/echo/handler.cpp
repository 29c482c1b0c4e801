#include <array>
#include <socketserver.hpp>

/// Sends back whatever it receives, until the peer has sent everything.
struct Echo {
    socketserver::Result handle(socketserver::Connection& connection) {
        std::array<char, 65536> buffer;
        for (;;) {
            auto received = connection.receive(buffer);
            if (!received) return std::unexpected(received.error());
            if (received->empty()) return {};
            if (auto sent = connection.send_all(*received); !sent) return sent;
        }
    }
};

SOCKETSERVER_STREAM_HANDLER(Echo)
