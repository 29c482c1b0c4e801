import { Address } from "./address.js";
import { bytesOf, MAX_CHUNK, sizeOf } from "./data.js";
import { fromCode, SocketError } from "./error.js";
import { MAX_LINE, Received } from "./lines.js";
import { decode } from "./text.js";

/**
 * The connection of an asynchronous handler. See `socketserver.d.ts` for what each method promises.
 *
 * A `receive` whose promise nobody waits for any more loses nothing: what it receives is returned by the next.
 */
export class AsyncConnection {
  #info;
  #stream;
  #ending;
  #output;
  #received = new Received();
  /** The read that is under way. */
  #reading;
  #isEnded = false;
  /** Why there is no more to receive, if for another reason than the end of the stream. */
  #failure;
  /** Settles when everything that was to be sent has been taken. */
  #sending = Promise.resolve();
  #isClosed = false;

  /** @param {object} parts what the WIT's `async-stream-handler` is given, and the writable end of what it returns */
  constructor({ info, received, receivedEnd, output }) {
    this.#info = info;
    this.#stream = received;
    this.#ending = receivedEnd;
    this.#output = output;
  }

  async receive(max = MAX_CHUNK) {
    const size = sizeOf(max);
    if (this.#received.size === 0 && !(await this.#fill())) return null;
    return this.#received.take(size);
  }

  async readLine(max = MAX_LINE) {
    const line = await this.readLineBytes(max);
    return line === null ? null : decode(line);
  }

  async readLineBytes(max = MAX_LINE) {
    for (;;) {
      const line = this.#received.takeLine(max);
      if (line !== undefined) return line;
      if (!(await this.#fill())) return this.#received.takeLast(max);
    }
  }

  async *lines(max = MAX_LINE) {
    for (let line = await this.readLine(max); line !== null; line = await this.readLine(max)) yield line;
  }

  async *[Symbol.asyncIterator]() {
    for (let chunk = await this.receive(); chunk !== null; chunk = await this.receive()) yield chunk;
  }

  sendAll(data) {
    const bytes = bytesOf(data);
    // One after the other, in the order of the calls.
    const sent = this.#sending.then(() => this.#write(bytes));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  async shutdown() {
    await this.#sending;
    this.#output?.drop();
    this.#output = undefined;
  }

  get remoteAddress() {
    return new Address(this.#info.remoteAddress);
  }

  get localAddress() {
    return new Address(this.#info.localAddress);
  }

  /** For the SDK alone: gives back everything, so that the host can close the connection. */
  async close() {
    this.#isClosed = true;
    await this.shutdown();
    if (this.#reading !== undefined) {
      this.#stream.cancelRead();
      await this.#reading;
    }
    if (!this.#isEnded) this.#stream.drop();
    this.#isEnded = true;
    this.#ending?.drop();
    this.#ending = undefined;
  }

  async #write(bytes) {
    if (this.#output === undefined) throw new SocketError("connection-broken", "shut down for sending");
    if (bytes.length === 0) return;
    if ((await this.#output.writeAll(bytes)) < bytes.length) {
      // The host takes no more; why, is told with the end of what is received.
      throw this.#failure ?? new SocketError("connection-broken");
    }
  }

  /** Receives something; false at the end of the stream. Calls at the same time wait for the same bytes. */
  #fill() {
    if (this.#isClosed) throw new SocketError("invalid-state", "the connection is closed");
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading.then((isMore) => {
      if (this.#failure !== undefined && this.#received.size === 0) throw this.#failure;
      return isMore;
    });
  }

  async #read() {
    if (this.#isEnded) return false;
    const { done, value } = await this.#stream.next();
    if (value?.length > 0) {
      this.#received.push(value);
      return true;
    }
    if (this.#isClosed) return false;
    if (!done) return true;
    this.#isEnded = true;
    const ending = this.#ending;
    this.#ending = undefined;
    const { tag, val } = await ending.read();
    if (tag === "err") this.#failure = fromCode(val);
    return false;
  }
}
