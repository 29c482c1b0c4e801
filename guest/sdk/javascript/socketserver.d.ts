/**
 * Python's `socketserver` for handlers in JavaScript and TypeScript that run as WebAssembly components.
 *
 * A source file is a handler by what it exports:
 *
 * - `handle(connection)`: serves one connection; a {@link StreamHandler}.
 * - `handleAsync(connection)`: the same, and may wait for several things at once; an {@link AsyncStreamHandler}.
 * - `handleDatagram(request)`: serves one datagram; a {@link DatagramHandler}.
 * - `main(args)`: a server program, which drives its own {@link Server}; a {@link Program}.
 *
 * Each connection has an instance of the module of its own, which is dropped when the handler has ended. The top level of the
 * module runs once, when the component is built.
 */
declare module "socketserver" {
  /** What can be sent: a string in UTF-8, or bytes. */
  export type Data = string | ArrayBuffer | ArrayBufferView;

  /**
   * Serves one connection, which is closed when this has returned or thrown.
   *
   * When it throws, the error, with its message and where it comes from, is in the log of the server; the peer sees the end of
   * the stream after all that was sent.
   *
   * Python equivalent: `socketserver.BaseRequestHandler.handle()`
   */
  export type StreamHandler = (connection: Connection) => void;

  /**
   * Serves one connection, and may wait for a timer beside its peer. The connection is closed when the promise has settled.
   * Errors are treated as those of a {@link StreamHandler}.
   *
   * Python equivalent: the callback of `asyncio.start_server()`
   */
  export type AsyncStreamHandler = (connection: AsyncConnection) => Promise<void>;

  /**
   * Serves one datagram. Errors are treated as those of a {@link StreamHandler}.
   *
   * Python equivalent: `handle()` of a `socketserver.UDPServer`'s handler
   */
  export type DatagramHandler = (request: DatagramRequest) => void;

  /** The main function of a server program, with the arguments of the command line. The program has failed when it throws. */
  export type Program = (args: string[]) => void;

  /** Why an operation on the network failed; the names are those of the WIT's `error-code`. */
  export type ErrorCode =
    | "access-denied"
    | "address-in-use"
    | "address-not-bindable"
    | "invalid-argument"
    | "invalid-state"
    | "out-of-memory"
    | "timeout"
    | "remote-unreachable"
    | "connection-broken"
    | "connection-reset"
    | "connection-aborted"
    | "datagram-too-large"
    | "other";

  /**
   * An operation on the network that failed.
   *
   * Python equivalent: `OSError`, `TimeoutError`, `ConnectionResetError`, `BrokenPipeError`, …
   */
  export class SocketError extends Error {
    constructor(code: ErrorCode, message?: string);
    /** Why, for programs; `message` is for people. */
    readonly code: ErrorCode;
  }

  /** A line was longer than the caller allows. The connection is of no more use for lines then. */
  export class LineTooLongError extends Error {
    constructor(max: number);
    /** How many bytes were allowed. */
    readonly max: number;
  }

  /**
   * One end of a connection, or who sent a datagram. Which properties there are depends on `family`.
   *
   * Python equivalent: `socketserver.BaseRequestHandler.client_address`
   */
  export class Address {
    private constructor();
    readonly family: "IPv4" | "IPv6" | "Unix";
    /** IPv4 and IPv6: the address as text. */
    readonly address?: string;
    /** IPv4 and IPv6: the port; 0 where the transport has none. */
    readonly port?: number;
    /** IPv6: the flow information; 0 where there is none. */
    readonly flowInfo?: number;
    /** IPv6: the zone of a link-local address; 0 where there is none. */
    readonly scopeId?: number;
    /** Unix: a path, `@name` for an abstract name, or `null` for a socket without a name. */
    readonly path?: string | null;
    /** `127.0.0.1:9999`, `[::1]:9999`, or a path. */
    toString(): string;
  }

