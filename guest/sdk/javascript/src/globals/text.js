import { decode, encode, sequence } from "../text.js";

const UTF_8 = new Set(["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"]);

/** The `TextEncoder` of the web. */
class UTF8Encoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return encode(String(text));
  }

  encodeInto(text, destination) {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = encode(character);
      if (written + bytes.length > destination.length) break;
      destination.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

/** The `TextDecoder` of the web, for UTF-8 alone. */
class UTF8Decoder {
  #kept = new Uint8Array(0);
  #isBegun = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!UTF_8.has(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder knows utf-8 alone, and not ${label}`);
    }
    this.fatal = Boolean(fatal);
    this.ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  decode(input = new Uint8Array(0), { stream = false } = {}) {
    let bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    if (this.#kept.length > 0) {
      const joined = new Uint8Array(this.#kept.length + bytes.length);
      joined.set(this.#kept);
      joined.set(bytes, this.#kept.length);
      bytes = joined;
    }
    const whole = stream ? bytes.length - unfinished(bytes) : bytes.length;
    this.#kept = bytes.slice(whole);
    let text;
    try {
      text = decode(bytes.subarray(0, whole), this.fatal);
    } catch (error) {
      this.#kept = new Uint8Array(0);
      this.#isBegun = false;
      throw error;
    }
    const hasMark = !this.#isBegun && !this.ignoreBOM && text.startsWith("\ufeff");
    this.#isBegun = stream && (this.#isBegun || text !== "");
    return hasMark ? text.slice(1) : text;
  }
}

/** How many bytes at the end are the beginning of a character. */
function unfinished(bytes) {
  for (let size = 1; size <= Math.min(3, bytes.length); size++) {
    const at = bytes.length - size;
    if (bytes[at] < 0x80) return 0;
    if (bytes[at] >= 0xc0) {
      const found = sequence(bytes, at);
      return found.isCut && found.size === size ? size : 0;
    }
  }
  return 0;
}

export { UTF8Decoder as TextDecoder, UTF8Encoder as TextEncoder };
