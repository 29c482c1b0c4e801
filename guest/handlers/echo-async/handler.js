// RFC 862 in the world of asynchronous handlers.

/** @type {import("socketserver").AsyncStreamHandler} */
export async function handleAsync(connection) {
  for await (const chunk of connection) await connection.sendAll(chunk);
}
