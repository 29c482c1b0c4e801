// What `console` writes for values: for people, so much as they can read.

import { located } from "./stack.js";

const DEPTH = 3;
const ENTRIES = 100;

/** The values with blanks between them; the first may be a format, as in C and the web. */
export function format(values) {
  const rest = [...values];
  const parts = [];
  if (typeof rest[0] === "string" && rest[0].includes("%")) {
    parts.push(
      rest.shift().replace(/%[sdifjoOc%]/g, (directive) => {
        if (directive === "%%") return "%";
        if (rest.length === 0) return directive;
        return formatAs(directive, rest.shift());
      }),
    );
  }
  for (const value of rest) parts.push(typeof value === "string" ? value : shown(value));
  return parts.join(" ");
}

function formatAs(directive, value) {
  switch (directive) {
    case "%s":
      return typeof value === "object" ? shown(value) : String(value);
    case "%d":
      return String(numberOf(value));
    case "%i":
      return String(Math.trunc(numberOf(value)));
    case "%f":
      return String(numberOf(value, parseFloat));
    case "%j":
      return json(value);
    case "%c":
      // Style sheets, which a log has not.
      return "";
    default:
      return shown(value);
  }
}

/** As `inspect`; a value may throw when it is looked at, and nothing that is to be logged is an error. */
function shown(value) {
  try {
    return inspect(value);
  } catch {
    return "[cannot be shown]";
  }
}

/** The number that a value stands for, if it does. */
function numberOf(value, parse = Number) {
  try {
    return parse(value);
  } catch {
    return NaN;
  }
}

function json(value) {
  try {
    return JSON.stringify(value) ?? "undefined";
  } catch {
    // It refers to itself, say.
    return shown(value);
  }
}

/** A value as one would write it in a program, roughly. */
export function inspect(value, depth = DEPTH, above = []) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[Function: ${value.name || "(anonymous)"}]`;
    case "object":
      break;
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
  if (value === null) return "null";
  if (above.includes(value)) return "[Circular]";
  if (value instanceof Error) return `${value.name}: ${value.message}\n${located(value.stack ?? "")}`.trimEnd();
  // Through `globalThis`, as the bare name would count as a use of the clock.
  if (value instanceof globalThis.Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  const kind = value.constructor?.name ?? "";
  if (depth === 0) return `[${kind || "Object"}]`;
  const below = (inner) => inspect(inner, depth - 1, [...above, value]);
  if (value instanceof Map) return braced(`Map(${value.size}) `, value, ([key, inner]) => `${below(key)} => ${below(inner)}`);
  if (value instanceof Set) return braced(`Set(${value.size}) `, value, below);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = shortened(Array.from(value), below);
    return `${Array.isArray(value) ? "" : `${kind}(${value.length ?? value.byteLength}) `}[${items}]`;
  }
  const pair = ([key, inner]) => `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${below(inner)}`;
  return braced(kind === "Object" || kind === "" ? "" : `${kind} `, Object.entries(value), pair);
}

function braced(before, entries, one) {
  const items = shortened([...entries], one);
  return items === "" ? `${before}{}` : `${before}{ ${items} }`;
}

function shortened(items, one) {
  const more = items.length > ENTRIES ? [`... ${items.length - ENTRIES} more`] : [];
  return [...items.slice(0, ENTRIES).map(one), ...more].join(", ");
}
