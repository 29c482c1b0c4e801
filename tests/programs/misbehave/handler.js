// Misbehaves in the way that its peer names in a line. In every language there is one, for the same tests.

let counter = 0;

/** @type {import("socketserver").StreamHandler} */
export function handle(connection) {
  const word = connection.readLine();
  switch (word) {
    case "echo":
      for (const chunk of connection) connection.sendAll(chunk);
      return;
    case "count":
      connection.sendAll(`${++counter}\n`);
      return;
    case "allocate":
      for (const kept = []; ; ) kept.push(new Uint8Array(1 << 20).fill(1));
    case "spin":
      for (;;);
    case "trap":
      // The natural crash: what nobody has thought of is thrown.
      return undefined.missing;
    case "recurse":
      return recurse(0);
    case "fail":
      throw new Error("refused by choice");
    case "print":
      console.log("to stdout");
      console.error("to stderr");
      connection.sendAll("done\n");
      return;
    case "leak":
      globalThis.kept = connection;
      return;
    default:
      throw new Error(`no such word: ${word}`);
  }
}

function recurse(depth) {
  return 1 + recurse(depth + 1);
}
