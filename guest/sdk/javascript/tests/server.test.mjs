import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Outcome, PendingRequest, Server } from "../src/server.js";
import { REMOTE } from "./host/connection.mjs";
import { taken } from "./host/output.mjs";
import { made, outcome, requests, script, scripted } from "./host/server.mjs";

beforeEach(() => {
  scripted();
  requests.length = 0;
  Object.assign(outcome, { reason: "completed", message: null });
  taken();
});

/** The names of the hooks that were called, in their order. */
class Traced extends Server {
  trace = [];
}
for (const hook of [
  "getRequest", "verifyRequest", "processRequest", "finishRequest", "shutdownRequest", "closeRequest", "handleTimeout",
  "handleError", "serviceActions", "collectChildren",
]) {
  Traced.prototype[hook] = function (...parameters) {
    this.trace?.push(hook);
    return Server.prototype[hook].apply(this, parameters);
  };
}

test("a server is bound and active when it is made", () => {
  const server = new Server("tcp://127.0.0.1:9999");
  assert.deepEqual(made[0].calls, [["bind"], ["activate"]]);
  assert.deepEqual(made[0].options, { requestQueueSize: null, reuseAddress: null, reusePort: null, maxPacketSize: null, handler: null });
  assert.equal(`${server.serverAddress}`, "127.0.0.1:9999");
  assert.deepEqual([server.fileno, server.counters], [7, { accepted: 3, active: 0, rejected: 1 }]);
});

test("addresses are URLs, or as Python has them", () => {
  for (const [address, url] of [
    [["127.0.0.1", 9999], "tcp://127.0.0.1:9999"],
    [["localhost", 0], "tcp://localhost:0"],
    [["", 80], "tcp://0.0.0.0:80"],
    [["::1", 80], "tcp://[::1]:80"],
    ["127.0.0.1:80", "tcp://127.0.0.1:80"],
    ["localhost:80", "tcp://localhost:80"],
    ["[::1]:80", "tcp://[::1]:80"],
    ["udp://[::]:53", "udp://[::]:53"],
    ["unix:@echo", "unix:@echo"],
    ["unix:///run/echo.sock", "unix:///run/echo.sock"],
  ]) {
    const server = new Server(address);
    assert.equal(server.url, url);
    assert.equal(made.at(-1).address, url);
  }
  for (const address of [undefined, null, 9999, {}]) assert.throws(() => new Server(address), TypeError);
});

test("settings reach the host when the address is bound, and not before", () => {
  const server = new Server("tcp://127.0.0.1:0", { bindAndActivate: false, requestQueueSize: 5 });
  assert.deepEqual([made.length, server.serverAddress, server.fileno], [0, null, null]);
  assert.deepEqual(server.counters, { accepted: 0, active: 0, rejected: 0 });
  for (const operation of [() => server.activate(), () => server.serveForever(), () => server.handleRequest(), () => server.getRequest()]) {
    assert.throws(operation, { code: "invalid-state", message: "the server is not bound" });
  }
  Object.assign(server, { allowReuseAddress: false, allowReusePort: true, maxPacketSize: 512, handler: "echo" });
  server.bind();
  assert.deepEqual(made[0].options, { requestQueueSize: 5, reuseAddress: false, reusePort: true, maxPacketSize: 512, handler: "echo" });
  assert.deepEqual(made[0].calls, [["bind"]]);
  assert.throws(() => server.bind(), { code: "invalid-state" });
  server.activate();
});

test("the defaults are Python's", () => {
  const options = { bindAndActivate: false };
  const threading = new Server("a:1", options);
  assert.deepEqual([threading.concurrency, threading.timeout, threading.maxChildren], ["threading", null, null]);
  assert.deepEqual([threading.blockOnClose, threading.daemonThreads], [true, false]);
  const forking = new Server("a:1", { ...options, concurrency: "forking" });
  assert.deepEqual([forking.timeout, forking.maxChildren], [300_000, 40]);
  const other = new Server("a:1", { ...options, concurrency: "forking", maxChildren: 2, timeout: 5 });
  assert.deepEqual([other.timeout, other.maxChildren], [5, 2]);
  assert.throws(() => new Server("a:1", { concurrency: "async" }), { name: "TypeError", message: /not async/ });
});

