// Sends the method and the path of the HTTP request that its connection is. See `tests/programs/README.md`.

import { httpRequest } from "socketserver";

/** @type {import("socketserver").AsyncStreamHandler} */
export async function handleAsync(connection) {
  const request = httpRequest();
  await connection.sendAll(request === null ? "no request\n" : `${request.method} ${request.pathWithQuery}\n`);
}
