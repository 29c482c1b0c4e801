// UTF-8, beside that of Node.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "../src/text.js";
import { TextDecoder as OurDecoder, TextEncoder as OurEncoder } from "../src/globals/text.js";

const theirs = new TextEncoder();

/** Numbers without a pattern, the same in each run. */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Strings of every kind of unit: of one, two and three bytes, and halves of those of four. */
function strings(count) {
  const number = numbers(7);
  const units = [() => number(0x80), () => 0x80 + number(0x780), () => 0x800 + number(0xd000), () => 0xd800 + number(0x400), () => 0xdc00 + number(0x400)];
  return Array.from({ length: count }, () =>
    String.fromCharCode(...Array.from({ length: number(40) }, () => units[number(units.length)]())),
  );
}

/** Bytes that are nearly UTF-8: leads and tails of all kinds, in a wrong order. */
function noise(count) {
  const number = numbers(11);
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff];
  return Array.from({ length: count }, () => Uint8Array.from({ length: number(12) }, () => edges[number(edges.length)]));
}

const SAMPLES = ["", "ascii", "é", "€", "😀", "a😀é€z", "\0", "\ufeff", "\uffff", "\ud800", "\udc00", "\udc00\ud800", "x\ud83d", "\ud83d\ud83d\ude00"];

test("strings are encoded as Node.js does", () => {
  for (const text of [...SAMPLES, ...strings(3000)]) assert.deepEqual(encode(text), theirs.encode(text));
  const long = "ascii é€😀 ".repeat(20_000);
  assert.deepEqual(encode(long), theirs.encode(long));
});

test("bytes are decoded as Node.js does, valid or not", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const bytes of [...SAMPLES.map((text) => theirs.encode(text)), ...noise(20_000)]) {
    assert.equal(decode(bytes), decoder.decode(bytes), bytes.join());
  }
  for (const text of [...SAMPLES, ...strings(3000)]) assert.equal(decode(encode(text)), text.toWellFormed());
});

test("what is not UTF-8 is an error where that is asked for, and only then", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let invalid = 0;
  for (const bytes of noise(20_000)) {
    let text;
    try {
      text = decoder.decode(bytes);
    } catch {
      invalid++;
      assert.throws(() => decode(bytes, true), TypeError, bytes.join());
      continue;
    }
    assert.equal(decode(bytes, true), text);
  }
  assert.ok(invalid > 1000 && invalid < 20_000, `${invalid} of 20,000`);
});

// A run is put together in pieces, and its size must not matter.
test("long texts come whole", () => {
  for (const size of [1023, 1024, 1025, 4096, 1_000_000]) {
    for (const unit of ["x", "é", "€", "😀"]) {
      const text = unit.repeat(size);
      assert.equal(decode(theirs.encode(text)), text);
    }
    const mixed = `é${"x".repeat(size)}😀`;
    assert.equal(decode(theirs.encode(mixed)), mixed);
    assert.equal(decode(new Uint8Array(size).fill(0xff)), "\ufffd".repeat(size));
  }
});

test("TextEncoder is that of the web", () => {
  const ours = new OurEncoder();
  assert.equal(ours.encoding, "utf-8");
  assert.deepEqual(ours.encode(), new Uint8Array(0));
  assert.deepEqual(ours.encode(undefined), new Uint8Array(0));
  assert.deepEqual(ours.encode(null), theirs.encode(null));
  assert.deepEqual(ours.encode(12), theirs.encode(12));
});

test("encodeInto fills as much as whole characters need", () => {
  for (const text of [...SAMPLES, ...strings(300)]) {
    for (const size of [0, 1, 2, 3, 4, 5, 10, 200]) {
      const [our, their] = [new Uint8Array(size), new Uint8Array(size)];
      assert.deepEqual(new OurEncoder().encodeInto(text, our), theirs.encodeInto(text, their));
      assert.deepEqual(our, their);
    }
  }
});

test("TextDecoder knows UTF-8 by its names, and no other encoding", () => {
  for (const label of ["utf-8", "UTF8", " unicode-1-1-utf-8\n"]) assert.equal(new OurDecoder(label).encoding, "utf-8");
  assert.equal(new OurDecoder().encoding, "utf-8");
  for (const label of ["latin1", "utf-16", "", "utf 8"]) {
    assert.throws(() => new OurDecoder(label), { name: "RangeError", message: /TextDecoder knows utf-8 alone/ });
  }
  const decoder = new OurDecoder("utf-8", { fatal: 1 });
  assert.deepEqual([decoder.fatal, decoder.ignoreBOM], [true, false]);
});

test("TextDecoder takes every view of memory", () => {
  const bytes = theirs.encode("xhéy");
  const decoder = new OurDecoder();
  assert.equal(decoder.decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), "xhéy");
  assert.equal(decoder.decode(bytes.subarray(1, 4)), "hé");
  assert.equal(decoder.decode(new DataView(bytes.buffer, bytes.byteOffset + 1, 3)), "hé");
  assert.equal(decoder.decode(), "");
});

/** What two decoders make of the same pieces: their texts, or that they refuse. */
function compared(options, pieces) {
  const results = [OurDecoder, TextDecoder].map((Decoder) => {
    const decoder = new Decoder("utf-8", options);
    return pieces.map(([bytes, stream]) => {
      try {
        return decoder.decode(bytes, { stream });
      } catch (error) {
        return error.name;
      }
    });
  });
  assert.deepEqual(results[0], results[1], JSON.stringify({ options, pieces: pieces.map(([bytes, stream]) => [[...bytes], stream]) }));
}

test("TextDecoder puts pieces together as Node.js does", () => {
  const mark = [0xef, 0xbb, 0xbf];
  const starts = [[], mark, [...mark, ...mark], mark.slice(0, 1), mark.slice(0, 2)].map((bytes) => Uint8Array.from(bytes));
  for (const options of [{}, { ignoreBOM: true }, { fatal: true }, { fatal: true, ignoreBOM: true }]) {
    const number = numbers(13);
    for (const [index, bytes] of [...SAMPLES.map((text) => theirs.encode(text)), ...noise(3000)].entries()) {
      const start = starts[index % starts.length];
      const whole = Uint8Array.from([...start, ...bytes]);
      const [one, two] = [number(whole.length + 1), number(whole.length + 1)].sort((a, b) => a - b);
      const end = new Uint8Array(0);
      compared(options, [[whole.slice(0, one), true], [whole.slice(one, two), true], [whole.slice(two), true], [end, false], [whole, false]]);
      compared(options, [[whole, false], [whole.slice(0, one), true], [whole.slice(one), false], [whole, false]]);
    }
  }
});
