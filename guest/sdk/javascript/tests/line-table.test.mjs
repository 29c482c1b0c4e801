import assert from "node:assert/strict";
import { test } from "node:test";

import { lineTable } from "../line-table.mjs";
import { located } from "../src/stack.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A number as source maps of version 3 have it. */
function digits(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    text += DIGITS[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}

/** A source map: for each line its segments, each with the column, and the source and its line if it has them. */
function mapped(lines, sources) {
  let source = 0;
  let line = 0;
  const groups = lines.map((segments) => {
    let column = 0;
    return segments
      .map(([at, ...place]) => {
        const numbers = [at - column];
        column = at;
        if (place.length > 0) {
          numbers.push(place[0] - source, place[1] - line, 0);
          [source, line] = place;
        }
        return numbers.map(digits).join("");
      })
      .join(",");
  });
  return { version: 3, sources, mappings: groups.join(";") };
}

test("each line is where its first piece comes from, however far", () => {
  const places = [[0, 0], [0, 15], [0, 16], [2, 100_000], [1, 0], [0, 7]];
  const map = mapped(places.map((place) => [[0, ...place], [4, 0, 3], [9, 2, 1]]), ["a.js", "b.js", "c.js"]);
  globalThis.socketserverLines = lineTable(map, (path) => `src/${path}`);
  const names = ["src/a.js", "src/b.js", "src/c.js"];
  places.forEach(([source, line], index) => {
    assert.equal(located(`componentize-qjs:user.js:${index + 1}:1`), `${names[source]}:${line + 1}`);
  });
});

test("lines from nowhere, and pieces from nowhere, are passed over", () => {
  const map = mapped([[], [[0]], [[0], [8, 1, 4]], []], ["a.js", "b.js"]);
  globalThis.socketserverLines = lineTable(map, (path) => path);
  const lines = [1, 2, 3, 4].map((line) => located(`componentize-qjs:user.js:${line}`));
  assert.deepEqual(lines, ["componentize-qjs:user.js:1", "componentize-qjs:user.js:2", "b.js:5", "componentize-qjs:user.js:4"]);
});

test("a table is small, and survives JSON", () => {
  const map = mapped(Array.from({ length: 1000 }, (_, index) => [[0, 0, index]]), ["a.js"]);
  const table = JSON.parse(JSON.stringify(lineTable(map, (path) => path)));
  assert.equal(table.lines.split(";").length, 1000);
  assert.ok(table.lines.length <= 4_000, `${table.lines.length} bytes`);
});
