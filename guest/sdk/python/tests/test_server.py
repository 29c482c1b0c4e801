"""The loop and its hooks, over a scripted host."""

import contextlib
import io
import signal
import sys
import threading
import unittest

from . import host

import socketserver
from socketserver import _background, _build, _phase, _server
from socketserver._phase import Phase

DONE = host.Outcome(host.ipv4("192.0.2.1", 7), host.Reason.COMPLETED, None)
FAILED = host.Outcome(
    host.ipv4("192.0.2.1", 7),
    host.Reason.HANDLER_ERROR,
    'Traceback (most recent call last):\n  File "app.py", line 3, in handle\n    oh()\nValueError: told\nyou so',
)
SLOW = host.Outcome(host.ipv4("192.0.2.1", 7), host.Reason.CPU_TIME, None)


def request(outcome=DONE):
    return host.Request(host.ipv4("192.0.2.1", 7), outcome)


HOOKS = [
    "server_bind", "server_activate", "get_request", "verify_request", "process_request", "shutdown_request", "close_request",
    "service_actions", "handle_timeout", "handle_error", "server_close",
]


def recording(base, **members):
    """A class that remembers which hooks were called."""

    def hook(name):
        def method(self, *arguments):
            self.calls.append(name if name != "handle_error" else f"handle_error {sys.exc_info()[1]!r}")
            return getattr(base, name)(self, *arguments)

        return method

    names = {name: hook(name) for name in HOOKS if name not in members}
    return type("Recording", (base,), {"calls": [], **names, **members})


