// The engine's `performance` counts from when the component was built.

import { now as monotonic } from "../monotonic.js";
import { phase } from "../phase.js";

let origin;

/** The part of the web's `performance` that tells the time since its first use. */
export const performance = {
  now() {
    const time = monotonic();
    // The clock of the build is not that of an instance.
    if (phase.isServing) origin ??= time;
    return time - (origin ?? time);
  },
};
