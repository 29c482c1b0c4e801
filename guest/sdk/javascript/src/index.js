// What `import … from "socketserver"` gives. Nothing here has an effect by being imported, so that a component contains, and
// imports of its host, what its source uses and nothing else.

export { SocketError } from "./error.js";
export { LineTooLongError } from "./lines.js";
export { Address } from "./address.js";
export { Connection } from "./connection.js";
export { AsyncConnection } from "./async-connection.js";
export { DatagramRequest } from "./datagram.js";
export { httpRequest } from "./http-request.js";
export { Server, PendingRequest, Outcome } from "./server.js";
export { sleep, timeout, TimeoutError } from "./timers.js";
