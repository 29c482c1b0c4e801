// In the place of `timers.js` where nothing can wait beside the connection: a library may mention a timer, and not need it.

function refuse(name) {
  return () => {
    throw new Error(`${name} needs an asynchronous handler: export handleAsync instead`);
  };
}

export const setTimeout = refuse("setTimeout");
export const setInterval = refuse("setInterval");
export const sleep = refuse("sleep");
export const timeout = refuse("timeout");

/** Nothing was set, so nothing is to be cleared. */
export function clearTimeout() {}
export { clearTimeout as clearInterval };

export class TimeoutError extends Error {}
