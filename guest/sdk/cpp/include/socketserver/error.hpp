/// How operations fail, and how a handler says that it has failed.
#ifndef SOCKETSERVER_ERROR_HPP
#define SOCKETSERVER_ERROR_HPP

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "socketserver/error.h"

namespace socketserver {

/// Why an operation failed, or why a handler gives up.
class Error {
public:
    /// What a function of the library for C has left in `errno`.
    static Error last() { return Error(errno, socketserver_error()); }

    /// A handler's own reason, which goes to the log of the server; the peer does not see it.
    explicit Error(std::string message) : message_(std::move(message)) {}

    /// The value of `errno` (`ETIMEDOUT`, `ECONNRESET`, …: see `socketserver/error.h`), or 0 for a handler's own reason.
    int number() const { return number_; }

    /// The reason, in a few words.
    const std::string& message() const { return message_; }

private:
    Error(int number, std::string message) : number_(number), message_(std::move(message)) {}

    int number_ = 0;
    std::string message_;
};

/// What operations return, and what a handler does.
template <typename T = void>
using Expected = std::expected<T, Error>;
using Result = Expected<>;

/// `return socketserver::fail("no such user");`
inline std::unexpected<Error> fail(std::string_view message) { return std::unexpected(Error(std::string(message))); }

/// For the functions of the library for C that return -1 when they fail.
namespace detail {

inline std::unexpected<Error> last_error() { return std::unexpected(Error::last()); }

inline Result result(int returned) {
    if (returned < 0) return last_error();
    return {};
}

/// What a handler's result is for the library for C.
inline int returned(const Result& result) {
    if (result) return 0;
    return socketserver_fail(result.error().message().c_str());
}

}  // namespace detail
}  // namespace socketserver

#endif
