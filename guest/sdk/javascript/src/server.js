import host from "socketserver:core/server@0.1.0";
import { Address } from "./address.js";
import { millisecondsOf } from "./data.js";
import { fromHost, SocketError } from "./error.js";
import { writeError } from "./output.js";
import { now } from "./monotonic.js";

/** How often `serveForever` calls `serviceActions` while nothing happens, in milliseconds: Python's `poll_interval`. */
const POLL_INTERVAL = 500;

/** What Python's `ForkingMixIn` has: how many requests at a time, and how long `handleRequest` waits, in milliseconds. */
const FORKING = { maxChildren: 40, timeout: 300_000 };

/** A server of a server program: Python's `BaseServer` and its subclasses. See `socketserver.d.ts`. */
export class Server {
  #url;
  #concurrency;
  #host;
  #isClosed = false;
  #isSuspended = false;
  /** Suspended because of `maxChildren`. */
  #isFull = false;
  #isStopping = false;
  #shutdownRequested = false;

  constructor(address, options = {}) {
    const { concurrency = "threading" } = options;
    if (!["sequential", "threading", "forking"].includes(concurrency)) {
      throw new TypeError(`concurrency is "sequential", "threading" or "forking"; not ${concurrency}`);
    }
    const forking = concurrency === "forking" ? FORKING : {};
    this.#url = urlOf(address);
    this.#concurrency = concurrency;
    this.timeout = options.timeout ?? forking.timeout ?? null;
    this.maxChildren = options.maxChildren ?? forking.maxChildren ?? null;
    this.blockOnClose = options.blockOnClose ?? true;
    this.daemonThreads = options.daemonThreads ?? false;
    this.requestQueueSize = options.requestQueueSize ?? null;
    this.allowReuseAddress = options.allowReuseAddress ?? null;
    this.allowReusePort = options.allowReusePort ?? null;
    this.maxPacketSize = options.maxPacketSize ?? null;
    this.handler = options.handler ?? null;
    if (options.bindAndActivate ?? true) this.bindAndActivate();
  }

  get url() {
    return this.#url;
  }

  get concurrency() {
    return this.#concurrency;
  }

  get serverAddress() {
    const address = this.#host?.getAddress() ?? null;
    return address === null ? null : new Address(address);
  }

  get fileno() {
    return this.#host?.getNumber() ?? null;
  }

  get counters() {
    return this.#host?.getCounters() ?? { accepted: 0, active: 0, rejected: 0 };
  }

  get activeChildren() {
    return this.counters.active;
  }

  get isStopping() {
    return this.#isStopping;
  }

