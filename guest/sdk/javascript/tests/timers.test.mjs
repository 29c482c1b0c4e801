import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import * as blocking from "../src/timers-blocking.js";
import * as timers from "../src/timers.js";
import { stopTimers } from "../src/uncaught.js";
import { begun, idle, pass } from "./host/clock.mjs";

const { clearInterval, clearTimeout, setInterval, setTimeout, sleep, timeout, TimeoutError } = timers;

let called;
const call = (name) => () => called.push(name);

beforeEach(() => {
  called = [];
  begun.length = 0;
});

afterEach(async () => {
  stopTimers();
  await pass(2000);
});

test("timers are called in the order in which they become due", async () => {
  setTimeout(call("late"), 30);
  setTimeout(call("early"), 10);
  setTimeout(call("first of two"), 20);
  setTimeout(call("second of two"), 20);
  await pass(9);
  assert.deepEqual(called, []);
  await pass(1);
  assert.deepEqual(called, ["early"]);
  await pass(100);
  assert.deepEqual(called, ["early", "first of two", "second of two", "late"]);
});

test("a timer is never called before setTimeout has returned, and gets its parameters", async () => {
  setTimeout((...parameters) => called.push(...parameters), 0, "one", "two");
  setTimeout(call("none"));
  assert.deepEqual(called, []);
  await pass(0);
  assert.deepEqual(called, ["one", "two", "none"]);
});

test("delays that are none are at once, as in browsers", async () => {
  for (const delay of [-5, NaN, 2 ** 31, Infinity, "soon", 0.9]) setTimeout(call(delay), delay);
  await pass(0);
  assert.equal(called.length, 6);
  setTimeout(call("whole milliseconds"), 5.9);
  await pass(5);
  assert.equal(called.length, 7);
});

test("a timer that was cleared is not called, also when it was due", async () => {
  const ids = [];
  ids.push(setTimeout(call("cleared"), 10));
  clearTimeout(ids[0]);
  setTimeout(() => {
    called.push("clears the next");
    clearTimeout(ids[1]);
  }, 20);
  ids.push(setTimeout(call("due and cleared"), 20));
  for (const id of [undefined, null, 0, 1e9, "x"]) clearTimeout(id);
  await pass(100);
  assert.deepEqual(called, ["clears the next"]);
  assert.equal(new Set([...ids, setTimeout(call("x"), 1)]).size, 3, "no number is used twice");
});

test("an interval repeats until it is cleared", async () => {
  const id = setInterval(() => {
    called.push("tick");
    if (called.length === 3) clearInterval(id);
  }, 10);
  await pass(1000);
  assert.deepEqual(called, ["tick", "tick", "tick"]);
  const fast = setInterval(call("fast"), 0);
  await pass(5);
  clearInterval(fast);
  assert.equal(called.length, 8, "at most once a millisecond");
});

test("timers may be set by timers", async () => {
  setTimeout(() => {
    called.push("outer");
    setTimeout(call("inner"), 5);
    setTimeout(call("at once"), 0);
  }, 10);
  await pass(10);
  assert.deepEqual(called, ["outer", "at once"]);
  await pass(5);
  assert.deepEqual(called, ["outer", "at once", "inner"]);
});

// As long as a wait is under way the host does not regard the handler as ended.
test("no wait of the host is longer than a second", async () => {
  setTimeout(call("an hour"), 3_600_000);
  await pass(3_599_999);
  assert.deepEqual(called, []);
  await pass(1);
  assert.deepEqual(called, ["an hour"]);
  assert.ok(begun.length <= 3_601 && begun.every((time) => time <= 1000), `${begun.length} waits`);
});

test("many timers share a wait", async () => {
  for (let index = 0; index < 1000; index++) setTimeout(call(index), 10);
  assert.equal(begun.length, 1);
  await pass(10);
  assert.equal(called.length, 1000);
});

test("a callback that is no function is refused", () => {
  for (const callback of [undefined, "code()", {}]) {
    assert.throws(() => setTimeout(callback, 1), TypeError);
    assert.throws(() => setInterval(callback, 1), TypeError);
  }
});

test("sleeping takes its time", async () => {
  let isAwake = false;
  const slept = sleep(50).then(() => (isAwake = true));
  await pass(49);
  assert.equal(isAwake, false);
  await pass(1);
  await slept;
});

test("a timeout gives what comes in time, and takes its timer back", async () => {
  assert.equal(await timeout(10, Promise.resolve("done")), "done");
  await assert.rejects(timeout(10, Promise.reject(new RangeError("failed"))), RangeError);
  assert.equal(await timeout(10, "no promise"), "no promise");
  begun.length = 0;
  await pass(5000);
  assert.deepEqual(begun, [], "nothing is waited for");
});

test("a timeout that passes is an error of its own", async () => {
  const failed = timeout(1500, new Promise(() => {})).catch((error) => error);
  await pass(1500);
  const error = await failed;
  assert.ok(error instanceof TimeoutError && error instanceof Error);
  assert.deepEqual([error.name, error.message], ["TimeoutError", "not done after 1500 ms"]);
});

test("no timer outlives its handler", async () => {
  setTimeout(call("timer"), 10);
  setInterval(call("interval"), 10);
  stopTimers();
  await pass(100);
  assert.deepEqual(called, []);
});

test("blocking handlers are told what timers need, by the same names", async () => {
  assert.deepEqual(Object.keys(blocking).sort(), Object.keys(timers).sort());
  for (const name of ["setTimeout", "setInterval", "sleep", "timeout"]) {
    assert.throws(() => blocking[name](() => {}, 1), { message: `${name} needs an asynchronous handler: export handleAsync instead` });
  }
  blocking.clearTimeout(1);
  blocking.clearInterval(1);
  await idle();
});
