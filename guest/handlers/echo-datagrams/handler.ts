// RFC 862 over UDP: sends each datagram back.

import type { DatagramRequest } from "socketserver";

export function handleDatagram(request: DatagramRequest): void {
  request.reply(request.data);
}
