/**
 * One end of a connection, or who sent a datagram.
 *
 * `family` is `"IPv4"`, `"IPv6"` or `"Unix"`. IP has `address` and `port`, IPv6 also `flowInfo` and `scopeId`; Unix has `path`,
 * which is `null` for a socket without a name, and begins with `@` for a name of Linux's abstract namespace.
 */
export class Address {
  /** The address as the host has it: the variant `socket-address` of the WIT. */
  #host;

  constructor(host) {
    this.#host = host;
    const { tag, val } = host;
    if (tag === "ipv4") {
      this.family = "IPv4";
      this.address = val.address.join(".");
      this.port = val.port;
    } else if (tag === "ipv6") {
      this.family = "IPv6";
      this.address = ipv6(val.address);
      this.port = val.port;
      this.flowInfo = val.flowInfo;
      this.scopeId = val.scopeId;
    } else {
      this.family = "Unix";
      this.path = val ?? null;
    }
  }

  /** `127.0.0.1:9999`, `[::1]:9999`, a path, or nothing for a Unix socket without a name. */
  toString() {
    switch (this.family) {
      case "IPv4":
        return `${this.address}:${this.port}`;
      case "IPv6":
        return `[${this.address}${this.scopeId ? `%${this.scopeId}` : ""}]:${this.port}`;
      default:
        return this.path ?? "";
    }
  }

  /** For the SDK alone. */
  static host(address) {
    return address.#host;
  }
}

/** The text of RFC 5952: lower case, and the longest run of at least two zeros as `::`. */
function ipv6(groups) {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  const text = (part) => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
