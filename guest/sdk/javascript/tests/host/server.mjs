// The interface `server`: what happens is a script, and what the program does is recorded.

import { REMOTE } from "./connection.mjs";
import { failed } from "./error.mjs";

/** The servers that were made, the last one last. */
export const made = [];

/** What the next servers do: the events that `wait` reports, and the errors of methods, by name. */
export const script = { events: [], failures: {} };

/** Forgets everything, and has the next servers report these events. */
export function scripted(...events) {
  made.length = 0;
  script.events = events;
  script.failures = {};
}

class HostServer {
  calls = [];
  disposals = 0;
  active = 0;
  ended = [];
  #isBound = false;

  constructor(address, options) {
    this.address = address;
    this.options = options;
    made.push(this);
  }

  bind() {
    this.#call("bind");
    this.#isBound = true;
  }

  activate() {
    this.#call("activate");
  }

  /** A string is an event; a function happens in that moment, and returns one. */
  wait(milliseconds) {
    this.#call("wait", milliseconds);
    if (script.events.length === 0) throw new Error("the program waits for ever");
    const event = script.events.shift();
    return typeof event === "function" ? event(this) : event;
  }

  getRequest() {
    this.#call("getRequest");
    return new HostRequest(this);
  }

  collect() {
    return this.ended.splice(0);
  }

  suspend() {
    this.#call("suspend");
  }

  resume() {
    this.#call("resume");
  }

  close() {
    this.#call("close");
  }

  getAddress() {
    return this.#isBound ? { tag: "ipv4", val: { address: [127, 0, 0, 1], port: 9999 } } : null;
  }

  getNumber() {
    return 7;
  }

  getCounters() {
    return { accepted: 3, active: this.active, rejected: 1 };
  }

  [Symbol.dispose]() {
    this.disposals++;
  }

  /** A request in the background ends so. */
  end(reason, message = null) {
    this.active--;
    this.ended.push({ remote: REMOTE, reason, message });
    return "finished";
  }

  named(name) {
    return this.calls.filter(([called]) => called === name);
  }

  #call(name, ...parameters) {
    this.calls.push([name, ...parameters]);
    const failures = script.failures[name];
    if (failures?.length > 0) throw failed(failures.shift());
  }
}

/** A request, and what became of it. */
class HostRequest {
  constructor(server) {
    this.server = server;
    this.fate = "pending";
    requests.push(this);
  }

  getRemoteAddress() {
    return REMOTE;
  }

  [Symbol.dispose]() {
    this.fate = "refused";
  }
}

/** The requests that were taken. */
export const requests = [];

/** How the next requests end that are finished. */
export const outcome = { reason: "completed", message: null };

export default {
  Server: {
    create(address, options) {
      if (script.failures.create?.length > 0) throw failed(script.failures.create.shift());
      return new HostServer(address, options);
    },
  },
  Request: {
    finish(request) {
      request.fate = "finished";
      return { remote: REMOTE, ...outcome };
    },
    process(request) {
      request.fate = "processed";
      request.server.active++;
    },
  },
};
