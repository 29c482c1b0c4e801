#include "host.h"

#include <errno.h>
#include <string.h>

#include "socketserver/error.h"

ssize_t socketserver_receive(struct socketserver_connection *connection, void *buffer, size_t size) {
    CHECK(size > 0);
    if (connection->input_size == 0 && connection->end != 0) {
        errno = connection->end;
        return -1;
    }
    if (size > connection->piece) size = connection->piece;
    if (size > connection->input_size) size = connection->input_size;
    memcpy(buffer, connection->input, size);
    connection->input += size;
    connection->input_size -= size;
    return (ssize_t)size;
}

int socketserver_send_all(struct socketserver_connection *connection, const void *data, size_t size) {
    CHECK(size <= sizeof connection->output - connection->output_size);
    memcpy(connection->output + connection->output_size, data, size);
    connection->output_size += size;
    connection->sends++;
    return 0;
}

const char *socketserver_error(void) {
    return strerror(errno);
}

int socketserver_fail(const char *message) {
    (void)message;
    return -1;
}
