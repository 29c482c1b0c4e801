#include <ctype.h>
#include <socketserver.h>

/* Answers each datagram in upper case. */
static int handle(struct socketserver_datagram *datagram, struct socketserver_datagram_socket *socket) {
    char *text = datagram->data;
    for (size_t i = 0; i < datagram->size; i++) text[i] = (char)toupper((unsigned char)text[i]);
    return socketserver_reply(socket, datagram, text, datagram->size);
}

SOCKETSERVER_DATAGRAM_HANDLER(handle)
