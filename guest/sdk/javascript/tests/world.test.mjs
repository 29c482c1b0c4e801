import assert from "node:assert/strict";
import { test } from "node:test";

import { handlersOf, importsOf, world } from "../world.mjs";

/** The imports and exports of a world, without the words around them. */
function items(text) {
  assert.match(text, /^\/\/\/ .+\nworld javascript \{\n(  (im|ex)port [^;\n]+;\n)+\}\n$/);
  return text.match(/(im|ex)port [^;]+/g);
}

test("what a source exports says what it handles, in an order that is not the source's", () => {
  assert.deepEqual(handlersOf(["main", "helper", "handle", "default"]), ["handle", "main"]);
  assert.deepEqual(handlersOf(["handleDatagram", "handleAsync"]), ["handleAsync", "handleDatagram"]);
  assert.deepEqual(handlersOf(["Handle", "toString", "constructor"]), []);
});

test("a world has what each handler needs", () => {
  assert.deepEqual(items(world(["handle"], [])), ["import network", "import connections", "export stream-handler"]);
  assert.deepEqual(items(world(["handleAsync"], [])), ["import network", "export async-stream-handler"]);
  assert.deepEqual(items(world(["handle", "handleDatagram"], [])), [
    "import network", "import connections", "import datagrams", "export stream-handler", "export datagram-handler",
  ]);
  assert.deepEqual(items(world(["main"], ["socketserver:core/server@0.1.0"])), [
    "import network", "import server", "export wasi:cli/run@0.2.6",
  ]);
});

test("a world has what the source imports, once", () => {
  const imports = ["socketserver:core/connections@0.1.0", "wasi:clocks/monotonic-clock@0.2.12"];
  assert.deepEqual(items(world(["handle"], imports)), [
    "import network", "import connections", "import wasi:clocks/monotonic-clock@0.2.12", "export stream-handler",
  ]);
});

test("imports are in order, once, and WASI's bring what they are made of", () => {
  const found = importsOf({ imports: ["wasi:cli/stdout@0.2.12", "socketserver:core/server@0.1.0", "wasi:cli/stdout@0.2.12"], inputs: [] });
  assert.deepEqual(found.ofWorld, ["socketserver:core/server@0.1.0", "wasi:cli/stdout@0.2.12"]);
  assert.deepEqual(found.ofWasi, ["wasi:cli/stdout@0.2.12", "wasi:io/error@0.2.12", "wasi:io/streams@0.2.12"]);
  assert.deepEqual(importsOf({ imports: ["wasi:random/random@0.2.12"], inputs: [] }).ofWasi, ["wasi:random/random@0.2.12"]);
  assert.deepEqual(importsOf({ imports: [], inputs: [] }), { ofWorld: [], ofWasi: [] });
});

test("who uses Date is left the clock", () => {
  for (const path of ["/sdk/src/globals/date.js", "C:\\sdk\\src\\globals\\date.js"]) {
    assert.deepEqual(importsOf({ imports: [], inputs: [path] }), { ofWorld: [], ofWasi: ["wasi:clocks/wall-clock"] });
  }
  assert.deepEqual(importsOf({ imports: [], inputs: ["/app/update.js"] }).ofWasi, []);
});
