// Sends what it is told of the HTTP request that its connection is. See `tests/programs/README.md`.

import { type Connection, type HttpRequest, httpRequest } from "socketserver";

export function handle(connection: Connection): void {
  const request: HttpRequest | null = httpRequest();
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

function escaped(value: Uint8Array): string {
  const isPlain = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e;
  return Array.from(value, (byte) =>
    isPlain(byte) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
