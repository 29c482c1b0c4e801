#include "utf8.h"

#include <stdint.h>

/** The size of the valid sequence at the beginning of `text`, or 0. By table 3-7 of the Unicode standard. */
static size_t sequence(const uint8_t *text, size_t left) {
    uint8_t first = text[0];
    if (first < 0x80) return 1;
    size_t size = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
    if (size == 0 || size > left) return 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return size;
}

size_t socketserver_make_utf8(char *text, size_t size) {
    for (size_t i = 0; i < size;) {
        size_t valid = sequence((const uint8_t *)text + i, size - i);
        if (valid == 0) text[i] = '?';
        i += valid == 0 ? 1 : valid;
    }
    return size;
}
