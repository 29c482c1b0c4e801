// A clock that stands still until `pass` moves it.

/** In nanoseconds. Not 0, where a component never begins. */
let time = 5_000_000_000;

const waits = [];

/** The waits that were begun, in milliseconds. */
export const begun = [];

export default {
  now: () => time,
  waitFor(nanoseconds) {
    begun.push(nanoseconds / 1e6);
    return new Promise((resolve) => waits.push({ due: time + nanoseconds, resolve }));
  },
};

/** Lets time pass, and everything happen that is due meanwhile, each in its moment. */
export async function pass(milliseconds) {
  const end = time + milliseconds * 1e6;
  await idle();
  for (;;) {
    waits.sort((one, other) => one.due - other.due);
    if (waits.length === 0 || waits[0].due > end) break;
    const { due, resolve } = waits.shift();
    time = Math.max(time, due);
    resolve();
    await idle();
  }
  time = end;
}

/** Waits until nothing more happens by itself. */
export function idle() {
  return new Promise((resolve) => setImmediate(resolve));
}
