// The lines of the user's files for those of the bundle: the little of a source map that a stack trace needs.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The table that `src/stack.js` reads, of a source map of version 3. */
export function lineTable(map, nameOf) {
  const lines = [];
  let source = 0;
  let line = 0;
  let lastSource = 0;
  let lastLine = 0;
  for (const group of map.mappings.split(";")) {
    let entry = "";
    for (const segment of group === "" ? [] : group.split(",")) {
      const [, sources, further] = numbers(segment);
      if (sources === undefined) continue;
      source += sources;
      line += further;
      if (entry === "") {
        entry = `${source - lastSource},${line + 1 - lastLine}`;
        lastSource = source;
        lastLine = line + 1;
      }
    }
    lines.push(entry);
  }
  return { files: map.sources.map(nameOf), lines: lines.join(";") };
}

/** The numbers of one segment: base 64, five bits a digit, the lowest first, its lowest bit the sign. */
function numbers(segment) {
  const found = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & 31) << shift;
    if (bits & 32) {
      shift += 5;
      continue;
    }
    found.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return found;
}