class Programs(unittest.TestCase):
    def setUp(self) -> None:
        _phase.enter(Phase.PROGRAM)
        host.Server.script, host.Server.refuse = [], None
        host.Server.made.clear()
        _server._is_told = False
        errors = contextlib.redirect_stderr(io.StringIO())
        self.errors = errors.__enter__()
        self.addCleanup(errors.__exit__, None, None, None)

    def tearDown(self) -> None:
        _phase.enter(Phase.BUILD)

    def serve(self, base, script, **members):
        """Serves a script, until the operator stops it; returns the calls that the loop has made."""
        server = recording(base, **members)(("127.0.0.1", 0), None)
        del server.calls[:]
        host.Server.script = list(script)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever(0.25)
        return server

    def test_a_server_is_made_as_its_attributes_say(self) -> None:
        class Server(socketserver.UDPServer):
            max_packet_size = 512
            allow_reuse_address = True

        server = recording(Server)(("localhost", 53), None)
        made = host.Server.made[-1]
        self.assertEqual(made.url, "udp://localhost:53")
        self.assertEqual(made.options, host.ServerOptions(5, True, None, 512, None))
        self.assertEqual([entry[0] for entry in made.log], ["bind", "activate"])
        self.assertEqual((server.server_address, server.fileno()), (("127.0.0.1", 4242), 7))
        self.assertEqual(server.calls, ["server_bind", "server_activate"])

    def test_an_address_that_is_not_granted_says_how_it_would_be(self) -> None:
        host.Server.refuse = host.error("AccessDenied")
        with self.assertRaisesRegex(PermissionError, "--allow-bind tcp://127.0.0.1:80"):
            socketserver.TCPServer(("127.0.0.1", 80), None)

    def test_without_a_mixin_a_request_is_finished_before_the_next(self) -> None:
        one, two = request(), request()
        server = self.serve(socketserver.TCPServer, [(host.Event.REQUEST, one), (host.Event.REQUEST, two)])
        hooks = ["get_request", "verify_request", "process_request", "shutdown_request", "close_request", "service_actions"]
        self.assertEqual(server.calls, hooks * 2)
        self.assertEqual((one.fate, two.fate), ("finished", "finished"))

    def test_with_a_mixin_it_is_processed(self) -> None:
        for base, hooks in [
            (socketserver.ThreadingTCPServer, ["get_request", "verify_request", "process_request", "service_actions"]),
            (socketserver.ForkingTCPServer, ["get_request", "verify_request", "process_request", "close_request", "service_actions"]),
        ]:
            one = request()
            self.assertEqual(self.serve(base, [(host.Event.REQUEST, one)]).calls, hooks)
            self.assertEqual(one.fate, "processed")

    def test_one_that_is_not_wanted_is_shut_down(self) -> None:
        one = request()
        server = self.serve(socketserver.TCPServer, [(host.Event.REQUEST, one)], verify_request=lambda *_: False)
        self.assertEqual(server.calls, ["get_request", "shutdown_request", "close_request", "service_actions"])
        self.assertEqual(one.fate, "refused")

    def test_one_that_has_gone_is_passed_over(self) -> None:
        self.assertEqual(self.serve(socketserver.TCPServer, [(host.Event.REQUEST, None)]).calls, ["get_request", "service_actions"])

    def test_a_failure_is_an_exception_of_its_type_with_the_traceback_of_its_handler(self) -> None:
        server = self.serve(socketserver.TCPServer, [(host.Event.REQUEST, request(FAILED))])
        self.assertIn("handle_error ValueError('told\\nyou so')", server.calls)
        printed = self.errors.getvalue()
        self.assertIn("processing of request from ('192.0.2.1', 7)\nTraceback (most recent call last):\n", printed)
        self.assertIn('File "app.py", line 3', printed)

    def test_a_limit_of_the_operators_is_told_too(self) -> None:
        server = self.serve(socketserver.TCPServer, [(host.Event.REQUEST, request(SLOW))])
        self.assertIn("handle_error RequestError('cpu-time')", server.calls)

    def test_a_failure_in_the_background_is_told_when_it_is_over(self) -> None:
        def fail():
            host.Server.made[-1].outcomes = [DONE, FAILED]

        server = self.serve(socketserver.ThreadingTCPServer, [fail, host.Event.FINISHED])
        self.assertEqual(server.calls, ["handle_error ValueError('told\\nyou so')", "service_actions"])

    def test_a_hook_that_raises_ends_the_loop_and_refuses_the_request(self) -> None:
        def process_request(self, request, client_address):
            raise SystemExit(3)

        one = request()
        with self.assertRaises(SystemExit):
            self.serve(socketserver.TCPServer, [(host.Event.REQUEST, one)], process_request=process_request)
        self.assertEqual(one.fate, "refused")

    def test_an_exception_of_process_request_is_handled(self) -> None:
        def process_request(self, request, client_address):
            raise ValueError("no")

        server = self.serve(socketserver.TCPServer, [(host.Event.REQUEST, request())], process_request=process_request)
        self.assertIn("handle_error ValueError('no')", server.calls)

    def test_no_request_is_reported_while_all_children_are_busy(self) -> None:
        made = lambda: host.Server.made[-1]
        script = [
            lambda: setattr(made(), "active", 2),
            host.Event.TIMED_OUT,
            lambda: setattr(made(), "active", 1),
            host.Event.TIMED_OUT,
            host.Event.TIMED_OUT,
        ]
        self.serve(socketserver.ForkingTCPServer, script, max_children=2)
        steps = [entry[0] for entry in made().log if entry[0] in ("suspend", "resume")]
        self.assertEqual(steps, ["suspend", "resume"])

    def test_shutdown_in_a_hook_ends_the_loop_when_the_hook_has_returned(self) -> None:
        def service_actions(self):
            self.shutdown()
            self.calls.append("after")

        server = self.serve(socketserver.TCPServer, [host.Event.TIMED_OUT] * 9, service_actions=service_actions)
        self.assertEqual(server.calls, ["after"])
        self.assertEqual(len(host.Server.script), 8)

    def test_the_operators_stop_is_what_a_signal_is(self) -> None:
        server = recording(socketserver.TCPServer)(("127.0.0.1", 0), None)
        with self.assertRaises(KeyboardInterrupt):
            server.serve_forever()
        known = signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
        try:
            server.serve_forever()
        finally:
            signal.signal(signal.SIGTERM, known)

    def test_whichever_server_hears_of_the_stop_the_handler_may_stop_another(self) -> None:
        background, foreground = (recording(socketserver.TCPServer)(("127.0.0.1", 0), None) for _ in range(2))
        known = signal.signal(signal.SIGTERM, lambda *_: foreground.shutdown())
        background._serve_in_background(0.5, threading.Thread())
        try:
            foreground.serve_forever()
        finally:
            signal.signal(signal.SIGTERM, known)
            _background.forget()

    def test_a_handler_that_stops_nothing_is_called_once(self) -> None:
        calls = []
        known = signal.signal(signal.SIGTERM, lambda *_: calls.append(1))
        try:
            with self.assertRaises(KeyboardInterrupt):
                recording(socketserver.TCPServer)(("127.0.0.1", 0), None).serve_forever()
        finally:
            signal.signal(signal.SIGTERM, known)
        self.assertEqual(calls, [1])

    def test_handle_request_takes_one_request_or_times_out(self) -> None:
        server = recording(socketserver.TCPServer, timeout=0)(("127.0.0.1", 0), None)
        del server.calls[:]
        host.Server.script = [(host.Event.REQUEST, request()), host.Event.TIMED_OUT]
        server.handle_request()
        self.assertNotIn("handle_timeout", server.calls)
        server.handle_request()
        self.assertEqual(server.calls[-1], "handle_timeout")

    def test_a_server_that_is_closed_cannot_serve(self) -> None:
        with recording(socketserver.TCPServer)(("127.0.0.1", 0), None) as server:
            pass
        with self.assertRaisesRegex(ValueError, "Invalid file descriptor: -1"):
            server.serve_forever()

    def test_closing_waits_for_children_unless_it_is_told_not_to(self) -> None:
        for members, waits in [({}, True), ({"block_on_close": False}, False), ({"daemon_threads": True}, False)]:
            server = recording(socketserver.ThreadingTCPServer, **members)(("127.0.0.1", 0), None)
            made = host.Server.made[-1]
            made.active = 1
            host.Server.script = [lambda made=made: setattr(made, "active", 0), host.Event.FINISHED]
            server.server_close()
            self.assertEqual(("wait", None) in made.log, waits, members)

    def test_the_data_of_a_request_are_not_in_the_program(self) -> None:
        pending = socketserver._listener.PendingRequest(request(), ("192.0.2.1", 7))
        with self.assertRaisesRegex(AttributeError, "sandbox of its own"):
            pending.recv(10)
        with self.assertRaisesRegex(TypeError, "sandbox of its own"):
            data, sock = pending


