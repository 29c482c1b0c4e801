import { type Connection, Server } from "socketserver";

/** Answers each line in upper case; each connection has a sandbox of its own. */
export function handle(connection: Connection): void {
  // A line of more than 1,024 bytes ends the connection, so that no peer can fill the memory.
  for (const line of connection.lines(1024)) connection.sendAll(`${line.toUpperCase()}\n`);
}

/** Runs once, from the start of the server to its end. */
export function main(): void {
  const server = new Server(["127.0.0.1", 9999]);
  server.serveForever();
  server.close();
}
