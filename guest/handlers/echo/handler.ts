// RFC 862: sends back whatever it receives, until the peer has sent everything.

import type { Connection } from "socketserver";

export function handle(connection: Connection): void {
  for (const chunk of connection) connection.sendAll(chunk);
}
