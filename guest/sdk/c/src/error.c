#include "socketserver/error.h"

#include <stdint.h>
#include <string.h>

#include "convert.h"
#include "memory.h"
#include "utf8.h"

/** What the handler has said, or else the host; the empty string while neither has said anything. */
static char message[SOCKETSERVER_MESSAGE_SIZE + 1];
/** The value of `errno` that the host's words belong to; 0 for words of the handler. */
static int message_errno;

static const struct {
    int value;
    const char *text;
} errors[] = {
    // In the order of the cases of `error-code`.
    {EACCES, "the operator has not granted this"},
    {EADDRINUSE, "the address is in use"},
    {EADDRNOTAVAIL, "no interface has the address"},
    {EINVAL, "invalid argument"},
    {ENOTCONN, "not possible in this state"},
    {ENOMEM, "the host is out of memory"},
    {ETIMEDOUT, "timed out"},
    {EHOSTUNREACH, "the peer is unreachable"},
    {EPIPE, "the connection no longer takes data"},
    {ECONNRESET, "the peer reset the connection"},
    {ECONNABORTED, "the connection was aborted"},
    {EMSGSIZE, "the message is too large"},
    {EIO, "the connection failed"},
};

enum { OTHER = sizeof errors / sizeof errors[0] - 1 };
_Static_assert((int)SOCKETSERVER_CORE_NETWORK_ERROR_CODE_OTHER == OTHER, "the table has the cases of the WIT");

static void keep(const char *text, size_t size, int error) {
    if (size > SOCKETSERVER_MESSAGE_SIZE) size = SOCKETSERVER_MESSAGE_SIZE;
    memmove(message, text, size);
    message[size] = '\0';
    message_errno = error;
}

int socketserver_set_error(socketserver_core_network_error_code_t *error) {
    size_t number = error->tag;
    // "A handler should treat a case that it does not know like `other`."
    if (number > OTHER) number = OTHER;
    if (message_errno != 0) keep("", 0, 0);
    if (number == OTHER && error->tag == OTHER && error->val.other.is_some) {
        bindings_string_t *words = &error->val.other.val;
        keep((const char *)words->ptr, words->len, EIO);
        // The host has put them where the bytes of a receive were to go.
        if (socketserver_is_lent(words->ptr)) words->len = 0;
    }
    socketserver_core_network_error_code_free(error);
    errno = errors[number].value;
    return -1;
}

static const char *text_of(int error) {
    for (size_t i = 0; i <= OTHER; i++) {
        if (errors[i].value == error) return errors[i].text;
    }
    return "the operation failed";
}

const char *socketserver_error(void) {
    if (message_errno == errno && message[0] != '\0') return message;
    return text_of(errno);
}

int socketserver_fail(const char *text) {
    keep(text, strlen(text), 0);
    return -1;
}

void socketserver_failure(bindings_string_t *result) {
    const char *text = message_errno == 0 && message[0] != '\0' ? message : socketserver_error();
    bindings_string_dup(result, text);
    result->len = socketserver_make_utf8((char *)result->ptr, result->len);
    keep("", 0, 0);
}
