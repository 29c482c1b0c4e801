/** Lines, and parts of a known size, out of a stream. */
#ifndef SOCKETSERVER_READER_H
#define SOCKETSERVER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "socketserver/connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A buffer between a connection and a protocol that is made of lines. The memory is the handler's, so its size bounds what a
 * peer can make the handler keep:
 *
 *     char buffer[1024], *line;
 *     struct socketserver_reader reader;
 *     socketserver_reader_init(&reader, connection, buffer, sizeof buffer);
 *     ssize_t size = socketserver_read_line(&reader, &line);
 *
 * Python equivalent: `StreamRequestHandler.rfile`
 */
struct socketserver_reader {
    struct socketserver_connection *connection;
    char *buffer;
    size_t size;
    /** What was received and not read: from `begin` up to `end`. */
    size_t begin;
    size_t end;
};

/** Prepare a reader with a buffer of `size` bytes, at least 1. */
void socketserver_reader_init(struct socketserver_reader *reader, struct socketserver_connection *connection, void *buffer,
                              size_t size);

/**
 * Read a line. Returns its size with the newline, or 0 at the end of the stream. `*line` points into the buffer, is valid until
 * the next call, and may be changed; it does not end with a zero byte. A last line without newline is a line.
 *
 * Errors: `EMSGSIZE` (the line with its newline is larger than the buffer; nothing of it is read), and those of
 * `socketserver_receive`. After `ETIMEDOUT` nothing is lost: call again.
 */
ssize_t socketserver_read_line(struct socketserver_reader *reader, char **line);

/**
 * Read at least one byte and at most `size`. Returns how many, or 0 at the end of the stream.
 *
 * Errors: those of `socketserver_receive`.
 */
ssize_t socketserver_read(struct socketserver_reader *reader, void *data, size_t size);

/**
 * Read exactly `size` bytes, and return that; it returns fewer if the stream ends before.
 *
 * Errors: those of `socketserver_receive`. It cannot be told then how much was read.
 */
ssize_t socketserver_read_exactly(struct socketserver_reader *reader, void *data, size_t size);

/** How many bytes were received and not read: if there are any, the next read does not wait. */
size_t socketserver_reader_buffered(const struct socketserver_reader *reader);

/**
 * Whether a whole line is among them: the next `socketserver_read_line` does not wait. A handler that collects its answers in a
 * writer sends them when there is none, since its peer may wait for them.
 */
bool socketserver_reader_has_line(const struct socketserver_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
