// Reads one line from its peer, and does what it says. See `tests/programs/README.md`.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <socketserver.hpp>
#include <string>
#include <vector>

using socketserver::Connection;
using socketserver::LineReader;
using socketserver::Result;

namespace {

unsigned long counter;
Connection* kept;

Result echo(Connection& connection, LineReader<>& reader) {
    std::array<char, 4096> buffer;
    for (std::size_t left = reader.buffered(); left > 0;) {
        auto part = reader.read_exactly(std::span(buffer).first(std::min(left, buffer.size())));
        if (!part) return std::unexpected(part.error());
        if (auto sent = connection.send_all(*part); !sent) return sent;
        left -= part->size();
    }
    for (;;) {
        auto received = connection.receive(buffer);
        if (!received) return std::unexpected(received.error());
        if (received->empty()) return {};
        if (auto sent = connection.send_all(*received); !sent) return sent;
    }
}

Result allocate() {
    std::vector<std::vector<char>> memory;
    for (;;) memory.emplace_back(1 << 20, 'x');
}

Result spin() {
    for (;;) __asm__ volatile("");
}

[[gnu::noinline]] int recurse(int depth) {
    // No depth that is reached, and a warning less.
    if (depth < 0) return 0;
    volatile char frame[256];
    frame[0] = static_cast<char>(depth);
    int deeper = recurse(depth + 1);
    return deeper + frame[0];
}

Result print(Connection& connection) {
    std::puts("to stdout");
    std::fflush(stdout);
    std::fputs("to stderr\n", stderr);
    return connection.send_all("done\n");
}

struct Misbehave {
    Result handle(Connection& connection) {
        LineReader<> reader(connection);
        auto line = reader.read_line();
        if (!line) return std::unexpected(line.error());
        std::string word(line->begin(), line->end());
        while (word.ends_with('\n')) word.pop_back();

        if (word == "echo") return echo(connection, reader);
        if (word == "count") return connection.send_all(std::to_string(++counter) + "\n");
        if (word == "allocate") return allocate();
        if (word == "spin") return spin();
        // Out of bounds: the standard library is built with its checks.
        if (word == "trap") return connection.send_all(std::string(1, line->subspan(line->size())[0]));
        if (word == "recurse") return socketserver::fail(std::to_string(recurse(0)));
        if (word == "fail") return socketserver::fail("refused by choice");
        if (word == "exit") std::exit(3);
        if (word == "print") return print(connection);
        if (word == "leak") {
            kept = &connection;
            return kept == nullptr ? socketserver::fail("nothing was kept") : Result();
        }
        if (word.empty()) return {};
        return socketserver::fail("no such word");
    }
};

}  // namespace

SOCKETSERVER_STREAM_HANDLER(Misbehave)
