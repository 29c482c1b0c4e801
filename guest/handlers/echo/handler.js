// RFC 862: sends back whatever it receives, until the peer has sent everything.

/** @type {import("socketserver").StreamHandler} */
export function handle(connection) {
  for (const chunk of connection) connection.sendAll(chunk);
}
