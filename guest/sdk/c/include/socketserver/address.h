/** Who is at the two ends of a connection, or of the way of a datagram. */
#ifndef SOCKETSERVER_ADDRESS_H
#define SOCKETSERVER_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the name of a Unix socket, and the zero byte: 108 of Linux, where each that is not UTF-8 takes three. */
#define SOCKETSERVER_UNIX_NAME_SIZE 328

/** Bytes that are enough for the text of any address, and the zero byte. */
#define SOCKETSERVER_ADDRESS_TEXT_SIZE SOCKETSERVER_UNIX_NAME_SIZE

enum socketserver_family {
    SOCKETSERVER_IPV4,
    SOCKETSERVER_IPV6,
    SOCKETSERVER_UNIX,
};

/**
 * One end of a connection.
 *
 * An IPv4 peer of a dual-stack listener is an IPv4 address, never an IPv4-mapped IPv6 address. Where the transport has no
 * ports (`icmp`), the port is 0.
 *
 * POSIX equivalent: `struct sockaddr_storage`
 */
struct socketserver_address {
    enum socketserver_family family;
    /** The port in the host's byte order; 0 for a Unix socket. */
    uint16_t port;
    union {
        /** Most significant octet first. */
        uint8_t ipv4[4];
        struct {
            /** Most significant group first, each in the host's byte order. */
            uint16_t groups[8];
            uint32_t flow_info;
            uint32_t scope_id;
        } ipv6;
        /** A path, `@name` for Linux's abstract namespace, or the empty string for a socket without a name. */
        char name[SOCKETSERVER_UNIX_NAME_SIZE];
    } of;
};

/**
 * Write an address for people: `127.0.0.1:49152`, `[fe80::1%3]:49152`, `/run/echo.sock`, `@echo`, or `unnamed`.
 *
 * `text` has room for `size` bytes; it always ends with a zero byte if `size` is not 0. Returns `text`.
 */
char *socketserver_address_text(const struct socketserver_address *address, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
