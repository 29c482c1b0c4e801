"""The receiving side of SMTP (RFC 5321): takes mail, and answers each with a summary of it.

A sandbox keeps nothing, so the mail goes nowhere: the summary is the answer, and a line on standard output.
"""

import email
import email.policy
import hashlib
import re
import socketserver

HOSTNAME = "socketserver.invalid"

# Of RFC 5321, section 4.5.3.1, the end of the line included.
LONGEST_COMMAND = 512
LONGEST_TEXT_LINE = 1000
MOST_RECIPIENTS = 100
# Of a message, in bytes: told to the client by SIZE (RFC 1870).
LARGEST_MESSAGE = 10 * 1024 * 1024
# After so many commands in a row that are none, the client is no client of mail.
MOST_MISTAKES = 10

PATH = re.compile(r"<(?:@[^:>]*:)?([^<>\s]{1,254}@[^<>\s@]{1,253})>", re.ASCII)
PARAMETER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~]+)?", re.ASCII)


class Reply(Exception):
    """An answer that ends a command: a code of RFC 5321, and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class Smtp(socketserver.StreamRequestHandler):
    # Of RFC 5321, section 4.5.3.2.7.
    timeout = 300
    # Answers to commands that were sent together leave together (RFC 2920).
    wbufsize = 8192

    def setup(self) -> None:
        super().setup()
        self.client = ""
        self.mistakes = 0
        self.reset()

    def reset(self) -> None:
        """Forgets the mail that was begun."""
        self.sender: str | None = None
        self.recipients: list[str] = []

    def handle(self) -> None:
        self.reply(220, f"{HOSTNAME} ESMTP")
        while (line := self.read_command()) is not None:
            verb, _, argument = line.partition(" ")
            command = getattr(self, f"command_{verb.lower()}", None) if verb.isalpha() else None
            try:
                if command is None:
                    raise Reply(500, "no such command")
                self.mistakes = 0
                command(argument.strip())
            except Reply as reply:
                self.reply(reply.code, str(reply).partition(" ")[2])
                if reply.code == 221:
                    return
                self.mistakes += reply.code == 500
                if self.mistakes == MOST_MISTAKES:
                    self.reply(421, "too many mistakes")
                    return

    def read_command(self) -> str | None:
        """The next command, without the end of its line; `None` at the end of the stream."""
        while True:
            if not self.rfile.peek(1):
                return None
            line = self.rfile.readline(LONGEST_COMMAND)
            if line.endswith(b"\n"):
                try:
                    return line.rstrip(b"\r\n").decode("ascii")
                except UnicodeDecodeError:
                    self.reply(500, "a command is ASCII")
                    continue
            if len(line) < LONGEST_COMMAND:
                # The stream has ended in the middle of a command.
                return None
            while line and not line.endswith(b"\n"):
                line = self.rfile.readline(LONGEST_COMMAND)
            self.reply(500, "line too long")

    def reply(self, code: int, *lines: str) -> None:
        """Answers, in several lines if there are several."""
        for line in lines[:-1]:
            self.wfile.write(f"{code}-{line}\r\n".encode("ascii", "replace"))
        self.wfile.write(f"{code} {lines[-1]}\r\n".encode("ascii", "replace"))
        # While more commands are there already, their answers can go with this one.
        if b"\n" not in self.buffered():
            self.wfile.flush()

    def buffered(self) -> bytes:
        """What was received and not read yet; does not wait."""
        self.connection.setblocking(False)
        try:
            return self.rfile.peek(1) or b""
        except BlockingIOError:
            return b""
        finally:
            self.connection.settimeout(self.timeout)

    # Commands, by name

    def command_helo(self, argument: str) -> None:
        self.greet(argument)
        raise Reply(250, HOSTNAME)

    def command_ehlo(self, argument: str) -> None:
        self.greet(argument)
        self.reply(250, HOSTNAME, "PIPELINING", f"SIZE {LARGEST_MESSAGE}", "8BITMIME")

    def greet(self, argument: str) -> None:
        if not argument:
            raise Reply(501, "say who you are")
        self.client = argument
        self.reset()

    def command_mail(self, argument: str) -> None:
        if not self.client:
            raise Reply(503, "say EHLO first")
        if self.sender is not None:
            raise Reply(503, "there is a sender already; RSET forgets it")
        sender, parameters = self.parse_path(argument, "FROM:", may_be_empty=True)
        for parameter in parameters:
            name, _, value = parameter.upper().partition("=")
            if name == "SIZE" and value.isdigit():
                if int(value[:20]) > LARGEST_MESSAGE:
                    raise Reply(552, f"more than {LARGEST_MESSAGE} bytes")
            elif name != "BODY" or value not in ("7BIT", "8BITMIME"):
                raise Reply(555, f"no such parameter: {name}")
        self.sender = sender
        raise Reply(250, "OK")

    def command_rcpt(self, argument: str) -> None:
        if self.sender is None:
            raise Reply(503, "say MAIL first")
        if len(self.recipients) == MOST_RECIPIENTS:
            raise Reply(452, f"more than {MOST_RECIPIENTS} recipients")
        recipient, parameters = self.parse_path(argument, "TO:")
        if parameters:
            raise Reply(555, "no such parameter")
        self.recipients.append(recipient)
        raise Reply(250, "OK")

    def parse_path(self, argument: str, prefix: str, *, may_be_empty: bool = False) -> tuple[str, list[str]]:
        """The address of `FROM:<a@b>` and the parameters after it."""
        if argument[: len(prefix)].upper() != prefix:
            raise Reply(501, f"an address is needed: {prefix}<name@host>")
        path, *parameters = argument[len(prefix) :].split() or [""]
        if not all(PARAMETER.fullmatch(parameter) for parameter in parameters):
            raise Reply(501, "parameters are not understood")
        if may_be_empty and path == "<>":
            return "", parameters
        match = PATH.fullmatch(path)
        if match is None:
            raise Reply(553, "that is no address")
        return match[1], parameters

    def command_data(self, argument: str) -> None:
        if argument:
            raise Reply(501, "DATA has no argument")
        if not self.recipients:
            raise Reply(503, "say RCPT first")
        self.reply(354, "end with <CRLF>.<CRLF>")
        content = self.read_content()
        sender, recipients = self.sender or "<>", self.recipients
        self.reset()
        if content is None:
            raise Reply(552, f"more than {LARGEST_MESSAGE} bytes")
        summary = summarize(content)
        print(f"{sender} to {', '.join(recipients)}: {summary}")
        raise Reply(250, f"OK {len(recipients)} recipients, {summary}")

    def read_content(self) -> bytes | None:
        """The message, its dots unstuffed; `None` if it is too large. The end of the stream raises, as nothing was accepted."""
        parts: list[bytes] = []
        size = 0
        begins = True
        while True:
            part = self.rfile.readline(LONGEST_TEXT_LINE)
            if not part:
                raise ConnectionResetError("the client has gone in the middle of a message")
            ends = part.endswith(b"\n")
            # Only <CRLF>.<CRLF> ends it: what else servers have taken for an end, mail was smuggled by.
            if begins and part == b".\r\n":
                return b"".join(parts) if size <= LARGEST_MESSAGE else None
            if begins and part.startswith(b"."):
                part = part[1:]
            # A part that has no end of line may have its <CR> in this one, and its <LF> in the next.
            begins = ends and part.endswith(b"\r\n") or part == b"\n" and bool(parts) and parts[-1].endswith(b"\r")
            size += len(part)
            if size <= LARGEST_MESSAGE:
                parts.append(part)

    def command_rset(self, argument: str) -> None:
        self.reset()
        raise Reply(250, "OK")

    def command_noop(self, argument: str) -> None:
        raise Reply(250, "OK")

    def command_vrfy(self, argument: str) -> None:
        raise Reply(252, "send it, and see")

    def command_help(self, argument: str) -> None:
        raise Reply(214, "HELO EHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT")

    def command_quit(self, argument: str) -> None:
        raise Reply(221, "bye")


def summarize(content: bytes) -> str:
    """One line about a message: its size, its subject, its parts, and a digest by which it is known again."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    parts = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    subject = " ".join(str(message.get("subject", "")).split())[:60]
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"{len(content)} bytes, subject {subject!r}, {' '.join(parts[:5])}, sha256 {digest}"
