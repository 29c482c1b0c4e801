#include <errno.h>

#include "convert.h"
#include "socketserver/asynchronous.h"

/**
 * The names that the generator gives to what belongs to the export: its parameters, its result, and the operations of the canonical
 * ABI on streams and futures of their types.
 */
#define HANDLE(name) exports_socketserver_core_async_stream_handler_##name
typedef HANDLE(future_result_void_error_code_t) end_reader;
typedef HANDLE(future_result_void_error_code_writer_t) end_writer;
typedef HANDLE(result_void_error_code_t) end_result;

/** Receiving, or sending. */
struct operation {
    enum {
        /** None has been started that was not reported. */
        IDLE,
        /** The host has it. */
        PENDING,
        /** It has ended, and was not reported yet. */
        ENDED,
    } state;
    /** What the last one ended with: a number of bytes, or -1 and the value of `errno`. */
    ssize_t result;
    int error;
};

struct socketserver_async_connection {
    struct socketserver_address remote;
    struct socketserver_address local;
    bindings_waitable_set_t waitables;
    HANDLE(stream_u8_t) received;
    end_reader received_end;
    HANDLE(stream_u8_writer_t) sent;
    struct operation receiving;
    struct operation sending;
    /** Whether `received` has ended; `receiving` then tells how. */
    bool received_all;
    bool shut_down;
};

/** What `SOCKETSERVER_ASYNC_HANDLER` defines. */
int socketserver_async_handler(struct socketserver_async_connection *connection);

/** Waits until the host has an event for `waitable`, and returns its status. Nothing else is in a set of its own. */
static uint32_t wait_for(uint32_t waitable) {
    bindings_waitable_set_t set = bindings_waitable_set_new();
    bindings_waitable_join(waitable, set);
    bindings_event_t event;
    bindings_waitable_set_wait(set, &event);
    bindings_waitable_join(waitable, 0);
    bindings_waitable_set_drop(set);
    return event.code;
}

/** The status of an operation, once it has one. */
static uint32_t complete(uint32_t status, uint32_t waitable) {
    return status == BINDINGS_WAITABLE_STATUS_BLOCKED ? wait_for(waitable) : status;
}

static void succeed(struct operation *operation, size_t size) {
    operation->state = ENDED;
    operation->result = (ssize_t)size;
}

static void fail(struct operation *operation, int error) {
    operation->state = ENDED;
    operation->result = -1;
    operation->error = error;
}

/** Asks why there is no more to receive, which the host knows at this point. */
static void end_receiving(struct socketserver_async_connection *connection) {
    end_result end;
    uint32_t status = HANDLE(future_result_void_error_code_read)(connection->received_end, &end);
    status = complete(status, connection->received_end);
    connection->received_all = true;
    if (BINDINGS_WAITABLE_STATE(status) == BINDINGS_WAITABLE_COMPLETED && end.is_err) {
        socketserver_set_error(&end.val.err);
        fail(&connection->receiving, errno);
    } else {
        succeed(&connection->receiving, 0);
    }
}

/** Takes what the host says of a receive. */
static void finish_receive(struct socketserver_async_connection *connection, uint32_t status) {
    size_t count = BINDINGS_WAITABLE_COUNT(status);
    if (count > 0) {
        // The end, if it came with these bytes, is told again by the next receive.
        succeed(&connection->receiving, count);
    } else {
        end_receiving(connection);
    }
}

/** Takes what the host says of a send. */
static void finish_send(struct socketserver_async_connection *connection, uint32_t status) {
    size_t count = BINDINGS_WAITABLE_COUNT(status);
    if (count > 0) {
        succeed(&connection->sending, count);
    } else {
        fail(&connection->sending, EPIPE);
    }
}

int socketserver_async_start_receive(struct socketserver_async_connection *connection, void *buffer, size_t size) {
    if (size == 0 || connection->receiving.state != IDLE) {
        errno = EINVAL;
        return -1;
    }
    if (connection->received_all) {
        // A stream that has ended stays so, and so does one that has failed.
        connection->receiving.state = ENDED;
        return 0;
    }
    uint32_t status = HANDLE(stream_u8_read)(connection->received, buffer, size);
    if (status == BINDINGS_WAITABLE_STATUS_BLOCKED) {
        connection->receiving.state = PENDING;
        bindings_waitable_join(connection->received, connection->waitables);
    } else {
        finish_receive(connection, status);
    }
    return 0;
}

int socketserver_async_start_send(struct socketserver_async_connection *connection, const void *data, size_t size) {
    if (size == 0 || connection->sending.state != IDLE) {
        errno = EINVAL;
        return -1;
    }
    if (connection->shut_down) {
        errno = EPIPE;
        return -1;
    }
    uint32_t status = HANDLE(stream_u8_write)(connection->sent, data, size);
    if (status == BINDINGS_WAITABLE_STATUS_BLOCKED) {
        connection->sending.state = PENDING;
        bindings_waitable_join(connection->sent, connection->waitables);
    } else {
        finish_send(connection, status);
    }
    return 0;
}

/** Waits for one event of what is under way. */
static void progress(struct socketserver_async_connection *connection) {
    bindings_event_t event;
    bindings_waitable_set_wait(connection->waitables, &event);
    if (event.waitable == connection->received) {
        finish_receive(connection, event.code);
    } else if (event.waitable == connection->sent) {
        finish_send(connection, event.code);
    }
}

