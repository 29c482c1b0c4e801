#include <socketserver.hpp>

/// Sends each datagram back, an empty one too.
struct Echo {
    socketserver::Result handle(socketserver::Datagram& datagram) { return datagram.reply(datagram.data()); }
};

SOCKETSERVER_DATAGRAM_HANDLER(Echo)
