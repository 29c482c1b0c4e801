// Uses all that `socketserver.d.ts` and `globals.d.ts` declare, as a user would; `declarations.test.mjs` tells what is missing here.
// It is compiled, and never run.

import {
  Address,
  AsyncConnection,
  type AsyncStreamHandler,
  Connection,
  type Data,
  type DatagramHandler,
  DatagramRequest,
  type ErrorCode,
  httpRequest,
  type HttpRequest,
  LineTooLongError,
  Outcome,
  PendingRequest,
  type Program,
  type Readiness,
  Server,
  type ServerOptions,
  sleep,
  SocketError,
  type StreamHandler,
  timeout,
  TimeoutError,
} from "socketserver";

const everyKind: Data[] = ["text", new Uint8Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))];

export const handle: StreamHandler = (connection) => {
  using scoped: Connection = connection;
  const chunk: Uint8Array | null = scoped.receive();
  scoped.receive(1024)?.length;
  const line: string | null = scoped.readLine(80);
  const raw: Uint8Array | null = scoped.readLineBytes();
  for (const text of scoped.lines(80)) scoped.sendAll(text.trim());
  for (const piece of scoped) scoped.sendAll(piece.subarray(1));
  for (const data of everyKind) scoped.send(data).toFixed();
  const interest: Readiness = { readable: true };
  const { readable, writable } = scoped.wait(interest);
  scoped.setTimeout(null);
  scoped.setTimeout(5);
  scoped.shutdown();
  scoped.shutdown("both");
  // @ts-expect-error: no direction
  scoped.shutdown("write");
  // @ts-expect-error: no data
  scoped.send(7);
  show(scoped.remoteAddress, scoped.localAddress);
  scoped.close();
  scoped[Symbol.dispose]();
  scoped[Symbol.iterator]().next();
  console.log(chunk, line, raw, readable && writable);
  // @ts-expect-error: the host makes connections
  new Connection();
  // @ts-expect-error: there is nothing else
  scoped.recv();
};

// @ts-expect-error: an asynchronous handler is handleAsync
export const wrong: StreamHandler = (connection: AsyncConnection) => connection.shutdown();

export const handleAsync: AsyncStreamHandler = async (connection) => {
  const peer: AsyncConnection = connection;
  await sleep(10);
  try {
    const line: string | null = await timeout(1000, peer.readLine(80));
    const raw: Uint8Array | null = await peer.readLineBytes();
    const chunk: Uint8Array | null = await peer.receive(10);
    console.info(line, raw, chunk);
  } catch (error) {
    if (error instanceof TimeoutError) console.debug(error.message);
    if (error instanceof LineTooLongError) console.warn(error.max, new LineTooLongError(5));
  }
  for await (const line of peer.lines()) await peer.sendAll(line);
  for await (const chunk of peer) await peer.sendAll(chunk);
  await peer[Symbol.asyncIterator]().next();
  await peer.shutdown();
  show(peer.remoteAddress, peer.localAddress);
  const id: number = setTimeout((word: string) => console.error(word), 10, "late");
  clearTimeout(id);
  clearInterval(setInterval(() => {}, 10));
  clearTimeout(undefined);
  queueMicrotask(() => {});
};

export const handleDatagram: DatagramHandler = (request) => {
  using scoped: DatagramRequest = request;
  scoped.setTimeout(10);
  if (!scoped.isTruncated) scoped.reply(scoped.text());
  scoped.reply(scoped.data);
  show(scoped.remoteAddress, scoped.localAddress);
  scoped.close();
  scoped[Symbol.dispose]();
};

export function told(): void {
  const request: HttpRequest | null = httpRequest();
  if (request === null) return;
  const { method, scheme, authority, pathWithQuery, headers } = request;
  for (const [name, value] of headers) console.log(name.length, value.subarray(1));
  console.log(method.length, scheme?.length, authority?.length, pathWithQuery?.length);
  // @ts-expect-error: it may be none
  httpRequest().method;
}

