// Sends what it is told of the HTTP request that its connection is. See `tests/programs/README.md`.

import { httpRequest } from "socketserver";

/** @type {import("socketserver").StreamHandler} */
export function handle(connection) {
  const request = httpRequest();
  if (request === null) {
    connection.sendAll("no request\n");
    return;
  }
  const lines = [
    `${request.method} ${request.pathWithQuery ?? "none"}`,
    `authority ${request.authority ?? "none"}`,
    `scheme ${request.scheme ?? "none"}`,
    ...request.headers.map(([name, value]) => `${name}: ${escaped(value)}`),
  ];
  let count = 0;
  for (const chunk of connection) count += chunk.length;
  lines.push(`received ${count}`, "");
  connection.sendAll(lines.join("\n"));
}

/** @param {Uint8Array} value */
function escaped(value) {
  const isPlain = (/** @type {number} */ byte) => byte >= 0x20 && byte <= 0x7e;
  return Array.from(value, (byte) =>
    isPlain(byte) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
