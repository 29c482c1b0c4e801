import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../src/connection.js";
import { SocketError } from "../src/error.js";
import { failed } from "./host/error.mjs";
import { HostConnection } from "./host/connection.mjs";

const bytes = (...values) => Uint8Array.of(...values);

function connected(...incoming) {
  const host = new HostConnection(...incoming);
  return { host, connection: new Connection(host) };
}

test("receiving returns chunks, and null at the end of the stream", () => {
  const { host, connection } = connected(bytes(1, 2), bytes(3));
  assert.deepEqual(connection.receive(), bytes(1, 2));
  assert.deepEqual(connection.receive(10), bytes(3));
  assert.equal(connection.receive(), null);
  assert.equal(connection.receive(), null);
  assert.deepEqual(host.calls.slice(0, 2), [["receive", 65_536], ["receive", 10]]);
});

test("the host is asked for no more than was asked for", () => {
  const { host, connection } = connected(bytes(1, 2, 3));
  assert.deepEqual(connection.receive(2), bytes(1, 2));
  assert.deepEqual(connection.receive(2), bytes(3));
  connection.receive(1 << 30);
  assert.deepEqual(host.calls.at(-1), ["receive", 65_536]);
  assert.throws(() => connection.receive(0), RangeError);
  assert.equal(host.calls.length, 3, "the host is not asked");
});

test("iterating gives the chunks up to the end", () => {
  const { connection } = connected("one", "two");
  assert.deepEqual(Array.from(connection, (chunk) => new TextDecoder().decode(chunk)), ["one", "two"]);
});

test("lines are put together from chunks", () => {
  const { host, connection } = connected("on", "e\ntwo\r", "\n\nthr", "ee");
  assert.deepEqual([...connection.lines()], ["one", "two", "", "three"]);
  assert.equal(connection.readLine(), null);
  assert.ok(host.calls.every(([name, max]) => name === "receive" && max === 65_536));
});

test("a character may come in two chunks, and what is none is replaced", () => {
  const { connection } = connected(bytes(0xe2, 0x82), bytes(0xac, 0x0a), bytes(0xff, 0x0a));
  assert.equal(connection.readLine(), "€");
  assert.equal(connection.readLine(), "\ufffd");
});

test("a line as bytes is what came", () => {
  const { connection } = connected(bytes(0xff, 0x00, 0x0a));
  assert.deepEqual(connection.readLineBytes(), bytes(0xff, 0));
  assert.equal(connection.readLineBytes(), null);
});

test("a line that is too long ends reading by lines, and takes no more memory", () => {
  const { host, connection } = connected(...Array.from({ length: 100 }, () => "x".repeat(1000)));
  assert.throws(() => connection.readLine(5_000), { name: "LineTooLongError", max: 5_000 });
  assert.ok(host.incoming.length >= 94, "the rest was left where it was");
  assert.throws(() => connection.readLine(5_000), { name: "LineTooLongError" });
});

test("a line may have 8,192 bytes unless told otherwise", () => {
  const line = "x".repeat(8_192);
  assert.equal(connected(`${line}\n`).connection.readLine(), line);
  assert.throws(() => connected(`${line}x\n`).connection.readLine(), { max: 8_192 });
  assert.throws(() => [...connected(`${line}x\n`).connection.lines()], { max: 8_192 });
});

test("what follows a line is received next, without the host", () => {
  const { host, connection } = connected("line\nrest");
  connection.readLine();
  assert.deepEqual(connection.wait({ readable: true, writable: true }), { readable: true, writable: false });
  assert.deepEqual(connection.receive(2), new TextEncoder().encode("re"));
  assert.deepEqual(connection.receive(), new TextEncoder().encode("st"));
  assert.equal(host.calls.length, 1);
});

test("sending takes text and bytes", () => {
  const { host, connection } = connected();
  assert.equal(connection.send("hello"), 4, "what the host took");
  connection.sendAll("é");
  connection.sendAll(bytes(0x21).buffer);
  connection.sendAll(new DataView(bytes(1, 0x3f, 1).buffer, 1, 1));
  assert.equal(host.sentText, "hellé!?");
  assert.throws(() => connection.sendAll(7), TypeError);
  assert.throws(() => connection.send(null), TypeError);
  assert.equal(host.calls.length, 4);
});

