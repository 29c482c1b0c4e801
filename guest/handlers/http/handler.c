/*
 * A static HTTP/1.1 server (RFC 9110, RFC 9112), as `handler.rs` beside it is, in one file and with two small pages.
 *
 * What could be understood in two ways is refused, and the connection is closed after it. It has no clock, so no `Date` is sent
 * (RFC 9110, section 6.6.1).
 */
#include <socketserver.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_REQUEST_LINE = 8 * 1024,
    MAX_HEAD = 16 * 1024,
    MAX_FIELDS = 64,
    MAX_BODY = 1024 * 1024,
    MAX_CHUNK_LINE = 1024,
    MAX_TRAILER = 16 * 1024,
    /* Longer than the path of any page. */
    MAX_PATH = 64,
};

static const struct page {
    const char *path;
    const char *type;
    const char *body;
} pages[] = {
    {"/", "text/html; charset=utf-8",
     "<!doctype html>\n<title>socketserver</title>\n<p>Served by a sandbox of its own, in C.\n"},
    {"/robots.txt", "text/plain; charset=utf-8", "User-agent: *\nAllow: /\n"},
};

enum method { GET, HEAD, NOT_ALLOWED, UNKNOWN };

/* What is less than an HTTP status: the connection has ended, or was lost. */
enum { OK = 0, ENDED = 1, LOST = 2 };

struct request {
    enum method method;
    /* The page of the path; NULL if it has none, or if the target is no path. */
    const struct page *page;
    bool is_path;
    bool is_http_10;
    bool has_host;
    bool close;
    bool keep_alive;
    bool expects_continue;
    bool has_length;
    bool has_coding;
    bool is_chunked;
    size_t length;
};

struct client {
    struct socketserver_reader reader;
    struct socketserver_writer writer;
    char input[MAX_REQUEST_LINE];
    char output[4096];
};

/* A part of a line. */
struct text {
    const char *begin;
    size_t size;
};

static bool equals(struct text text, const char *other) {
    return text.size == strlen(other) && memcmp(text.begin, other, text.size) == 0;
}

static bool equals_in_any_case(struct text text, const char *other) {
    return text.size == strlen(other) && strncasecmp(text.begin, other, text.size) == 0;
}

static struct text trim(struct text text) {
    while (text.size > 0 && (text.begin[0] == ' ' || text.begin[0] == '\t')) text.begin++, text.size--;
    while (text.size > 0 && (text.begin[text.size - 1] == ' ' || text.begin[text.size - 1] == '\t')) text.size--;
    return text;
}

/* Takes what is before `separator` out of `rest`; all of it, if there is none. */
static struct text split(struct text *rest, char separator) {
    const char *end = memchr(rest->begin, separator, rest->size);
    struct text part = {rest->begin, end == NULL ? rest->size : (size_t)(end - rest->begin)};
    size_t taken = part.size + (end != NULL);
    rest->begin += taken;
    rest->size -= taken;
    return part;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct text text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.begin[i];
        bool is_alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) return false;
    }
    return text.size > 0;
}

static bool is_visible(struct text text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.begin[i] <= ' ' || text.begin[i] > '~') return false;
    }
    return text.size > 0;
}

/*
 * Reads a line of at most `max` bytes, and takes the end off it. Returns OK, ENDED, LOST, 400, or `too_long`.
 *
 * Before it has to wait, what was answered is sent: a client may send half a request and wait for the answer to the one before.
 */
static int read_line(struct client *client, struct text *line, size_t max, int too_long) {
    if (!socketserver_reader_has_line(&client->reader) && socketserver_flush(&client->writer) < 0) return LOST;
    char *begin;
    ssize_t size = socketserver_read_line(&client->reader, &begin);
    if (size < 0) return errno == EMSGSIZE ? too_long : LOST;
    if (size == 0 || begin[size - 1] != '\n') return (size_t)size >= max ? too_long : ENDED;
    if ((size_t)size > max) return too_long;
    if (size < 2 || begin[size - 2] != '\r') return 400;
    *line = (struct text){begin, (size_t)size - 2};
    return OK;
}

