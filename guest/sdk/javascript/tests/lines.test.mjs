import assert from "node:assert/strict";
import { test } from "node:test";

import { LineTooLongError, Received } from "../src/lines.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function received(...chunks) {
  const received = new Received();
  for (const chunk of chunks) received.push(encoder.encode(chunk));
  return received;
}

const text = (bytes) => bytes && decoder.decode(bytes);

test("bytes come out as they went in, however they are cut", () => {
  const whole = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) & 0xff);
  for (let pushed = 1; pushed < 40; pushed += 3) {
    for (let taken = 1; taken < 40; taken += 5) {
      const received = new Received();
      const out = [];
      for (let at = 0; at < whole.length; at += pushed) {
        received.push(whole.slice(at, at + pushed));
        if (at % 2 === 0) out.push(...received.take(taken));
      }
      while (received.size > 0) out.push(...received.take(taken));
      assert.deepEqual(Uint8Array.from(out), whole);
    }
  }
});

test("what is taken is the caller's to change", () => {
  const received = new Received();
  received.push(Uint8Array.of(1, 2, 3, 4));
  received.take(2).fill(9);
  received.push(Uint8Array.of(5));
  const all = received.take(10);
  assert.deepEqual(all, Uint8Array.of(3, 4, 5));
  received.push(Uint8Array.of(6));
  all.fill(9);
  assert.deepEqual(received.take(10), Uint8Array.of(6));
});

test("a line ends with a newline, or with a return before it", () => {
  const lines = received("one\ntwo\r\n\n\r\nth", "re", "e\r", "\nfour\rfive\n", "last");
  const out = [];
  for (let line = lines.takeLine(100); line !== undefined; line = lines.takeLine(100)) out.push(text(line));
  assert.deepEqual(out, ["one", "two", "", "", "three", "four\rfive"]);
  assert.equal(text(lines.takeLast(100)), "last");
  assert.equal(lines.takeLast(100), null);
});

test("a line may be as long as is allowed, whichever way it ends", () => {
  for (const end of ["\n", "\r\n"]) {
    assert.equal(text(received(`12345${end}`).takeLine(5)), "12345");
    assert.throws(() => received(`123456${end}`).takeLine(5), { name: "LineTooLongError", max: 5 });
  }
  assert.equal(text(received("12345").takeLast(5)), "12345");
  assert.throws(() => received("123456").takeLast(5), LineTooLongError);
  assert.equal(text(received("\n").takeLine(0)), "");
});

test("a line that is too long is refused before its end has come", () => {
  const line = received("12345");
  assert.equal(line.takeLine(5), undefined);
  line.push(encoder.encode("\r"));
  assert.equal(line.takeLine(5), undefined, "the end may be on its way");
  line.push(encoder.encode("6"));
  assert.throws(() => line.takeLine(5), { message: "a line of more than 5 bytes" });
});

test("lines and bytes may be taken in turns", () => {
  const both = received("head\nbody!tail\n");
  assert.equal(text(both.takeLine(100)), "head");
  assert.equal(text(both.take(5)), "body!");
  both.push(encoder.encode("end"));
  assert.equal(text(both.takeLine(100)), "tail");
  assert.equal(both.takeLine(100), undefined);
  assert.equal(text(both.take(100)), "end");
});

// With a copy, or a search from the beginning, for each piece it would take hours.
test("a long line in single bytes costs no more than its length", { timeout: 20_000 }, () => {
  const received = new Received();
  const byte = encoder.encode("x");
  const length = 1 << 20;
  for (let index = 0; index < length; index++) {
    received.push(byte);
    assert.equal(received.takeLine(length), undefined);
  }
  received.push(encoder.encode("\n"));
  assert.equal(received.takeLine(length).length, length);
});
