/** What the host says of an operation that failed, in words. */
const MESSAGES = {
  "access-denied": "the operator has not granted this",
  "address-in-use": "something else uses the address",
  "address-not-bindable": "no interface of the host has the address",
  "invalid-argument": "an argument is out of its range",
  "invalid-state": "not possible in the state that it is in",
  "out-of-memory": "the host has no memory for this",
  "timeout": "the time has passed",
  "remote-unreachable": "the peer cannot be reached",
  "connection-broken": "the connection takes no more data",
  "connection-reset": "the peer has reset the connection",
  "connection-aborted": "the connection was aborted",
  "datagram-too-large": "the message does not fit",
};

/** An operation on the network that failed; `code` says why, for programs. */
export class SocketError extends Error {
  /**
   * @param {string} code one of the names of `error-code` in the WIT, such as `"timeout"`
   * @param {string} [message]
   */
  constructor(code, message = MESSAGES[code] ?? code) {
    super(message);
    this.code = code;
  }

  get name() {
    return "SocketError";
  }
}

/** Turns what the engine throws for an error of the host into a `SocketError`; anything else stays as it is. */
export function fromHost(error) {
  const payload = error?.payload;
  return typeof payload?.tag === "string" ? fromCode(payload) : error;
}

/** A `SocketError` of the WIT's variant `error-code`. */
export function fromCode({ tag, val }) {
  return new SocketError(tag, val ?? MESSAGES[tag]);
}