static int hexadecimal(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Finds the page of a path, which may be encoded. Returns OK or 400. */
static int find_page(struct request *request, struct text path) {
    char decoded[MAX_PATH];
    size_t size = 0;
    for (size_t i = 0; i < path.size && path.begin[i] != '?' && path.begin[i] != '#'; i++) {
        char c = path.begin[i];
        if (c == '%') {
            if (path.size - i < 3) return 400;
            int high = hexadecimal(path.begin[i + 1]), low = hexadecimal(path.begin[i + 2]);
            if (high < 0 || low < 0) return 400;
            c = (char)(high * 16 + low);
            i += 2;
        }
        /* What is longer than any path is only looked at for its encoding. */
        if (size < sizeof decoded) decoded[size] = c;
        size++;
    }
    request->is_path = true;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0] && size <= sizeof decoded; i++) {
        if (equals((struct text){decoded, size}, pages[i].path)) request->page = &pages[i];
    }
    return OK;
}

/* RFC 9112, section 3.2. */
static int parse_target(struct request *request, struct text target) {
    static const char scheme[] = "http://";
    if (target.begin[0] == '/') return find_page(request, target);
    if (target.size < sizeof scheme - 1 || strncasecmp(target.begin, scheme, sizeof scheme - 1) != 0) return OK;
    /* An absolute form, as for a proxy, which a server must take too. */
    size_t i = sizeof scheme - 1;
    while (i < target.size && target.begin[i] != '/' && target.begin[i] != '?') i++;
    if (i == target.size || target.begin[i] == '?') return find_page(request, (struct text){"/", 1});
    return find_page(request, (struct text){target.begin + i, target.size - i});
}

static int parse_request_line(struct request *request, struct text line) {
    struct text method = split(&line, ' '), target = split(&line, ' '), version = line;
    if (!is_token(method) || !is_visible(target)) return 400;
    if (equals(version, "HTTP/1.0")) {
        request->is_http_10 = true;
    } else if (!equals(version, "HTTP/1.1")) {
        bool is_version = version.size == 8 && memcmp(version.begin, "HTTP/", 5) == 0 && version.begin[6] == '.' &&
                          hexadecimal(version.begin[5]) >= 0 && hexadecimal(version.begin[5]) < 10 &&
                          hexadecimal(version.begin[7]) >= 0 && hexadecimal(version.begin[7]) < 10;
        return is_version ? 505 : 400;
    }
    static const char *const others[] = {"CONNECT", "DELETE", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"};
    request->method = equals(method, "GET") ? GET : equals(method, "HEAD") ? HEAD : UNKNOWN;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (equals(method, others[i])) request->method = NOT_ALLOWED;
    }
    return parse_target(request, target);
}

static int parse_length(struct request *request, struct text value) {
    if (request->has_length || value.size == 0) return 400;
    request->has_length = true;
    unsigned long long length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.begin[i] < '0' || value.begin[i] > '9') return 400;
        if (__builtin_mul_overflow(length, 10ULL, &length)) return 400;
        if (__builtin_add_overflow(length, (unsigned long long)(value.begin[i] - '0'), &length)) return 400;
    }
    if (length > MAX_BODY) return 413;
    request->length = (size_t)length;
    return OK;
}

static int parse_coding(struct request *request, struct text value) {
    if (request->has_coding) return 400;
    request->has_coding = true;
    request->is_chunked = equals_in_any_case(value, "chunked");
    size_t chunked = 0;
    while (value.size > 0) chunked += equals_in_any_case(trim(split(&value, ',')), "chunked");
    /* RFC 9112, section 6.1: "a sender MUST NOT apply the chunked transfer coding more than once". */
    return request->is_chunked ? OK : chunked > 1 ? 400 : 501;
}

