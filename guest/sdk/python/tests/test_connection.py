"""`self.request` of streams, beside a socket of Python's: the same calls, the same results."""

import socket
import unittest
from typing import Any, Callable

from . import host

from socketserver._connection import Connection, to_milliseconds


class Pair:
    """Ours or theirs, and its peer."""

    def __init__(self, is_ours: bool) -> None:
        sock, self.peer = socket.socketpair()
        self.sock: Any = Connection(host.Connection(sock)) if is_ours else sock
        self.peer.settimeout(5)


def result(function: Callable[[], Any]) -> Any:
    """What a call returns, or the exception that it raises, with its number and its words."""
    try:
        return function()
    except Exception as error:
        return type(error), getattr(error, "errno", None), str(error)


class LikeASocket(unittest.TestCase):
    def both(self, scenario: Callable[[Any, Any], Any]) -> Any:
        results = []
        for is_ours in (False, True):
            pair = Pair(is_ours)
            try:
                results.append(result(lambda: scenario(pair.sock, pair.peer)))
            finally:
                pair.peer.close()
                pair.sock.close()
        self.assertEqual(results[1], results[0])
        return results[1]

    def test_receiving(self) -> None:
        def scenario(sock, peer):
            peer.sendall(b"hello world")
            buffer = bytearray(4)
            parts = [sock.recv(2), sock.recv(0), sock.recv(3, socket.MSG_PEEK), sock.recv(2), sock.recv_into(buffer), bytes(buffer)]
            parts += [sock.recv_into(buffer, 2), bytes(buffer), sock.recvfrom(100)[0]]
            peer.close()
            return [*parts, sock.recv(1), sock.recv(1)]

        self.assertEqual(self.both(scenario)[2:6], [b"llo", b"ll", 4, b"o wo"])

    def test_waiting_for_all(self) -> None:
        def scenario(sock, peer):
            peer.sendall(b"abc")
            peer.sendall(b"def")
            peer.shutdown(socket.SHUT_WR)
            return sock.recv(5, socket.MSG_WAITALL), sock.recv(5, socket.MSG_WAITALL)

        self.assertEqual(self.both(scenario), (b"abcde", b"f"))

    def test_sending_takes_whatever_has_a_buffer(self) -> None:
        def scenario(sock, peer):
            sock.sendall(b"a")
            sock.sendall(bytearray(b"b"))
            sock.sendall(memoryview(b"xcx")[1:2])
            return sock.send(b"def"), peer.recv(100)

        self.assertEqual(self.both(scenario)[0], 3)

    def test_sending_much_sends_all_of_it(self) -> None:
        data = bytes(range(256)) * 12_000
        pair = Pair(True)
        import threading

        thread = threading.Thread(target=lambda: (pair.sock.sendall(data), pair.sock.close()))
        thread.start()
        with pair.peer.makefile("rb") as file:
            self.assertEqual(file.read(), data)
        thread.join()

    def test_arguments_that_are_wrong(self) -> None:
        for call in [
            lambda sock, peer: sock.recv(-1),
            lambda sock, peer: sock.recv_into(bytearray(2), 3),
            lambda sock, peer: sock.settimeout(-1),
            lambda sock, peer: sock.shutdown(9),
        ]:
            self.both(lambda sock, peer, call=call: call(sock, peer))
        self.assertIs(self.both(lambda sock, peer: result(lambda: sock.sendall("text")))[0], TypeError)

    def test_timeouts(self) -> None:
        def scenario(sock, peer):
            sock.settimeout(0.01)
            late = result(lambda: sock.recv(1))
            sock.setblocking(False)
            now = result(lambda: sock.recv(1))
            state = sock.gettimeout(), sock.getblocking()
            sock.setblocking(True)
            return late, now, state, sock.gettimeout()

        late, now, *_ = self.both(scenario)
        self.assertIs(late[0], TimeoutError)
        self.assertIs(now[0], BlockingIOError)

    def test_half_closing(self) -> None:
        def scenario(sock, peer):
            sock.shutdown(socket.SHUT_WR)
            end = peer.recv(1)
            peer.sendall(b"still")
            return end, sock.recv(10), result(lambda: sock.send(b"x"))[0]

        self.assertEqual(self.both(scenario), (b"", b"still", BrokenPipeError))

    def test_a_peer_that_has_gone(self) -> None:
        def scenario(sock, peer):
            peer.close()
            return result(lambda: sock.sendall(b"x" * 10))[0]

        self.assertIs(self.both(scenario), BrokenPipeError)

    def test_what_is_closed(self) -> None:
        def scenario(sock, peer):
            sock.close()
            return result(lambda: sock.recv(1)), result(lambda: sock.send(b"x"))[0], sock.fileno()

        self.both(scenario)

    def test_files_keep_it_open(self) -> None:
        def scenario(sock, peer):
            file = sock.makefile("rwb")
            sock.close()
            file.write(b"hello\n")
            file.flush()
            line = peer.recv(100)
            peer.sendall(b"a line\nrest")
            line += file.readline()
            file.close()
            return line, peer.recv(1)

        self.assertEqual(self.both(scenario), (b"hello\na line\n", b""))

    def test_a_file_that_timed_out_is_of_no_more_use(self) -> None:
        def scenario(sock, peer):
            sock.settimeout(0.01)
            file = sock.makefile("rb")
            return result(file.readline), result(file.readline)

        self.both(scenario)


class Ours(unittest.TestCase):
    def test_times_are_rounded_up(self) -> None:
        self.assertEqual([to_milliseconds(time) for time in (None, 0, 0.0001, 1, 1.0005)], [None, 0, 1, 1000, 1001])
        self.assertEqual(to_milliseconds(1e12), 0xFFFF_FFFF)

    def test_options_that_are_the_operators_are_accepted_and_others_refused(self) -> None:
        sock = Pair(True).sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.assertEqual(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 1)
        self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        with self.assertRaises(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def test_addresses(self) -> None:
        sock = Pair(True).sock
        self.assertEqual(sock.getpeername(), ("192.0.2.1", 1234))
        self.assertEqual(sock.getsockname(), ("127.0.0.1", 9999))
        self.assertEqual(sock.family, socket.AF_INET)
