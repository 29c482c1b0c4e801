/** One received datagram, the way to answer it, and the handler that does. */
#ifndef SOCKETSERVER_DATAGRAM_H
#define SOCKETSERVER_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "socketserver/address.h"
#include "socketserver/connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A datagram, as it was received. It is valid until the handler returns. */
struct socketserver_datagram {
    /** What it carries; it may be changed in place. Over `icmp` this is the ICMP message. */
    void *data;
    /** Its size in bytes; it may be 0. */
    size_t size;
    /** Who sent it. A Unix socket without a name cannot be answered. */
    struct socketserver_address remote;
    /** Whether it was longer than the host receives: `data` is its beginning, and the rest is lost. */
    bool truncated;
};

/** The socket that a datagram came through, as far as a handler may use it: to answer. It is valid until the handler returns. */
struct socketserver_datagram_socket;

/**
 * Send a datagram to who sent `datagram`. It may be called any number of times. Returns 0.
 *
 * Errors: `EINVAL` (it came from a Unix socket without a name), `ETIMEDOUT`, `EMSGSIZE`, `EPIPE` (nobody receives there any
 * more), `EHOSTUNREACH`.
 */
int socketserver_reply(struct socketserver_datagram_socket *socket, const struct socketserver_datagram *datagram,
                       const void *data, size_t size);

/**
 * Send a datagram to `remote`. Returns 0.
 *
 * Errors: those of `socketserver_reply`, and `EACCES`: `remote` is not who sent the datagram that is being handled.
 */
int socketserver_send_to(struct socketserver_datagram_socket *socket, const struct socketserver_address *remote,
                         const void *data, size_t size);

/** Bound each later call that sends, in milliseconds; a negative number, the state of a new socket, is no bound. */
void socketserver_datagram_set_timeout(struct socketserver_datagram_socket *socket, int milliseconds);

/** The address that the datagram was sent to. */
void socketserver_datagram_local_address(struct socketserver_datagram_socket *socket, struct socketserver_address *address);

/**
 * Make `handle`, an `int (struct socketserver_datagram *, struct socketserver_datagram_socket *)`, the handler of datagrams of
 * this component. Once in a program.
 *
 * It is called once in each instance, or several times where the operator asks for sessions. It returns 0, or anything else if
 * it has failed: see `socketserver_fail`.
 */
#define SOCKETSERVER_DATAGRAM_HANDLER(handle)                                                                                  \
    SOCKETSERVER_DEFINITION int socketserver_datagram_handler(struct socketserver_datagram *datagram,                        \
                                                             struct socketserver_datagram_socket *socket) {                    \
        return handle(datagram, socket);                                                                                       \
    }

#ifdef __cplusplus
}
#endif

#endif