test("waiting asks the host for both directions", () => {
  const { host, connection } = connected();
  assert.deepEqual(connection.wait({ readable: true }), { readable: true, writable: false });
  assert.deepEqual(connection.wait({ writable: true }), { readable: false, writable: true });
  assert.deepEqual(host.calls[0], ["wait", { readable: true, writable: false }]);
});

test("timeouts reach the host in whole milliseconds", () => {
  const { host, connection } = connected();
  connection.setTimeout(1.5);
  connection.setTimeout(0);
  connection.setTimeout(null);
  assert.deepEqual(host.calls, [["setTimeout", 2], ["setTimeout", 0], ["setTimeout", null]]);
  assert.throws(() => connection.setTimeout(-1), RangeError);
});

test("shutting down closes the sending side unless told otherwise", () => {
  const { host, connection } = connected();
  connection.shutdown();
  connection.shutdown("receive");
  connection.shutdown("both");
  assert.deepEqual(host.calls.map(([, how]) => how), ["send", "receive", "both"]);
  assert.throws(() => connection.shutdown("write"), { name: "TypeError", message: /"both"; not write/ });
});

test("both addresses are the host's", () => {
  const { connection } = connected();
  assert.equal(`${connection.remoteAddress}`, "192.0.2.1:4321");
  assert.equal(`${connection.localAddress}`, "[::1]:9999");
});

const OPERATIONS = {
  receive: (connection) => connection.receive(),
  send: (connection) => connection.send("x"),
  sendAll: (connection) => connection.sendAll("x"),
  wait: (connection) => connection.wait({ readable: true }),
  setTimeout: (connection) => connection.setTimeout(1),
  shutdown: (connection) => connection.shutdown(),
  getRemoteAddress: (connection) => connection.remoteAddress,
  getLocalAddress: (connection) => connection.localAddress,
};

test("an error of the host has its code, whatever was called", () => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const { host, connection } = connected();
    host.failures[name] = ["connection-reset"];
    assert.throws(() => operation(connection), (error) => {
      assert.ok(error instanceof SocketError && error instanceof Error);
      assert.deepEqual([error.name, error.code, error.message], ["SocketError", "connection-reset", "the peer has reset the connection"]);
      return true;
    });
  }
});

test("an error in words keeps them", () => {
  const { host, connection } = connected();
  host.failures.send = ["other", "the cable is cut"];
  assert.throws(() => connection.send("x"), { code: "other", message: "the cable is cut" });
  host.failures.send = ["other"];
  assert.throws(() => connection.send("x"), { code: "other", message: "other" });
});

test("what is no error of the host stays what it is", () => {
  const { host, connection } = connected();
  const bug = new Error("a bug");
  host.sendAll = () => {
    throw bug;
  };
  assert.throws(() => connection.sendAll("x"), (error) => error === bug);
});

test("a timeout loses nothing", () => {
  const { connection } = connected("li", { error: "timeout" }, "ne\n", { error: "timeout" }, "x");
  assert.throws(() => connection.readLine(), { code: "timeout" });
  assert.equal(connection.readLine(), "line");
  assert.throws(() => connection.receive(), { code: "timeout" });
  assert.deepEqual(connection.receive(), bytes(0x78));
});

test("closing gives the handle back once, and nothing works after it", () => {
  const { host, connection } = connected("line\nrest");
  connection.readLine();
  connection.close();
  connection.close();
  connection[Symbol.dispose]();
  assert.equal(host.disposals, 1);
  const calls = host.calls.length;
  for (const operation of [...Object.values(OPERATIONS), (connection) => connection.readLine(), (connection) => [...connection]]) {
    assert.throws(() => operation(connection), { code: "invalid-state", message: "the connection is closed" });
  }
  assert.equal(host.calls.length, calls);
});

test("every code of the WIT has words", async () => {
  const { readFile } = await import("node:fs/promises");
  const wit = await readFile(new URL("../../../../wit/network.wit", import.meta.url), "utf8");
  const [, cases] = /variant error-code \{([^}]*)\}/.exec(wit);
  const codes = [...cases.matchAll(/^ {4}([a-z-]+)(?:\(.*\))?,$/gm)].map(([, code]) => code);
  assert.ok(codes.length >= 13, codes.join());
  for (const code of codes) {
    const { host, connection } = connected();
    host.receive = () => {
      throw failed(code);
    };
    assert.throws(() => connection.receive(), (error) => error.code === code && (error.message !== code || code === "other"));
  }
});
