/** Where the host puts what it returns. */
#ifndef SOCKETSERVER_MEMORY_H
#define SOCKETSERVER_MEMORY_H

#include <stddef.h>

/**
 * Has the host put the next bytes that it returns, if they are at most `size`, into `memory` instead of newly allocated memory:
 * a receive neither allocates nor copies. Only for the one call that follows.
 */
void socketserver_lend(void *memory, size_t size);

/** Ends that, whether or not the host has used it. */
void socketserver_take_back(void);

#endif
