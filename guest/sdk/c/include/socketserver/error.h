/**
 * How operations fail, and how a handler says that it has failed.
 *
 * | `errno`         | WIT                    | meaning |
 * |-----------------|------------------------|---------|
 * | `EACCES`        | `access-denied`        | the operator has not granted this |
 * | `EADDRINUSE`    | `address-in-use`       | something else uses the address |
 * | `EADDRNOTAVAIL` | `address-not-bindable` | no interface has the address |
 * | `EINVAL`        | `invalid-argument`     | an argument is out of its range |
 * | `ENOTCONN`      | `invalid-state`        | not possible in the state of the connection or the server |
 * | `ENOMEM`        | `out-of-memory`        | the host has no memory for it |
 * | `ETIMEDOUT`     | `timeout`              | the time of `socketserver_set_timeout` has passed, or the network gave up |
 * | `EHOSTUNREACH`  | `remote-unreachable`   | the peer cannot be reached any more |
 * | `EPIPE`         | `connection-broken`    | the connection no longer takes data |
 * | `ECONNRESET`    | `connection-reset`     | the peer has reset the connection |
 * | `ECONNABORTED`  | `connection-aborted`   | this side has aborted the connection |
 * | `EMSGSIZE`      | `datagram-too-large`   | a message, or a line, does not fit |
 * | `EIO`           | `other`                | anything else; `socketserver_error` has the host's words |
 */
#ifndef SOCKETSERVER_ERROR_H
#define SOCKETSERVER_ERROR_H

#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a message of `socketserver_fail` that are kept. */
#define SOCKETSERVER_MESSAGE_SIZE 1024

/**
 * What `errno` means, in a few words: those of the host where it had some. Valid until the next call of this library.
 *
 * It knows the values that this library sets; any other one is "the operation failed".
 */
const char *socketserver_error(void);

/**
 * Say why a handler gives up: `return socketserver_fail("no such user");`. Returns -1.
 *
 * The message is for the log of the server; the peer does not see it. It is copied, up to `SOCKETSERVER_MESSAGE_SIZE` bytes.
 * A handler that returns something else than 0 and has not called this has failed for the reason in `errno`.
 */
int socketserver_fail(const char *message);

#ifdef __cplusplus
}
#endif

#endif
