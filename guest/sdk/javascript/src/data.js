// What may be sent, and the numbers that the host takes.

import { encode } from "./text.js";

/** The largest number of milliseconds that the engine hands to the host. */
const MAX_MILLISECONDS = 0x7fff_ffff;

/** The bytes of what is to be sent: a string in UTF-8, a buffer or a view of one as it is. */
export function bytesOf(data) {
  if (typeof data === "string") return encode(data);
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError("data is a string, an ArrayBuffer, or a view of one such as Uint8Array");
}

/** A number of bytes to receive at most. */
export function sizeOf(max) {
  if (!(max >= 1)) throw new RangeError(`max is a number of bytes, at least 1; not ${max}`);
  return Math.min(Math.floor(max), MAX_CHUNK);
}

/** No call returns more bytes. */
export const MAX_CHUNK = 65_536;

/** Milliseconds for the host; `null` is no bound. */
export function millisecondsOf(time) {
  if (time === null || time === undefined || time === Infinity) return null;
  if (!(time >= 0)) throw new RangeError(`a timeout is a number of milliseconds, at least 0, or null; not ${time}`);
  return Math.min(Math.ceil(time), MAX_MILLISECONDS);
}
