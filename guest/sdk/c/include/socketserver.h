/**
 * Python's `socketserver` for WebAssembly components in C: one function that serves one connection or one datagram, in a
 * sandbox of its own.
 *
 *     #include <socketserver.h>
 *
 *     static int handle(struct socketserver_connection *connection) {
 *         char buffer[4096];
 *         ssize_t size;
 *         while ((size = socketserver_receive(connection, buffer, sizeof buffer)) > 0) {
 *             if (socketserver_send_all(connection, buffer, (size_t)size) < 0) return -1;
 *         }
 *         return (int)size;
 *     }
 *
 *     SOCKETSERVER_STREAM_HANDLER(handle)
 *
 * Nothing says elsewhere what the component is: the macros do, and several of them may stand in one program.
 *
 * A function that can fail returns -1 then and sets `errno`, as those of POSIX do. Values of `errno`, here and below: see
 * `socketserver/error.h`.
 */
#ifndef SOCKETSERVER_H
#define SOCKETSERVER_H

#include "socketserver/address.h"
#include "socketserver/asynchronous.h"
#include "socketserver/connection.h"
#include "socketserver/datagram.h"
#include "socketserver/error.h"
#include "socketserver/http_request.h"
#include "socketserver/reader.h"
#include "socketserver/server.h"
#include "socketserver/writer.h"

#endif
