import { Address } from "./address.js";
import { bytesOf, MAX_CHUNK, millisecondsOf, sizeOf } from "./data.js";
import { fromHost, SocketError } from "./error.js";
import { MAX_LINE, Received } from "./lines.js";
import { decode } from "./text.js";

/**
 * The connection of a handler. See `socketserver.d.ts` for what each method promises.
 *
 * The handle of the host is dropped by `close`, which the SDK calls when the handler has ended, however it ended: a handler
 * that keeps the connection in a global keeps nothing open.
 */
export class Connection {
  #host;
  #received = new Received();

  /** @param {object} host the resource `connection` of the WIT */
  constructor(host) {
    this.#host = host;
  }

  receive(max = MAX_CHUNK) {
    const size = sizeOf(max);
    if (this.#received.size > 0) return this.#received.take(size);
    const bytes = this.#call((host) => host.receive(size));
    return bytes.length === 0 ? null : bytes;
  }

  readLine(max = MAX_LINE) {
    const line = this.readLineBytes(max);
    return line === null ? null : decode(line);
  }

  readLineBytes(max = MAX_LINE) {
    for (;;) {
      const line = this.#received.takeLine(max);
      if (line !== undefined) return line;
      const bytes = this.#call((host) => host.receive(MAX_CHUNK));
      if (bytes.length === 0) return this.#received.takeLast(max);
      this.#received.push(bytes);
    }
  }

  *lines(max = MAX_LINE) {
    for (let line = this.readLine(max); line !== null; line = this.readLine(max)) yield line;
  }

  *[Symbol.iterator]() {
    for (let chunk = this.receive(); chunk !== null; chunk = this.receive()) yield chunk;
  }

  send(data) {
    const bytes = bytesOf(data);
    return this.#call((host) => host.send(bytes));
  }

  sendAll(data) {
    const bytes = bytesOf(data);
    this.#call((host) => host.sendAll(bytes));
  }

  wait({ readable = false, writable = false }) {
    // What was received already and not returned yet is there to be received.
    if (readable && this.#received.size > 0) return { readable: true, writable: false };
    return this.#call((host) => host.wait({ readable, writable }));
  }

  setTimeout(milliseconds) {
    const time = millisecondsOf(milliseconds);
    this.#call((host) => host.setTimeout(time));
  }

  shutdown(how = "send") {
    if (!["receive", "send", "both"].includes(how)) {
      throw new TypeError(`how is "receive", "send" or "both"; not ${how}`);
    }
    this.#call((host) => host.shutdown(how));
  }

  get remoteAddress() {
    return new Address(this.#call((host) => host.getRemoteAddress()));
  }

  get localAddress() {
    return new Address(this.#call((host) => host.getLocalAddress()));
  }

  close() {
    const host = this.#host;
    this.#host = undefined;
    this.#received = new Received();
    // Without this the handle would stay until the collector finds it.
    host?.[Symbol.dispose]();
  }

  [Symbol.dispose]() {
    this.close();
  }

  #call(operation) {
    if (this.#host === undefined) throw new SocketError("invalid-state", "the connection is closed");
    try {
      return operation(this.#host);
    } catch (error) {
      throw fromHost(error);
    }
  }
}
