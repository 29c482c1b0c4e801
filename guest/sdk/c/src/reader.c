#include "socketserver/reader.h"

#include <errno.h>
#include <string.h>

void socketserver_reader_init(struct socketserver_reader *reader, struct socketserver_connection *connection, void *buffer,
                              size_t size) {
    *reader = (struct socketserver_reader){.connection = connection, .buffer = buffer, .size = size};
}

size_t socketserver_reader_buffered(const struct socketserver_reader *reader) {
    return reader->end - reader->begin;
}

bool socketserver_reader_has_line(const struct socketserver_reader *reader) {
    return memchr(reader->buffer + reader->begin, '\n', socketserver_reader_buffered(reader)) != NULL;
}

ssize_t socketserver_read_line(struct socketserver_reader *reader, char **line) {
    // How much of what is there was searched.
    size_t searched = 0;
    for (;;) {
        char *begin = reader->buffer + reader->begin;
        size_t there = socketserver_reader_buffered(reader);
        const char *newline = memchr(begin + searched, '\n', there - searched);
        size_t size = newline == NULL ? 0 : (size_t)(newline - begin) + 1;
        if (size == 0) {
            if (there == reader->size) {
                errno = EMSGSIZE;
                return -1;
            }
            if (reader->begin > 0) {
                memmove(reader->buffer, begin, there);
                reader->begin = 0;
                reader->end = there;
            }
            searched = there;
            ssize_t received = socketserver_receive(reader->connection, reader->buffer + there, reader->size - there);
            if (received < 0) return -1;
            reader->end += (size_t)received;
            if (received > 0) continue;
            begin = reader->buffer;
            size = there;
        }
        *line = begin;
        reader->begin += size;
        return (ssize_t)size;
    }
}

ssize_t socketserver_read(struct socketserver_reader *reader, void *data, size_t size) {
    size_t there = socketserver_reader_buffered(reader);
    if (there == 0) return socketserver_receive(reader->connection, data, size);
    if (size > there) size = there;
    memcpy(data, reader->buffer + reader->begin, size);
    reader->begin += size;
    return (ssize_t)size;
}

ssize_t socketserver_read_exactly(struct socketserver_reader *reader, void *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t part = socketserver_read(reader, (char *)data + done, size - done);
        if (part < 0) return -1;
        if (part == 0) break;
        done += (size_t)part;
    }
    return (ssize_t)done;
}
