import { failed } from "./error.mjs";

export const REMOTE = { tag: "ipv4", val: { address: [192, 0, 2, 1], port: 4321 } };
export const LOCAL = { tag: "ipv6", val: { address: [0, 0, 0, 0, 0, 0, 0, 1], port: 9999, flowInfo: 0, scopeId: 0 } };

/** The resource `connection`, with a peer that has sent already what it ever will. */
export class HostConnection {
  /** The calls, by name, each with its arguments. */
  calls = [];
  sent = [];
  disposals = 0;
  /** The errors that calls end with, by the name of the method. */
  failures = {};

  /** @param {...(string | Uint8Array | { error: string })} incoming what each `receive` finds; then the end of the stream */
  constructor(...incoming) {
    this.incoming = incoming.map((chunk) => (typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk));
  }

  receive(max) {
    this.#call("receive", max);
    if (!Number.isInteger(max) || max < 1) throw new Error("a trap");
    const chunk = this.incoming.shift();
    if (chunk === undefined) return new Uint8Array(0);
    if (chunk.error !== undefined) throw failed(chunk.error);
    if (chunk.length > max) this.incoming.unshift(chunk.slice(max));
    return chunk.slice(0, max);
  }

  send(bytes) {
    this.#call("send", bytes.length);
    const taken = bytes.slice(0, 4);
    this.sent.push(...taken);
    return taken.length;
  }

  sendAll(bytes) {
    this.#call("sendAll", bytes.length);
    this.sent.push(...bytes);
  }

  wait(interest) {
    this.#call("wait", interest);
    return interest;
  }

  setTimeout(milliseconds) {
    this.#call("setTimeout", milliseconds);
  }

  shutdown(how) {
    this.#call("shutdown", how);
  }

  getRemoteAddress() {
    this.#call("getRemoteAddress");
    return REMOTE;
  }

  getLocalAddress() {
    this.#call("getLocalAddress");
    return LOCAL;
  }

  [Symbol.dispose]() {
    this.disposals++;
  }

  get sentText() {
    return new TextDecoder().decode(Uint8Array.from(this.sent));
  }

  #call(name, ...parameters) {
    if (this.disposals > 0) throw new Error("a trap: the handle was dropped");
    this.calls.push([name, ...parameters]);
    if (name in this.failures) throw failed(...this.failures[name]);
  }
}
