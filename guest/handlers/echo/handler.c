#include <socketserver.h>

/* Sends back whatever it receives, until the peer has sent everything. */
static int handle(struct socketserver_connection *connection) {
    char buffer[65536];
    ssize_t size;
    while ((size = socketserver_receive(connection, buffer, sizeof buffer)) > 0) {
        if (socketserver_send_all(connection, buffer, (size_t)size) < 0) return -1;
    }
    return (int)size;
}

SOCKETSERVER_STREAM_HANDLER(handle)
