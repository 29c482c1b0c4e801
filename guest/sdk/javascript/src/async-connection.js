import { abandonable } from "./abandon.js";
import { Address } from "./address.js";
import { bytesOf, MAX_CHUNK, sizeOf } from "./data.js";
import { fromCode, fromHost, SocketError } from "./error.js";
import { MAX_LINE, Received } from "./lines.js";
import { decode } from "./text.js";

/**
 * The connection of an asynchronous handler. See `socketserver.d.ts` for what each method promises.
 *
 * What is received is given to the calls that wait for it, in their order; one that was abandoned waits no more, and loses nothing.
 */
export class AsyncConnection {
  #info;
  #stream;
  #ending;
  #output;
  #received = new Received();
  /** The calls that wait, in their order. */
  #reads = [];
  /** Settles when the read of the host that is under way has ended. */
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

  receive(max = MAX_CHUNK) {
    const size = sizeOf(max);
    const take = () => (this.#received.size > 0 ? this.#received.take(size) : undefined);
    return this.#read(take, () => null);
  }

  readLine(max = MAX_LINE) {
    const text = (line) => (line ? decode(line) : line);
    return this.#read(
      () => text(this.#received.takeLine(max)),
      () => text(this.#received.takeLast(max)),
    );
  }

  readLineBytes(max = MAX_LINE) {
    return this.#read(
      () => this.#received.takeLine(max),
      () => this.#received.takeLast(max),
    );
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
    // Whoever waits for one of them belongs to a handler that has ended.
    this.#reads = [];
    await this.shutdown();
    if (this.#reading !== undefined) {
      if (!this.#isEnded) this.#stream.cancelRead();
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

  /**
   * A call that receives: `take` returns what it gives, or `undefined` while it has to wait for more, and `last` what it gives at
   * the end of the stream.
   */
  #read(take, last) {
    if (this.#isClosed) return Promise.reject(new SocketError("invalid-state", "the connection is closed"));
    const read = { take, last };
    const promise = new Promise((resolve, reject) => {
      // Settled in the moment in which something is taken, so that a call gets it or is abandoned, and never both.
      read.resolve = resolve;
      read.reject = reject;
    });
    this.#reads.push(read);
    this.#serve();
    return abandonable(promise, () => {
      this.#reads = this.#reads.filter((other) => other !== read);
    });
  }

  /** Settles the calls that wait, the first one first, and receives more for one that has to go on waiting. */
  #serve() {
    while (this.#reads.length > 0) {
      const { take, last, resolve, reject } = this.#reads[0];
      try {
        let value = take();
        if (value === undefined) {
          if (this.#failure !== undefined) throw this.#failure;
          if (!this.#isEnded) {
            this.#reading ??= this.#receiveMore();
            return;
          }
          value = last();
        }
        resolve(value);
      } catch (error) {
        reject(error);
      }
      this.#reads.shift();
    }
  }

  async #receiveMore() {
    try {
      const { done, value } = await this.#stream.next();
      if (value?.length > 0) {
        this.#received.push(value);
      } else if (done && !this.#isClosed) {
        this.#isEnded = true;
        const ending = this.#ending;
        this.#ending = undefined;
        const { tag, val } = await ending.read();
        if (tag === "err") this.#failure = fromCode(val);
      }
    } catch (error) {
      this.#isEnded = true;
      this.#failure = fromHost(error);
    }
    this.#reading = undefined;
    this.#serve();
  }
}
