#include "socketserver/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "convert.h"
#include "socketserver/error.h"

/** What `SOCKETSERVER_PROGRAM` defines. */
int socketserver_program(int argc, char **argv);

/** What `ForkingMixIn` begins with. */
enum {
    FORKING_TIMEOUT = 300000,
    FORKING_MAX_CHILDREN = 40,
};

static const char *const reasons[] = {
    "bug",     "completed", "cpu-time", "exit",   "handler-error", "idle",      "instantiate",
    "killed",  "lifetime",  "memory",   "reset",  "timed-out",     "trap",
};

_Static_assert((int)SOCKETSERVER_REASON_BUG == SOCKETSERVER_CORE_SERVER_REASON_BUG &&
                   (int)SOCKETSERVER_REASON_TRAP == SOCKETSERVER_CORE_SERVER_REASON_TRAP &&
                   SOCKETSERVER_REASON_TRAP + 1 == sizeof reasons / sizeof reasons[0],
               "the reasons are those of the WIT");

const char *socketserver_reason_text(enum socketserver_reason reason) {
    return (size_t)reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "unknown";
}

/** Writes all of it to standard error, as far as that takes it. */
static void print(const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, text, size);
        if (written <= 0) return;
        text += written;
        size -= (size_t)written;
    }
}

/** The arguments that the operator gives the program, after a name, with a null pointer at their end. */
static char **arguments(size_t *count) {
    size_t size;
    if (__wasi_args_sizes_get(count, &size) != 0) *count = size = 0;
    char **arguments = calloc(*count + 1, sizeof *arguments);
    uint8_t *text = malloc(size + 1);
    if (arguments == NULL || text == NULL) abort();
    if (*count > 0 && __wasi_args_get((uint8_t **)arguments, text) != 0) abort();
    return arguments;
}

bool exports_wasi_cli_run_run(void) {
    size_t count;
    char **argv = arguments(&count);
    if (socketserver_program((int)count, argv) == 0) return true;
    static const char begin[] = "Error: ";
    bindings_string_t message;
    socketserver_failure(&message);
    print(begin, sizeof begin - 1);
    print((const char *)message.ptr, message.len);
    print("\n", 1);
    bindings_string_free(&message);
    return false;
}

static socketserver_core_server_borrow_server_t borrow_server(const struct socketserver_server *server) {
    return (socketserver_core_server_borrow_server_t){server->state.handle};
}

static bool is_bound(const struct socketserver_server *server) {
    return server->state.handle != 0;
}

static int refuse_state(void) {
    socketserver_core_network_error_code_t error = {.tag = SOCKETSERVER_CORE_NETWORK_ERROR_CODE_INVALID_STATE};
    return socketserver_set_error(&error);
}

void socketserver_server_init(struct socketserver_server *server, const char *url, enum socketserver_concurrency concurrency) {
    bool is_forking = concurrency == SOCKETSERVER_FORKING;
    *server = (struct socketserver_server){
        .timeout = is_forking ? FORKING_TIMEOUT : -1,
        .max_children = is_forking ? FORKING_MAX_CHILDREN : 0,
        .block_on_close = true,
        .request_queue_size = SOCKETSERVER_OPERATOR,
        .allow_reuse_address = SOCKETSERVER_OPERATOR,
        .allow_reuse_port = SOCKETSERVER_OPERATOR,
        .max_packet_size = SOCKETSERVER_OPERATOR,
        .server_bind = socketserver_base_server_bind,
        .server_activate = socketserver_base_server_activate,
        .server_close = socketserver_base_server_close,
        .get_request = socketserver_base_get_request,
        .verify_request = socketserver_base_verify_request,
        .process_request = socketserver_base_process_request,
        .finish_request = socketserver_base_finish_request,
        .shutdown_request = socketserver_base_shutdown_request,
        .close_request = socketserver_base_close_request,
        .handle_timeout = socketserver_base_handle_timeout,
        .handle_error = socketserver_base_handle_error,
        .collect_children = socketserver_base_collect_children,
        .service_actions = socketserver_base_service_actions,
        .state = {.url = url, .concurrency = concurrency},
    };
}