/** Overrides each step, and calls what it overrides. */
class Mine extends Server {
  override serviceActions(): void {
    super.serviceActions();
  }
  override getRequest(): PendingRequest {
    return super.getRequest();
  }
  override verifyRequest(request: PendingRequest): boolean {
    return request.remoteAddress.family === "IPv4" && super.verifyRequest(request);
  }
  override processRequest(request: PendingRequest): void {
    super.processRequest(request);
  }
  override finishRequest(request: PendingRequest): Outcome {
    return super.finishRequest(request);
  }
  override shutdownRequest(request: PendingRequest): void {
    super.shutdownRequest(request);
  }
  override closeRequest(request: PendingRequest): void {
    super.closeRequest(request);
  }
  override handleTimeout(): void {
    super.handleTimeout();
  }
  override handleError(outcome: Outcome): void {
    if (!outcome.isCompleted) console.error(`${outcome.remote} ${outcome.reason}`, outcome.message?.length, outcome.toString());
  }
  override collectChildren(): void {
    super.collectChildren();
  }
}

export const main: Program = (args) => {
  const options: ServerOptions = {
    concurrency: "forking",
    bindAndActivate: false,
    timeout: 1000,
    maxChildren: 5,
    blockOnClose: true,
    daemonThreads: false,
    requestQueueSize: 5,
    allowReuseAddress: true,
    allowReusePort: null,
    maxPacketSize: 512,
    handler: args[0] ?? null,
  };
  using server = new Mine(["127.0.0.1", 9999], options);
  server.timeout = null;
  server.maxChildren = 2;
  server.blockOnClose = server.daemonThreads;
  server.requestQueueSize = server.maxPacketSize;
  server.allowReuseAddress = server.allowReusePort;
  server.handler = null;
  server.bindAndActivate();
  server.bind();
  server.activate();
  server.suspend();
  server.resume();
  server.serveForever(100);
  if (server.handleRequest()) server.shutdown();
  const { accepted, active, rejected } = server.counters;
  console.log(server.url, server.concurrency, server.fileno, server.activeChildren + accepted + active + rejected);
  if (server.serverAddress !== null && !server.isStopping) show(server.serverAddress);
  const request = server.getRequest();
  request.process();
  request.refuse();
  request[Symbol.dispose]();
  const outcome: Outcome = request.finish();
  console.log(outcome.remote.port);
  server.close();
  server[Symbol.dispose]();
  // @ts-expect-error: the host makes outcomes
  new Outcome();
  // @ts-expect-error: a port is a number
  new Server(["127.0.0.1", "9999"]);
};

function show(...addresses: Address[]): void {
  for (const { family, address, port, flowInfo, scopeId, path } of addresses) {
    console.log(family, address, port, flowInfo, scopeId, path);
  }
  console.log(`${addresses[0]}`, addresses[0]?.toString());
}

export function why(error: unknown): ErrorCode {
  if (error instanceof SocketError) return error.code;
  return new SocketError("other", "in words").code;
}

// @ts-expect-error: no code
new SocketError("no-such-code");

export function globals(): void {
  console.dir({});
  console.trace("here");
  console.assert(true, "fine");
  console.group("outer");
  console.groupEnd();
  console.count();
  console.countReset("x");
  const uuid: string = crypto.randomUUID();
  const bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(4));
  const encoder = new TextEncoder();
  const { read, written } = encoder.encodeInto(uuid, bytes);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text: string = decoder.decode(encoder.encode("x"), { stream: true });
  console.log(encoder.encoding, decoder.encoding, decoder.fatal, decoder.ignoreBOM, text, read + written + performance.now());
  console.log(atob(btoa("x")));
  // @ts-expect-error: neither the DOM
  document.title;
  // @ts-expect-error: nor Node.js
  process.exit();
}
