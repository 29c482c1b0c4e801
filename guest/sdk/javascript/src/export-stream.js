import { Connection } from "./connection.js";
import { describe, refusePromise } from "./failure.js";
import { phase } from "./phase.js";

/** The export `stream-handler` of a component whose source exports `handle`. */
export function streamHandler(handle) {
  return {
    handle(host) {
      phase.isServing = true;
      const connection = new Connection(host);
      try {
        refusePromise(handle(connection), "handle", "export an asynchronous handler as handleAsync");
      } catch (error) {
        throw describe(error);
      } finally {
        connection.close();
      }
    },
  };
}