  /**
   * The connection of a handler: all of the network that it can reach.
   *
   * Calls that wait stop this handler alone. Iterating gives the chunks that are received, up to the end of the stream.
   *
   * Every method throws a {@link SocketError}: `connection-reset` or `remote-unreachable` when the connection has failed,
   * `timeout` when the time of {@link setTimeout} has passed, `invalid-state` after {@link close}.
   *
   * Python equivalent: `socketserver.BaseRequestHandler.request`
   */
  export class Connection implements Iterable<Uint8Array>, Disposable {
    private constructor();

    /**
     * Receive at least one byte and at most `max`, or `null` at the end of the stream. One call returns at most 65,536 bytes.
     *
     * Over a transport that keeps messages (`unixpacket`) it returns one; one of more than `max` bytes is the error
     * `datagram-too-large`, and can be received with a larger `max`.
     *
     * @param max at least 1, or a `RangeError`; 65,536 unless given
     */
    receive(max?: number): Uint8Array | null;

    /**
     * Receive a line, without its end (`\n` or `\r\n`), or `null` at the end of the stream. What is not UTF-8 is U+FFFD. A last
     * line needs no end.
     *
     * @param max bytes of a line, 8,192 unless given; a longer one is a {@link LineTooLongError}
     */
    readLine(max?: number): string | null;

    /** The same, as bytes. */
    readLineBytes(max?: number): Uint8Array | null;

    /** The lines up to the end of the stream, as {@link readLine} returns them. */
    lines(max?: number): Iterable<string>;

    [Symbol.iterator](): Iterator<Uint8Array>;

    /** Send at least one byte, and return how many were taken. `connection-broken`: the peer has closed the connection. */
    send(data: Data): number;

    /** Send everything. After an error it cannot be told how much was sent. `connection-broken`: as for {@link send}. */
    sendAll(data: Data): void;

    /** Wait until `receive` or `send` would not have to, and return which. Python equivalent: `selectors` */
    wait(interest: Readiness): Required<Readiness>;

    /**
     * Bound each later call that waits, in milliseconds; `null`, the state of a new connection, is no bound. With 0, a call that
     * would have to wait fails with `timeout` at once.
     */
    setTimeout(milliseconds: number | null): void;

    /** Close a direction: `"send"`, unless told otherwise, tells the peer that nothing more comes. */
    shutdown(how?: "receive" | "send" | "both"): void;

    /** The address of the peer. */
    readonly remoteAddress: Address;

    /** The address that the peer connected to. */
    readonly localAddress: Address;

    /** Close the connection. It need not be called: the end of the handler does it. */
    close(): void;

    [Symbol.dispose](): void;
  }

  /** The directions of {@link Connection.wait}. */
  export interface Readiness {
    readable?: boolean;
    writable?: boolean;
  }

  /**
   * The connection of an asynchronous handler. Iterating it with `for await` gives the chunks that are received.
   *
   * Several calls at once receive one after the other. One that {@link timeout} has given up loses nothing: what it would have
   * received is for the next call. `Promise.race` cannot give a call up: keep its promise, and race that again. Errors are those of
   * {@link Connection}.
   */
  export class AsyncConnection implements AsyncIterable<Uint8Array> {
    private constructor();
    /** As {@link Connection.receive}. */
    receive(max?: number): Promise<Uint8Array | null>;
    /** As {@link Connection.readLine}. */
    readLine(max?: number): Promise<string | null>;
    /** As {@link Connection.readLineBytes}. */
    readLineBytes(max?: number): Promise<Uint8Array | null>;
    /** As {@link Connection.lines}. */
    lines(max?: number): AsyncIterable<string>;
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
    /** Send everything. Several calls at once send one after the other. */
    sendAll(data: Data): Promise<void>;
    /** Tell the peer that nothing more comes. */
    shutdown(): Promise<void>;
    readonly remoteAddress: Address;
    readonly localAddress: Address;
  }

  /**
   * What an HTTP request has beside its body.
   *
   * Python equivalent: `http.server.BaseHTTPRequestHandler`'s `command`, `path` and `headers`
   */
  export interface HttpRequest {
    /** As it stands in the request: `GET`. */
    method: string;
    /** `http` or `https`, where the server knows. */
    scheme: string | null;
    /** The host that the client asked, and the port where it is not the scheme's own: `example.org:8080`. */
    authority: string | null;
    /** The path, and the query if there is one: `/search?q=socket`. */
    pathWithQuery: string | null;
    /** The header fields in their order; a name may come several times, and a value need not be UTF-8. */
    headers: [name: string, value: Uint8Array][];
  }

