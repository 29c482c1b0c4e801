"""The classes of handlers, beside CPython's: the same class body, the same peer, the same bytes."""

import errno
import socket
import unittest

from . import host, oracle

import socketserver
from socketserver import _phase, _sandbox
from socketserver._connection import Connection
from socketserver._datagram import DatagramSocket
from socketserver._error import HandlerError
from componentize_py_types import Err


def serve(module, body, sent: bytes, base="StreamRequestHandler"):
    """What a peer gets that sends some bytes, and the steps that the handler took."""
    steps = []
    handler = type("Handler", (getattr(module, base),), dict(body(steps)))
    sock, peer = socket.socketpair()
    peer.settimeout(5)
    peer.sendall(sent)
    peer.shutdown(socket.SHUT_WR)
    request = Connection(host.Connection(sock)) if module is socketserver else sock
    error = None
    try:
        handler(request, "address", "server")
    except Exception as raised:
        error = type(raised), str(raised)
    request.close()
    with peer, peer.makefile("rb") as file:
        return file.read(), steps, error


class Streams(unittest.TestCase):
    def both(self, body, sent=b"", base="StreamRequestHandler"):
        theirs, ours = (serve(module, body, sent, base) for module in (oracle.socketserver, socketserver))
        self.assertEqual(ours, theirs)
        return ours

    def test_lines_are_read_and_written(self) -> None:
        def body(steps):
            def handle(self):
                for line in self.rfile:
                    self.wfile.write(line.upper())
                steps.append((self.client_address, self.server, self.connection is self.request))

            return {"handle": handle}

        self.assertEqual(self.both(body, b"one\ntwo\nrest")[0], b"ONE\nTWO\nREST")

    def test_setup_and_finish_come_before_and_after(self) -> None:
        def body(steps):
            return {
                name: (lambda self, name=name: steps.append(name))
                for name in ("setup", "handle", "finish")
            }

        self.assertEqual(self.both(body, base="BaseRequestHandler")[1], ["setup", "handle", "finish"])

    def test_finish_is_called_although_handle_fails(self) -> None:
        def body(steps):
            def handle(self):
                raise ValueError("no")

            return {"handle": handle, "finish": lambda self: steps.append("finish")}

        self.assertEqual(self.both(body)[1:], (["finish"], (ValueError, "no")))

    def test_finish_is_not_called_when_setup_fails(self) -> None:
        def body(steps):
            def setup(self):
                raise ValueError("no")

            return {"setup": setup, "finish": lambda self: steps.append("finish")}

        self.assertEqual(self.both(body, base="BaseRequestHandler")[1], [])

    def test_a_buffer_of_wfile_is_flushed_at_the_end(self) -> None:
        def body(steps):
            def handle(self):
                steps.append(self.wfile.write(b"kept"))

            return {"handle": handle, "wbufsize": -1}

        self.assertEqual(self.both(body)[0], b"kept")

    def test_without_a_buffer_rfile_takes_no_more_than_it_is_asked_for(self) -> None:
        def body(steps):
            def handle(self):
                steps.append((self.rfile.read(3), self.request.recv(100)))

            return {"handle": handle, "rbufsize": 0}

        self.assertEqual(self.both(body, b"onetwo")[1], [(b"one", b"two")])

    def test_timeout_bounds_a_read(self) -> None:
        for module in (oracle.socketserver, socketserver):
            sock, peer = socket.socketpair()
            request = Connection(host.Connection(sock)) if module is socketserver else sock
            handler = type(
                "Handler", (module.StreamRequestHandler,), {"timeout": 0.01, "handle": lambda self: self.rfile.readline()}
            )
            with peer, self.assertRaises(TimeoutError):
                handler(request, "address", "server")
            request.close()


class Datagrams(unittest.TestCase):
    def answer(self, handle, base=socketserver.DatagramRequestHandler):
        handler = type("Handler", (base,), {"handle": handle})
        sock, remote = host.DatagramSocket(), host.ipv4("192.0.2.1", 7)
        datagram = host.Datagram(b"hello", remote, False)
        _sandbox.serve_datagram(_sandbox.HandlerServer(handler), datagram, sock)
        return [(data, to is remote) for data, to in sock.sent]

    def test_what_is_written_is_the_answer(self) -> None:
        self.assertEqual(self.answer(lambda self: self.wfile.write(self.rfile.read().upper())), [(b"HELLO", True)])

    def test_nothing_written_is_nothing_sent(self) -> None:
        self.assertEqual(self.answer(lambda self: None), [])

    def test_a_request_is_the_pair_of_data_and_socket(self) -> None:
        def handle(self):
            data, sock = self.request
            sock.sendto(data, self.client_address)
            sock.sendto(data + b"2", 0, self.client_address)

        self.assertEqual(self.answer(handle, socketserver.BaseRequestHandler), [(b"hello", True), (b"hello2", True)])

    def test_others_are_asked_of_the_host(self) -> None:
        sock = host.DatagramSocket()
        DatagramSocket(sock, ("192.0.2.1", 7)).sendto(b"x", ("192.0.2.9", 7))
        self.assertEqual(sock.sent, [(b"x", host.ipv4("192.0.2.9", 7))])

    def test_the_datagrams_of_others_are_not_seen(self) -> None:
        with self.assertRaises(PermissionError):
            DatagramSocket(host.DatagramSocket()).recvfrom(10)


class Failures(unittest.TestCase):
    def fail(self, raised):
        def handle(self):
            raise raised

        server = _sandbox.HandlerServer(type("Handler", (socketserver.BaseRequestHandler,), {"handle": handle}))
        with self.assertRaises(Err) as caught:
            _sandbox.serve_stream(server, host.Connection(socket.socketpair()[0]))
        return caught.exception.value

    def test_an_exception_is_told_with_its_traceback_from_the_handler_on(self) -> None:
        told = self.fail(ValueError("no such thing")).splitlines()
        self.assertEqual(told[0], "Traceback (most recent call last):")
        self.assertIn("test_handler.py", told[1])
        self.assertEqual(told[-1], "ValueError: no such thing")

    def test_a_message_is_a_message(self) -> None:
        self.assertEqual(self.fail(HandlerError("refused by choice")), "refused by choice")

    def test_what_the_peer_did_has_no_traceback(self) -> None:
        error = ConnectionResetError(errno.ECONNRESET, "gone")
        self.assertEqual(self.fail(error), f"ConnectionResetError: {error}")

    def test_a_long_one_is_cut_in_the_middle(self) -> None:
        told = self.fail(ValueError("x" * 100_000 + "the end"))
        self.assertLess(len(told), 5000)
        self.assertTrue(told.endswith("the end"))

    def tearDown(self) -> None:
        _phase.enter(_phase.Phase.BUILD)
