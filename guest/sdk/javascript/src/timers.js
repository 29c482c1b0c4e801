// Timers over the clock of WASI 0.3, for asynchronous handlers. Blocking handlers have `timers-blocking.js` in their place.

import clock from "wasi:clocks/monotonic-clock@0.3.0";
import { abandon } from "./abandon.js";
import { fail, whenStopped } from "./uncaught.js";

const MILLISECOND = 1e6;

/**
 * The longest wait of the host that is begun, in nanoseconds. A wait cannot be taken back, and as long as one is under way the
 * host does not regard the handler as ended.
 */
const SLICE = 1000 * MILLISECOND;

/** The largest delay in milliseconds; a longer one is 1, as in browsers. */
const MAX_DELAY = 0x7fff_ffff;

const timers = new Map();
let lastId = 0;
/** When the earliest of the waits that are under way ends. */
let wakes = Infinity;

whenStopped(() => timers.clear());

export function setTimeout(callback, delay = 0, ...parameters) {
  return add(callback, delay, parameters, false);
}

export function setInterval(callback, delay = 0, ...parameters) {
  return add(callback, delay, parameters, true);
}

export function clearTimeout(id) {
  timers.delete(id);
}

export { clearTimeout as clearInterval };

/** A promise for when the time has passed. */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What `timeout` throws when the time has passed. */
export class TimeoutError extends Error {
  constructor(milliseconds) {
    super(`not done after ${milliseconds} ms`);
  }

  get name() {
    return "TimeoutError";
  }
}

/** What `promise` gives, or a `TimeoutError` when the time has passed before. */
export async function timeout(milliseconds, promise) {
  let id;
  const passed = new Promise((_, reject) => {
    id = setTimeout(() => {
      // In the same moment, so that what comes later is for another call.
      abandon(promise);
      reject(new TimeoutError(milliseconds));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, passed]);
  } finally {
    clearTimeout(id);
  }
}

function add(callback, delay, parameters, repeats) {
  if (typeof callback !== "function") throw new TypeError("a timer's callback is a function");
  const time = delay >= 1 && delay <= MAX_DELAY ? Math.floor(delay) * MILLISECOND : repeats ? MILLISECOND : 0;
  const id = ++lastId;
  const due = clock.now() + time;
  timers.set(id, { callback, parameters, due, time, repeats });
  wakeAt(due);
  return id;
}

function wakeAt(due) {
  const now = clock.now();
  const at = Math.min(due, now + SLICE);
  if (at >= wakes) return;
  wakes = at;
  clock.waitFor(Math.max(0, at - now)).then(() => {
    if (wakes === at) wakes = Infinity;
    fire();
  });
}

/** Calls what is due, in the order in which it became so, and waits for the next. */
function fire() {
  const now = clock.now();
  const due = [...timers].filter(([, timer]) => timer.due <= now).sort(([, one], [, other]) => one.due - other.due);
  for (const [id, timer] of due) {
    // An earlier one may have cleared it.
    if (!timers.has(id)) continue;
    if (timer.repeats) timer.due = now + timer.time;
    else timers.delete(id);
    try {
      timer.callback(...timer.parameters);
    } catch (error) {
      fail(error);
    }
  }
  let next = Infinity;
  for (const { due } of timers.values()) next = Math.min(next, due);
  if (next !== Infinity) wakeAt(next);
}
