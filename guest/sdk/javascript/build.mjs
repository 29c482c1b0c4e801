// Makes a component of one source file in JavaScript or TypeScript.
//
// The builder of `socketserver` runs it: node build.mjs SOURCE SCRATCH WIT TOOLCHAIN, where TOOLCHAIN is a folder whose
// `node_modules` have what `toolchain/package.json` asks for. The component is written to SCRATCH/component.wasm, and the interfaces
// of WASI that it needs are printed, one a line. Whatever the user has to read goes to standard error.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { lineTable } from "./line-table.mjs";
import { handlersOf, importsOf, world } from "./world.mjs";

const SDK = dirname(fileURLToPath(import.meta.url));

const [source, scratch, wit, toolchain] = process.argv.slice(2).map((path) => resolve(path));

/** Something for the user to read, and not a bug of this program. */
class Refusal extends Error {}

/** What a source may use without importing it, and where that is. */
const GLOBALS = ["console", "date", "performance", "random", "text", "timers"];

/** The interfaces of the host, which are there when the component runs. */
const HOST = ["socketserver:*", "wasi:*"];

async function main() {
  const { esbuild, componentize } = await tools();
  const folder = dirname(source);
  const user = `./${basename(source)}`;

  const exported = await bundle(esbuild, folder, `export * from ${JSON.stringify(user)};`, true);
  const handlers = handlersOf(exported.exports);
  if (handlers.length === 0) {
    throw new Refusal(
      `${basename(source)} exports no handler: export a function called handle (connections), handleAsync (connections, ` +
        "asynchronously), handleDatagram or main (a server program)",
    );
  }
  if (handlers.includes("handle") && handlers.includes("handleAsync")) {
    throw new Refusal(`${basename(source)} exports both handle and handleAsync; a connection is served by one of them`);
  }

  const isAsync = handlers.includes("handleAsync");
  const entry = entryOf(user, handlers);
  const bundled = await bundle(esbuild, folder, entry, isAsync);
  const table = lineTable(JSON.parse(bundled.map), (path) => shown(folder, path));
  const module = `${withoutPlaces(bundled.text).trimEnd()}\nglobalThis.socketserverLines = ${JSON.stringify(table)};\n`;
  writeFileSync(join(scratch, "bundle.js"), module);

  const imports = importsOf(bundled);
  const folderOfWit = join(scratch, "wit");
  rmSync(folderOfWit, { recursive: true, force: true });
  mkdirSync(folderOfWit, { recursive: true });
  cpSync(wit, folderOfWit, { recursive: true });
  cpSync(join(SDK, "wit"), folderOfWit, { recursive: true });
  writeFileSync(join(folderOfWit, "javascript.wit"), world(handlers, imports.ofWorld));

  let made;
  try {
    made = await componentize({
      witPath: folderOfWit,
      jsSource: module,
      world: "javascript",
      // It costs less for each connection, and the component runs in hosts without async.
      sync: !isAsync,
    });
  } catch (error) {
    const message = located(error.message, table);
    const isUsers = message.includes("user JavaScript module");
    throw new Refusal(isUsers ? `the top level of the module, which runs once at the build, fails: ${message}` : message);
  }
  writeFileSync(join(scratch, "component.wasm"), made.component);
  for (const name of imports.ofWasi) console.log(name);
}

/** Bundles a module that imports the user's into one, which imports nothing but interfaces of the host. */
async function bundle(esbuild, folder, contents, isAsync) {
  const result = await esbuild.build({
    stdin: { contents, resolveDir: folder, sourcefile: "socketserver-entry.js" },
    absWorkingDir: folder,
    bundle: true,
    charset: "utf8",
    conditions: ["import", "module"],
    define: { "Math.random": "randomNumber" },
    external: HOST,
    format: "esm",
    inject: GLOBALS.map((name) => join(SDK, "src/globals", `${name}.js`)),
    legalComments: "none",
    loader: { ".txt": "text" },
    logLevel: "silent",
    mainFields: ["module", "main"],
    metafile: true,
    outfile: "bundle.js",
    platform: "neutral",
    plugins: [sdk(isAsync)],
    sourcemap: "external",
    target: "es2023",
    write: false,
  });
  await show(esbuild, result.warnings, "warning");
  const [output] = Object.values(result.metafile.outputs).filter((output) => output.entryPoint !== undefined);
  return {
    text: result.outputFiles.find((file) => !file.path.endsWith(".map")).text,
    map: result.outputFiles.find((file) => file.path.endsWith(".map")).text,
    exports: output.exports,
    imports: output.imports.map(({ path }) => path),
    // A file of which nothing is left is not in the component.
    inputs: Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => resolve(folder, path)),
  };
}

