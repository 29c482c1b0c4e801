"""Does what the first line of its peer says."""

import socketserver
import sys

count = 0
kept = []


class Misbehave(socketserver.StreamRequestHandler):
    def handle(self):
        match self.rfile.readline().strip().decode():
            case "echo":
                while data := self.rfile.read1():
                    self.wfile.write(data)
            case "count":
                global count
                count += 1
                self.wfile.write(b"%d\n" % count)
            case "allocate":
                while True:
                    kept.append(b"x" * (1 << 20))
            case "spin":
                while True:
                    pass
            case "trap":
                None.nothing
            case "recurse":
                self.handle_again()
            case "fail":
                raise socketserver.HandlerError("refused by choice")
            case "exit":
                sys.exit(3)
            case "print":
                print("to stdout")
                print("to stderr", file=sys.stderr)
                self.wfile.write(b"done\n")
            case "leak":
                kept.append(self.request)
            case word:
                raise ValueError(f"no such word: {word!r}")

    def handle_again(self):
        self.handle_again()
