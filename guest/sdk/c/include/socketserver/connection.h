/** The one connection of an instance, and the handler that serves it. */
#ifndef SOCKETSERVER_CONNECTION_H
#define SOCKETSERVER_CONNECTION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "socketserver/address.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One accepted stream connection. It is valid until the handler returns; the host closes it then.
 *
 * Python equivalent: `socketserver.BaseRequestHandler.request`
 */
struct socketserver_connection;

/** The directions of `socketserver_wait`. */
enum {
    SOCKETSERVER_READABLE = 1,
    SOCKETSERVER_WRITABLE = 2,
};

/** The directions of `socketserver_shutdown`. */
enum socketserver_shutdown_type {
    SOCKETSERVER_SHUTDOWN_RECEIVE,
    SOCKETSERVER_SHUTDOWN_SEND,
    SOCKETSERVER_SHUTDOWN_BOTH,
};

/**
 * Receive at least one byte and at most `size`, straight into `buffer`. Returns how many, or 0 at the end of the stream.
 *
 * One call returns at most 65,536 bytes. Over `unixpacket` it returns one whole message.
 *
 * Errors: `EINVAL` (`size` is 0), `ETIMEDOUT`, `EMSGSIZE` (a message is larger; it is kept), `ECONNRESET`, `EHOSTUNREACH`.
 */
ssize_t socketserver_receive(struct socketserver_connection *connection, void *buffer, size_t size);

/**
 * Send at least one byte, and return how many were taken; 0 only if `size` is 0.
 *
 * Errors: `ETIMEDOUT` (nothing was sent), `EPIPE`, `EMSGSIZE`, `ECONNRESET`, `EHOSTUNREACH`.
 */
ssize_t socketserver_send(struct socketserver_connection *connection, const void *data, size_t size);

/**
 * Send all of `data`, at most 128 MiB, and return 0. After an error it cannot be told how much was sent.
 *
 * Errors: those of `socketserver_send`.
 */
int socketserver_send_all(struct socketserver_connection *connection, const void *data, size_t size);

/**
 * Wait until the connection is ready in one of the directions of `interest`, and return those in which it is.
 *
 * `interest` is `SOCKETSERVER_READABLE`, `SOCKETSERVER_WRITABLE`, or both with `|`. A connection that has ended or failed is
 * ready: the next call tells how.
 *
 * Errors: `EINVAL` (`interest` is empty), `ETIMEDOUT`.
 *
 * POSIX equivalent: `poll`
 */
int socketserver_wait(struct socketserver_connection *connection, int interest);

/**
 * Close one direction, or both. After `SOCKETSERVER_SHUTDOWN_SEND` the peer sees the end of the stream while it may still
 * send. Returns 0.
 *
 * Errors: `ENOTCONN` (the peer has reset the connection).
 */
int socketserver_shutdown(struct socketserver_connection *connection, enum socketserver_shutdown_type how);

/**
 * Bound each later call that waits, in milliseconds. A negative number, the state of a new connection, is no bound; with 0 a
 * call that would have to wait fails with `ETIMEDOUT`.
 */
void socketserver_set_timeout(struct socketserver_connection *connection, int milliseconds);

/** The address of the peer. */
void socketserver_remote_address(struct socketserver_connection *connection, struct socketserver_address *address);

/** The address that the peer connected to. */
void socketserver_local_address(struct socketserver_connection *connection, struct socketserver_address *address);

/**
 * Make `handle`, an `int (struct socketserver_connection *)`, the handler of streams of this component. Once in a program.
 *
 * It is called once in each instance. Returning 0 closes the connection in order, and so does a failure (any other value: see
 * `socketserver_fail`), which goes to the log. A trap, `abort` or `exit` resets it.
 */
#define SOCKETSERVER_STREAM_HANDLER(handle)                                                                                    \
    SOCKETSERVER_DEFINITION int socketserver_stream_handler(struct socketserver_connection *connection) {                    \
        return handle(connection);                                                                                             \
    }

/** What the macros use. */
#ifdef __cplusplus
#define SOCKETSERVER_DEFINITION extern "C"
#else
#define SOCKETSERVER_DEFINITION
#endif

#ifdef __cplusplus
}
#endif

#endif