static int parse_field(struct request *request, struct text line) {
    struct text name = {line.begin, 0};
    const char *colon = memchr(line.begin, ':', line.size);
    if (colon == NULL) return 400;
    name.size = (size_t)(colon - line.begin);
    /* That also refuses a space before the colon, and a line that continues the one before. */
    if (!is_token(name)) return 400;
    struct text value = trim((struct text){colon + 1, line.size - name.size - 1});
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.begin[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return 400;
    }
    if (equals_in_any_case(name, "Host")) {
        if (request->has_host) return 400;
        request->has_host = true;
        for (size_t i = 0; i < value.size; i++) {
            char c = value.begin[i];
            if (c <= ' ' || c > '~' || strchr("/,@?#\\", c) != NULL) return 400;
        }
    } else if (equals_in_any_case(name, "Connection")) {
        while (value.size > 0) {
            struct text option = trim(split(&value, ','));
            if (equals_in_any_case(option, "close")) request->close = true;
            if (equals_in_any_case(option, "keep-alive")) request->keep_alive = true;
        }
    } else if (equals_in_any_case(name, "Content-Length")) {
        return parse_length(request, value);
    } else if (equals_in_any_case(name, "Transfer-Encoding")) {
        return parse_coding(request, value);
    } else if (equals_in_any_case(name, "Expect")) {
        if (!equals_in_any_case(value, "100-continue")) return 417;
        request->expects_continue = true;
    }
    return OK;
}

/* Reads what a request says before its body. */
static int read_head(struct client *client, struct request *request) {
    struct text line;
    int result;
    do {
        result = read_line(client, &line, MAX_REQUEST_LINE, 414);
        if (result != OK) return result;
        /* RFC 9112, section 2.2: an empty line before a request line is ignored. */
    } while (line.size == 0);
    size_t left = MAX_HEAD - line.size - 2;
    result = parse_request_line(request, line);
    if (result != OK) return result;
    /* The first that is wrong with the framing counts, and nothing after it does; one that is merely too much waits for that. */
    int later = OK;
    for (size_t fields = 0;; fields++) {
        result = read_line(client, &line, left, 431);
        if (result != OK) return result;
        if (line.size == 0) break;
        if (fields == MAX_FIELDS) return 431;
        left -= line.size + 2;
        result = parse_field(request, line);
        if (result == 400) return 400;
        if (later == OK) later = result;
    }
    if (!request->is_http_10 && !request->has_host) return 400;
    /* RFC 9112, section 6.1: such a message "might indicate an attempt to perform request smuggling". */
    if (request->has_coding && (request->has_length || request->is_http_10)) return 400;
    return later;
}

static int skip(struct client *client, size_t size) {
    char discarded[4096];
    while (size > 0) {
        if (socketserver_reader_buffered(&client->reader) == 0 && socketserver_flush(&client->writer) < 0) return LOST;
        ssize_t part = socketserver_read(&client->reader, discarded, size < sizeof discarded ? size : sizeof discarded);
        if (part < 0) return LOST;
        if (part == 0) return ENDED;
        size -= (size_t)part;
    }
    return OK;
}

/* Reads the line before a chunk. Returns OK, or what `read_line` does, or 400 or 413. */
static int read_chunk_size(struct client *client, size_t left, size_t *size) {
    struct text line;
    int result = read_line(client, &line, MAX_CHUNK_LINE, 400);
    if (result != OK) return result;
    struct text digits = trim(split(&line, ';'));
    if (digits.size == 0) return 400;
    unsigned long long value = 0;
    for (size_t i = 0; i < digits.size; i++) {
        int digit = hexadecimal(digits.begin[i]);
        if (digit < 0 || value >> 60 != 0) return 400;
        value = value * 16 + (unsigned long long)digit;
    }
    if (value > left) return 413;
    *size = (size_t)value;
    return OK;
}

static int read_chunk_end(struct client *client) {
    char end[2];
    if (socketserver_reader_buffered(&client->reader) < sizeof end && socketserver_flush(&client->writer) < 0) return LOST;
    ssize_t size = socketserver_read_exactly(&client->reader, end, sizeof end);
    if (size < 0) return LOST;
    if ((size_t)size < sizeof end) return ENDED;
    return end[0] == '\r' && end[1] == '\n' ? OK : 400;
}

