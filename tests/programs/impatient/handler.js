// Waits 10 ms for each line, and says so when none has come: no line may be lost by that. At the line `leave` it returns while it
// still receives, and at the end of the stream it returns after it.

import { timeout, TimeoutError } from "socketserver";

/** @type {import("socketserver").AsyncStreamHandler} */
export async function handleAsync(connection) {
  for (;;) {
    try {
      const line = await timeout(10, connection.readLine());
      if (line === null) return;
      await connection.sendAll(`${line}\n`);
      if (line === "leave") {
        connection.receive();
        return;
      }
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await connection.sendAll("waiting\n");
    }
  }
}