test("what cannot be bound is closed, and says why", () => {
  script.failures = { create: ["access-denied"] };
  assert.throws(() => new Server("a:1"), { name: "SocketError", code: "access-denied" });
  script.failures = { bind: ["address-in-use"] };
  assert.throws(() => new Server("a:1"), { code: "address-in-use" });
  assert.equal(made.at(-1).disposals, 1, "the handle is given back");
  script.failures = { activate: ["other"] };
  assert.throws(() => new Server("a:1"), { code: "other" });
  assert.deepEqual(made.at(-1).calls.map(([name]) => name), ["bind", "activate", "close"]);

  script.failures = { bind: ["address-in-use"] };
  const later = new Server("a:1", { bindAndActivate: false });
  assert.throws(() => later.bind(), { code: "address-in-use" });
  later.bind();
  assert.ok(later.serverAddress, "it may be tried again");
});

test("a request goes through its hooks, in the background", () => {
  scripted("request", "timed-out", "shutdown");
  const server = new Traced("a:1");
  server.serveForever();
  assert.deepEqual(server.trace, ["getRequest", "verifyRequest", "processRequest", "serviceActions", "serviceActions"]);
  assert.deepEqual(made[0].named("wait"), [["wait", 500], ["wait", 500], ["wait", 500]]);
  assert.equal(requests[0].fate, "processed");
  assert.ok(server.isStopping);
});

test("one after the other without a mixin", () => {
  scripted("request", "shutdown");
  Object.assign(outcome, { reason: "handler-error", message: "no such key" });
  const server = new Traced("a:1", { concurrency: "sequential", maxChildren: 1 });
  server.serveForever(250.5);
  assert.deepEqual(server.trace, [
    "getRequest", "verifyRequest", "processRequest", "finishRequest", "handleError", "serviceActions",
  ]);
  assert.equal(requests[0].fate, "finished");
  assert.deepEqual(made[0].named("wait")[0], ["wait", 251]);
  assert.deepEqual(made[0].named("suspend"), [], "there are no children");
});

test("a request that is not verified is refused", () => {
  scripted("request", "shutdown");
  const server = new Traced("a:1");
  server.verifyRequest = (request) => `${request.remoteAddress}` !== "192.0.2.1:4321";
  server.serveForever();
  assert.deepEqual(server.trace, ["getRequest", "shutdownRequest", "closeRequest", "serviceActions"]);
  assert.equal(requests[0].fate, "refused");
});

test("how requests in the background ended is reported", () => {
  scripted(
    "request",
    "request",
    (host) => host.end("completed"),
    (host) => host.end("trap", "unreachable"),
    "shutdown",
  );
  const server = new Traced("a:1");
  const reported = [];
  server.handleError = (failure) => reported.push(`${failure.remote} ${failure}`);
  server.serveForever();
  assert.deepEqual(reported, ["192.0.2.1:4321 trap: unreachable"]);
  assert.equal(server.trace.filter((hook) => hook === "collectChildren").length, 2);
});

test("an error is told on standard error, whole", () => {
  const server = new Server("a:1");
  server.handleError(new Outcome({ remote: REMOTE, reason: "handler-error", message: "no\nkey" }));
  const line = "-".repeat(40);
  assert.deepEqual(taken(), {
    out: "",
    err: `${line}\nException occurred during processing of request from 192.0.2.1:4321\nhandler-error: no\nkey\n${line}\n`,
  });
});

test("a hook shuts the loop down, and it can begin again", () => {
  scripted("request", "request", "shutdown");
  const server = new Server("a:1");
  server.serviceActions = () => server.shutdown();
  server.serveForever();
  assert.equal(made[0].named("wait").length, 1);
  assert.equal(server.isStopping, false);
  server.serveForever();
  assert.equal(made[0].named("wait").length, 2);
});

test("an error of a hook ends the loop, and a later one is not shut down by an earlier", () => {
  scripted("request", "shutdown");
  const server = new Server("a:1");
  server.verifyRequest = () => {
    server.shutdown();
    throw new Error("a bug");
  };
  assert.throws(() => server.serveForever(), { message: "a bug" });
  server.serveForever();
  assert.ok(server.isStopping);
});

test("handleRequest handles one and no more", () => {
  scripted("request", "request");
  const server = new Traced("a:1");
  assert.equal(server.handleRequest(), true);
  assert.deepEqual(server.trace, ["getRequest", "verifyRequest", "processRequest"]);
  assert.deepEqual(made[0].named("wait"), [["wait", null]]);
});

test("handleRequest passes over a request that has gone, and what else happens", () => {
  scripted("request", (host) => ((host.active = 1), host.end("trap")), "request");
  const server = new Traced("a:1", { timeout: 1000 });
  script.failures = { getRequest: ["timeout"] };
  assert.equal(server.handleRequest(), true);
  assert.equal(requests.length, 1);
  assert.deepEqual(made[0].named("wait"), [["wait", 1000], ["wait", 1000], ["wait", 1000]]);
  assert.ok(server.trace.includes("handleError"));
});

