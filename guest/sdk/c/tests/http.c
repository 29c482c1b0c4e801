/** The handler of HTTP: its answers do not depend on how the bytes come, and no bytes break it. */
#include <string.h>

#include "host.h"

static size_t answer(const char *input, size_t size, size_t piece, char output[1 << 16]) {
    static struct socketserver_connection connection;
    connection = (struct socketserver_connection){.piece = piece};
    // On the heap, so that a byte beyond it is noticed.
    char *copy = malloc(size);
    memcpy(copy, input, size);
    connection.input = copy;
    connection.input_size = size;
    CHECK(socketserver_stream_handler(&connection) == 0);
    free(copy);
    memcpy(output, connection.output, connection.output_size);
    return connection.output_size;
}

static const char requests[] =
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /%72obots.txt?x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
    "GET http://a/robots.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
    "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    "GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

static void the_answers_are_the_same_however_the_bytes_come(void) {
    static char whole[1 << 16], parts[1 << 16];
    size_t size = answer(requests, sizeof requests - 1, 1 << 16, whole);
    whole[size] = '\0';
    static const char *const statuses[] = {"200", "405", "100", "200", "200", "404"};
    const char *position = whole;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        position = strstr(position, "HTTP/1.1 ");
        CHECK(position != NULL && memcmp(position + 9, statuses[i], 3) == 0);
        position++;
    }
    CHECK(strstr(position, "HTTP/1.1 ") == NULL);
    for (size_t piece = 1; piece < 80; piece++) {
        CHECK(answer(requests, sizeof requests - 1, piece, parts) == size && memcmp(whole, parts, size) == 0);
    }
}

static void no_bytes_break_it(void) {
    static char output[1 << 16];
    static const char interesting[] = "\r\n \t:;,%/0123456789abcdefgGHPT\x00\x7f\xff";
    // Any generator will do; this one is the same everywhere.
    unsigned state = 1;
    for (int round = 0; round < 20000; round++) {
        char changed[sizeof requests];
        memcpy(changed, requests, sizeof requests);
        for (int changes = round % 7; changes >= 0; changes--) {
            state = state * 1664525 + 1013904223;
            changed[state / 65536 % (sizeof requests - 1)] = interesting[state / 256 % sizeof interesting];
        }
        size_t size = answer(changed, sizeof requests - 1, 1 + state / 1024 % 100, output);
        CHECK(size == 0 || memcmp(output, "HTTP/1.1 ", 9) == 0);
    }
}

int main(void) {
    the_answers_are_the_same_however_the_bytes_come();
    no_bytes_break_it();
    puts("http: 2 tests passed");
}
