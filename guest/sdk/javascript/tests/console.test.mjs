import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { console } from "../src/globals/console.js";
import { writeOutput } from "../src/output.js";
import { handles, reader, taken } from "./host/output.mjs";

beforeEach(() => {
  reader.hasGone = false;
  taken();
});

test("what one reads goes to standard output, what one has to look at to standard error", () => {
  for (const name of ["log", "info", "debug"]) {
    console[name]("%s", name, { a: 1 });
    assert.deepEqual(taken(), { out: `${name} { a: 1 }\n`, err: "" });
  }
  for (const name of ["warn", "error"]) {
    console[name](name);
    assert.deepEqual(taken(), { out: "", err: `${name}\n` });
  }
  console.log();
  assert.deepEqual(taken(), { out: "\n", err: "" });
});

test("the others do as in browsers", () => {
  console.dir({ a: "%s" }, "ignored");
  assert.deepEqual(taken(), { out: "{ a: \"%s\" }\n", err: "" });
  console.assert(true, "fine");
  console.assert(1 > 2);
  console.assert(false, "%s is wrong", "it");
  assert.deepEqual(taken(), { out: "", err: "Assertion failed\nAssertion failed: it is wrong\n" });
  console.count();
  console.count("x");
  console.count();
  console.countReset();
  console.count();
  assert.deepEqual(taken(), { out: "default: 1\nx: 1\ndefault: 2\ndefault: 1\n", err: "" });
  console.trace("here %d", 1);
  assert.match(taken().err, /^Trace: here 1\n.*console\.test\.mjs/s);
});

test("groups are indented, each line of them", () => {
  console.group("outer");
  console.log("one\ntwo");
  console.group();
  console.error("inner");
  console.groupEnd();
  console.groupEnd();
  console.groupEnd();
  console.log("out");
  assert.deepEqual(taken(), { out: "outer\n  one\n  two\nout\n", err: "    inner\n" });
});

test("a long text is written in parts that WASI takes, characters whole", () => {
  const text = "é€😀".repeat(10_000);
  console.log(text);
  assert.equal(taken().out, `${text}\n`);
  assert.equal(handles.open, 0);
});

test("a log that nobody reads is no failure", () => {
  reader.hasGone = true;
  console.error("nobody");
  writeOutput("nobody");
  assert.deepEqual([taken().err, handles.open], ["", 0]);
});
