/** The parts of the library that are not of the component model: lines, writes, addresses and UTF-8. */
#include <errno.h>
#include <string.h>

#include "../src/utf8.h"
#include "host.h"
#include "socketserver/address.h"
#include "socketserver/reader.h"
#include "socketserver/writer.h"

/** Reads lines until the end, through a buffer of `size` bytes, and checks them and how it ends. */
static void lines(const char *input, size_t size, const char *const *expected, int error) {
    for (size_t piece = 1; piece < 20; piece++) {
        struct socketserver_connection connection = {.input = input, .input_size = strlen(input), .piece = piece};
        // On the heap, so that a byte beyond it is noticed.
        char *buffer = malloc(size), *line;
        struct socketserver_reader reader;
        socketserver_reader_init(&reader, &connection, buffer, size);
        for (const char *const *next = expected; *next != NULL; next++) {
            ssize_t there = socketserver_read_line(&reader, &line);
            CHECK(there == (ssize_t)strlen(*next) && memcmp(line, *next, (size_t)there) == 0);
        }
        errno = 0;
        CHECK(socketserver_read_line(&reader, &line) == (error == 0 ? 0 : -1) && errno == error);
        free(buffer);
    }
}

static void a_line_is_what_ends_in_a_newline_or_at_the_end(void) {
    lines("", 8, (const char *[]){NULL}, 0);
    lines("a\n\nbcd\r\ne", 8, (const char *[]){"a\n", "\n", "bcd\r\n", "e", NULL}, 0);
    lines("1234567\n1234567\n", 8, (const char *[]){"1234567\n", "1234567\n", NULL}, 0);
}

static void a_line_that_does_not_fit_is_an_error(void) {
    lines("ab\n12345678\n", 8, (const char *[]){"ab\n", NULL}, EMSGSIZE);
    lines("12345678", 8, (const char *[]){NULL}, EMSGSIZE);
}

static void a_line_that_was_interrupted_goes_on(void) {
    struct socketserver_connection connection = {.input = "ab", .input_size = 2, .piece = 9, .end = ETIMEDOUT};
    char buffer[8], *line;
    struct socketserver_reader reader;
    socketserver_reader_init(&reader, &connection, buffer, sizeof buffer);
    CHECK(socketserver_read_line(&reader, &line) == -1 && errno == ETIMEDOUT);
    CHECK(socketserver_reader_buffered(&reader) == 2 && !socketserver_reader_has_line(&reader));
    connection.input = "c\nd\n";
    connection.input_size = 4;
    CHECK(socketserver_read_line(&reader, &line) == 4 && memcmp(line, "abc\n", 4) == 0);
    CHECK(socketserver_reader_has_line(&reader));
}

static void parts_of_a_known_size_follow_lines(void) {
    for (size_t piece = 1; piece < 12; piece++) {
        struct socketserver_connection connection = {.input = "5\nhello6\nwor", .input_size = 12, .piece = piece};
        char buffer[4], data[8], *line;
        struct socketserver_reader reader;
        socketserver_reader_init(&reader, &connection, buffer, sizeof buffer);
        CHECK(socketserver_read_line(&reader, &line) == 2);
        CHECK(socketserver_read_exactly(&reader, data, 5) == 5 && memcmp(data, "hello", 5) == 0);
        CHECK(socketserver_read_line(&reader, &line) == 2);
        CHECK(socketserver_read_exactly(&reader, data, 6) == 3 && memcmp(data, "wor", 3) == 0);
    }
}

static void writes_are_collected(void) {
    struct socketserver_connection connection = {.piece = 1};
    char buffer[8];
    struct socketserver_writer writer;
    socketserver_writer_init(&writer, &connection, buffer, sizeof buffer);
    CHECK(socketserver_write_text(&writer, "abc") == 0 && socketserver_write_number(&writer, 12345) == 0);
    CHECK(connection.sends == 0);
    CHECK(socketserver_write_text(&writer, "d") == 0 && connection.sends == 1);
    CHECK(socketserver_write_text(&writer, "larger than the buffer") == 0 && connection.sends == 3);
    CHECK(socketserver_write_number(&writer, 0) == 0 && socketserver_write(&writer, NULL, 0) == 0);
    CHECK(socketserver_flush(&writer) == 0 && socketserver_flush(&writer) == 0 && connection.sends == 4);
    static const char expected[] = "abc12345dlarger than the buffer0";
    CHECK(connection.output_size == sizeof expected - 1 && memcmp(connection.output, expected, sizeof expected - 1) == 0);
}

static void is_text(const struct socketserver_address *address, const char *expected) {
    char text[SOCKETSERVER_ADDRESS_TEXT_SIZE], cut[8];
    CHECK(strcmp(socketserver_address_text(address, text, sizeof text), expected) == 0);
    socketserver_address_text(address, cut, sizeof cut);
    CHECK(strncmp(cut, expected, sizeof cut - 1) == 0 && strlen(cut) <= sizeof cut - 1);
}

static void addresses_have_the_text_that_others_read(void) {
    struct socketserver_address address = {.family = SOCKETSERVER_IPV4, .port = 80, .of.ipv4 = {192, 0, 2, 1}};
    is_text(&address, "192.0.2.1:80");
    static const struct {
        uint16_t groups[8];
        const char *text;
    } cases[] = {
        {{0}, "[::]:80"},
        {{0, 0, 0, 0, 0, 0, 0, 1}, "[::1]:80"},
        {{1, 0, 0, 0, 0, 0, 0, 0}, "[1::]:80"},
        {{0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}, "[2001:db8:0:1:1:1:1:1]:80"},
        {{0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}, "[2001:db8::1:0:0:1]:80"},
        {{1, 2, 3, 4, 5, 6, 7, 0xabcd}, "[1:2:3:4:5:6:7:abcd]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        address = (struct socketserver_address){.family = SOCKETSERVER_IPV6, .port = 80};
        memcpy(address.of.ipv6.groups, cases[i].groups, sizeof cases[i].groups);
        is_text(&address, cases[i].text);
    }
    address = (struct socketserver_address){.family = SOCKETSERVER_IPV6, .port = 80};
    address.of.ipv6.groups[0] = 0xfe80;
    address.of.ipv6.scope_id = 3;
    is_text(&address, "[fe80::%3]:80");
    address = (struct socketserver_address){.family = SOCKETSERVER_UNIX};
    is_text(&address, "unnamed");
    strcpy(address.of.name, "/run/echo.sock");
    is_text(&address, "/run/echo.sock");
}

static void what_is_no_utf8_is_replaced(void) {
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff\xc3", "??"},
        {"\xc0\x80", "??"},
        {"\xed\xa0\x80", "???"},
        {"\xe2\x82", "??"},
        {"\xf4\x90\x80\x80", "????"},
        {"\xe0\x9f\xbf", "???"},
        {"\xc3\xa4\xc3", "\xc3\xa4?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        char *text = malloc(size + 1);
        memcpy(text, cases[i].text, size);
        CHECK(socketserver_make_utf8(text, size) == size && memcmp(text, cases[i].expected, size) == 0);
        free(text);
    }
}

int main(void) {
    a_line_is_what_ends_in_a_newline_or_at_the_end();
    a_line_that_does_not_fit_is_an_error();
    a_line_that_was_interrupted_goes_on();
    parts_of_a_known_size_follow_lines();
    writes_are_collected();
    addresses_have_the_text_that_others_read();
    what_is_no_utf8_is_replaced();
    puts("library: 7 tests passed");
}
