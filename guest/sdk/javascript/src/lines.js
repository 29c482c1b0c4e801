/** A line was longer than the caller allows. */
export class LineTooLongError extends Error {
  /** @param {number} max how many bytes were allowed */
  constructor(max) {
    super(`a line of more than ${max} bytes`);
    this.max = max;
  }

  get name() {
    return "LineTooLongError";
  }
}

/** How long a line may be unless the caller says otherwise, in bytes without its end. */
export const MAX_LINE = 8_192;

/** Bytes that were received and not returned yet. */
export class Received {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** How many of the bytes are known to be no end of a line. */
  #searched = 0;

  get size() {
    return this.#end - this.#start;
  }

  /** Adds what was received. A byte is copied a few times at most, however small the pieces of a line are. */
  push(chunk) {
    const size = this.size;
    if (size === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#searched = 0;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (size + chunk.length));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = larger;
      this.#start = 0;
      this.#end = size;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next bytes, at most `max`. */
  take(max) {
    const end = Math.min(this.#end, this.#start + max);
    const whole = this.#start === 0 && end === this.#bytes.length;
    // A copy unless it is all of it: what is returned is the caller's to change and to keep.
    const bytes = whole ? this.#bytes : this.#bytes.slice(this.#start, end);
    this.#start = end;
    this.#searched = 0;
    if (whole) this.#bytes = new Uint8Array(0);
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return bytes;
  }

  /** The next line without its end, `\n` or `\r\n`; `undefined` when its end has not been received. */
  takeLine(max) {
    const end = this.#bytes.subarray(0, this.#end).indexOf(0x0a, this.#start + this.#searched);
    if (end < 0) {
      this.#searched = this.size;
      // One more for the `\r` of an end that is still to come.
      if (this.#searched > max + 1) throw new LineTooLongError(max);
      return undefined;
    }
    const hasReturn = end > this.#start && this.#bytes[end - 1] === 0x0d;
    const length = end - this.#start - (hasReturn ? 1 : 0);
    if (length > max) throw new LineTooLongError(max);
    const line = this.#bytes.slice(this.#start, this.#start + length);
    this.#start = end + 1;
    this.#searched = 0;
    return line;
  }

  /** What is left at the end of the stream: a line without an end, or `null`. */
  takeLast(max) {
    if (this.size > max) throw new LineTooLongError(max);
    return this.size === 0 ? null : this.take(this.size);
  }
}
