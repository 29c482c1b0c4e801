/**
 * Server programs: components that drive servers themselves, with Python's hooks.
 *
 *     static bool verify(struct socketserver_server *server, const struct socketserver_request *request) {
 *         return request->remote.family == SOCKETSERVER_UNIX;
 *     }
 *
 *     static int program(int argc, char **argv) {
 *         struct socketserver_server server;
 *         socketserver_server_init(&server, "unix:///run/echo.sock", SOCKETSERVER_THREADING);
 *         server.verify_request = verify;
 *         if (socketserver_server_bind_and_activate(&server) < 0) return -1;
 *         int result = socketserver_server_serve_forever(&server);
 *         socketserver_server_close(&server);
 *         return result;
 *     }
 *
 *     SOCKETSERVER_PROGRAM(program)
 *
 * There is one instance of the program, from its start to its end. Each request is handled in a fresh instance of a handler:
 * of the component itself, if it has one, or of another that the operator names. Hooks run in the program, one after the other.
 */
#ifndef SOCKETSERVER_SERVER_H
#define SOCKETSERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "socketserver/address.h"
#include "socketserver/connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a server handles its requests. Each of them has a fresh instance of the handler in any case. */
enum socketserver_concurrency {
    /** One at a time; the others wait. Python equivalent: no mixin */
    SOCKETSERVER_ONE_AT_A_TIME,
    /** In the background, any number at a time. Python equivalent: `ThreadingMixIn` */
    SOCKETSERVER_THREADING,
    /** In the background, 40 at a time unless told otherwise. Python equivalent: `ForkingMixIn` */
    SOCKETSERVER_FORKING,
};

/** Why a request ended. */
enum socketserver_reason {
    SOCKETSERVER_REASON_BUG,
    SOCKETSERVER_REASON_COMPLETED,
    SOCKETSERVER_REASON_CPU_TIME,
    SOCKETSERVER_REASON_EXIT,
    SOCKETSERVER_REASON_HANDLER_ERROR,
    SOCKETSERVER_REASON_IDLE,
    SOCKETSERVER_REASON_INSTANTIATE,
    SOCKETSERVER_REASON_KILLED,
    SOCKETSERVER_REASON_LIFETIME,
    SOCKETSERVER_REASON_MEMORY,
    SOCKETSERVER_REASON_RESET,
    SOCKETSERVER_REASON_TIMED_OUT,
    SOCKETSERVER_REASON_TRAP,
};

/** The name of a reason, as in the log: `cpu-time`. */
const char *socketserver_reason_text(enum socketserver_reason reason);

/** How a request ended. It is valid during the call that it is given to. */
struct socketserver_outcome {
    /** Who had sent it. */
    struct socketserver_address remote;
    enum socketserver_reason reason;
    /** The handler's words, or the host's; `NULL` if there are none. */
    const char *message;
};

/** A request that was taken. Once it is finished, processed or closed, `handle` is 0. */
struct socketserver_request {
    /** Who sent it. */
    struct socketserver_address remote;
    /** The host's number for it. */
    int32_t handle;
};

/** Numbers of one server. They wrap around at 2 to the power of 32. */
struct socketserver_counters {
    /** Requests that were finished or processed. */
    uint32_t accepted;
    /** Those that are being handled. */
    uint32_t active;
    /** Requests that were refused, by the program or by a limit. */
    uint32_t rejected;
};

/** For settings that are as the operator has set them. */
#define SOCKETSERVER_OPERATOR (-1)

/** How often `socketserver_server_serve_forever` calls `service_actions` while nothing happens, in milliseconds. */
#define SOCKETSERVER_POLL_INTERVAL 500

/**
 * A server: its settings, and its hooks, which do what Python's do until others are put in their place. What a hook of yours
 * replaces is still there, by the name `socketserver_base_` and the hook's: Python's `super()`.
 */
struct socketserver_server {
    /** For the hooks. */
    void *user;
    /** How long `socketserver_server_handle_request` waits, in milliseconds; negative is as long as it takes. */
    int timeout;
    /** How many requests are handled at a time in the background, at most; 0 is any number. Further ones wait. */
    uint32_t max_children;
    /** Whether `socketserver_server_close` waits for the requests in the background. */
    bool block_on_close;
    /** Whether requests in the background are nothing to wait for, whatever `block_on_close` says. */
    bool daemon_threads;
    /** Connections that the kernel may hold until they are taken, or `SOCKETSERVER_OPERATOR`. */
    int request_queue_size;
    /** Bind although connections of an earlier server linger: 0, 1 or `SOCKETSERVER_OPERATOR`. */
    int allow_reuse_address;
    /** Share the address with other servers that ask for this too: 0, 1 or `SOCKETSERVER_OPERATOR`. */
    int allow_reuse_port;
    /** Bytes of a datagram that are received, or `SOCKETSERVER_OPERATOR`. */
    int max_packet_size;
    /** The component that handles the requests, by the name that the operator gave it; `NULL` is the program itself if it has a
     * handler, or else the only one that was given. The string must stay until the server is bound. */
    const char *handler;

