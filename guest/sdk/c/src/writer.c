#include "socketserver/writer.h"

#include <string.h>

void socketserver_writer_init(struct socketserver_writer *writer, struct socketserver_connection *connection, void *buffer,
                              size_t size) {
    *writer = (struct socketserver_writer){.connection = connection, .buffer = buffer, .size = size};
}

int socketserver_write(struct socketserver_writer *writer, const void *data, size_t size) {
    if (size > writer->size - writer->used && socketserver_flush(writer) < 0) return -1;
    // Larger than the whole buffer: a copy would gain nothing.
    if (size > writer->size) return socketserver_send_all(writer->connection, data, size);
    if (size > 0) memcpy(writer->buffer + writer->used, data, size);
    writer->used += size;
    return 0;
}

int socketserver_write_text(struct socketserver_writer *writer, const char *text) {
    return socketserver_write(writer, text, strlen(text));
}

int socketserver_write_number(struct socketserver_writer *writer, unsigned long number) {
    char digits[24];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return socketserver_write(writer, digits + first, sizeof digits - first);
}

int socketserver_flush(struct socketserver_writer *writer) {
    size_t used = writer->used;
    writer->used = 0;
    return used == 0 ? 0 : socketserver_send_all(writer->connection, writer->buffer, used);
}
