import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesOf, MAX_CHUNK, millisecondsOf, sizeOf } from "../src/data.js";

test("strings are UTF-8, and views of memory are what they show", () => {
  const memory = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.deepEqual(bytesOf("é"), Uint8Array.of(0xc3, 0xa9));
  assert.equal(bytesOf(memory), memory, "nothing is copied");
  assert.deepEqual(bytesOf(memory.subarray(2, 4)), Uint8Array.of(3, 4));
  assert.deepEqual(bytesOf(memory.buffer), memory);
  assert.deepEqual(bytesOf(new DataView(memory.buffer, 1, 3)), Uint8Array.of(2, 3, 4));
  assert.deepEqual(bytesOf(new Uint16Array(memory.buffer, 2, 2)), Uint8Array.of(3, 4, 5, 6));
});

test("nothing else is sent by mistake", () => {
  for (const data of [undefined, null, 7, 7n, true, {}, [1, 2], new Map(), () => {}]) {
    assert.throws(() => bytesOf(data), TypeError);
  }
});

test("a size is a whole number of bytes, and no more than the host returns", () => {
  for (const [max, size] of [[1, 1], [1.9, 1], ["12", 12], [MAX_CHUNK, MAX_CHUNK], [MAX_CHUNK + 1, MAX_CHUNK], [Infinity, MAX_CHUNK]]) {
    assert.equal(sizeOf(max), size);
  }
  for (const max of [0, 0.5, -1, NaN, -Infinity, null, "many", {}]) assert.throws(() => sizeOf(max), RangeError);
});

test("a timeout is never shorter than what was asked for, and fits the host", () => {
  for (const [time, milliseconds] of [
    [0, 0],
    [0.1, 1],
    [1500, 1500],
    [2 ** 40, 0x7fff_ffff],
    [Infinity, null],
    [null, null],
    [undefined, null],
  ]) {
    assert.equal(millisecondsOf(time), milliseconds);
  }
  for (const time of [-1, NaN, "soon", {}]) assert.throws(() => millisecondsOf(time), RangeError);
});
