#include "socketserver/address.h"

#include <string.h>

#include "convert.h"

void socketserver_take_address(struct socketserver_address *to, socketserver_core_network_socket_address_t *from) {
    memset(to, 0, offsetof(struct socketserver_address, of));
    switch (from->tag) {
    case SOCKETSERVER_CORE_NETWORK_SOCKET_ADDRESS_IPV4:
        to->family = SOCKETSERVER_IPV4;
        to->port = from->val.ipv4.port;
        memcpy(to->of.ipv4, &from->val.ipv4.address, sizeof to->of.ipv4);
        break;
    case SOCKETSERVER_CORE_NETWORK_SOCKET_ADDRESS_IPV6:
        to->family = SOCKETSERVER_IPV6;
        to->port = from->val.ipv6.port;
        memcpy(to->of.ipv6.groups, &from->val.ipv6.address, sizeof to->of.ipv6.groups);
        to->of.ipv6.flow_info = from->val.ipv6.flow_info;
        to->of.ipv6.scope_id = from->val.ipv6.scope_id;
        break;
    default: {
        to->family = SOCKETSERVER_UNIX;
        size_t size = from->val.unix.is_some ? from->val.unix.val.len : 0;
        if (size > sizeof to->of.name - 1) size = sizeof to->of.name - 1;
        memcpy(to->of.name, from->val.unix.val.ptr, size);
        to->of.name[size] = '\0';
        break;
    }
    }
    socketserver_core_network_socket_address_free(from);
}

void socketserver_lend_address(socketserver_core_network_socket_address_t *to, const struct socketserver_address *from) {
    memset(to, 0, sizeof *to);
    switch (from->family) {
    case SOCKETSERVER_IPV4:
        to->tag = SOCKETSERVER_CORE_NETWORK_SOCKET_ADDRESS_IPV4;
        to->val.ipv4.port = from->port;
        memcpy(&to->val.ipv4.address, from->of.ipv4, sizeof from->of.ipv4);
        break;
    case SOCKETSERVER_IPV6:
        to->tag = SOCKETSERVER_CORE_NETWORK_SOCKET_ADDRESS_IPV6;
        to->val.ipv6.port = from->port;
        memcpy(&to->val.ipv6.address, from->of.ipv6.groups, sizeof from->of.ipv6.groups);
        to->val.ipv6.flow_info = from->of.ipv6.flow_info;
        to->val.ipv6.scope_id = from->of.ipv6.scope_id;
        break;
    default:
        to->tag = SOCKETSERVER_CORE_NETWORK_SOCKET_ADDRESS_UNIX;
        to->val.unix.is_some = from->of.name[0] != '\0';
        to->val.unix.val.ptr = (uint8_t *)from->of.name;
        to->val.unix.val.len = strlen(from->of.name);
        break;
    }
}
