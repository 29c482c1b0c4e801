/// Lines, and parts of a known size, out of a stream; and many small writes, sent in few pieces.
#ifndef SOCKETSERVER_LINES_HPP
#define SOCKETSERVER_LINES_HPP

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "socketserver/bytes.hpp"
#include "socketserver/connection.hpp"
#include "socketserver/reader.h"
#include "socketserver/writer.h"

namespace socketserver {

/// Reads lines through a buffer of `Size` bytes, which bounds what a peer can make the handler keep.
template <std::size_t Size = 1024>
class LineReader {
public:
    explicit LineReader(Connection& connection) {
        socketserver_reader_init(&raw_, connection.raw(), buffer_.data(), buffer_.size());
    }
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    /// Read a line with its newline; empty at the end of the stream. It is valid until the next call, and may be changed. A last
    /// line without newline is a line. A line that does not fit is `EMSGSIZE`.
    Expected<std::span<char>> read_line() {
        char* line = nullptr;
        ssize_t size = socketserver_read_line(&raw_, &line);
        if (size < 0) return detail::last_error();
        return std::span(line, static_cast<std::size_t>(size));
    }

    /// Read exactly as much as there is room for, or less at the end of the stream: the part that was filled.
    Expected<std::span<char>> read_exactly(std::span<char> data) {
        ssize_t size = socketserver_read_exactly(&raw_, data.data(), data.size());
        if (size < 0) return detail::last_error();
        return data.first(static_cast<std::size_t>(size));
    }

    /// How many bytes were received and not read: if there are any, the next read does not wait.
    std::size_t buffered() const { return socketserver_reader_buffered(&raw_); }

    /// Whether a whole line is among them. A handler that collects its answers in a writer sends them when there is none, since its
    /// peer may wait for them.
    bool has_line() const { return socketserver_reader_has_line(&raw_); }

private:
    std::array<char, Size> buffer_;
    socketserver_reader raw_;
};

/// Collects writes in a buffer of `Size` bytes. What does not fit is sent; the rest waits for `flush`.
template <std::size_t Size = 4096>
class Writer {
public:
    explicit Writer(Connection& connection) {
        socketserver_writer_init(&raw_, connection.raw(), buffer_.data(), buffer_.size());
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    template <Bytes T>
    Result write(const T& data) {
        auto bytes = detail::view(data);
        return detail::result(socketserver_write(&raw_, bytes.data(), bytes.size()));
    }

    /// Write a number in decimal.
    Result write_number(unsigned long number) { return detail::result(socketserver_write_number(&raw_, number)); }

    /// Send what waits. Nothing is sent by itself at the end of the handler.
    Result flush() { return detail::result(socketserver_flush(&raw_)); }

private:
    std::array<char, Size> buffer_;
    socketserver_writer raw_;
};

}  // namespace socketserver

#endif
