// What a component exports, around what its source does.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { asyncStreamHandler } from "../src/export-async.js";
import { datagramHandler } from "../src/export-datagram.js";
import { run } from "../src/export-program.js";
import { streamHandler } from "../src/export-stream.js";
import { phase } from "../src/phase.js";
import { setTimeout as setTimer } from "../src/timers.js";
import { idle, pass } from "./host/clock.mjs";
import { HostConnection, REMOTE } from "./host/connection.mjs";
import { HostSocket } from "./host/datagram.mjs";
import { words } from "./host/environment.mjs";
import { taken } from "./host/output.mjs";
import { Peer } from "./host/streams.mjs";

beforeEach(() => {
  phase.isServing = false;
  taken();
});

/** What a function throws. */
function thrown(operation) {
  try {
    operation();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

test("a handler of streams is given the connection, which is closed when it returns", () => {
  const host = new HostConnection("hello\n");
  streamHandler((connection) => {
    assert.ok(phase.isServing);
    connection.sendAll(connection.readLine());
    assert.equal(host.disposals, 0);
  }).handle(host);
  assert.deepEqual([host.sentText, host.disposals], ["hello", 1]);
});

test("what it throws are its words in the log, and the connection is closed", () => {
  const host = new HostConnection();
  const words = thrown(() => {
    streamHandler(() => {
      throw new Error("refused by choice");
    }).handle(host);
  });
  assert.match(words, /^refused by choice\n/);
  assert.equal(host.disposals, 1);
});

test("an error of the connection that nobody catches is the handler's", () => {
  const host = new HostConnection({ error: "connection-reset" });
  const words = thrown(() => streamHandler((connection) => connection.receive()).handle(host));
  assert.match(words, /^SocketError: the peer has reset the connection\n/);
});

test("a handler that closes the connection itself is done with it", () => {
  const host = new HostConnection();
  streamHandler((connection) => connection.close()).handle(host);
  assert.equal(host.disposals, 1);
});

test("an asynchronous function under the wrong name is told the right one", () => {
  const host = new HostConnection();
  const words = thrown(() => streamHandler(async () => {}).handle(host));
  assert.match(words, /^TypeError: handle has returned a promise; export an asynchronous handler as handleAsync/);
  assert.equal(host.disposals, 1);
});

const DATAGRAM = { data: Uint8Array.of(0x68, 0x69), remote: REMOTE, truncated: false };

test("a handler of datagrams is given the request, whose socket is given back", () => {
  const host = new HostSocket();
  datagramHandler((request) => {
    assert.ok(phase.isServing);
    request.reply(request.text());
  }).handle(DATAGRAM, host);
  assert.deepEqual([host.sent.length, host.disposals], [1, 1]);
});

test("what a handler of datagrams throws are its words, and a promise is refused", () => {
  const host = new HostSocket();
  const failing = datagramHandler(() => {
    throw "no";
  });
  assert.equal(thrown(() => failing.handle(DATAGRAM, host)), "no");
  assert.match(thrown(() => datagramHandler(async () => {}).handle(DATAGRAM, host)), /handleDatagram has returned a promise/);
  assert.equal(host.disposals, 2);
});

test("a program has the arguments of the command line", () => {
  words.push("--verbose", "file");
  let args;
  assert.equal(run((given) => void (args = given)).run(), undefined);
  words.length = 1;
  assert.deepEqual(args, ["--verbose", "file"]);
  assert.ok(phase.isServing);
});

test("a program that throws has failed, and says why on standard error", () => {
  const program = run(() => {
    throw new RangeError("out of everything");
  });
  assert.equal(thrown(() => program.run()), undefined, "the error of WASI's run has no value");
  assert.match(taken().err, /^Error: RangeError: out of everything\n/);
  assert.equal(thrown(() => run(async () => {}).run()), undefined);
  assert.match(taken().err, /main has returned a promise; a server program waits with its servers/);
});

/** Starts an asynchronous handler with a peer. */
async function started(handle) {
  const peer = new Peer();
  const outcome = { values: [], write: async (value) => outcome.values.push(value) };
  const readable = {};
  globalThis.wit = {
    Stream: () => ({ readable, writable: peer.output }),
    Future: () => ({ readable: "the outcome", writable: outcome }),
  };
  const returned = await asyncStreamHandler(handle).handle(peer.info, peer.received, peer.receivedEnd);
  assert.deepEqual(returned, [readable, "the outcome"]);
  await idle();
  return { peer, outcomes: outcome.values };
}

test("an asynchronous handler goes on when its streams were returned", async () => {
  const { peer, outcomes } = await started(async (connection) => {
    assert.ok(phase.isServing);
    for await (const line of connection.lines()) await connection.sendAll(line.toUpperCase());
  });
  assert.deepEqual(outcomes, []);
  peer.send("hello\n");
  await idle();
  assert.deepEqual(peer.output.writes, ["HELLO"]);
  peer.end();
  await idle();
  assert.deepEqual(outcomes, [{ tag: "ok" }]);
  assert.ok(peer.output.isDropped);
});

test("what an asynchronous handler throws is told when all was sent", async () => {
  const { peer, outcomes } = await started(async (connection) => {
    peerOf.connection = connection;
    connection.sendAll("last words");
    throw new Error("no more");
  });
  const [{ tag, val }] = outcomes;
  assert.deepEqual([tag, val.tag], ["err", "other"]);
  assert.match(val.val, /^no more\n/);
  assert.deepEqual(peer.output.writes, ["last words"]);
  await assert.rejects(peerOf.connection.receive(), { code: "invalid-state" });
});

const peerOf = {};

// The last one: what is thrown there stays thrown for this process.
test("what a timer throws ends the handler, and its other timers", async () => {
  let isLate = false;
  const { peer, outcomes } = await started(async (connection) => {
    setTimer(() => (isLate = true), 20);
    setTimer(() => {
      throw new Error("a timer fails");
    }, 10);
    await connection.receive();
  });
  await pass(10);
  const [{ tag, val }] = outcomes;
  assert.equal(tag, "err");
  assert.match(val.val, /^a timer fails\n/);
  assert.ok(peer.received.isDropped, "the read was taken back");
  await pass(20);
  assert.equal(isLate, false);
});
