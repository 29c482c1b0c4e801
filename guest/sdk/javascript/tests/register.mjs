// Run with `node --import`, before the tests: what the SDK imports of its host is found among the fakes.

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);
