#include <ctype.h>
#include <socketserver.h>

enum { SIZE = 4096 };

/* Answers in upper case, and receives on while it sends: one buffer is filled while the other one is sent. */
static int handle(struct socketserver_async_connection *connection) {
    char buffers[2][SIZE];
    ssize_t received = socketserver_async_receive(connection, buffers[0], SIZE);
    for (int filled = 0; received > 0; filled = !filled) {
        char *text = buffers[filled];
        for (ssize_t i = 0; i < received; i++) text[i] = (char)toupper((unsigned char)text[i]);
        if (socketserver_async_start_receive(connection, buffers[!filled], SIZE) < 0) return -1;
        if (socketserver_async_send_all(connection, text, (size_t)received) < 0) return -1;
        if (socketserver_async_wait(connection) < 0) return -1;
        received = socketserver_async_received(connection);
    }
    return (int)received;
}

SOCKETSERVER_ASYNC_HANDLER(handle)
