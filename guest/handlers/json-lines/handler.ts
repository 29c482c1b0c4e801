// JSON-RPC 2.0 over lines: the service. The protocol is in `rpc.ts`.

import { type Connection, LineTooLongError } from "socketserver";
import { InvalidParams, type Json, type Methods, respond, tooLong } from "./rpc";

/** The longest line, in bytes. */
const MAX_LINE = 65_536;

/** Each connection has an instance of its own, so this is the connection's. */
let counted = 0;

const methods: Methods = {
  count: () => ++counted,
  echo: (params) => params ?? null,
  methods: () => Object.keys(methods),
  sum: (params) => numbers(params).reduce((sum, number) => sum + number, 0),
  time: () => new Date().toISOString(),
  uuid: () => crypto.randomUUID(),
};

export function handle(connection: Connection): void {
  try {
    for (const line of connection.lines(MAX_LINE)) {
      if (line.trim() === "") continue;
      const response = respond(methods, line);
      if (response !== undefined) connection.sendAll(`${response}\n`);
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    // Where the next line begins cannot be told any more.
    connection.sendAll(`${tooLong(error.max)}\n`);
  }
}

function numbers(params: Json | undefined): number[] {
  if (!Array.isArray(params)) throw new InvalidParams("sum takes numbers by position");
  return params.map((param) => {
    if (typeof param !== "number") throw new InvalidParams(`${JSON.stringify(param)} is no number`);
    return param;
  });
}
