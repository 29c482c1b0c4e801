#include <stdlib.h>

#include "convert.h"
#include "memory.h"
#include "socketserver/connection.h"

struct socketserver_connection {
    socketserver_core_connections_own_connection_t own;
};

/** What `SOCKETSERVER_STREAM_HANDLER` defines. */
int socketserver_stream_handler(struct socketserver_connection *connection);

static socketserver_core_connections_borrow_connection_t borrow_connection(struct socketserver_connection *connection) {
    return socketserver_core_connections_borrow_connection(connection->own);
}

bool exports_socketserver_core_stream_handler_handle(exports_socketserver_core_stream_handler_own_connection_t own,
                                                     bindings_string_t *message) {
    struct socketserver_connection connection = {own};
    bool succeeded = socketserver_stream_handler(&connection) == 0;
    socketserver_core_connections_connection_drop_own(connection.own);
    if (!succeeded) socketserver_failure(message);
    return succeeded;
}

ssize_t socketserver_receive(struct socketserver_connection *connection, void *buffer, size_t size) {
    bindings_list_u8_t received;
    socketserver_core_network_error_code_t error;
    socketserver_lend(buffer, size);
    bool succeeded = socketserver_core_connections_method_connection_receive(borrow_connection(connection), size, &received, &error);
    ssize_t result = succeeded ? (ssize_t)received.len : socketserver_set_error(&error);
    socketserver_take_back();
    // Otherwise what was lent was not used, by a host that does not keep to `max`.
    if (result > 0 && received.ptr != buffer) abort();
    return result;
}

ssize_t socketserver_send(struct socketserver_connection *connection, const void *data, size_t size) {
    bindings_list_u8_t list = {(uint8_t *)data, size};
    socketserver_core_network_error_code_t error;
    uint32_t sent;
    if (!socketserver_core_connections_method_connection_send(borrow_connection(connection), &list, &sent, &error)) {
        return socketserver_set_error(&error);
    }
    return (ssize_t)sent;
}

int socketserver_send_all(struct socketserver_connection *connection, const void *data, size_t size) {
    bindings_list_u8_t list = {(uint8_t *)data, size};
    socketserver_core_network_error_code_t error;
    if (!socketserver_core_connections_method_connection_send_all(borrow_connection(connection), &list, &error)) {
        return socketserver_set_error(&error);
    }
    return 0;
}

_Static_assert(SOCKETSERVER_READABLE == SOCKETSERVER_CORE_CONNECTIONS_READINESS_READABLE &&
                   SOCKETSERVER_WRITABLE == SOCKETSERVER_CORE_CONNECTIONS_READINESS_WRITABLE,
               "the flags are those of the WIT");

int socketserver_wait(struct socketserver_connection *connection, int interest) {
    socketserver_core_connections_readiness_t ready;
    socketserver_core_network_error_code_t error;
    interest &= SOCKETSERVER_READABLE | SOCKETSERVER_WRITABLE;
    if (!socketserver_core_connections_method_connection_wait(
            borrow_connection(connection), (socketserver_core_connections_readiness_t)interest, &ready, &error)) {
        return socketserver_set_error(&error);
    }
    return ready;
}

_Static_assert((int)SOCKETSERVER_SHUTDOWN_RECEIVE == SOCKETSERVER_CORE_CONNECTIONS_SHUTDOWN_TYPE_RECEIVE &&
                   (int)SOCKETSERVER_SHUTDOWN_SEND == SOCKETSERVER_CORE_CONNECTIONS_SHUTDOWN_TYPE_SEND &&
                   (int)SOCKETSERVER_SHUTDOWN_BOTH == SOCKETSERVER_CORE_CONNECTIONS_SHUTDOWN_TYPE_BOTH,
               "the directions are those of the WIT");

int socketserver_shutdown(struct socketserver_connection *connection, enum socketserver_shutdown_type how) {
    socketserver_core_network_error_code_t error;
    socketserver_core_connections_shutdown_type_t direction = (socketserver_core_connections_shutdown_type_t)how;
    if (!socketserver_core_connections_method_connection_shutdown(borrow_connection(connection), direction, &error)) {
        return socketserver_set_error(&error);
    }
    return 0;
}

void socketserver_set_timeout(struct socketserver_connection *connection, int milliseconds) {
    uint32_t bound;
    socketserver_core_connections_method_connection_set_timeout(borrow_connection(connection), socketserver_bound(milliseconds, &bound));
}

void socketserver_remote_address(struct socketserver_connection *connection, struct socketserver_address *address) {
    socketserver_core_network_socket_address_t remote;
    socketserver_core_connections_method_connection_get_remote_address(borrow_connection(connection), &remote);
    socketserver_take_address(address, &remote);
}

void socketserver_local_address(struct socketserver_connection *connection, struct socketserver_address *address) {
    socketserver_core_network_socket_address_t local;
    socketserver_core_connections_method_connection_get_local_address(borrow_connection(connection), &local);
    socketserver_take_address(address, &local);
}