static int report_end(struct operation *operation, int what) {
    if (operation->state != ENDED) return 0;
    operation->state = IDLE;
    return what;
}

int socketserver_async_wait(struct socketserver_async_connection *connection) {
    for (;;) {
        int ended = report_end(&connection->receiving, SOCKETSERVER_RECEIVED) | report_end(&connection->sending, SOCKETSERVER_SENT);
        if (ended != 0) return ended;
        if (connection->receiving.state == IDLE && connection->sending.state == IDLE) {
            errno = EINVAL;
            return -1;
        }
        progress(connection);
    }
}

static ssize_t result_of(const struct operation *operation) {
    if (operation->result < 0) errno = operation->error;
    return operation->result;
}

ssize_t socketserver_async_received(struct socketserver_async_connection *connection) {
    return result_of(&connection->receiving);
}

ssize_t socketserver_async_sent(struct socketserver_async_connection *connection) {
    return result_of(&connection->sending);
}

/** Waits for one of the two; the other one, if it ends before, is left to be reported. */
static ssize_t finish(struct socketserver_async_connection *connection, struct operation *operation) {
    while (operation->state == PENDING) progress(connection);
    operation->state = IDLE;
    return result_of(operation);
}

ssize_t socketserver_async_receive(struct socketserver_async_connection *connection, void *buffer, size_t size) {
    if (socketserver_async_start_receive(connection, buffer, size) < 0) return -1;
    return finish(connection, &connection->receiving);
}

int socketserver_async_send_all(struct socketserver_async_connection *connection, const void *data, size_t size) {
    while (size > 0) {
        if (socketserver_async_start_send(connection, data, size) < 0) return -1;
        ssize_t sent = finish(connection, &connection->sending);
        if (sent < 0) return -1;
        data = (const char *)data + sent;
        size -= (size_t)sent;
    }
    return 0;
}

int socketserver_async_shutdown(struct socketserver_async_connection *connection) {
    if (connection->sending.state != IDLE) {
        errno = EINVAL;
        return -1;
    }
    if (!connection->shut_down) HANDLE(stream_u8_drop_writable)(connection->sent);
    connection->shut_down = true;
    return 0;
}

const struct socketserver_address *socketserver_async_remote_address(const struct socketserver_async_connection *connection) {
    return &connection->remote;
}

const struct socketserver_address *socketserver_async_local_address(const struct socketserver_async_connection *connection) {
    return &connection->local;
}

/** Takes back what the host still has of the handler's memory, and lets go of the streams. */
static void close_streams(struct socketserver_async_connection *connection) {
    bindings_waitable_join(connection->received, 0);
    if (connection->receiving.state == PENDING) {
        complete(HANDLE(stream_u8_cancel_read)(connection->received), connection->received);
    }
    HANDLE(stream_u8_drop_readable)(connection->received);
    HANDLE(future_result_void_error_code_drop_readable)(connection->received_end);
    if (!connection->shut_down) {
        bindings_waitable_join(connection->sent, 0);
        if (connection->sending.state == PENDING) {
            complete(HANDLE(stream_u8_cancel_write)(connection->sent), connection->sent);
        }
        HANDLE(stream_u8_drop_writable)(connection->sent);
    }
    bindings_waitable_set_drop(connection->waitables);
}

/** Tells the host how it ended: with nothing, or with why the handler has failed. */
static void end(end_writer writer, bool succeeded) {
    end_result result = {.is_err = !succeeded};
    if (!succeeded) {
        result.val.err.tag = SOCKETSERVER_CORE_NETWORK_ERROR_CODE_OTHER;
        result.val.err.val.other.is_some = true;
        socketserver_failure(&result.val.err.val.other.val);
    }
    complete(HANDLE(future_result_void_error_code_write)(writer, &result), writer);
    HANDLE(future_result_void_error_code_drop_writable)(writer);
    if (!succeeded) socketserver_core_network_error_code_free(&result.val.err);
}

/**
 * The handler is straight-line code: it waits inside, and never returns to the host to be called back.
 *
 * Its result is given away first. The host then reads what the handler sends while it goes on.
 */
bindings_callback_code_t HANDLE(handle)(HANDLE(connection_info_t) *info, HANDLE(stream_u8_t) received, end_reader received_end) {
    struct socketserver_async_connection connection = {
        .waitables = bindings_waitable_set_new(),
        .received = received,
        .received_end = received_end,
    };
    socketserver_take_address(&connection.remote, &info->remote_address);
    socketserver_take_address(&connection.local, &info->local_address);
    end_writer writer;
    HANDLE(result_tuple2_stream_u8_future_result_void_error_code_string_t) result = {
        .val.ok.f0 = HANDLE(stream_u8_new)(&connection.sent),
        .val.ok.f1 = HANDLE(future_result_void_error_code_new)(&writer),
    };
    HANDLE(handle_return)(result);
    bool succeeded = socketserver_async_handler(&connection) == 0;
    close_streams(&connection);
    end(writer, succeeded);
    return BINDINGS_CALLBACK_CODE_EXIT;
}

/** Never called: nothing asks the host to. */
bindings_callback_code_t HANDLE(handle_callback)(bindings_event_t *event) {
    (void)event;
    return BINDINGS_CALLBACK_CODE_EXIT;
}
