#include "socketserver/http_request.h"

#include <stdlib.h>

#include "convert.h"

/** Takes over bytes of the host, and puts a zero byte behind them. */
static char *terminated(uint8_t *bytes, size_t size) {
    // What is empty has no memory of its own.
    char *text = realloc(size == 0 ? NULL : bytes, size + 1);
    if (text == NULL) abort();
    text[size] = '\0';
    return text;
}

static char *terminated_option(const bindings_option_string_t *option) {
    return option->is_some ? terminated(option->val.ptr, option->val.len) : NULL;
}

bool socketserver_http_request(struct socketserver_http_request *request) {
    socketserver_core_http_requests_http_request_t told;
    if (!socketserver_core_http_requests_get_http_request(&told)) return false;
    request->method = terminated(told.method.ptr, told.method.len);
    request->scheme = terminated_option(&told.scheme);
    request->authority = terminated_option(&told.authority);
    request->path_with_query = terminated_option(&told.path_with_query);
    request->headers = NULL;
    request->header_count = told.headers.len;
    if (told.headers.len == 0) return true;
    request->headers = calloc(told.headers.len, sizeof *request->headers);
    if (request->headers == NULL) abort();
    for (size_t i = 0; i < told.headers.len; i++) {
        struct socketserver_http_header *header = &request->headers[i];
        header->name = terminated(told.headers.ptr[i].f0.ptr, told.headers.ptr[i].f0.len);
        header->value_size = told.headers.ptr[i].f1.len;
        header->value = terminated(told.headers.ptr[i].f1.ptr, header->value_size);
    }
    free(told.headers.ptr);
    return true;
}

void socketserver_http_request_free(struct socketserver_http_request *request) {
    free(request->method);
    free(request->scheme);
    free(request->authority);
    free(request->path_with_query);
    for (size_t i = 0; i < request->header_count; i++) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    free(request->headers);
}