  bindAndActivate() {
    try {
      this.bind();
      this.activate();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  bind() {
    if (this.#host !== undefined || this.#isClosed) throw new SocketError("invalid-state", "bound before, or closed");
    const options = {
      requestQueueSize: this.requestQueueSize,
      reuseAddress: this.allowReuseAddress,
      reusePort: this.allowReusePort,
      maxPacketSize: this.maxPacketSize,
      handler: this.handler,
    };
    const server = attempt(() => host.Server.create(this.#url, options));
    try {
      attempt(() => server.bind());
    } catch (error) {
      server[Symbol.dispose]();
      throw error;
    }
    this.#host = server;
    if (this.#isSuspended) this.#setSuspended();
  }

  activate() {
    attempt(() => this.#active().activate());
  }

  serveForever(pollInterval = POLL_INTERVAL) {
    try {
      while (!this.#shutdownRequested) {
        const event = this.#wait(pollInterval);
        if (event === "request") this.#take();
        else if (event === "finished") this.collectChildren();
        else if (event === "shutdown") return;
        this.serviceActions();
      }
    } finally {
      this.#shutdownRequested = false;
    }
  }

  handleRequest() {
    const end = this.timeout === null ? null : now() + this.timeout;
    for (;;) {
      const event = this.#wait(end === null ? null : Math.max(0, end - now()));
      if (event === "request") {
        if (this.#take()) return true;
      } else if (event === "finished") {
        this.collectChildren();
      } else if (event === "timed-out") {
        this.handleTimeout();
        return true;
      } else {
        return false;
      }
    }
  }

  shutdown() {
    this.#shutdownRequested = true;
  }

  suspend() {
    this.#isSuspended = true;
    this.#setSuspended();
  }

  resume() {
    this.#isSuspended = false;
    this.#setSuspended();
  }

  close() {
    if (!this.#isClosed) this.#host?.close();
    this.#isClosed = true;
    if (this.blockOnClose && !this.daemonThreads) this.#join();
    this.collectChildren();
  }

  [Symbol.dispose]() {
    this.close();
  }

  serviceActions() {}

  getRequest() {
    return new PendingRequest(attempt(() => this.#active().getRequest()));
  }

  verifyRequest(request) {
    return true;
  }

  processRequest(request) {
    if (this.#concurrency === "sequential") this.#report([this.finishRequest(request)]);
    else request.process();
  }

  finishRequest(request) {
    return request.finish();
  }

  shutdownRequest(request) {
    this.closeRequest(request);
  }

  closeRequest(request) {
    request.refuse();
  }

  handleTimeout() {
    this.collectChildren();
  }

  handleError(outcome) {
    const line = "-".repeat(40);
    // One call, so that it stays together in a log.
    writeError(`${line}\nException occurred during processing of request from ${outcome.remote}\n${outcome}\n${line}\n`);
  }

  collectChildren() {
    this.#report(this.#collect());
  }

  /** Returns false when there was no request after all, so that who wants one waits on. */
  #take() {
    let request;
    try {
      request = this.getRequest();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      // Its peer has gone in the meantime, or it was over a limit of the operator.
      return error.code !== "timeout";
    }
    if (this.verifyRequest(request)) this.processRequest(request);
    else this.shutdownRequest(request);
    return true;
  }

  #report(outcomes) {
    for (const outcome of outcomes) {
      if (!outcome.isCompleted) this.handleError(outcome);
    }
  }

  #collect() {
    return (this.#host?.collect() ?? []).map((outcome) => new Outcome(outcome));
  }

  /** Waits for the next event, and for no request while all children are busy. */
  #wait(milliseconds) {
    const server = this.#active();
    if (this.maxChildren !== null && this.#concurrency !== "sequential") {
      // `suspend`, and not a second loop: hooks are called and timeouts pass while there is no room.
      const isFull = this.activeChildren >= this.maxChildren;
      if (isFull !== this.#isFull) {
        this.#isFull = isFull;
        this.#setSuspended();
      }
    }
    const event = attempt(() => server.wait(millisecondsOf(milliseconds)));
    if (event === "shutdown") this.#isStopping = true;
    return event;
  }

  /** Waits until no request is left in the background. */
  #join() {
    const server = this.#host;
    if (server === undefined) return;
    for (;;) {
      // In this order: none becomes active any more, so what was collected after 0 was seen is all there is.
      const { active } = server.getCounters();
      const outcomes = this.#collect();
      if (outcomes.length > 0) {
        this.#report(outcomes);
        continue;
      }
      if (active === 0) return;
      try {
        // Nothing but the end of one is reported for a server that is closed.
        server.wait(null);
      } catch {
        return;
      }
    }
  }

  #setSuspended() {
    if (this.#isSuspended || this.#isFull) this.#host?.suspend();
    else this.#host?.resume();
  }

  #active() {
    if (this.#host === undefined) throw new SocketError("invalid-state", "the server is not bound");
    return this.#host;
  }
}

/** A request that was taken, and is not handled yet. */
export class PendingRequest {
  #host;
  #remote;

  constructor(request) {
    this.#host = request;
    this.#remote = new Address(request.getRemoteAddress());
  }

  get remoteAddress() {
    return this.#remote;
  }

  finish() {
    return new Outcome(host.Request.finish(this.#taken()));
  }

  process() {
    host.Request.process(this.#taken());
  }

  refuse() {
    this.#taken()[Symbol.dispose]();
  }

  [Symbol.dispose]() {
    if (this.#host !== undefined) this.refuse();
  }

  #taken() {
    const request = this.#host;
    if (request === undefined) throw new SocketError("invalid-state", "the request was handled or refused before");
    this.#host = undefined;
    return request;
  }
}

/** How a request ended. */
export class Outcome {
  constructor({ remote, reason, message }) {
    this.remote = new Address(remote);
    this.reason = reason;
    this.message = message ?? null;
  }

  get isCompleted() {
    return this.reason === "completed";
  }

  /** As in the log of the server: `handler-error: no such key`. */
  toString() {
    return this.message === null ? this.reason : `${this.reason}: ${this.message}`;
  }
}

/** The URL of an address as Python has it, `["127.0.0.1", 9999]`; a URL, or `127.0.0.1:9999` for TCP. */
function urlOf(address) {
  if (Array.isArray(address)) {
    const [name, port] = address;
    if (name === "") return `tcp://0.0.0.0:${port}`;
    return name.includes(":") ? `tcp://[${name}]:${port}` : `tcp://${name}:${port}`;
  }
  if (typeof address !== "string") throw new TypeError('an address is a URL such as "tcp://127.0.0.1:9999"');
  return /^[a-z]+:/.test(address) && !/^[a-z]+:\d+$/.test(address) ? address : `tcp://${address}`;
}

function attempt(operation) {
  try {
    return operation();
  } catch (error) {
    throw fromHost(error);
  }
}
