// How an error that a handler throws reaches the log of the server.

import { located } from "./stack.js";

/** Causes that are told; more of them are errors that cause each other. */
const CAUSES = 8;

/** The words for what was thrown: the message, and for errors where it comes from. Never empty, and always valid text. */
export function describe(thrown, causes = CAUSES) {
  if (!(thrown instanceof Error)) return textOf(thrown).toWellFormed() || "undefined";
  const { name, message } = thrown;
  // `throw new Error("…")` is how a handler says why it refuses: its words come first, and alone.
  const words = name === "Error" ? message || "Error" : `${name}: ${message}`;
  const stack = located(thrown.stack ?? "").trimEnd();
  const cause = thrown.cause === undefined || causes === 0 ? "" : `\ncaused by ${describe(thrown.cause, causes - 1)}`;
  return `${words}${stack && `\n${stack}`}${cause}`.toWellFormed();
}

function textOf(value) {
  try {
    return String(value);
  } catch {
    // An object without `toString`.
    return Object.prototype.toString.call(value);
  }
}

/** Complains when something that has to do its work before it returns has returned a promise. */
export function refusePromise(result, name, advice) {
  if (typeof result?.then === "function") throw new TypeError(`${name} has returned a promise; ${advice}`);
}
