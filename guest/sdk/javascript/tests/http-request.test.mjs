import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { httpRequest } from "../src/http-request.js";
import { phase } from "../src/phase.js";
import { told } from "./host/http-requests.mjs";

beforeEach(() => {
  phase.isServing = true;
  told.request = undefined;
});

test("a connection that is no request has none", () => {
  assert.equal(httpRequest(), null);
  told.request = null;
  assert.equal(httpRequest(), null);
});

test("a request is told as it is, and what the server does not know is null", () => {
  told.request = {
    method: "GET",
    scheme: undefined,
    authority: "example.org:81",
    pathWithQuery: undefined,
    headers: [["x-own", Uint8Array.of(0x61, 0xff)], ["x-own", new Uint8Array(0)]],
  };
  assert.deepEqual(httpRequest(), {
    method: "GET",
    scheme: null,
    authority: "example.org:81",
    pathWithQuery: null,
    headers: [["x-own", Uint8Array.of(0x61, 0xff)], ["x-own", new Uint8Array(0)]],
  });
});

test("at the build nobody is asked", () => {
  phase.isServing = false;
  told.request = { method: "GET", headers: [] };
  assert.equal(httpRequest(), null);
});
