/** Where the host puts what it returns. */
#ifndef SOCKETSERVER_MEMORY_H
#define SOCKETSERVER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Has the host put the next bytes that it returns, if they are at most `size`, into `memory` instead of newly allocated memory:
 * a receive neither allocates nor copies. Only for the one call that follows.
 */
void socketserver_lend(void *memory, size_t size);

/** Ends that, whether or not the host has used it. */
void socketserver_take_back(void);

/** Whether this is the memory that is lent. It may hold something else than what was expected, and is never to be freed. */
bool socketserver_is_lent(const void *memory);

#endif
