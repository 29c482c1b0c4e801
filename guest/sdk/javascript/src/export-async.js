import { AsyncConnection } from "./async-connection.js";
import { describe } from "./failure.js";
import { phase } from "./phase.js";
import { stopTimers, uncaught } from "./uncaught.js";

/** The export `async-stream-handler` of a component whose source exports `handleAsync`. */
export function asyncStreamHandler(handle) {
  return {
    async handle(info, received, receivedEnd) {
      phase.isServing = true;
      const output = globalThis.wit.Stream();
      const outcome = globalThis.wit.Future();
      const connection = new AsyncConnection({ info, received, receivedEnd, output: output.writable });
      // The host sends what the stream has from here on, so it is returned while the handler goes on.
      serve(handle, connection, outcome.writable);
      return [output.readable, outcome.readable];
    },
  };
}

async function serve(handle, connection, outcome) {
  let result = { tag: "ok" };
  try {
    await Promise.race([handle(connection), uncaught]);
  } catch (error) {
    result = { tag: "err", val: { tag: "other", val: describe(error) } };
  }
  stopTimers();
  await connection.close();
  await outcome.write(result);
}
