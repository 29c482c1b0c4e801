import type { DatagramRequest } from "socketserver";

/** Answers each datagram in upper case. */
export function handleDatagram(request: DatagramRequest): void {
  request.reply(request.text().toUpperCase());
}
