/** The HTTP request that a connection is, where it is one. */
#ifndef SOCKETSERVER_HTTP_REQUEST_H
#define SOCKETSERVER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A header field of a request. */
struct socketserver_http_header {
    /** Its name; names that differ in case alone are the same. */
    char *name;
    /** Its value, which need not be UTF-8. A zero byte stands behind it. */
    char *value;
    /** The size of the value in bytes, without that zero byte. */
    size_t value_size;
};

/**
 * What an HTTP request has beside its body. The strings end with a zero byte.
 *
 * Python equivalent: `http.server.BaseHTTPRequestHandler`'s `command`, `path` and `headers`
 */
struct socketserver_http_request {
    /** As it stands in the request: `GET`. */
    char *method;
    /** `http` or `https`, or `NULL` where the server does not know. */
    char *scheme;
    /** The host that the client asked, and the port where it is not the scheme's own: `example.org:8080`; or `NULL`. */
    char *authority;
    /** The path, and the query if there is one: `/search?q=socket`; or `NULL`. */
    char *path_with_query;
    /** The header fields in their order; a name may come several times. */
    struct socketserver_http_header *headers;
    /** How many there are; it may be 0. */
    size_t header_count;
};

/**
 * Tell the request that the connection being handled is. Returns false, and leaves `request` as it is, where it is no request:
 * everywhere but behind HTTP (`socketserver bundle --for wasmtime-serve`), where a handler receives the body of a request, and
 * sends the body of the response.
 *
 * The request is the caller's, who may give its memory back with `socketserver_http_request_free`. Where one instance serves
 * several connections at once, as an asynchronous handler may in a runtime that is not ours, this is the request that it was
 * called for last: ask before waiting for anything.
 */
bool socketserver_http_request(struct socketserver_http_request *request);

/** Give back the memory of a request that `socketserver_http_request` has told. It need not be called: the instance ends. */
void socketserver_http_request_free(struct socketserver_http_request *request);

#ifdef __cplusplus
}
#endif

#endif