/* RFC 9112, section 7.1. */
static int skip_chunks(struct client *client) {
    size_t left = MAX_BODY;
    for (;;) {
        size_t size;
        int result = read_chunk_size(client, left, &size);
        if (result != OK) return result;
        if (size == 0) break;
        left -= size;
        result = skip(client, size);
        if (result == OK) result = read_chunk_end(client);
        if (result != OK) return result;
    }
    for (size_t trailer = MAX_TRAILER;;) {
        struct text line;
        int result = read_line(client, &line, trailer, 400);
        if (result != OK || line.size == 0) return result;
        trailer -= line.size + 2;
    }
}

static const char *reason(int status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    default: return "HTTP Version Not Supported";
    }
}

/* Writes a response: that of a page, or an error with its reason as the body. Returns 0, or -1 if the connection is lost. */
static int respond(struct client *client, int status, const struct request *request, bool closing) {
    struct socketserver_writer *writer = &client->writer;
    const struct page *page = status == 200 ? request->page : NULL;
    const char *body = page == NULL ? reason(status) : page->body;
    const char *connection = closing ? "Connection: close\r\n" : request->is_http_10 ? "Connection: keep-alive\r\n" : "";
    bool failed = socketserver_write_text(writer, "HTTP/1.1 ") < 0 ||
                  socketserver_write_number(writer, (unsigned long)status) < 0 ||
                  socketserver_write_text(writer, " ") < 0 ||
                  socketserver_write_text(writer, reason(status)) < 0 ||
                  socketserver_write_text(writer, "\r\nContent-Type: ") < 0 ||
                  socketserver_write_text(writer, page == NULL ? "text/plain; charset=utf-8" : page->type) < 0 ||
                  socketserver_write_text(writer, "\r\nContent-Length: ") < 0 ||
                  socketserver_write_number(writer, strlen(body)) < 0 ||
                  socketserver_write_text(writer, status == 405 ? "\r\nAllow: GET, HEAD\r\n" : "\r\n") < 0 ||
                  socketserver_write_text(writer, connection) < 0 ||
                  socketserver_write_text(writer, "\r\n") < 0 ||
                  (request->method != HEAD && socketserver_write_text(writer, body) < 0);
    return failed ? -1 : 0;
}

static int status_of(const struct request *request) {
    if (request->method == UNKNOWN) return 501;
    if (!request->is_path) return request->method == NOT_ALLOWED ? 405 : 400;
    if (request->page == NULL) return 404;
    return request->method == NOT_ALLOWED ? 405 : 200;
}

/* One request and its response. Returns OK if another one may follow. */
static int exchange(struct client *client) {
    struct request request = {.method = UNKNOWN};
    int result = read_head(client, &request);
    int status = status_of(&request);
    if (result == OK && request.expects_continue && !request.is_http_10) {
        /* RFC 9110, section 10.1.1: a final status instead of 100 leaves open whether the client sends its body. */
        if (status != 200) {
            return respond(client, status, &request, true) < 0 ? LOST : ENDED;
        }
        if (socketserver_write_text(&client->writer, "HTTP/1.1 100 Continue\r\n\r\n") < 0) return LOST;
    }
    if (result == OK) result = request.is_chunked ? skip_chunks(client) : skip(client, request.length);
    if (result >= 400) {
        /* Where the request ends cannot be told, and so neither where another one begins. */
        return respond(client, result, &request, true) < 0 ? LOST : ENDED;
    }
    if (result != OK) return result;
    bool closing = request.close || (request.is_http_10 && !request.keep_alive);
    if (respond(client, status, &request, closing) < 0) return LOST;
    return closing ? ENDED : OK;
}

static int handle(struct socketserver_connection *connection) {
    struct client client;
    socketserver_reader_init(&client.reader, connection, client.input, sizeof client.input);
    socketserver_writer_init(&client.writer, connection, client.output, sizeof client.output);
    int result;
    do {
        result = exchange(&client);
    } while (result == OK);
    if (result == ENDED && socketserver_flush(&client.writer) == 0) return 0;
    /* Clients close when they have what they want, without waiting for the rest. */
    return errno == EPIPE || errno == ECONNRESET ? 0 : -1;
}

SOCKETSERVER_STREAM_HANDLER(handle)
