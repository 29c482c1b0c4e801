#include <cctype>
#include <socketserver.hpp>

/// Answers each datagram in upper case.
struct Shout {
    socketserver::Result handle(socketserver::Datagram& datagram) {
        auto text = datagram.data();
        for (char& letter : text) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        return datagram.reply(text);
    }
};

SOCKETSERVER_DATAGRAM_HANDLER(Shout)
