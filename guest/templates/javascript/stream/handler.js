/**
 * Answers each line in upper case.
 *
 * @type {import("socketserver").StreamHandler}
 */
export function handle(connection) {
  // A line of more than 1,024 bytes ends the connection, so that no peer can fill the memory.
  for (const line of connection.lines(1024)) connection.sendAll(`${line.toUpperCase()}\n`);
}