  /**
   * The request that the connection being handled is; `null` where it is no request, and at the build.
   *
   * A handler of bytes that is behind HTTP (`socketserver bundle --for wasmtime-serve`) receives the body of a request, and sends
   * the body of the response. Where one instance serves several connections at once, as an asynchronous handler may in a runtime
   * that is not ours, this is the request that it was called for last: ask before waiting for anything.
   */
  export function httpRequest(): HttpRequest | null;

  /** A promise for when the time has passed. In asynchronous handlers alone. */
  export function sleep(milliseconds: number): Promise<void>;

  /**
   * What `promise` gives, or a {@link TimeoutError} when the time has passed before. In asynchronous handlers alone.
   *
   * What makes the promise goes on, unless it is a call of an {@link AsyncConnection} that receives.
   */
  export function timeout<T>(milliseconds: number, promise: Promise<T>): Promise<T>;

  /** The time of {@link timeout} has passed. */
  export class TimeoutError extends Error {}

  /**
   * One received datagram, and the way to answer it.
   *
   * Python equivalent: `socketserver.DatagramRequestHandler`
   */
  export class DatagramRequest implements Disposable {
    private constructor();
    /** What was received. */
    readonly data: Uint8Array;
    /** What was received, as text; what is not UTF-8 is U+FFFD. */
    text(): string;
    /** Whether the datagram was longer than the server receives: `data` is its beginning, and the rest is lost. */
    readonly isTruncated: boolean;
    /** Who sent it. */
    readonly remoteAddress: Address;
    /** The address that it was sent to. */
    readonly localAddress: Address;
    /**
     * Send a datagram to who sent this one; any number of times, also never.
     *
     * Throws a {@link SocketError}: `datagram-too-large`, `connection-broken` when nobody receives there any more,
     * `remote-unreachable`, `timeout`, or `invalid-argument` for a Unix sender without a name.
     */
    reply(data: Data): void;
    /** Bound each later {@link reply}, in milliseconds; `null` is no bound. */
    setTimeout(milliseconds: number | null): void;
    /** Give the socket back. It need not be called: the end of the handler does it. */
    close(): void;
    [Symbol.dispose](): void;
  }

  /** What a {@link Server} is made with. What is not given is as the operator has set it. */
  export interface ServerOptions {
    /**
     * `"threading"` handles any number of requests at a time, `"forking"` at most `maxChildren`, `"sequential"` one after the
     * other. Each request has a sandbox of its own in any case. Python equivalent: the mixins
     */
    concurrency?: "threading" | "forking" | "sequential";
    /** False: bound later, by {@link Server.bindAndActivate}. */
    bindAndActivate?: boolean;
    /** How long {@link Server.handleRequest} waits, in milliseconds; `null` for as long as it takes. 300,000 when forking. */
    timeout?: number | null;
    /** How many requests are handled in the background at a time, at most; 40 when forking. */
    maxChildren?: number | null;
    /** Whether {@link Server.close} waits for the requests in the background; true unless given. */
    blockOnClose?: boolean;
    /** Whether requests in the background are nothing to wait for. */
    daemonThreads?: boolean;
    /** Connections that the kernel may hold until they are taken. */
    requestQueueSize?: number | null;
    allowReuseAddress?: boolean | null;
    allowReusePort?: boolean | null;
    /** Bytes of a datagram that are received. */
    maxPacketSize?: number | null;
    /** The component that handles the requests, by the name of `--handler name=path`; this one unless given. */
    handler?: string | null;
  }

