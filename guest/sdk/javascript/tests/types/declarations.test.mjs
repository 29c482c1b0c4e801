// What is declared is there, what is there is declared, and all of it is used in `uses.ts`.
//
// The environment variable TYPESCRIPT names a folder whose `node_modules` have the compiler.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import * as sdk from "../../src/index.js";
import { console as ourConsole } from "../../src/globals/console.js";
import { performance } from "../../src/globals/performance.js";
import * as random from "../../src/globals/random.js";
import * as text from "../../src/globals/text.js";
import * as timers from "../../src/globals/timers.js";
import { HostConnection, REMOTE } from "../host/connection.mjs";
import { HostSocket } from "../host/datagram.mjs";
import { Peer } from "../host/streams.mjs";

const ts = createRequire(join(process.env.TYPESCRIPT, "package.json"))("typescript");

/** For the SDK alone, so it is not declared. */
const INTERNAL = { AsyncConnection: ["close"] };

/** What the engine has by itself. */
const OF_ENGINE = ["queueMicrotask", "atob", "btoa"];

/** One of each class, with the properties that it is given when it is made. */
const server = new sdk.Server("tcp://127.0.0.1:0", { bindAndActivate: false });
const INSTANCES = {
  Address: [
    new sdk.Address(REMOTE),
    new sdk.Address({ tag: "ipv6", val: { address: [0, 0, 0, 0, 0, 0, 0, 1], port: 1, flowInfo: 0, scopeId: 0 } }),
    new sdk.Address({ tag: "unix", val: "@echo" }),
  ],
  AsyncConnection: [new sdk.AsyncConnection(new Peer())],
  Connection: [new sdk.Connection(new HostConnection())],
  DatagramRequest: [new sdk.DatagramRequest({ data: new Uint8Array(1), remote: REMOTE, truncated: false }, new HostSocket())],
  LineTooLongError: [new sdk.LineTooLongError(1)],
  Outcome: [new sdk.Outcome({ remote: REMOTE, reason: "completed" })],
  PendingRequest: [new sdk.PendingRequest({ getRemoteAddress: () => REMOTE })],
  Server: [server],
  SocketError: [new sdk.SocketError("timeout")],
  TimeoutError: [new sdk.TimeoutError(1)],
};

const uses = parse("uses.ts");
const declared = parse("../../socketserver.d.ts");
const module = declared.statements.find(ts.isModuleDeclaration);
const globals = parse("../../globals.d.ts");

function parse(name) {
  const path = new URL(name, import.meta.url);
  return ts.createSourceFile(name, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

/** The name of a member; that of a symbol as `[Symbol.iterator]`. */
function nameOf(node) {
  return node.name.getText();
}

/** How many parameters a function needs at least: what JavaScript calls its `length`. */
function needed(node) {
  return node.parameters.filter((parameter) => !parameter.questionToken && !parameter.dotDotDotToken).length;
}

function isPrivate(member) {
  return member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ?? false;
}

/** The names of the language's symbols; the descriptions of some are of Node.js. */
const SYMBOLS = new Map(Object.getOwnPropertyNames(Symbol).map((name) => [Symbol[name], name]));

/** The members of something that is there: of itself and of what it inherits, up to what every error and object has. */
function membersOf(value) {
  const names = new Set();
  for (let at = value; at !== null && ![Object.prototype, Error.prototype].includes(at); at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) names.add(typeof key === "symbol" ? `[Symbol.${SYMBOLS.get(key)}]` : key);
  }
  for (const of of ["constructor", ...(value instanceof Error ? ["name", "message", "stack", "cause"] : [])]) names.delete(of);
  return names;
}

function memberOf(value, name) {
  const [, symbol] = /^\[Symbol\.(\w+)\]$/.exec(name) ?? [];
  return value[symbol ? Symbol[symbol] : name];
}

const classes = module.body.statements.filter(ts.isClassDeclaration);
const functions = module.body.statements.filter(ts.isFunctionDeclaration);

test("each export is declared, and each declaration of a value is exported", () => {
  assert.deepEqual([...classes, ...functions].map(nameOf).sort(), Object.keys(sdk).sort());
});

test("the functions need what they are declared to need", () => {
  for (const declaration of functions) assert.equal(sdk[nameOf(declaration)].length, needed(declaration), nameOf(declaration));
});

for (const declaration of classes) {
  const name = nameOf(declaration);

  test(`${name} has the members that it is declared to have, and no other`, () => {
    const there = new Set(INSTANCES[name].flatMap((instance) => [...membersOf(instance)]));
    for (const internal of INTERNAL[name] ?? []) assert.ok(there.delete(internal), internal);
    const members = declaration.members.filter((member) => !ts.isConstructorDeclaration(member));
    assert.deepEqual([...new Set(members.map(nameOf))].sort(), [...there].sort());
  });

  test(`the methods of ${name} need what they are declared to need`, () => {
    const [instance] = INSTANCES[name];
    for (const member of declaration.members) {
      if (ts.isConstructorDeclaration(member)) {
        if (!isPrivate(member)) assert.equal(sdk[name].length, needed(member), "constructor");
      } else if (ts.isMethodDeclaration(member)) {
        assert.equal(typeof memberOf(instance, nameOf(member)), "function", nameOf(member));
        assert.equal(memberOf(instance, nameOf(member)).length, needed(member), nameOf(member));
      }
    }
  });

  test(`only what ${name} lets one set is declared so`, () => {
    const [instance] = INSTANCES[name];
    for (const member of declaration.members.filter(ts.isPropertyDeclaration)) {
      const isReadonly = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword) ?? false;
      if (isReadonly) continue;
      assert.ok(Object.hasOwn(instance, nameOf(member)), `${nameOf(member)} is a property`);
    }
  });
}

