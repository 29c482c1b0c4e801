import { timeout, TimeoutError } from "socketserver";

/**
 * Answers each line in upper case, and asks a peer that is silent for ten seconds whether it is there.
 *
 * @type {import("socketserver").AsyncStreamHandler}
 */
export async function handleAsync(connection) {
  for (;;) {
    try {
      const line = await timeout(10_000, connection.readLine(1024));
      if (line === null) return;
      await connection.sendAll(`${line.toUpperCase()}\n`);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await connection.sendAll("HELLO?\n");
    }
  }
}
