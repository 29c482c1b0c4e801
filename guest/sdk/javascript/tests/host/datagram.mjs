import { failed } from "./error.mjs";
import { LOCAL } from "./connection.mjs";

/** The resource `datagram-socket`. */
export class HostSocket {
  /** What was sent: the bytes and where to. */
  sent = [];
  timeouts = [];
  disposals = 0;
  /** The error that sending ends with. */
  failure;

  sendTo(bytes, remote) {
    this.#check();
    if (this.failure !== undefined) throw failed(this.failure);
    this.sent.push({ text: new TextDecoder().decode(bytes), remote });
  }

  setTimeout(milliseconds) {
    this.#check();
    this.timeouts.push(milliseconds);
  }

  getLocalAddress() {
    this.#check();
    return LOCAL;
  }

  [Symbol.dispose]() {
    this.disposals++;
  }

  #check() {
    if (this.disposals > 0) throw new Error("a trap: the handle was dropped");
  }
}
