import stderr from "wasi:cli/stderr@0.2.12";
import stdout from "wasi:cli/stdout@0.2.12";
import { encode } from "./text.js";

/** The most that WASI takes at once. */
const WRITE = 4_096;

/** Write to standard output: the log of the server, or that of a server program. */
export function writeOutput(text) {
  write(stdout.getStdout(), text);
}

/** Write to standard error. */
export function writeError(text) {
  write(stderr.getStderr(), text);
}

/** Nothing is kept between two calls: a handle of the build would be none in an instance. */
function write(stream, text) {
  try {
    const bytes = encode(text);
    for (let at = 0; at < bytes.length; at += WRITE) stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITE));
  } catch {
    // Nobody reads it any more; that is no reason to stop serving.
  } finally {
    stream[Symbol.dispose]();
  }
}