test("handleRequest is done when a request cannot be taken", () => {
  scripted("request");
  const server = new Server("a:1");
  script.failures = { getRequest: ["connection-aborted"] };
  assert.equal(server.handleRequest(), true);
  assert.equal(requests.length, 0);
});

test("an error of a hook that is none of the network is not swallowed", () => {
  scripted("request");
  const server = new Server("a:1");
  server.getRequest = () => {
    throw new RangeError("a bug");
  };
  assert.throws(() => server.handleRequest(), RangeError);
});

test("handleRequest tells of time that has passed, and of the end", () => {
  scripted("timed-out", "shutdown");
  const server = new Traced("a:1", { timeout: 0 });
  assert.equal(server.handleRequest(), true);
  assert.deepEqual(server.trace, ["handleTimeout", "collectChildren"]);
  assert.equal(server.handleRequest(), false);
  assert.ok(server.isStopping);
});

test("no request is taken while all children are busy", () => {
  scripted("request", "request", "timed-out", (host) => host.end("completed"), "shutdown");
  const server = new Server("a:1", { concurrency: "forking", maxChildren: 2 });
  server.serveForever();
  const calls = made[0].calls.map(([name]) => name).filter((name) => ["wait", "suspend", "resume"].includes(name));
  assert.deepEqual(calls, ["wait", "wait", "suspend", "wait", "wait", "resume", "wait"]);
});

test("who is suspended stays so when there is room again, and takes it along", () => {
  scripted("timed-out", "timed-out", "shutdown");
  const server = new Server("a:1", { maxChildren: 1 });
  server.suspend();
  made[0].active = 1;
  server.serviceActions = () => {
    made[0].active = 0;
  };
  server.serveForever();
  assert.deepEqual(made[0].named("resume"), []);
  server.resume();
  assert.equal(made[0].named("resume").length, 1);

  const later = new Server("a:1", { bindAndActivate: false });
  later.suspend();
  later.bind();
  assert.deepEqual(made[1].calls, [["bind"], ["suspend"]]);
});

test("closing waits for the background, reports it, and is for ever", () => {
  scripted("request", "shutdown", (host) => host.end("trap"));
  const server = new Traced("a:1");
  server.serveForever();
  server.close();
  assert.equal(server.trace.filter((hook) => hook === "handleError").length, 1);
  assert.deepEqual(made[0].calls.slice(-2), [["close"], ["wait", null]]);
  assert.equal(server.activeChildren, 0);
  server.close();
  server[Symbol.dispose]();
  assert.equal(made[0].named("close").length, 1);
  assert.throws(() => server.bind(), { code: "invalid-state" });
});

test("closing does not wait when told not to", () => {
  for (const options of [{ blockOnClose: false }, { daemonThreads: true }]) {
    scripted("request", "shutdown");
    const server = new Server("a:1", options);
    server.serveForever();
    server.close();
    assert.deepEqual(made[0].calls.at(-1), ["close"]);
    assert.equal(server.activeChildren, 1);
  }
});

test("closing ends when the host has nothing more to tell", () => {
  const server = new Server("a:1");
  made[0].active = 1;
  script.failures = { wait: ["invalid-state"] };
  server.close();
  assert.equal(made[0].named("wait").length, 1);
});

test("a server that was never bound is closed all the same", () => {
  const server = new Server("a:1", { bindAndActivate: false });
  server.close();
  assert.throws(() => server.bindAndActivate(), { code: "invalid-state" });
});

test("a request is handled or refused, once", () => {
  scripted("request");
  const server = new Server("a:1");
  for (const [end, fate] of [["finish", "finished"], ["process", "processed"], ["refuse", "refused"]]) {
    const request = server.getRequest();
    assert.ok(request instanceof PendingRequest);
    request[end]();
    assert.equal(requests.at(-1).fate, fate);
    request[Symbol.dispose]();
    assert.equal(requests.at(-1).fate, fate);
    for (const again of ["finish", "process", "refuse"]) assert.throws(() => request[again](), { code: "invalid-state" });
    assert.equal(`${request.remoteAddress}`, "192.0.2.1:4321");
  }
  server.getRequest()[Symbol.dispose]();
  assert.equal(requests.at(-1).fate, "refused");
});

test("an outcome reads as in the log", () => {
  const done = new Outcome({ remote: REMOTE, reason: "completed" });
  assert.deepEqual([done.isCompleted, done.message, `${done}`], [true, null, "completed"]);
  const failed = new Outcome({ remote: REMOTE, reason: "handler-error", message: "no such key" });
  assert.deepEqual([failed.isCompleted, `${failed}`], [false, "handler-error: no such key"]);
});