    /** Bind the address. */
    int (*server_bind)(struct socketserver_server *server);
    /** Take requests from here on. */
    int (*server_activate)(struct socketserver_server *server);
    /** Stop listening, and wait as `block_on_close` says. */
    void (*server_close)(struct socketserver_server *server);
    /** Take the next request. -1 is that there is none, and is passed over in silence. */
    int (*get_request)(struct socketserver_server *server, struct socketserver_request *request);
    /** Whether to handle a request; otherwise it is shut down. */
    bool (*verify_request)(struct socketserver_server *server, const struct socketserver_request *request);
    /** Have a request handled: finish it here, or in the background. */
    void (*process_request)(struct socketserver_server *server, struct socketserver_request *request);
    /** Handle a request here, and report if it failed. Not called for requests in the background. */
    void (*finish_request)(struct socketserver_server *server, struct socketserver_request *request);
    /** Refuse a request that is not to be handled. */
    void (*shutdown_request)(struct socketserver_server *server, struct socketserver_request *request);
    /** Close a request that was not handled. */
    void (*close_request)(struct socketserver_server *server, struct socketserver_request *request);
    /** Called when no request has come within `timeout`. Collects the children. */
    void (*handle_timeout)(struct socketserver_server *server);
    /** Called with how a request ended, unless its handler succeeded. Prints it to standard error. */
    void (*handle_error)(struct socketserver_server *server, const struct socketserver_outcome *outcome);
    /** Report how requests in the background ended. Does not wait. */
    void (*collect_children)(struct socketserver_server *server);
    /** Called after every event, and when none has happened for the poll interval. Does nothing. */
    void (*service_actions)(struct socketserver_server *server);

    /** The library's own. */
    struct {
        const char *url;
        enum socketserver_concurrency concurrency;
        int32_t handle;
        bool closed;
        bool suspended;
        bool full;
        bool stopping;
        bool shutdown_requested;
    } state;
};

/**
 * Prepare a server for an address, which is a URL: `tcp://127.0.0.1:9999`, `udp://[::1]:53`, `unix:///run/echo.sock`. Nothing is
 * bound yet. The string must stay until the server is bound.
 */
void socketserver_server_init(struct socketserver_server *server, const char *url, enum socketserver_concurrency concurrency);

/**
 * Bind and activate; and close, when one of them fails. Returns 0.
 *
 * Errors: `EACCES` (the operator has not granted the address), `EINVAL` (the address is none, or there is no such handler),
 * `EADDRINUSE`, `EADDRNOTAVAIL`, `ENOTCONN` (it was bound before).
 */
int socketserver_server_bind_and_activate(struct socketserver_server *server);

/**
 * Serve until `socketserver_server_shutdown` is called or the operator wants the program to end. Returns 0.
 *
 * Errors: `ENOTCONN` (the server is not active). What happens to single requests is no error: see `handle_error`.
 */
int socketserver_server_serve_forever(struct socketserver_server *server);

/** The same with another poll interval, in milliseconds; negative waits for events alone. */
int socketserver_server_serve_forever_with(struct socketserver_server *server, int poll_interval);

/**
 * Handle one request, if one comes within `timeout`; otherwise call `handle_timeout`. Returns 1, or 0 when the operator wants the
 * program to end: `while ((result = socketserver_server_handle_request(&server)) > 0) {}`.
 *
 * Errors: as of `socketserver_server_serve_forever`.
 */
int socketserver_server_handle_request(struct socketserver_server *server);

/** End `socketserver_server_serve_forever` when the hook that calls this has returned. */
void socketserver_server_shutdown(struct socketserver_server *server);

/** Call `server_close`. A server that is closed stays so. Every server that was bound should be closed. */
void socketserver_server_close(struct socketserver_server *server);

/** The address that is bound, with the port that the system chose. Returns false if none is. */
bool socketserver_server_address(const struct socketserver_server *server, struct socketserver_address *address);

/** A number that stands for the server in logs; 0 before it is bound. */
uint32_t socketserver_server_fileno(const struct socketserver_server *server);

/** The numbers of this moment; all are 0 before the address is bound. Python equivalent: `active_children` */
struct socketserver_counters socketserver_server_counters(const struct socketserver_server *server);

/** Leave requests in the kernel's buffers until `socketserver_server_resume`. */
void socketserver_server_suspend(struct socketserver_server *server);

/** Take requests again. */
void socketserver_server_resume(struct socketserver_server *server);

/** Whether the operator wants the program to end. */
bool socketserver_server_is_stopping(const struct socketserver_server *server);

int socketserver_base_server_bind(struct socketserver_server *server);
int socketserver_base_server_activate(struct socketserver_server *server);
void socketserver_base_server_close(struct socketserver_server *server);
int socketserver_base_get_request(struct socketserver_server *server, struct socketserver_request *request);
bool socketserver_base_verify_request(struct socketserver_server *server, const struct socketserver_request *request);
void socketserver_base_process_request(struct socketserver_server *server, struct socketserver_request *request);
void socketserver_base_finish_request(struct socketserver_server *server, struct socketserver_request *request);
void socketserver_base_shutdown_request(struct socketserver_server *server, struct socketserver_request *request);
void socketserver_base_close_request(struct socketserver_server *server, struct socketserver_request *request);
void socketserver_base_handle_timeout(struct socketserver_server *server);
void socketserver_base_handle_error(struct socketserver_server *server, const struct socketserver_outcome *outcome);
void socketserver_base_collect_children(struct socketserver_server *server);
void socketserver_base_service_actions(struct socketserver_server *server);

/**
 * Make `program`, an `int (int argc, char **argv)`, the program of this component: the host calls it once. Something else than 0
 * is a failure; why, as of a handler, is printed to standard error.
 */
#define SOCKETSERVER_PROGRAM(program)                                                                                          \
    SOCKETSERVER_DEFINITION int socketserver_program(int argc, char **argv) {                                                 \
        return program(argc, argv);                                                                                            \
    }

#ifdef __cplusplus
}
#endif

#endif
