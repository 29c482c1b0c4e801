// `Math.random` and `crypto`. The engine seeds its own generator when the component is built, so that it gives every connection
// the same numbers.

import random from "wasi:random/random@0.2.12";
import { phase } from "../phase.js";

/** How many bytes the host is asked for at a time. */
const POOL = 256;

let pool = new Uint8Array(0);
let used = 0;

function take(size) {
  // What was drawn at the build would be the same in each instance.
  if (!phase.isServing || size > POOL) return random.getRandomBytes(size);
  if (used + size > pool.length) {
    pool = random.getRandomBytes(POOL);
    used = 0;
  }
  used += size;
  return pool.subarray(used - size, used);
}

/** `Math.random()`, of the host's random numbers. */
export function randomNumber() {
  const bytes = take(7);
  let number = 0;
  for (const byte of bytes) number = number * 256 + byte;
  // 53 of the 56 bits: as many as a number between 0 and 1 has.
  return Math.floor(number / 8) / 2 ** 53;
}

const QUOTA = 65_536;

/** The part of the web's `crypto` that gives random numbers. */
export const crypto = {
  getRandomValues(array) {
    if (!ArrayBuffer.isView(array) || array instanceof DataView || /Float/.test(array.constructor.name)) {
      throw new TypeError("getRandomValues fills an array of integers");
    }
    if (array.byteLength > QUOTA) throw new RangeError(`getRandomValues fills at most ${QUOTA} bytes`);
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(take(array.byteLength));
    return array;
  },

  randomUUID() {
    const bytes = take(16).slice();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  },
};
