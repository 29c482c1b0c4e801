import clock from "wasi:clocks/monotonic-clock@0.2.12";

/** Milliseconds of a clock that never goes back, from no particular moment on. */
export function now() {
  return clock.now() / 1e6;
}