static void set_suspended(const struct socketserver_server *server) {
    if (!is_bound(server)) return;
    if (server->state.suspended || server->state.full) {
        socketserver_core_server_method_server_suspend(borrow_server(server));
    } else {
        socketserver_core_server_method_server_resume(borrow_server(server));
    }
}

void socketserver_server_suspend(struct socketserver_server *server) {
    server->state.suspended = true;
    set_suspended(server);
}

void socketserver_server_resume(struct socketserver_server *server) {
    server->state.suspended = false;
    set_suspended(server);
}

bool socketserver_server_is_stopping(const struct socketserver_server *server) {
    return server->state.stopping;
}

int socketserver_base_server_bind(struct socketserver_server *server) {
    if (is_bound(server)) return refuse_state();
    socketserver_core_server_server_options_t options = {
        .request_queue_size = {server->request_queue_size >= 0, (uint32_t)server->request_queue_size},
        .reuse_address = {server->allow_reuse_address >= 0, server->allow_reuse_address > 0},
        .reuse_port = {server->allow_reuse_port >= 0, server->allow_reuse_port > 0},
        .max_packet_size = {server->max_packet_size >= 0, (uint32_t)server->max_packet_size},
        .handler = {.is_some = server->handler != NULL},
    };
    if (server->handler != NULL) bindings_string_set(&options.handler.val, server->handler);
    bindings_string_t url;
    bindings_string_set(&url, server->state.url);
    socketserver_core_server_own_server_t own;
    socketserver_core_network_error_code_t error;
    if (!socketserver_core_server_static_server_create(&url, &options, &own, &error)) return socketserver_set_error(&error);
    if (!socketserver_core_server_method_server_bind(socketserver_core_server_borrow_server(own), &error)) {
        socketserver_core_server_server_drop_own(own);
        return socketserver_set_error(&error);
    }
    server->state.handle = own.__handle;
    if (server->state.suspended) set_suspended(server);
    return 0;
}

int socketserver_base_server_activate(struct socketserver_server *server) {
    if (!is_bound(server)) return refuse_state();
    socketserver_core_network_error_code_t error;
    if (!socketserver_core_server_method_server_activate(borrow_server(server), &error)) return socketserver_set_error(&error);
    return 0;
}

int socketserver_server_bind_and_activate(struct socketserver_server *server) {
    if (server->server_bind(server) == 0 && server->server_activate(server) == 0) return 0;
    // Closing may fail in its own ways; the caller wants to know how this did.
    int error = errno;
    server->server_close(server);
    errno = error;
    return -1;
}

struct socketserver_counters socketserver_server_counters(const struct socketserver_server *server) {
    if (!is_bound(server)) return (struct socketserver_counters){0};
    socketserver_core_server_counters_t counters;
    socketserver_core_server_method_server_get_counters(borrow_server(server), &counters);
    return (struct socketserver_counters){counters.accepted, counters.active, counters.rejected};
}

uint32_t socketserver_server_fileno(const struct socketserver_server *server) {
    return is_bound(server) ? socketserver_core_server_method_server_get_number(borrow_server(server)) : 0;
}

bool socketserver_server_address(const struct socketserver_server *server, struct socketserver_address *address) {
    socketserver_core_network_socket_address_t bound;
    if (!is_bound(server) || !socketserver_core_server_method_server_get_address(borrow_server(server), &bound)) return false;
    socketserver_take_address(address, &bound);
    return true;
}

static void report(struct socketserver_server *server, socketserver_core_server_outcome_t *from) {
    struct socketserver_outcome outcome = {.reason = (enum socketserver_reason)from->reason};
    socketserver_take_address(&outcome.remote, &from->remote);
    char *message = NULL;
    if (from->message.is_some) {
        // A string of C has no zero byte in it: what comes after one is lost.
        message = strndup((const char *)from->message.val.ptr, from->message.val.len);
        if (message == NULL) abort();
        bindings_string_free(&from->message.val);
    }
    outcome.message = message;
    if (outcome.reason != SOCKETSERVER_REASON_COMPLETED) server->handle_error(server, &outcome);
    free(message);
}

