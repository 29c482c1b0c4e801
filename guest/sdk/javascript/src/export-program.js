import environment from "wasi:cli/environment@0.2.12";
import { describe, refusePromise } from "./failure.js";
import { writeError } from "./output.js";
import { phase } from "./phase.js";

/** The export `wasi:cli/run` of a component whose source exports `main`. */
export function run(main) {
  return {
    run() {
      phase.isServing = true;
      try {
        // The first is the name of the program.
        refusePromise(main(environment.getArguments().slice(1)), "main", "a server program waits with its servers");
      } catch (error) {
        writeError(`Error: ${describe(error)}\n`);
        // The error of `run` has no value, and the engine takes an object for one.
        throw undefined;
      }
    },
  };
}
