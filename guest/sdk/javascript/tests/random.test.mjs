import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { crypto, randomNumber } from "../src/globals/random.js";
import { phase } from "../src/phase.js";
import { asked } from "./host/random.mjs";

beforeEach(() => {
  phase.isServing = true;
  asked.length = 0;
});

// First: what is drawn at the build is asked for by itself, so that nothing of it is left for the instances.
test("nothing that is drawn at the build is kept", () => {
  phase.isServing = false;
  crypto.randomUUID();
  randomNumber();
  assert.deepEqual(asked, [16, 7]);
  phase.isServing = true;
  randomNumber();
  assert.deepEqual(asked, [16, 7, 256]);
});

test("the host is asked for many bytes at a time, and gives no byte twice", () => {
  const seen = new Set();
  for (let index = 0; index < 100; index++) {
    // The host of the tests counts, so two draws that overlap have a byte in common within 256.
    const bytes = crypto.getRandomValues(new Uint8Array(2));
    assert.equal(bytes[1], (bytes[0] + 1) & 0xff);
    seen.add(bytes[0]);
  }
  assert.equal(seen.size, 100);
  assert.ok(asked.every((size) => size === 256) && asked.length <= 2);
});

test("arrays of integers are filled, of any kind and anywhere", () => {
  const memory = new ArrayBuffer(16);
  const view = new Uint16Array(memory, 4, 2);
  assert.equal(crypto.getRandomValues(view), view);
  const bytes = new Uint8Array(memory);
  assert.ok(bytes.subarray(0, 4).every((byte) => byte === 0) && bytes.subarray(8).every((byte) => byte === 0));
  assert.equal(new Set(bytes.subarray(4, 8)).size, 4);
  crypto.getRandomValues(new BigInt64Array(4));
  crypto.getRandomValues(new Uint8Array(0));
});

test("what cannot be filled is refused", () => {
  for (const array of [new Float64Array(1), new Float32Array(1), new DataView(new ArrayBuffer(1)), [1], null, new ArrayBuffer(1)]) {
    assert.throws(() => crypto.getRandomValues(array), TypeError);
  }
  assert.throws(() => crypto.getRandomValues(new Uint8Array(65_537)), RangeError);
  crypto.getRandomValues(new Uint8Array(65_536));
});

test("a UUID is of version 4", () => {
  const uuids = Array.from({ length: 100 }, () => crypto.randomUUID());
  for (const uuid of uuids) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(new Set(uuids).size > 10);
});

test("a number is at least 0 and below 1, and has all bits", () => {
  for (let index = 0; index < 10_000; index++) {
    const number = randomNumber();
    assert.ok(number >= 0 && number < 1);
  }
  const bits = Array.from({ length: 100 }, () => randomNumber() * 2 ** 53);
  assert.ok(bits.every(Number.isSafeInteger) && bits.some((number) => number % 2 === 1));
});
