/** A handler of the asynchronous world: it has the streams of WASI 0.3, and can receive and send at the same time. */
#ifndef SOCKETSERVER_ASYNCHRONOUS_H
#define SOCKETSERVER_ASYNCHRONOUS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "socketserver/address.h"
#include "socketserver/connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One accepted stream connection, in the asynchronous world. It is valid until the handler returns; the host closes it then.
 *
 * One receive and one send can be under way at a time. `socketserver_async_receive` and `socketserver_async_send_all` wait for
 * theirs; `socketserver_async_start_receive` and `socketserver_async_start_send` do not, and `socketserver_async_wait` waits
 * for whichever ends first.
 */
struct socketserver_async_connection;

/** What `socketserver_async_wait` reports. */
enum {
    SOCKETSERVER_RECEIVED = 1,
    SOCKETSERVER_SENT = 2,
};

/**
 * Receive at least one byte and at most `size`, straight into `buffer`. Returns how many, or 0 at the end of the stream.
 *
 * Errors: `EINVAL` (`size` is 0, or a receive is under way), `ETIMEDOUT`, `ECONNRESET`, `EHOSTUNREACH`.
 */
ssize_t socketserver_async_receive(struct socketserver_async_connection *connection, void *buffer, size_t size);

/**
 * Send all of `data`, and return 0. After an error it cannot be told how much was sent.
 *
 * Errors: `EINVAL` (a send is under way), `EPIPE` (the peer takes no more, or it was shut down).
 */
int socketserver_async_send_all(struct socketserver_async_connection *connection, const void *data, size_t size);

/**
 * Begin to receive. `buffer` must stay where it is until the receive has ended. Returns 0.
 *
 * Errors: `EINVAL` (`size` is 0, or a receive is under way).
 */
int socketserver_async_start_receive(struct socketserver_async_connection *connection, void *buffer, size_t size);

/**
 * Begin to send. `data` must stay as it is until the send has ended. Returns 0.
 *
 * Errors: `EINVAL` (`size` is 0, or a send is under way), `EPIPE` (it was shut down).
 */
int socketserver_async_start_send(struct socketserver_async_connection *connection, const void *data, size_t size);

/**
 * Wait until a receive or a send has ended that is under way, and return which: `SOCKETSERVER_RECEIVED`, `SOCKETSERVER_SENT`,
 * or both with `|`. `socketserver_async_received` and `socketserver_async_sent` tell how.
 *
 * Errors: `EINVAL` (none is under way).
 */
int socketserver_async_wait(struct socketserver_async_connection *connection);

/** How the last receive ended: how many bytes, 0 at the end of the stream, or -1 with `errno` as of `socketserver_async_receive`. */
ssize_t socketserver_async_received(struct socketserver_async_connection *connection);

/** How the last send ended: how many bytes were taken, at least 1, or -1 with `errno` as of `socketserver_async_send_all`. */
ssize_t socketserver_async_sent(struct socketserver_async_connection *connection);

/**
 * End what is sent: the peer sees the end of the stream, while it may still send. Returns 0.
 *
 * Errors: `EINVAL` (a send is under way).
 */
int socketserver_async_shutdown(struct socketserver_async_connection *connection);

/** The address of the peer. */
const struct socketserver_address *socketserver_async_remote_address(const struct socketserver_async_connection *connection);

/** The address that the peer connected to. */
const struct socketserver_address *socketserver_async_local_address(const struct socketserver_async_connection *connection);

/**
 * Make `handle`, an `int (struct socketserver_async_connection *)`, the asynchronous handler of this component. Once in a
 * program. It is called once in each instance, and fails as a handler of `SOCKETSERVER_STREAM_HANDLER` does.
 */
#define SOCKETSERVER_ASYNC_HANDLER(handle)                                                                                     \
    SOCKETSERVER_DEFINITION int socketserver_async_handler(struct socketserver_async_connection *connection) {                \
        return handle(connection);                                                                                             \
    }

#ifdef __cplusplus
}
#endif

#endif
