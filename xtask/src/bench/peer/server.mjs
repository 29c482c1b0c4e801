// Echo, or the time, by Node.js: one thread, callbacks.
//
// Usage: server.mjs echo|datagrams|time. Prints `listening tcp://ADDRESS`, and serves until it is killed.

import dgram from "node:dgram";
import net from "node:net";

// The seconds from 1900, where RFC 868 begins to count, to 1970.
const UNIX_EPOCH_SINCE_1900 = 2_208_988_800;

function echo(socket) {
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
}

function time(socket) {
  socket.on("error", () => socket.destroy());
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE((Math.floor(Date.now() / 1000) + UNIX_EPOCH_SINCE_1900) % 2 ** 32);
  socket.end(seconds);
}

const service = process.argv[2];
if (service === "datagrams") {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (data, peer) => socket.send(data, peer.port, peer.address));
  socket.bind(0, "127.0.0.1", () => console.log(`listening udp://127.0.0.1:${socket.address().port}`));
} else {
  const server = net.createServer({ noDelay: true }, { echo, time }[service]);
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () =>
    console.log(`listening tcp://127.0.0.1:${server.address().port}`),
  );
}
