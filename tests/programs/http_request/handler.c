/* Sends what it is told of the HTTP request that its connection is. See `tests/programs/README.md`. */
#include <socketserver.h>

static int write_option(struct socketserver_writer *writer, const char *name, const char *value) {
    if (socketserver_write_text(writer, name) < 0) return -1;
    if (socketserver_write_text(writer, value == NULL ? "none" : value) < 0) return -1;
    return socketserver_write(writer, "\n", 1);
}

static int write_escaped(struct socketserver_writer *writer, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        const char escaped[] = {'\\', 'x', "0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
        int is_plain = byte >= ' ' && byte <= '~';
        if (socketserver_write(writer, is_plain ? &bytes[i] : escaped, is_plain ? 1 : sizeof escaped) < 0) return -1;
    }
    return 0;
}

static int handle(struct socketserver_connection *connection) {
    char output[4096], input[4096];
    struct socketserver_writer writer;
    socketserver_writer_init(&writer, connection, output, sizeof output);
    struct socketserver_http_request request;
    if (!socketserver_http_request(&request)) return socketserver_send_all(connection, "no request\n", 11);
    if (socketserver_write_text(&writer, request.method) < 0) return -1;
    if (write_option(&writer, " ", request.path_with_query) < 0) return -1;
    if (write_option(&writer, "authority ", request.authority) < 0) return -1;
    if (write_option(&writer, "scheme ", request.scheme) < 0) return -1;
    for (size_t i = 0; i < request.header_count; i++) {
        const struct socketserver_http_header *header = &request.headers[i];
        if (socketserver_write_text(&writer, header->name) < 0 || socketserver_write(&writer, ": ", 2) < 0) return -1;
        if (write_escaped(&writer, header->value, header->value_size) < 0) return -1;
        if (socketserver_write(&writer, "\n", 1) < 0) return -1;
    }
    socketserver_http_request_free(&request);
    unsigned long count = 0;
    ssize_t size;
    while ((size = socketserver_receive(connection, input, sizeof input)) > 0) count += (unsigned long)size;
    if (size < 0 || socketserver_write_text(&writer, "received ") < 0) return -1;
    if (socketserver_write_number(&writer, count) < 0 || socketserver_write(&writer, "\n", 1) < 0) return -1;
    return socketserver_flush(&writer);
}

SOCKETSERVER_STREAM_HANDLER(handle)
