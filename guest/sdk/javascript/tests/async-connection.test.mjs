import assert from "node:assert/strict";
import { test } from "node:test";

import { abandon } from "../src/abandon.js";
import { AsyncConnection } from "../src/async-connection.js";
import { timeout } from "../src/timers.js";
import { begun, idle, pass } from "./host/clock.mjs";
import { Peer } from "./host/streams.mjs";

const decoder = new TextDecoder();
const text = (bytes) => bytes && decoder.decode(bytes);

function connected() {
  const peer = new Peer();
  return { peer, connection: new AsyncConnection(peer) };
}

/** Whether a promise has settled by now. */
async function isSettled(promise) {
  let settled = false;
  promise.then(() => (settled = true), () => (settled = true));
  await idle();
  return settled;
}

test("receiving waits for the peer, and returns chunks up to the end", async () => {
  const { peer, connection } = connected();
  const first = connection.receive();
  assert.equal(await isSettled(first), false);
  peer.send("hello");
  assert.equal(text(await first), "hello");
  peer.send("world");
  assert.equal(text(await connection.receive(2)), "wo");
  assert.equal(text(await connection.receive(10)), "rld");
  peer.end();
  assert.equal(await connection.receive(), null);
  assert.equal(await connection.receive(), null);
});

test("nothing is received before somebody asks", async () => {
  const { peer, connection } = connected();
  peer.send("early");
  await idle();
  assert.equal(peer.received.isReading, false);
  assert.equal(text(await connection.receive()), "early");
  await idle();
  assert.equal(peer.received.isReading, false);
});

test("a size that is none is refused", () => {
  const { connection } = connected();
  assert.throws(() => connection.receive(0), RangeError);
});

test("lines are put together from chunks, and the last needs no end", async () => {
  const { peer, connection } = connected();
  for (const chunk of ["on", "e\ntwo\r", "\n", "\nthr", "ee"]) peer.send(chunk);
  peer.end();
  const lines = [];
  for await (const line of connection.lines()) lines.push(line);
  assert.deepEqual(lines, ["one", "two", "", "three"]);
  assert.equal(await connection.readLine(), null);
  assert.equal(await connection.readLineBytes(), null);
});

test("lines are text or bytes, and what follows is received next", async () => {
  const { peer, connection } = connected();
  peer.send(Uint8Array.of(0xff, 0x0a, 0xff, 0x0a, 0x78));
  assert.equal(await connection.readLine(), "\ufffd");
  assert.deepEqual(await connection.readLineBytes(), Uint8Array.of(0xff));
  assert.equal(text(await connection.receive()), "x");
});

test("a line that is too long is refused before its end has come", async () => {
  const { peer, connection } = connected();
  peer.send("1234567");
  await assert.rejects(connection.readLine(5), { name: "LineTooLongError", max: 5 });
  await assert.rejects(connection.readLineBytes(5), { name: "LineTooLongError" });
  assert.equal(text(await connection.receive()), "1234567", "what came is still there");
});

test("iterating gives the chunks", async () => {
  const { peer, connection } = connected();
  peer.send("one");
  peer.send("two");
  peer.end();
  const chunks = [];
  for await (const chunk of connection) chunks.push(text(chunk));
  assert.deepEqual(chunks, ["one", "two"]);
});

test("an empty chunk is no end", async () => {
  const { peer, connection } = connected();
  peer.send("");
  peer.send("x");
  assert.equal(text(await connection.receive()), "x");
});

test("calls at the same time receive one after the other", async () => {
  const { peer, connection } = connected();
  const calls = [connection.receive(), connection.readLine(), connection.readLine(), connection.receive()];
  peer.send("chunk");
  peer.send("one\nt");
  peer.send("wo\n");
  await idle();
  assert.equal(await isSettled(calls[3]), false);
  peer.end();
  const [chunk, ...others] = await Promise.all(calls);
  assert.deepEqual([text(chunk), ...others], ["chunk", "one", "two", null]);
});

test("a call that was given up loses nothing, whenever the bytes come", async () => {
  const { peer, connection } = connected();
  const missed = connection.readLine();
  abandon(missed);
  peer.send("for the next\n");
  assert.equal(await connection.readLine(), "for the next");

  abandon(connection.receive());
  const next = connection.receive();
  peer.send("for this one");
  assert.equal(text(await next), "for this one");

  const waiting = connection.receive();
  const behind = connection.receive();
  abandon(waiting);
  peer.send("for the one behind");
  assert.equal(text(await behind), "for the one behind");
  assert.equal(await isSettled(missed), false);
});

test("giving up comes too late for what was received", async () => {
  const { peer, connection } = connected();
  const received = connection.receive();
  peer.send("mine");
  await idle();
  abandon(received);
  assert.equal(text(await received), "mine");
});

test("a receive that has timed out loses nothing", async () => {
  const { peer, connection } = connected();
  for (const line of ["one", "two"]) {
    const timed = timeout(1000, connection.readLine());
    const failed = assert.rejects(timed, { name: "TimeoutError" });
    await pass(1000);
    await failed;
    // While nobody waits.
    peer.send(`${line}\n`);
    await idle();
    const next = timeout(1000, connection.readLine());
    assert.equal(await next, line);
  }
});

