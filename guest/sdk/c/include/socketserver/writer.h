/** Many small writes, sent in few pieces. */
#ifndef SOCKETSERVER_WRITER_H
#define SOCKETSERVER_WRITER_H

#include <stddef.h>

#include "socketserver/connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A buffer between a protocol and its connection. What does not fit is sent; the rest waits for `socketserver_flush`.
 *
 * Python equivalent: `StreamRequestHandler.wfile` with a `wbufsize`
 */
struct socketserver_writer {
    struct socketserver_connection *connection;
    char *buffer;
    size_t size;
    size_t used;
};

/** Prepare a writer with a buffer of `size` bytes. */
void socketserver_writer_init(struct socketserver_writer *writer, struct socketserver_connection *connection, void *buffer,
                              size_t size);

/**
 * Write `size` bytes. Returns 0.
 *
 * Errors: those of `socketserver_send_all`. It cannot be told then how much was sent.
 */
int socketserver_write(struct socketserver_writer *writer, const void *data, size_t size);

/** Write a string, without its zero byte. */
int socketserver_write_text(struct socketserver_writer *writer, const char *text);

/** Write a number in decimal. */
int socketserver_write_number(struct socketserver_writer *writer, unsigned long number);

/** Send what waits. Nothing is sent by itself when the handler returns. */
int socketserver_flush(struct socketserver_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
