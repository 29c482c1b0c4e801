/** Addresses for people. Nothing of it is of the component model, so a native test can use it. */
#include <stdbool.h>
#include <string.h>

#include "socketserver/address.h"

/** A text that is being written, and cut where there is no more room. */
struct text {
    char *begin;
    size_t size;
    size_t used;
};

static void put(struct text *text, char character) {
    if (text->used + 1 < text->size) text->begin[text->used++] = character;
}

static void put_string(struct text *text, const char *string) {
    while (*string != '\0') put(text, *string++);
}

static void put_number(struct text *text, uint32_t number, uint32_t base) {
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0) put(text, digits[--count]);
}

/** As RFC 5952 recommends: the longest run of at least two zero groups, the first of several, is `::`. */
static void put_groups(struct text *text, const uint16_t groups[8]) {
    size_t longest = 0, longest_size = 1;
    for (size_t i = 0, run = 0; i < 8; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > longest_size) {
            longest_size = run;
            longest = i + 1 - run;
        }
    }
    bool shortened = longest_size > 1;
    for (size_t i = 0; i < 8; i++) {
        if (shortened && i == longest) {
            put_string(text, "::");
            i += longest_size - 1;
            continue;
        }
        if (i > 0 && !(shortened && i == longest + longest_size)) put(text, ':');
        put_number(text, groups[i], 16);
    }
}

char *socketserver_address_text(const struct socketserver_address *address, char *begin, size_t size) {
    struct text text = {begin, size, 0};
    switch (address->family) {
    case SOCKETSERVER_IPV4:
        for (size_t i = 0; i < 4; i++) {
            if (i > 0) put(&text, '.');
            put_number(&text, address->of.ipv4[i], 10);
        }
        break;
    case SOCKETSERVER_IPV6:
        put(&text, '[');
        put_groups(&text, address->of.ipv6.groups);
        if (address->of.ipv6.scope_id != 0) {
            put(&text, '%');
            put_number(&text, address->of.ipv6.scope_id, 10);
        }
        put(&text, ']');
        break;
    case SOCKETSERVER_UNIX:
        put_string(&text, address->of.name[0] == '\0' ? "unnamed" : address->of.name);
        break;
    }
    if (address->family != SOCKETSERVER_UNIX) {
        put(&text, ':');
        put_number(&text, address->port, 10);
    }
    if (size > 0) begin[text.used] = '\0';
    return begin;
}
