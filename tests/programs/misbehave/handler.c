/* Reads one line from its peer, and does what it says. See `tests/programs/README.md`. */
#include <socketserver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long counter;
static struct socketserver_connection *kept;

static int echo(struct socketserver_connection *connection, struct socketserver_reader *reader) {
    char buffer[4096];
    ssize_t size;
    while ((size = socketserver_read(reader, buffer, sizeof buffer)) > 0) {
        if (socketserver_send_all(connection, buffer, (size_t)size) < 0) return -1;
    }
    return (int)size;
}

static int count(struct socketserver_connection *connection) {
    char text[16];
    counter++;
    snprintf(text, sizeof text, "%lu\n", counter);
    return socketserver_send_all(connection, text, strlen(text));
}

static int allocate(void) {
    for (;;) {
        char *memory = malloc(1 << 20);
        if (memory == NULL) abort();
        memset(memory, 1, 1 << 20);
        /* Otherwise the compiler sees that nothing is done with it. */
        __asm__ volatile("" : : "r"(memory) : "memory");
    }
}

static int spin(void) {
    for (;;) __asm__ volatile("");
}

/* What is done after the call keeps the compiler from making a loop of it. */
__attribute__((noinline)) static int recurse(int depth) {
    /* No depth that is reached, and a warning less. */
    if (depth < 0) return 0;
    volatile char frame[256];
    frame[0] = (char)depth;
    int deeper = recurse(depth + 1);
    return deeper + frame[0];
}

static int print(struct socketserver_connection *connection) {
    puts("to stdout");
    fflush(stdout);
    fputs("to stderr\n", stderr);
    return socketserver_send_all(connection, "done\n", 5);
}

static int handle(struct socketserver_connection *connection) {
    char buffer[1024], *line;
    struct socketserver_reader reader;
    socketserver_reader_init(&reader, connection, buffer, sizeof buffer);
    ssize_t size = socketserver_read_line(&reader, &line);
    if (size <= 0) return (int)size;
    if (line[size - 1] == '\n') size--;
    char word[16] = "";
    if ((size_t)size < sizeof word) memcpy(word, line, (size_t)size);

    if (strcmp(word, "echo") == 0) return echo(connection, &reader);
    if (strcmp(word, "count") == 0) return count(connection);
    if (strcmp(word, "allocate") == 0) return allocate();
    if (strcmp(word, "spin") == 0) return spin();
    if (strcmp(word, "trap") == 0) abort();
    if (strcmp(word, "recurse") == 0) return recurse(0);
    if (strcmp(word, "fail") == 0) return socketserver_fail("refused by choice");
    if (strcmp(word, "exit") == 0) exit(3);
    if (strcmp(word, "print") == 0) return print(connection);
    if (strcmp(word, "leak") == 0) {
        kept = connection;
        return kept == NULL;
    }
    return socketserver_fail("no such word");
}

SOCKETSERVER_STREAM_HANDLER(handle)
