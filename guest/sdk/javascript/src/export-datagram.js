import { DatagramRequest } from "./datagram.js";
import { describe, refusePromise } from "./failure.js";
import { phase } from "./phase.js";

/** The export `datagram-handler` of a component whose source exports `handleDatagram`. */
export function datagramHandler(handle) {
  return {
    handle(datagram, host) {
      phase.isServing = true;
      const request = new DatagramRequest(datagram, host);
      try {
        refusePromise(handle(request), "handleDatagram", "datagrams are handled without waiting for anything");
      } catch (error) {
        throw describe(error);
      } finally {
        request.close();
      }
    },
  };
}