test("the codes of errors are those of the WIT", () => {
  const wit = readFileSync(new URL("../../../../../wit/network.wit", import.meta.url), "utf8");
  const [, cases] = /variant error-code \{([^}]*)\}/.exec(wit);
  const codes = [...cases.matchAll(/^ {4}([a-z-]+)(?:\(.*\))?,$/gm)].map(([, code]) => code);
  const type = module.body.statements.find((statement) => ts.isTypeAliasDeclaration(statement) && nameOf(statement) === "ErrorCode");
  assert.deepEqual(type.type.types.map(({ literal }) => literal.text).sort(), codes.sort());
});

test("the options of a server are those that it takes, with the same names", () => {
  const options = module.body.statements.find((statement) => ts.isInterfaceDeclaration(statement) && nameOf(statement) === "ServerOptions");
  const asked = new Set();
  const spy = new Proxy({ bindAndActivate: false }, {
    get(target, key) {
      asked.add(key);
      return target[key];
    },
  });
  new sdk.Server("tcp://127.0.0.1:0", spy);
  assert.deepEqual(options.members.map(nameOf).sort(), [...asked].sort());
});

/** What `globals.d.ts` declares, by name. */
function declaredGlobals() {
  const found = new Map();
  for (const statement of globals.statements) {
    const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
    for (const declaration of declarations) found.set(nameOf(declaration), declaration);
  }
  return found;
}

test("the globals that are declared are there, and the reverse", () => {
  // `Date` and `Math.random`, which are the language's, have places of their own there.
  const { randomNumber, ...ofRandom } = random;
  const there = { console: ourConsole, performance, ...ofRandom, ...text, ...timers };
  assert.equal(typeof randomNumber, "function");
  const found = declaredGlobals();
  assert.deepEqual([...found.keys()].sort(), [...Object.keys(there), ...OF_ENGINE].sort());
  for (const [name, declaration] of found) {
    if (OF_ENGINE.includes(name)) continue;
    if (ts.isFunctionDeclaration(declaration)) {
      assert.equal(typeof there[name], "function", name);
      continue;
    }
    const value = ts.isClassDeclaration(declaration) ? new there[name]() : there[name];
    const members = (declaration.members ?? declaration.type.members).filter((member) => !ts.isConstructorDeclaration(member));
    assert.deepEqual(members.map(nameOf).sort(), [...membersOf(value)].sort(), name);
  }
});

test("all of it is used in uses.ts", () => {
  const used = new Set();
  const note = (node) => {
    if (ts.isIdentifier(node)) used.add(node.text);
    ts.forEachChild(node, note);
  };
  note(uses);
  const names = new Set();
  const collect = (node) => {
    // Type parameters and names of parameters are the declarations' own.
    if (ts.isParameter(node) || ts.isTypeParameterDeclaration(node)) return;
    const isNamed = node.name !== undefined && ts.isIdentifier(node.name);
    if (isNamed && !isPrivate(node)) names.add(node.name.text);
    if (node.name !== undefined && ts.isComputedPropertyName(node.name)) names.add(node.name.expression.name.text);
    ts.forEachChild(node, collect);
  };
  collect(module.body);
  collect(globals);
  assert.ok(names.size > 100, `${names.size}`);
  assert.deepEqual([...names].filter((name) => !used.has(name)), []);
});