/** Reports what has ended, and returns how many that were. */
static size_t collect(struct socketserver_server *server) {
    if (!is_bound(server)) return 0;
    socketserver_core_server_list_outcome_t outcomes;
    socketserver_core_server_method_server_collect(borrow_server(server), &outcomes);
    for (size_t i = 0; i < outcomes.len; i++) report(server, &outcomes.ptr[i]);
    // Each outcome was freed when it was reported, so this is the memory of the list alone.
    if (outcomes.len > 0) free(outcomes.ptr);
    return outcomes.len;
}

void socketserver_base_collect_children(struct socketserver_server *server) {
    collect(server);
}

/** For a server that is closed: waits until no request is left in the background, and reports how they ended. */
static void join(struct socketserver_server *server) {
    for (;;) {
        // In this order: none becomes active any more, so what was collected after 0 was seen is all there is.
        uint32_t active = socketserver_server_counters(server).active;
        if (collect(server) > 0) continue;
        if (active == 0) return;
        socketserver_core_server_event_t event;
        socketserver_core_network_error_code_t error;
        if (!socketserver_core_server_method_server_wait(borrow_server(server), NULL, &event, &error)) {
            socketserver_core_network_error_code_free(&error);
            return;
        }
    }
}

void socketserver_base_server_close(struct socketserver_server *server) {
    if (is_bound(server)) {
        if (!server->state.closed) socketserver_core_server_method_server_close(borrow_server(server));
        if (server->block_on_close && !server->daemon_threads) join(server);
    }
    server->state.closed = true;
    server->collect_children(server);
}

void socketserver_server_close(struct socketserver_server *server) {
    server->server_close(server);
}

int socketserver_base_get_request(struct socketserver_server *server, struct socketserver_request *request) {
    if (!is_bound(server)) return refuse_state();
    socketserver_core_server_own_request_t own;
    socketserver_core_network_error_code_t error;
    if (!socketserver_core_server_method_server_get_request(borrow_server(server), &own, &error)) {
        return socketserver_set_error(&error);
    }
    socketserver_core_network_socket_address_t remote;
    socketserver_core_server_method_request_get_remote_address(socketserver_core_server_borrow_request(own), &remote);
    socketserver_take_address(&request->remote, &remote);
    request->handle = own.__handle;
    return 0;
}

/** Takes the handle out of a request, so that nothing is done twice. */
static bool take_handle(struct socketserver_request *request, socketserver_core_server_own_request_t *own) {
    own->__handle = request->handle;
    request->handle = 0;
    return own->__handle != 0;
}

bool socketserver_base_verify_request(struct socketserver_server *server, const struct socketserver_request *request) {
    (void)server;
    (void)request;
    return true;
}

void socketserver_base_process_request(struct socketserver_server *server, struct socketserver_request *request) {
    socketserver_core_server_own_request_t own;
    if (server->state.concurrency == SOCKETSERVER_ONE_AT_A_TIME) {
        server->finish_request(server, request);
    } else if (take_handle(request, &own)) {
        socketserver_core_server_static_request_process(own);
    }
}

void socketserver_base_finish_request(struct socketserver_server *server, struct socketserver_request *request) {
    socketserver_core_server_own_request_t own;
    if (!take_handle(request, &own)) return;
    socketserver_core_server_outcome_t outcome;
    socketserver_core_server_static_request_finish(own, &outcome);
    report(server, &outcome);
}

void socketserver_base_shutdown_request(struct socketserver_server *server, struct socketserver_request *request) {
    server->close_request(server, request);
}

void socketserver_base_close_request(struct socketserver_server *server, struct socketserver_request *request) {
    (void)server;
    socketserver_core_server_own_request_t own;
    if (take_handle(request, &own)) socketserver_core_server_request_drop_own(own);
}

void socketserver_base_handle_timeout(struct socketserver_server *server) {
    server->collect_children(server);
}

