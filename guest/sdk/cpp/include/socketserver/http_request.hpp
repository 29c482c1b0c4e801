/// The HTTP request that a connection is, where it is one.
#ifndef SOCKETSERVER_HTTP_REQUEST_HPP
#define SOCKETSERVER_HTTP_REQUEST_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketserver/http_request.h"

namespace socketserver {

/// What an HTTP request has beside its body.
struct HttpRequest {
    /// As it stands in the request: `GET`.
    std::string method;
    /// `http` or `https`, where the server knows.
    std::optional<std::string> scheme;
    /// The host that the client asked, and the port where it is not the scheme's own: `example.org:8080`.
    std::optional<std::string> authority;
    /// The path, and the query if there is one: `/search?q=socket`.
    std::optional<std::string> path_with_query;
    /// The header fields in their order, names and values; a name may come several times, and a value need not be UTF-8.
    std::vector<std::pair<std::string, std::string>> headers;
};

namespace detail {
inline std::optional<std::string> text_or_none(const char* text) {
    if (text == nullptr) return std::nullopt;
    return text;
}
}  // namespace detail

/// The request that the connection being handled is; nothing where it is no request: everywhere but behind HTTP (`socketserver
/// bundle --for wasmtime-serve`), where a handler receives the body of a request, and sends the body of the response.
///
/// Where one instance serves several connections at once, as an asynchronous handler may in a runtime that is not ours, this is the
/// request that it was called for last: ask before waiting for anything.
inline std::optional<HttpRequest> http_request() {
    struct ::socketserver_http_request raw;
    if (!::socketserver_http_request(&raw)) return std::nullopt;
    HttpRequest request{
        raw.method,
        detail::text_or_none(raw.scheme),
        detail::text_or_none(raw.authority),
        detail::text_or_none(raw.path_with_query),
        {},
    };
    request.headers.reserve(raw.header_count);
    for (std::size_t i = 0; i < raw.header_count; i++) {
        const socketserver_http_header& header = raw.headers[i];
        request.headers.emplace_back(header.name, std::string(header.value, header.value_size));
    }
    socketserver_http_request_free(&raw);
    return request;
}

}  // namespace socketserver

#endif
