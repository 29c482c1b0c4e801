/**
 * Answers each datagram in upper case.
 *
 * @type {import("socketserver").DatagramHandler}
 */
export function handleDatagram(request) {
  request.reply(request.text().toUpperCase());
}
