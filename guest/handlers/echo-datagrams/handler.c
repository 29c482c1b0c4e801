#include <socketserver.h>

/* Sends each datagram back, an empty one too. */
static int handle(struct socketserver_datagram *datagram, struct socketserver_datagram_socket *socket) {
    return socketserver_reply(socket, datagram, datagram->data, datagram->size);
}

SOCKETSERVER_DATAGRAM_HANDLER(handle)
