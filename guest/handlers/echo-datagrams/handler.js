// RFC 862 over UDP: sends each datagram back.

/** @type {import("socketserver").DatagramHandler} */
export function handleDatagram(request) {
  request.reply(request.data);
}
