// Sends what it is told of the HTTP request that its connection is. See `tests/programs/README.md`.

#include <array>
#include <socketserver.hpp>
#include <string>
#include <string_view>

static std::string escaped(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned char byte : bytes) {
        if (byte >= ' ' && byte <= '~') {
            text += static_cast<char>(byte);
        } else {
            text += "\\x";
            text += digits[byte / 16];
            text += digits[byte % 16];
        }
    }
    return text;
}

struct Tell {
    socketserver::Result handle(socketserver::Connection& connection) {
        auto request = socketserver::http_request();
        if (!request) return connection.send_all("no request\n");
        std::string text = request->method + " " + request->path_with_query.value_or("none") + "\n";
        text += "authority " + request->authority.value_or("none") + "\n";
        text += "scheme " + request->scheme.value_or("none") + "\n";
        for (const auto& [name, value] : request->headers) text += name + ": " + escaped(value) + "\n";
        std::array<char, 4096> buffer;
        std::size_t count = 0;
        for (;;) {
            auto received = connection.receive(buffer);
            if (!received) return std::unexpected(received.error());
            if (received->empty()) break;
            count += received->size();
        }
        return connection.send_all(text + "received " + std::to_string(count) + "\n");
    }
};

SOCKETSERVER_STREAM_HANDLER(Tell)
