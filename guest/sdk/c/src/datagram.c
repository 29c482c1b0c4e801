#include "socketserver/datagram.h"

#include "convert.h"

struct socketserver_datagram_socket {
    socketserver_core_datagrams_own_datagram_socket_t own;
};

/** What `SOCKETSERVER_DATAGRAM_HANDLER` defines. */
int socketserver_datagram_handler(struct socketserver_datagram *datagram, struct socketserver_datagram_socket *socket);

static socketserver_core_datagrams_borrow_datagram_socket_t borrow_socket(struct socketserver_datagram_socket *socket) {
    return socketserver_core_datagrams_borrow_datagram_socket(socket->own);
}

bool exports_socketserver_core_datagram_handler_handle(exports_socketserver_core_datagram_handler_datagram_t *received,
                                                       exports_socketserver_core_datagram_handler_own_datagram_socket_t own,
                                                       bindings_string_t *message) {
    struct socketserver_datagram_socket socket = {own};
    struct socketserver_datagram datagram = {
        .data = received->data.ptr,
        .size = received->data.len,
        .truncated = received->truncated,
    };
    socketserver_take_address(&datagram.remote, &received->remote);
    bool succeeded = socketserver_datagram_handler(&datagram, &socket) == 0;
    socketserver_core_datagrams_datagram_socket_drop_own(socket.own);
    // Of the list itself, and not of `datagram`: a handler may have changed that.
    bindings_list_u8_free(&received->data);
    if (!succeeded) socketserver_failure(message);
    return succeeded;
}

int socketserver_send_to(struct socketserver_datagram_socket *socket, const struct socketserver_address *remote,
                         const void *data, size_t size) {
    bindings_list_u8_t list = {(uint8_t *)data, size};
    socketserver_core_network_socket_address_t address;
    socketserver_core_network_error_code_t error;
    socketserver_lend_address(&address, remote);
    if (!socketserver_core_datagrams_method_datagram_socket_send_to(borrow_socket(socket), &list, &address, &error)) {
        return socketserver_set_error(&error);
    }
    return 0;
}

int socketserver_reply(struct socketserver_datagram_socket *socket, const struct socketserver_datagram *datagram,
                       const void *data, size_t size) {
    return socketserver_send_to(socket, &datagram->remote, data, size);
}

void socketserver_datagram_set_timeout(struct socketserver_datagram_socket *socket, int milliseconds) {
    uint32_t bound;
    socketserver_core_datagrams_method_datagram_socket_set_timeout(borrow_socket(socket), socketserver_bound(milliseconds, &bound));
}

void socketserver_datagram_local_address(struct socketserver_datagram_socket *socket, struct socketserver_address *address) {
    socketserver_core_network_socket_address_t local;
    socketserver_core_datagrams_method_datagram_socket_get_local_address(borrow_socket(socket), &local);
    socketserver_take_address(address, &local);
}
