#include <array>
#include <cctype>
#include <socketserver.hpp>

/// Answers in upper case, and receives on while it sends: one buffer is filled while the other one is sent.
struct Shout {
    socketserver::Result handle(socketserver::AsyncConnection& connection) {
        std::array<std::array<char, 4096>, 2> buffers;
        auto first = connection.receive(buffers[0]);
        if (!first) return std::unexpected(first.error());
        auto text = *first;
        for (int filled = 0; !text.empty(); filled = !filled) {
            for (char& letter : text) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
            std::span<char> next = buffers[!filled];
            if (auto started = connection.start_receive(next); !started) return started;
            if (auto sent = connection.send_all(text); !sent) return sent;
            if (auto ended = connection.wait(); !ended) return std::unexpected(ended.error());
            auto received = connection.received();
            if (!received) return std::unexpected(received.error());
            text = next.first(*received);
        }
        return {};
    }
};

SOCKETSERVER_ASYNC_HANDLER(Shout)
