import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { describe, refusePromise } from "../src/failure.js";
import { located } from "../src/stack.js";

afterEach(() => {
  delete globalThis.socketserverLines;
});

/** An error with the stack that the engine gives: places alone, without the message. */
function failed(error, stack = "") {
  error.stack = stack;
  return error;
}

test("an error is its words, and where it comes from", () => {
  assert.equal(describe(failed(new Error("no such key"), "    at handle (f.js:1)\n")), "no such key\n    at handle (f.js:1)");
  assert.equal(describe(failed(new RangeError("too far"))), "RangeError: too far");
  assert.equal(describe(failed(new Error(""))), "Error");
  const stackless = new Error("no stack");
  delete stackless.stack;
  stackless.stack = undefined;
  assert.equal(describe(stackless), "no stack");
});

test("causes follow, each on its line", () => {
  const error = failed(new Error("outer", { cause: failed(new TypeError("inner", { cause: "why" })) }));
  assert.equal(describe(error), "outer\ncaused by TypeError: inner\ncaused by why");
});

test("anything may be thrown, and is text", () => {
  for (const [thrown, words] of [
    ["no", "no"],
    ["", "undefined"],
    [undefined, "undefined"],
    [null, "null"],
    [7n, "7"],
    [Symbol("no"), "Symbol(no)"],
    ["half \ud83d", "half \ufffd"],
    [failed(new Error("half \ud83d")), "half \ufffd"],
    [Object.create(null), "[object Object]"],
  ]) {
    assert.equal(describe(thrown), words);
  }
});

test("errors that cause each other come to an end", () => {
  const one = failed(new Error("one"));
  one.cause = failed(new Error("two", { cause: one }));
  const words = describe(one);
  assert.match(words, /^one\ncaused by two/);
  assert.ok(words.length < 1000);
});

test("a promise is refused, and nothing else", () => {
  for (const result of [undefined, null, 7, {}, () => {}, { then: 7 }]) refusePromise(result, "handle", "advice");
  for (const result of [Promise.resolve(), { then() {} }]) {
    assert.throws(() => refusePromise(result, "handle", "export it as handleAsync"), {
      name: "TypeError",
      message: "handle has returned a promise; export it as handleAsync",
    });
  }
});

test("without a table a stack is as the engine gives it", () => {
  assert.equal(located("at componentize-qjs:user.js:3"), "at componentize-qjs:user.js:3");
});

test("the lines of a stack are those of the files", () => {
  // Line 1 of the module is line 5 of one file, line 2 is nothing, lines 3 and 4 are lines 1 and 3 of another.
  globalThis.socketserverLines = { files: ["handler.js", "lib/other.js"], lines: "0,5;;1,-4;0,2" };
  const frame = (place) => `    at handle (componentize-qjs:user.js:${place})\n`;
  for (const [place, shown] of [
    ["1:20", "handler.js:5"],
    ["1", "handler.js:5"],
    ["3:1", "lib/other.js:1"],
    ["4:1", "lib/other.js:3"],
    ["2:1", "componentize-qjs:user.js:2:1"],
    ["99:1", "componentize-qjs:user.js:99:1"],
  ]) {
    assert.equal(located(frame(place)), `    at handle (${shown})\n`);
  }
  assert.equal(located(frame("1:1") + frame("3:1")).match(/handler\.js:5|other\.js:1/g).length, 2);
  assert.match(describe(failed(new Error("no"), frame("1:1"))), /handler\.js:5/);
});
