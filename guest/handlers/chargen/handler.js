// RFC 864: sends lines of 72 characters for as long as the peer takes them, and throws away what the peer sends.

import { SocketError } from "socketserver";

/** Characters of a line, before CR and LF: RFC 864's "recommended pattern". */
const COLUMNS = 72;

/** The printing characters of ASCII, the blank among them. */
const FIRST = 0x20;
const CHARACTERS = 95;

const LINE = COLUMNS + 2;

/** RFC 864: a datagram has "a random number (between 0 and 512) of characters". */
const LONGEST_DATAGRAM = 512;

/** The pattern repeats after 95 lines. This is made once, when the component is built. */
const PATTERN = Uint8Array.from({ length: CHARACTERS * LINE }, (_, index) => {
  const line = Math.floor(index / LINE);
  const column = index % LINE;
  if (column === COLUMNS) return 0x0d;
  if (column > COLUMNS) return 0x0a;
  return FIRST + ((line + column) % CHARACTERS);
});

/** @type {import("socketserver").StreamHandler} */
export function handle(connection) {
  try {
    generate(connection);
  } catch (error) {
    // RFC 864: "The data generation continues until the calling user terminates the connection."
    const isEnd = error instanceof SocketError && ["connection-broken", "connection-reset"].includes(error.code);
    if (!isEnd) throw error;
  }
}

/**
 * Both directions at once: a peer that sends without reading must not wait for one that reads without sending.
 *
 * @param {import("socketserver").Connection} connection
 */
function generate(connection) {
  let readable = true;
  let sent = 0;
  for (;;) {
    const ready = connection.wait({ readable, writable: true });
    // At the end of the stream the peer has sent everything; it may still read.
    if (ready.readable && connection.receive() === null) readable = false;
    if (ready.writable) sent = (sent + connection.send(PATTERN.subarray(sent))) % PATTERN.length;
  }
}

/** @type {import("socketserver").DatagramHandler} */
export function handleDatagram(request) {
  request.reply(PATTERN.subarray(0, Math.floor(Math.random() * (LONGEST_DATAGRAM + 1))));
}
