// What a component is, from what its source exports and what is left of its imports.

/** What a source may export, with what the component then exports, and what it is given for that. */
const HANDLERS = {
  handle: { exports: "stream-handler", imports: ["connections"] },
  handleAsync: { exports: "async-stream-handler", imports: [] },
  handleDatagram: { exports: "datagram-handler", imports: ["datagrams"] },
  main: { exports: "wasi:cli/run@0.2.6", imports: ["server"] },
};

/** Those of `exports` that make handlers. */
export function handlersOf(exports) {
  return Object.keys(HANDLERS).filter((name) => exports.includes(name));
}

/**
 * What the bundled module imports of the host: all of it by the interfaces of its world, and of WASI by what it needs beside
 * those, which the engine itself would import and which is cut off from the host otherwise.
 */
export function importsOf({ imports, inputs }) {
  const ofWorld = [...new Set(imports)].sort();
  const ofWasi = ofWorld.filter((name) => name.startsWith("wasi:"));
  if (ofWasi.some((name) => /^wasi:cli\/std/.test(name))) ofWasi.push("wasi:io/error@0.2.12", "wasi:io/streams@0.2.12");
  if (inputs.some((path) => /globals[\\/]date\.js$/.test(path))) ofWasi.push("wasi:clocks/wall-clock");
  return { ofWorld, ofWasi };
}

/** The world of the component, in WIT. */
export function world(handlers, imports) {
  const given = handlers.flatMap((handler) => HANDLERS[handler].imports);
  const core = imports
    .filter((name) => name.startsWith("socketserver:core/"))
    .map((name) => name.replace(/^socketserver:core\/([^@]*).*$/, "$1"));
  const others = imports.filter((name) => !name.startsWith("socketserver:core/"));
  const lines = [
    ...new Set(["network", ...given, ...core, ...others]),
  ].map((name) => `  import ${name};`);
  lines.push(...handlers.map((handler) => `  export ${HANDLERS[handler].exports};`));
  return `/// What the builder found in the source.\nworld javascript {\n${lines.join("\n")}\n}\n`;
}
