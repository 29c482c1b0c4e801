import assert from "node:assert/strict";
import { test } from "node:test";

import { DatagramRequest } from "../src/datagram.js";
import { REMOTE } from "./host/connection.mjs";
import { HostSocket } from "./host/datagram.mjs";

function requested(data = new TextEncoder().encode("hello"), truncated = false) {
  const host = new HostSocket();
  return { host, request: new DatagramRequest({ data, remote: REMOTE, truncated }, host) };
}

test("a request has its data, as bytes and as text", () => {
  const { request } = requested(Uint8Array.of(0x68, 0xc3, 0xa9, 0xff));
  assert.deepEqual(request.data, Uint8Array.of(0x68, 0xc3, 0xa9, 0xff));
  assert.equal(request.text(), "hé\ufffd");
  assert.equal(request.isTruncated, false);
  assert.equal(requested(Uint8Array.of(1), true).request.isTruncated, true);
});

test("replies go to who has asked, any number of times", () => {
  const { host, request } = requested();
  request.reply("one");
  request.reply(Uint8Array.of(0x32));
  assert.deepEqual(host.sent, [{ text: "one", remote: REMOTE }, { text: "2", remote: REMOTE }]);
  assert.throws(() => request.reply({}), TypeError);
});

test("an error of the host has its code", () => {
  const { host, request } = requested();
  host.failure = "datagram-too-large";
  assert.throws(() => request.reply("x"), { name: "SocketError", code: "datagram-too-large", message: "the message does not fit" });
});

test("timeouts and addresses are the host's", () => {
  const { host, request } = requested();
  request.setTimeout(0.5);
  request.setTimeout(null);
  assert.deepEqual(host.timeouts, [1, null]);
  assert.throws(() => request.setTimeout(NaN), RangeError);
  assert.equal(`${request.remoteAddress} ${request.localAddress}`, "192.0.2.1:4321 [::1]:9999");
});

test("closing gives the handle back once; what was received stays", () => {
  const { host, request } = requested();
  request.close();
  request[Symbol.dispose]();
  assert.equal(host.disposals, 1);
  for (const operation of [() => request.reply("x"), () => request.setTimeout(1), () => request.localAddress]) {
    assert.throws(operation, { code: "invalid-state" });
  }
  assert.equal(request.text(), "hello");
  assert.equal(`${request.remoteAddress}`, "192.0.2.1:4321");
});
