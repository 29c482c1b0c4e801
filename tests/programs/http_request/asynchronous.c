/* Sends the method and the path of the HTTP request that its connection is. See `tests/programs/README.md`. */
#include <socketserver.h>
#include <stdio.h>

static int handle(struct socketserver_async_connection *connection) {
    struct socketserver_http_request request;
    if (!socketserver_http_request(&request)) return socketserver_async_send_all(connection, "no request\n", 11);
    char line[1024];
    int size = snprintf(line, sizeof line, "%s %s\n", request.method, request.path_with_query);
    socketserver_http_request_free(&request);
    if (size < 0 || (size_t)size >= sizeof line) return socketserver_fail("the path is too long");
    return socketserver_async_send_all(connection, line, (size_t)size);
}

SOCKETSERVER_ASYNC_HANDLER(handle)
