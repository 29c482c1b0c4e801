/** The host takes strings of valid UTF-8 alone, and ends an instance that gives it another one. */
#ifndef SOCKETSERVER_UTF8_H
#define SOCKETSERVER_UTF8_H

#include <stddef.h>

/** Replaces each byte that is no part of valid UTF-8 by `?`. Returns the size, which stays as it was. */
size_t socketserver_make_utf8(char *text, size_t size);

#endif
