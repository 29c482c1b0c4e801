import { format } from "../format.js";
import { writeError, writeOutput } from "../output.js";

let indentation = "";
const counts = new Map();

function out(...values) {
  writeOutput(lines(values));
}

function err(...values) {
  writeError(lines(values));
}

function lines(values) {
  return `${indentation}${format(values).replaceAll("\n", `\n${indentation}`)}\n`;
}

/** The `console` of the web: what one reads goes to standard output, what one has to look at to standard error. */
export const console = {
  log: out,
  info: out,
  debug: out,
  dir: (value) => out(value),
  warn: err,
  error: err,
  trace: (...values) => err(`Trace: ${format(values)}\n${new Error().stack}`),
  assert: (condition, ...values) => {
    if (condition) return;
    // A format stays one, behind the words.
    const [first] = values;
    if (typeof first === "string") err(`Assertion failed: ${first}`, ...values.slice(1));
    else err(`Assertion failed${values.length > 0 ? ":" : ""}`, ...values);
  },
  group: (...values) => {
    if (values.length > 0) out(...values);
    indentation += "  ";
  },
  groupEnd: () => {
    indentation = indentation.slice(2);
  },
  count: (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    out(`${label}: ${counts.get(label)}`);
  },
  countReset: (label = "default") => counts.delete(label),
};
