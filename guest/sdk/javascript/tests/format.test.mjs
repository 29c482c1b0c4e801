import assert from "node:assert/strict";
import { test } from "node:test";
import { format as theirs } from "node:util";

import { format, inspect } from "../src/format.js";

test("directives are filled in as Node.js does", () => {
  for (const values of [
    ["%s is %d years and %i", "Bob", 42.5, 42.5],
    ["%f", "1.5x"],
    ["%s %s", "one"],
    ["100%", 1],
    ["%%", 1],
    ["%d%%", 50],
    ["%x %s", "a"],
    ["%j", { a: [1, "x"] }],
    ["%c styled", "color: red"],
    ["%s", null],
    ["%s", undefined],
    ["%s", Symbol("s")],
    ["%d", Symbol("s")],
    ["%i", "x"],
    ["%f", Symbol("s")],
    ["%d", "0x10"],
    ["%j", undefined],
    ["a", "b", 1, true, null, undefined],
    ["no directive", "%s"],
    [1, "%s", 2],
    [],
  ]) {
    assert.equal(format(values), theirs(...values));
  }
});

test("values are written as in a program", () => {
  class Point {
    x = 1;
  }
  for (const [value, text] of [
    ["a\"b", "\"a\\\"b\""],
    [1.5, "1.5"],
    [-0, "-0"],
    [NaN, "NaN"],
    [12n, "12n"],
    [true, "true"],
    [null, "null"],
    [undefined, "undefined"],
    [Symbol("s"), "Symbol(s)"],
    [function named() {}, "[Function: named]"],
    [(() => () => {})(), "[Function: (anonymous)]"],
    [{}, "{}"],
    [{ a: 1, "b c": "x", 7: [] }, "{ 7: [], a: 1, \"b c\": \"x\" }"],
    [Object.create(null), "{}"],
    [new Point(), "Point { x: 1 }"],
    [[1, "x", [2]], "[1, \"x\", [2]]"],
    [new Uint8Array([1, 2]), "Uint8Array(2) [1, 2]"],
    [new Map([["a", { b: 1 }]]), "Map(1) { \"a\" => { b: 1 } }"],
    [new Set([1, "x"]), "Set(2) { 1, \"x\" }"],
    [new Map(), "Map(0) {}"],
    [/x+/gi, "/x+/gi"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "Invalid Date"],
  ]) {
    assert.equal(inspect(value), text);
  }
});

test("an error is its name, its message and its stack", () => {
  const error = new RangeError("too far");
  error.stack = "    at handle (f.js:1)\n";
  assert.equal(inspect(error), "RangeError: too far\n    at handle (f.js:1)");
  error.stack = undefined;
  assert.equal(format(["failed:", error]), "failed: RangeError: too far");
});

test("no value takes more than a log can bear", () => {
  const circular = { name: "x" };
  circular.self = circular;
  assert.equal(inspect(circular), "{ name: \"x\", self: [Circular] }");
  const twice = { a: [] };
  twice.b = twice.a;
  assert.equal(inspect(twice), "{ a: [], b: [] }", "twice is not circular");
  assert.equal(inspect({ a: { b: { c: { d: 1 } } } }), "{ a: { b: { c: [Object] } } }");
  assert.match(inspect(Array.from({ length: 103 }, () => 0)), /, 0, \.\.\. 3 more\]$/);
  assert.ok(inspect(new Uint8Array(1 << 16)).length < 1000);
});

test("nothing that is logged is an error", () => {
  const circular = {};
  circular.self = circular;
  const nothing = Object.create(null);
  for (const directive of ["%s", "%d", "%i", "%f", "%j", "%o", "%O", "%c"]) {
    for (const value of [circular, nothing, Symbol("s"), 7n, { toString: null, valueOf: null }, () => {}, undefined]) {
      assert.equal(typeof format([directive, value]), "string", directive);
    }
  }
  const failing = {
    get broken() {
      throw new Error("a getter fails");
    },
  };
  assert.equal(typeof format([failing]), "string");
});
