/** A host for native tests: a peer that says what a script has, in pieces of a certain size, and keeps what it is sent. */
#ifndef SOCKETSERVER_TESTS_HOST_H
#define SOCKETSERVER_TESTS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "socketserver/connection.h"

struct socketserver_connection {
    /** What the peer says. */
    const char *input;
    size_t input_size;
    /** How many bytes of it come at once, at most. */
    size_t piece;
    /** `errno` of a receive after all was said; 0 is the end of the stream. */
    int end;
    /** What the peer was sent. */
    char output[1 << 16];
    size_t output_size;
    /** In how many pieces it was sent. */
    size_t sends;
};

/** What `SOCKETSERVER_STREAM_HANDLER` defines. */
int socketserver_stream_handler(struct socketserver_connection *connection);

#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
            exit(1);                                                                    \
        }                                                                               \
    } while (false)

#endif