class AtTheBuild(unittest.TestCase):
    def setUp(self) -> None:
        _phase.enter(Phase.BUILD)
        _build._stopped = False
        host.Server.made.clear()
        _server.made.clear()

    tearDown = setUp

    def test_a_server_binds_nothing_and_the_script_is_stopped_where_it_would_serve(self) -> None:
        with self.assertRaises(_build.Stopped):
            with socketserver.TCPServer(("127.0.0.1", 9999), str) as server:
                self.assertEqual(server.server_address, ("127.0.0.1", 9999))
                try:
                    server.serve_forever()
                except Exception:
                    self.fail("it is no exception")
        self.assertEqual((host.Server.made, _server.made), ([], [server]))
        self.assertFalse(server.socket.is_closed, "the request needs it")

    def test_each_request_finds_its_server(self) -> None:
        from socketserver import _sandbox

        one, two = (socketserver.TCPServer(("127.0.0.1", port), str) for port in (80, 81))
        six = socketserver.TCPServer(("localhost", 82), str)
        udp = socketserver.UDPServer(("127.0.0.1", 80), str)
        self.assertIs(_sandbox.server_for(False, ("127.0.0.1", 81)), two)
        self.assertIs(_sandbox.server_for(False, ("127.0.0.1", 80)), one)
        self.assertIs(_sandbox.server_for(False, ("::1", 82, 0, 0)), six)
        self.assertIs(_sandbox.server_for(True, ("192.0.2.1", 9)), udp)

    def test_a_program_without_a_server_of_the_kind_says_so(self) -> None:
        from socketserver import _sandbox

        with self.assertRaisesRegex(socketserver.HandlerError, "no server of datagrams"):
            _sandbox.server_for(True, ("127.0.0.1", 1))
