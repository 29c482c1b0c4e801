import assert from "node:assert/strict";
import { test } from "node:test";

import { Address } from "../src/address.js";

function ipv6(groups, more = {}) {
  return new Address({ tag: "ipv6", val: { address: groups, port: 80, flowInfo: 0, scopeId: 0, ...more } });
}

test("an IPv4 address is text with a port", () => {
  const address = new Address({ tag: "ipv4", val: { address: [192, 0, 2, 255], port: 65535 } });
  assert.deepEqual({ ...address }, { family: "IPv4", address: "192.0.2.255", port: 65535 });
  assert.equal(`${address}`, "192.0.2.255:65535");
});

test("an IPv6 address is written as RFC 5952 says", () => {
  for (const [groups, text] of [
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[1, 0, 0, 0, 0, 0, 0, 0], "1::"],
    // 4.1: no leading zeros. 4.3: lower case.
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 0xabcd], "2001:db8::1:0:0:abcd"],
    // 4.2.1: as short as possible.
    [[0x2001, 0xdb8, 0, 0, 0, 0, 2, 1], "2001:db8::2:1"],
    // 4.2.2: one zero is not shortened.
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
    [[0, 1, 0, 1, 0, 1, 0, 1], "0:1:0:1:0:1:0:1"],
    // 4.2.3: the longest run of zeros, and the first of two that are as long.
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
    [[0, 0, 1, 0, 0, 1, 0, 0], "::1:0:0:1:0:0"],
    [[1, 2, 3, 4, 5, 6, 0, 0], "1:2:3:4:5:6::"],
    [[0, 0, 3, 4, 5, 6, 7, 8], "::3:4:5:6:7:8"],
    [[1, 2, 3, 4, 5, 6, 7, 8], "1:2:3:4:5:6:7:8"],
  ]) {
    assert.equal(ipv6(groups).address, text);
    assert.equal(`${ipv6(groups)}`, `[${text}]:80`);
  }
});

test("an IPv6 address has its zone and its flow", () => {
  const address = ipv6([0xfe80, 0, 0, 0, 0, 0, 0, 1], { scopeId: 3, flowInfo: 5 });
  assert.equal(`${address}`, "[fe80::1%3]:80");
  assert.deepEqual([address.family, address.address, address.scopeId, address.flowInfo], ["IPv6", "fe80::1", 3, 5]);
});

test("a Unix address is a path, an abstract name or nothing", () => {
  for (const [val, path, text] of [
    ["/run/echo.sock", "/run/echo.sock", "/run/echo.sock"],
    ["@echo", "@echo", "@echo"],
    [null, null, ""],
    [undefined, null, ""],
  ]) {
    const address = new Address({ tag: "unix", val });
    assert.deepEqual([address.family, address.path, `${address}`], ["Unix", path, text]);
  }
});

test("the SDK gets back what the host has given", () => {
  const host = { tag: "unix", val: "@echo" };
  assert.equal(Address.host(new Address(host)), host);
});