/** Finds the SDK, wherever the source is, and the timers of the kind of handler that it has. */
function sdk(isAsync) {
  return {
    name: "socketserver",
    setup({ onResolve }) {
      onResolve({ filter: /^socketserver(\/|$)/ }, ({ path }) => ({
        path: join(SDK, "src", path === "socketserver" ? "index.js" : path.slice("socketserver/".length)),
        sideEffects: false,
      }));
      onResolve({ filter: /^(socketserver|wasi):/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
      if (isAsync) return;
      onResolve({ filter: /\/timers\.js$/ }, ({ path, resolveDir }) => {
        const isSdk = resolve(resolveDir, path) === join(SDK, "src/timers.js");
        return isSdk ? { path: join(SDK, "src/timers-blocking.js"), sideEffects: false } : undefined;
      });
    },
  };
}

/** How a file is called in stack traces: by its path from the source, or by its name in the SDK, wherever that is. */
function shown(folder, path) {
  const inSdk = relative(join(SDK, "src"), resolve(folder, path));
  return inSdk.startsWith("..") ? path : `socketserver/${inSdk}`;
}

/** The bundle without the comments that say where, outside of the project, a file was: nobody else's machine has it there. */
function withoutPlaces(text) {
  return text.replace(/^\/\/ \.\.\/.*$/gm, "//");
}

/** The module of the component: it exports what the world does, around what the user exports. */
function entryOf(user, handlers) {
  const exports = {
    handle: ["streamHandler", "socketserver/export-stream.js", "streamHandler"],
    handleAsync: ["asyncStreamHandler", "socketserver/export-async.js", "asyncStreamHandler"],
    handleDatagram: ["datagramHandler", "socketserver/export-datagram.js", "datagramHandler"],
    main: ["run", "socketserver/export-program.js", "run"],
  };
  return handlers
    .flatMap((handler) => {
      const [name, file, wrap] = exports[handler];
      return [
        `import { ${handler} as user_${handler} } from ${JSON.stringify(user)};`,
        `import { ${wrap} as wrap_${name} } from ${JSON.stringify(file)};`,
        `export const ${name} = wrap_${name}(user_${handler});`,
      ];
    })
    .join("\n");
}

async function tools() {
  const require = createRequire(join(toolchain, "package.json"));
  const esbuild = await import(pathToFileURL(require.resolve("esbuild")));
  const { componentize } = require("componentize-qjs");
  return { esbuild: esbuild.default ?? esbuild, componentize };
}

async function show(esbuild, messages, kind) {
  const texts = await esbuild.formatMessages(messages, { kind, color: false });
  for (const text of texts) process.stderr.write(text);
}

/** The lines of the bundle in a message of the engine, as those of the user's files. */
function located(message, table) {
  globalThis.socketserverLines = table;
  return locate(message);
}

const { located: locate } = await import("./src/stack.js");

try {
  await main();
} catch (error) {
  if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`);
  } else if (Array.isArray(error.errors)) {
    const { esbuild } = await tools();
    const notes = error.errors.some(({ text }) => /^Could not resolve "(node:)?[a-z_]+"/.test(text));
    await show(esbuild, error.errors, "error");
    if (notes) process.stderr.write("A component has none of the modules of Node.js; packages are found in node_modules.\n");
  } else {
    throw error;
  }
  process.exitCode = 1;
}
