#include <ctype.h>
#include <socketserver.h>

/*
 * Answers each line in upper case; each connection has a sandbox of its own. A line of more than 1,024 bytes ends the connection, so
 * that no peer can fill the memory.
 */
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

/* Runs once, from the start of the server to its end. */
static int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct socketserver_server server;
    socketserver_server_init(&server, "tcp://127.0.0.1:9999", SOCKETSERVER_THREADING);
    if (socketserver_server_bind_and_activate(&server) < 0) return -1;
    int result = socketserver_server_serve_forever(&server);
    socketserver_server_close(&server);
    return result;
}

SOCKETSERVER_STREAM_HANDLER(handle)
SOCKETSERVER_PROGRAM(program)