  /**
   * A server of a server program. Derive a class from it to override its steps, as one does in Python.
   *
   * Hooks run in the program, with all of its state; handlers run in sandboxes of their own and share nothing with it.
   *
   * Python equivalent: `socketserver.BaseServer` and its subclasses
   */
  export class Server implements Disposable {
    /**
     * Makes a server, and binds it unless told otherwise.
     *
     * Throws a {@link SocketError}: `access-denied` when the operator has not granted the address (`--allow-bind`),
     * `invalid-argument` for an address that is none, `address-in-use`, `address-not-bindable`.
     *
     * @param address a URL as for `--listen`, or `["127.0.0.1", 9999]` for TCP
     */
    constructor(address: string | [host: string, port: number], options?: ServerOptions);

    timeout: number | null;
    maxChildren: number | null;
    blockOnClose: boolean;
    daemonThreads: boolean;
    requestQueueSize: number | null;
    allowReuseAddress: boolean | null;
    allowReusePort: boolean | null;
    maxPacketSize: number | null;
    handler: string | null;

    /** The address that was asked for, as a URL. */
    readonly url: string;
    readonly concurrency: "threading" | "forking" | "sequential";
    /** The address that is bound, with the port that the system chose; `null` before. */
    readonly serverAddress: Address | null;
    /** A number that stands for the server in logs; `null` before it is bound. */
    readonly fileno: number | null;
    /** The numbers of this moment. They wrap around at 2 to the power of 32. */
    readonly counters: { accepted: number; active: number; rejected: number };
    /** How many requests are being handled. */
    readonly activeChildren: number;
    /** Whether the operator wants the program to end. */
    readonly isStopping: boolean;

    /** Bind and activate, and close when one of them fails. */
    bindAndActivate(): void;
    bind(): void;
    activate(): void;

    /**
     * Serve until {@link shutdown} is called or the operator wants the program to end.
     *
     * @param pollInterval how often {@link serviceActions} is called while nothing happens, in milliseconds; 500 unless given
     */
    serveForever(pollInterval?: number): void;

    /** Handle one request, or call {@link handleTimeout}. False when the operator wants the program to end. */
    handleRequest(): boolean;

    /** End {@link serveForever} when the hook that calls this has returned. */
    shutdown(): void;

    /** Leave requests in the kernel's buffers until {@link resume}. */
    suspend(): void;
    resume(): void;

    /** Stop listening, and wait for the requests in the background if `blockOnClose` says so. Closed once, it stays so. */
    close(): void;
    [Symbol.dispose](): void;

    /** Called by {@link serveForever} after every event, and when none has happened for the poll interval. */
    serviceActions(): void;
    /** Take the next request. A {@link SocketError} means that there is none. */
    getRequest(): PendingRequest;
    /** Whether to handle a request; otherwise it is refused. */
    verifyRequest(request: PendingRequest): boolean;
    /** Have a request handled, here or in the background. */
    processRequest(request: PendingRequest): void;
    /** Handle a request, and return when it has ended. */
    finishRequest(request: PendingRequest): Outcome;
    /** Refuse a request that is not to be handled. */
    shutdownRequest(request: PendingRequest): void;
    closeRequest(request: PendingRequest): void;
    /** Called by {@link handleRequest} when no request has come in time. */
    handleTimeout(): void;
    /** Called with how a request ended, unless its handler was done. Prints it to standard error. */
    handleError(outcome: Outcome): void;
    /** Report to {@link handleError} how requests in the background ended. Does not wait. */
    collectChildren(): void;
  }

  /** A request that was taken, and is not handled yet. Only its handler can read it, in a sandbox. */
  export class PendingRequest implements Disposable {
    private constructor();
    readonly remoteAddress: Address;
    /** Handle it, and return when it has ended. */
    finish(): Outcome;
    /** Handle it in the background. */
    process(): void;
    /** Refuse it: the peer of a connection sees a reset. */
    refuse(): void;
    /** Refuse it unless something else was done with it. */
    [Symbol.dispose](): void;
  }

  /** How a request ended. */
  export class Outcome {
    private constructor();
    readonly remote: Address;
    /** Why, by its name in the log: `completed`, `handler-error`, `trap`, `memory`, … */
    readonly reason: string;
    /** The handler's words, or the host's, where there are some. */
    readonly message: string | null;
    /** Whether the handler was done. */
    readonly isCompleted: boolean;
    /** As in the log: `handler-error: no such key`. */
    toString(): string;
  }
}
