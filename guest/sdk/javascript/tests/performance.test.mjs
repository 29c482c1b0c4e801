import assert from "node:assert/strict";
import { test } from "node:test";

import { performance } from "../src/globals/performance.js";
import { phase } from "../src/phase.js";
import { pass } from "./host/clock.mjs";

test("time counts from its first use in an instance, and not from the build", async () => {
  assert.equal(performance.now(), 0);
  await pass(5_000);
  assert.equal(performance.now(), 0, "nothing is kept of the build");
  phase.isServing = true;
  assert.equal(performance.now(), 0);
  await pass(1.5);
  assert.equal(performance.now(), 1.5);
});
