#include <cctype>
#include <socketserver.hpp>

/// Answers each line in upper case. A line of more than 1,024 bytes ends the connection, so that no peer can fill the memory.
struct Shout {
    socketserver::Result handle(socketserver::Connection& connection) {
        socketserver::LineReader<1024> reader(connection);
        for (;;) {
            auto line = reader.read_line();
            if (!line) return std::unexpected(line.error());
            if (line->empty()) return {};
            for (char& letter : *line) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
            if (auto sent = connection.send_all(*line); !sent) return sent;
        }
    }
};

SOCKETSERVER_STREAM_HANDLER(Shout)
