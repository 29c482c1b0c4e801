// Misbehaves in the way that its peer names in a line. In every language there is one, for the same tests.

import type { Connection } from "socketserver";

let counter = 0;
let kept: Connection | undefined;

export function handle(connection: Connection): void {
  const word = connection.readLine();
  switch (word) {
    case "echo":
      for (const chunk of connection) connection.sendAll(chunk);
      return;
    case "count":
      connection.sendAll(`${++counter}\n`);
      return;
    case "allocate":
      allocate();
    case "spin":
      for (;;);
    case "trap":
      // The natural crash: what the types promise is not so.
      (undefined as unknown as { missing: () => void }).missing();
      return;
    case "recurse":
      recurse(0);
      return;
    case "fail":
      throw new Error("refused by choice");
    case "print":
      console.log("to stdout");
      console.error("to stderr");
      connection.sendAll("done\n");
      return;
    case "leak":
      kept = connection;
      return;
    default:
      throw new Error(`no such word: ${word}${kept === undefined ? "" : ", and something is kept"}`);
  }
}

function allocate(): never {
  const all: Uint8Array[] = [];
  for (;;) all.push(new Uint8Array(1 << 20).fill(1));
}

function recurse(depth: number): number {
  return 1 + recurse(depth + 1);
}