test("a receive in time is what the timeout gives", async () => {
  const { peer, connection } = connected();
  const timed = timeout(1000, connection.receive());
  await pass(999);
  peer.send("just in time");
  assert.equal(text(await timed), "just in time");
  // The timer was taken back, but for the slice of a wait that the host has begun.
  await pass(10_000);
  assert.ok(begun.every((milliseconds) => milliseconds <= 1000));
});

test("an error of the connection comes after what was received", async () => {
  const { peer, connection } = connected();
  peer.send("whole\npart");
  peer.end("connection-reset");
  assert.equal(await connection.readLine(), "whole");
  const reset = { name: "SocketError", code: "connection-reset" };
  await assert.rejects(connection.readLine(), reset, "a part of a line is no line");
  assert.equal(text(await connection.receive()), "part");
  await assert.rejects(connection.receive(), reset);
  await assert.rejects(connection.readLineBytes(), reset);
  await assert.rejects(Promise.all([connection.receive(), connection.receive()]), reset);
});

test("writes go out in the order of the calls", async () => {
  const { peer, connection } = connected();
  const sent = [connection.sendAll("one"), connection.sendAll(Uint8Array.of(0x32)), connection.sendAll(""), connection.sendAll("three")];
  await Promise.all(sent);
  assert.deepEqual(peer.output.writes, ["one", "2", "three"]);
  assert.throws(() => connection.sendAll(7), TypeError);
});

test("a peer that takes nothing holds up the writes and nothing else", async () => {
  const { peer, connection } = connected();
  peer.output.take(0);
  const sent = connection.sendAll("one");
  const later = connection.sendAll("two");
  peer.send("meanwhile");
  assert.equal(text(await connection.receive()), "meanwhile");
  assert.equal(await isSettled(sent), false);
  assert.equal(await isSettled(later), false);
  peer.output.take(Infinity);
  await Promise.all([sent, later]);
  assert.deepEqual(peer.output.writes, ["one", "two"]);
});

test("a peer that takes no more breaks this write and each later one", async () => {
  const { peer, connection } = connected();
  peer.output.take(2);
  const broken = { name: "SocketError", code: "connection-broken", message: "the connection takes no more data" };
  await assert.rejects(connection.sendAll("three"), broken);
  await assert.rejects(connection.sendAll("more"), broken);
});

test("why a peer takes no more is told where it is known", async () => {
  const { peer, connection } = connected();
  peer.end("connection-reset");
  await assert.rejects(connection.receive(), { code: "connection-reset" });
  peer.output.take(0);
  const sent = connection.sendAll("x");
  await idle();
  peer.output.take(0);
  await assert.rejects(sent, { code: "connection-reset" });
});

test("shutting down waits for the writes, and ends them", async () => {
  const { peer, connection } = connected();
  peer.output.take(0);
  const sent = connection.sendAll("last words");
  const shut = connection.shutdown();
  const late = assert.rejects(connection.sendAll("too late"), { code: "connection-broken", message: "shut down for sending" });
  await idle();
  assert.equal(peer.output.isDropped, false);
  peer.output.take(Infinity);
  await Promise.all([sent, shut, late]);
  assert.deepEqual([peer.output.writes, peer.output.isDropped], [["last words"], true]);
  await connection.shutdown();
  peer.send("still received");
  assert.equal(text(await connection.receive()), "still received");
});

test("both addresses are the host's", () => {
  const { connection } = connected();
  assert.equal(`${connection.remoteAddress} ${connection.localAddress}`, "192.0.2.1:4321 [::1]:9999");
});

function isGivenBack(peer) {
  return [peer.received, peer.receivedEnd, peer.output].every((end) => end.isDropped);
}

test("closing gives everything back", async () => {
  const { peer, connection } = connected();
  await connection.close();
  assert.ok(isGivenBack(peer));
  await assert.rejects(connection.receive(), { code: "invalid-state", message: "the connection is closed" });
  await assert.rejects(connection.readLine(), { code: "invalid-state" });
  await assert.rejects(connection.sendAll("x"), { code: "connection-broken" });
});

test("closing sends what was to be sent, and takes back a read", async () => {
  const { peer, connection } = connected();
  const reading = connection.receive();
  const sent = connection.sendAll("goodbye");
  await connection.close();
  await sent;
  assert.deepEqual(peer.output.writes, ["goodbye"]);
  assert.ok(isGivenBack(peer));
  assert.equal(await isSettled(reading), false, "its handler has ended");
});

test("closing at the end of the stream waits for why it ended", async () => {
  const { peer, connection } = connected();
  const reading = connection.receive();
  peer.received.give({ done: true, value: undefined });
  await idle();
  const closed = connection.close();
  assert.equal(await isSettled(closed), false);
  peer.receivedEnd.set({ tag: "ok" });
  await closed;
  assert.ok(peer.output.isDropped);
  assert.equal(await isSettled(reading), false);
});

test("an end that the engine cannot read is an error of the connection", async () => {
  const { peer, connection } = connected();
  const bug = new Error("the engine fails");
  peer.received.next = () => Promise.reject(bug);
  await assert.rejects(connection.receive(), (error) => error === bug);
  await connection.close();
});
