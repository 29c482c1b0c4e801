import { Address } from "./address.js";
import { bytesOf, millisecondsOf } from "./data.js";
import { fromHost, SocketError } from "./error.js";
import { decode } from "./text.js";

/** The datagram of a handler, and the way to answer it. See `socketserver.d.ts`. */
export class DatagramRequest {
  #host;
  #remote;

  /**
   * @param {object} datagram the record `datagram` of the WIT
   * @param {object} host the resource `datagram-socket` of the WIT
   */
  constructor(datagram, host) {
    this.data = datagram.data;
    this.isTruncated = datagram.truncated;
    this.#remote = datagram.remote;
    this.#host = host;
  }

  text() {
    return decode(this.data);
  }

  reply(data) {
    const bytes = bytesOf(data);
    this.#call((host) => host.sendTo(bytes, this.#remote));
  }

  setTimeout(milliseconds) {
    const time = millisecondsOf(milliseconds);
    this.#call((host) => host.setTimeout(time));
  }

  get remoteAddress() {
    return new Address(this.#remote);
  }

  get localAddress() {
    return new Address(this.#call((host) => host.getLocalAddress()));
  }

  close() {
    const host = this.#host;
    this.#host = undefined;
    host?.[Symbol.dispose]();
  }

  [Symbol.dispose]() {
    this.close();
  }

  #call(operation) {
    if (this.#host === undefined) throw new SocketError("invalid-state", "the handler of this datagram has ended");
    try {
      return operation(this.#host);
    } catch (error) {
      throw fromHost(error);
    }
  }
}
