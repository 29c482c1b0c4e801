// Makes a component of the application that Hono's README begins with: `node build.mjs WIT OUTPUT`.
//
// The application is read from the installed package, so it is what its authors published. Around it are the lines that
// jco-std's README says an application needs to be a component.

import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";

import { componentize } from "@bytecodealliance/componentize-js";
import { build } from "esbuild";

const [, , wit, output] = argv;
const readme = await readFile("node_modules/hono/README.md", "utf8");
const application = /```ts\n(import \{ Hono \}.*?)```/s.exec(readme)?.[1];
if (!application?.includes("export default app")) {
  throw new Error("Hono's README begins with another application");
}
await writeFile("application.ts", application);

const adapter = "@bytecodealliance/jco-std/wasi/0.2.12/http/adapters/hono/server";
const entry = `
import app from "./application.ts";
import { fire } from "${adapter}";
fire(app);
export { incomingHandler } from "${adapter}";
`;
await build({
  stdin: { contents: entry, resolveDir: "." },
  bundle: true,
  format: "esm",
  external: ["wasi:*"],
  outfile: "bundle.js",
  logLevel: "warning",
});

const { component } = await componentize({
  sourcePath: "bundle.js",
  witPath: wit,
  worldName: "wasi:http/proxy@0.2.12",
});
await writeFile(output, component);
