// In a process of its own: what a timer throws is thrown for good.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setTimeout } from "../src/timers.js";
import { uncaught } from "../src/uncaught.js";
import { pass } from "./host/clock.mjs";

test("what a timer throws rejects what its handler waits for, and the other timers go on", async () => {
  const called = [];
  const failure = new Error("a bug");
  setTimeout(() => {
    throw failure;
  }, 1);
  setTimeout(() => called.push("other"), 1);
  await pass(1);
  await assert.rejects(uncaught, (error) => error === failure);
  assert.deepEqual(called, ["other"]);
});
