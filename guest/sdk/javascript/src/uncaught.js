// What the timers and the handler they belong to have to do with each other, without either needing the other.

let reject;

/** Rejected with what a timer's callback throws: it ends the handler, as it would end a process. */
export const uncaught = new Promise((_, rejected) => {
  reject = rejected;
});
// Nobody need be waiting when it happens.
uncaught.catch(() => {});

export function fail(error) {
  reject(error);
}

const stops = [];

/** Calls `stop` when the handler has ended. */
export function whenStopped(stop) {
  stops.push(stop);
}

export function stopTimers() {
  for (const stop of stops) stop();
}
