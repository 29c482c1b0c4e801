/// Who is at the two ends of a connection, or of the way of a datagram.
#ifndef SOCKETSERVER_ADDRESS_HPP
#define SOCKETSERVER_ADDRESS_HPP

#include <string>

#include "socketserver/address.h"

namespace socketserver {

/// `socketserver_address` with its text.
struct Address : socketserver_address {
    /// `127.0.0.1:49152`, `[fe80::1%3]:49152`, `/run/echo.sock`, `@echo`, or `unnamed`.
    std::string text() const {
        char text[SOCKETSERVER_ADDRESS_TEXT_SIZE];
        return socketserver_address_text(this, text, sizeof text);
    }
};

}  // namespace socketserver

#endif
