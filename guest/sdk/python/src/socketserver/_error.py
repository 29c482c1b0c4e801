"""Failures: what the host reports becomes Python's exception, and an exception becomes the words that the host is given."""

from __future__ import annotations

import ast
import builtins
import errno
import os
from typing import Any, NoReturn

# By the name of the case in the bindings. `OSError` makes the subclass of the number: ECONNRESET is ConnectionResetError.
_NUMBERS = {
    "AccessDenied": errno.EACCES,
    "AddressInUse": errno.EADDRINUSE,
    "AddressNotBindable": errno.EADDRNOTAVAIL,
    "ConnectionAborted": errno.ECONNABORTED,
    "ConnectionBroken": errno.EPIPE,
    "ConnectionReset": errno.ECONNRESET,
    "DatagramTooLarge": errno.EMSGSIZE,
    "InvalidArgument": errno.EINVAL,
    "InvalidState": errno.ENOTCONN,
    "OutOfMemory": errno.ENOBUFS,
    "RemoteUnreachable": errno.EHOSTUNREACH,
}


class HandlerError(Exception):
    """Ends a request with a message for the log of the server: for failures that are expected.

    Any other exception that leaves a handler ends its request too, and its traceback is printed; this one's is not.
    """


class RequestError(Exception):
    """How a request ended that was not ended by its handler: what `handle_error()` finds in `sys.exc_info()`.

    `reason` is the reason that the server's log gives: `cpu-time`, `idle`, `memory`, `trap`, ...
    """

    def __init__(self, reason: str, message: str | None) -> None:
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason = reason


def raise_from_host(error: Any, *, would_block: bool = False) -> NoReturn:
    """Raises what Python raises for a case of `error-code`.

    A call that ran out of time raises `TimeoutError`, or `BlockingIOError` of a socket that does not block.
    """
    case = type(error).__name__.partition("_")[2]
    if case == "Timeout":
        if would_block:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
        raise TimeoutError("timed out") from None
    number = _NUMBERS.get(case)
    if number is None:
        raise OSError(getattr(error, "value", None) or "the server does not say why") from None
    raise OSError(number, os.strerror(number)) from None


def message_of(exception: BaseException) -> str:
    """The line that the server's log has for an exception that left a handler: `ValueError: not a number`."""
    if isinstance(exception, HandlerError):
        return str(exception)
    kind = type(exception)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    text = str(exception)
    return f"{name}: {text}" if text else name


def exception_of(outcome: Any) -> Exception:
    """The exception that a request has ended with, for the program, which was not there when it was raised.

    It has its type where that is one of Python's own, and the traceback that the sandbox has told as a text, in `traceback`.
    """
    reason = outcome.reason.name.lower().replace("_", "-")
    message = outcome.message
    if reason not in ("handler-error", "reset", "timed-out") or message is None:
        return RequestError(reason, message)
    is_traceback = message.startswith(_TRACEBACK) or f"\n{_TRACEBACK}" in message
    exception = _of_line(_last_line(message) if is_traceback else message)
    if is_traceback:
        exception.traceback = message  # type: ignore[attr-defined]
    return exception


_TRACEBACK = "Traceback (most recent call last):"


def _last_line(text: str) -> str:
    """The exception at the end of a traceback; its own text may have several lines."""
    lines = text.split("\n")
    begin = max(index for index, line in enumerate(lines) if line.startswith(("  ", _TRACEBACK)))
    return "\n".join(lines[begin + 1 :])


def _of_line(line: str) -> Exception:
    name, _, text = line.partition(": ")
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            if kind is KeyError:
                # The text of this one is how its key is written.
                return kind(ast.literal_eval(text))
            return kind(text) if text else kind()
        except (SyntaxError, TypeError, ValueError):
            # One that cannot be made from its text, such as UnicodeDecodeError.
            pass
    return HandlerError(line)
