// Standard output and standard error, kept.

export const written = { out: "", err: "" };

/** How many streams were handed out and not given back. */
export const handles = { open: 0 };

/** Set to have every write fail, as when nobody reads any more. */
export const reader = { hasGone: false };

/** The most that a stream of WASI takes at once. */
const LIMIT = 4_096;

class Stream {
  #name;
  #decoder = new TextDecoder();

  constructor(name) {
    this.#name = name;
    handles.open++;
  }

  blockingWriteAndFlush(bytes) {
    if (bytes.length > LIMIT) throw new Error("a trap");
    if (reader.hasGone) throw Object.assign(new Error("closed"), { payload: { tag: "closed" } });
    written[this.#name] += this.#decoder.decode(bytes, { stream: true });
  }

  [Symbol.dispose]() {
    handles.open--;
  }
}

export default { getStderr: () => new Stream("err"), getStdout: () => new Stream("out") };

/** What was written since the last call. */
export function taken() {
  const text = { ...written };
  written.out = written.err = "";
  return text;
}
