/** Between the types of the component model, which a build generates from the WIT, and those of this library. */
#ifndef SOCKETSERVER_CONVERT_H
#define SOCKETSERVER_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings.h"
#include "socketserver/address.h"

/** Sets `errno` for an error of the host, keeps the host's words for `socketserver_error`, and returns -1. */
int socketserver_set_error(socketserver_core_network_error_code_t *error);

/** Makes the message of a handler that has failed, valid UTF-8 in memory that the caller owns. */
void socketserver_failure(bindings_string_t *message);

/** Takes over an address of the host, and frees what it had allocated. */
void socketserver_take_address(struct socketserver_address *to, socketserver_core_network_socket_address_t *from);

/** Makes an address for the host. It refers to the memory of `from`. */
void socketserver_lend_address(socketserver_core_network_socket_address_t *to, const struct socketserver_address *from);

/** The number of milliseconds where it is a bound, or `NULL`. */
static inline uint32_t *socketserver_bound(int milliseconds, uint32_t *bound) {
    *bound = (uint32_t)milliseconds;
    return milliseconds < 0 ? NULL : bound;
}

#endif
