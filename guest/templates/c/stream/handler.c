#include <ctype.h>
#include <socketserver.h>

/* Answers each line in upper case. A line of more than 1,024 bytes ends the connection, so that no peer can fill the memory. */
static int handle(struct socketserver_connection *connection) {
    char buffer[1024], *line;
    struct socketserver_reader reader;
    socketserver_reader_init(&reader, connection, buffer, sizeof buffer);
    ssize_t size;
    while ((size = socketserver_read_line(&reader, &line)) > 0) {
        for (ssize_t i = 0; i < size; i++) line[i] = (char)toupper((unsigned char)line[i]);
        if (socketserver_send_all(connection, line, (size_t)size) < 0) return -1;
    }
    return (int)size;
}

SOCKETSERVER_STREAM_HANDLER(handle)