/** As Python does, between two lines; in one piece, so that it stays together in a log. */
void socketserver_base_handle_error(struct socketserver_server *server, const struct socketserver_outcome *outcome) {
    (void)server;
    static const char line[] = "----------------------------------------\n";
    char remote[SOCKETSERVER_ADDRESS_TEXT_SIZE];
    socketserver_address_text(&outcome->remote, remote, sizeof remote);
    const char *parts[] = {
        line, "Exception occurred during processing of request from ", remote, "\n",
        socketserver_reason_text(outcome->reason), outcome->message == NULL ? "" : ": ",
        outcome->message == NULL ? "" : outcome->message, "\n", line,
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) size += strlen(parts[i]);
    char *text = malloc(size + 1), *end = text;
    if (text == NULL) abort();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) end = stpcpy(end, parts[i]);
    print(text, size);
    free(text);
}

void socketserver_base_service_actions(struct socketserver_server *server) {
    (void)server;
}

/** Waits for the next event, and for no request while all children are busy. */
static int wait_for_event(struct socketserver_server *server, int milliseconds, socketserver_core_server_event_t *event) {
    if (!is_bound(server)) return refuse_state();
    if (server->max_children > 0 && server->state.concurrency != SOCKETSERVER_ONE_AT_A_TIME) {
        // Suspending, and not a second loop: hooks are called and timeouts pass while there is no room.
        bool full = socketserver_server_counters(server).active >= server->max_children;
        if (full != server->state.full) {
            server->state.full = full;
            set_suspended(server);
        }
    }
    uint32_t bound;
    socketserver_core_network_error_code_t error;
    if (!socketserver_core_server_method_server_wait(borrow_server(server), socketserver_bound(milliseconds, &bound), event,
                                                     &error)) {
        return socketserver_set_error(&error);
    }
    if (*event == SOCKETSERVER_CORE_SERVER_EVENT_SHUTDOWN) server->state.stopping = true;
    return 0;
}

/** Takes a request and has it handled. Returns false when there was none after all, so that who wants one waits on. */
static bool take_request(struct socketserver_server *server) {
    struct socketserver_request request = {.handle = 0};
    if (server->get_request(server, &request) < 0) return errno != ETIMEDOUT;
    if (server->verify_request(server, &request)) {
        server->process_request(server, &request);
    } else {
        server->shutdown_request(server, &request);
    }
    // A hook that did nothing with the request has refused it.
    socketserver_base_close_request(server, &request);
    return true;
}

int socketserver_server_serve_forever_with(struct socketserver_server *server, int poll_interval) {
    int result = 0;
    while (result == 0 && !server->state.shutdown_requested) {
        socketserver_core_server_event_t event;
        result = wait_for_event(server, poll_interval, &event);
        if (result < 0 || event == SOCKETSERVER_CORE_SERVER_EVENT_SHUTDOWN) break;
        if (event == SOCKETSERVER_CORE_SERVER_EVENT_REQUEST) take_request(server);
        if (event == SOCKETSERVER_CORE_SERVER_EVENT_FINISHED) server->collect_children(server);
        server->service_actions(server);
    }
    server->state.shutdown_requested = false;
    return result;
}

int socketserver_server_serve_forever(struct socketserver_server *server) {
    return socketserver_server_serve_forever_with(server, SOCKETSERVER_POLL_INTERVAL);
}

/** Milliseconds of a clock that only goes forward. */
static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int socketserver_server_handle_request(struct socketserver_server *server) {
    int64_t deadline = server->timeout < 0 ? 0 : now() + server->timeout;
    for (;;) {
        int left = -1;
        if (server->timeout >= 0) {
            int64_t until = deadline - now();
            left = until < 0 ? 0 : (int)until;
        }
        socketserver_core_server_event_t event;
        if (wait_for_event(server, left, &event) < 0) return -1;
        switch (event) {
        case SOCKETSERVER_CORE_SERVER_EVENT_REQUEST:
            if (take_request(server)) return 1;
            break;
        case SOCKETSERVER_CORE_SERVER_EVENT_FINISHED:
            server->collect_children(server);
            break;
        case SOCKETSERVER_CORE_SERVER_EVENT_TIMED_OUT:
            server->handle_timeout(server);
            return 1;
        default:
            return 0;
        }
    }
}

void socketserver_server_shutdown(struct socketserver_server *server) {
    server->state.shutdown_requested = true;
}
