// The ends of WASI's streams and futures that the engine gives to an asynchronous handler, and the peer behind them.

import { LOCAL, REMOTE } from "./connection.mjs";

/** What the engine does when an end is dropped, or used twice at once, in the middle of an operation. */
function check(isRight, what) {
  if (!isRight) throw new Error(`a trap: ${what}`);
}

/** The readable end of a stream of bytes. */
class Readable {
  isDropped = false;
  #incoming = [];
  #pending;

  next() {
    check(!this.isDropped && this.#pending === undefined, "one read at a time, of a stream that is there");
    return new Promise((resolve) => {
      this.#pending = resolve;
      this.#settle();
    });
  }

  cancelRead() {
    check(!this.isDropped && this.#pending !== undefined, "there is a read to be cancelled");
    this.#end({ done: false, value: new Uint8Array(0) });
  }

  drop() {
    check(!this.isDropped && this.#pending === undefined, "no read is under way");
    this.isDropped = true;
  }

  get isReading() {
    return this.#pending !== undefined;
  }

  /** Something comes from the peer. */
  give(result) {
    this.#incoming.push(result);
    this.#settle();
  }

  #settle() {
    if (this.#pending !== undefined && this.#incoming.length > 0) this.#end(this.#incoming.shift());
  }

  #end(result) {
    const resolve = this.#pending;
    this.#pending = undefined;
    resolve(result);
  }
}

/** The readable end of a future. */
class Future {
  isDropped = false;
  #value = new Promise((resolve) => {
    this.set = resolve;
  });

  read() {
    check(!this.isDropped, "the future is there");
    return this.#value;
  }

  drop() {
    this.isDropped = true;
  }
}

/** The writable end of a stream: takes everything, unless `room` says how many bytes more. */
class Writable {
  isDropped = false;
  /** The texts that were written, one for each write. */
  writes = [];
  room = Infinity;
  #waiting;

  async writeAll(bytes) {
    check(!this.isDropped && this.#waiting === undefined, "one write at a time, to a stream that is there");
    if (this.room === 0) {
      await new Promise((resolve) => {
        this.#waiting = resolve;
      });
      this.#waiting = undefined;
    }
    const taken = bytes.slice(0, this.room);
    this.writes.push(new TextDecoder().decode(taken));
    return taken.length;
  }

  drop() {
    check(this.#waiting === undefined, "no write is under way");
    this.isDropped = true;
  }

  /** The peer takes so many bytes, and then no more for ever. */
  take(room) {
    this.room = room;
    this.#waiting?.();
  }
}

/** Everything that an asynchronous connection is made of. */
export class Peer {
  received = new Readable();
  receivedEnd = new Future();
  output = new Writable();
  info = { remoteAddress: REMOTE, localAddress: LOCAL };

  send(data) {
    const value = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.received.give({ done: false, value });
  }

  /** Ends what it sends, in order or with an error. */
  end(error) {
    this.received.give({ done: true, value: undefined });
    this.receivedEnd.set(error === undefined ? { tag: "ok" } : { tag: "err", val: { tag: error } });
  }
}
