// From the lines of the one module that a component is made of to those of the files that the user wrote.

/** How the engine calls the module in stack traces. */
const FRAME = /componentize-qjs:user\.js:(\d+)(?::(\d+))?/g;

/**
 * A stack trace with the user's files and lines.
 *
 * The builder appends `globalThis.socketserverLines` to the module: the files, and for each line of the module a file and a line
 * as differences to those of the line before. It is read when something is thrown, and costs nothing until then.
 */
export function located(stack) {
  const table = globalThis.socketserverLines;
  if (table === undefined) return stack;
  const lines = [];
  let file = 0;
  let line = 0;
  for (const entry of table.lines.split(";")) {
    if (entry === "") {
      lines.push(undefined);
      continue;
    }
    const [files, further] = entry.split(",");
    file += Number(files);
    line += Number(further);
    lines.push(`${table.files[file]}:${line}`);
  }
  return stack.replace(FRAME, (frame, number) => lines[number - 1] ?? frame);
}
