"""Threads, in a process of its own, whose modules are changed by it."""

import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

HEAD = """
import sys
sys.path.insert(0, {root!r})
from tests import host
import threading, time, socketserver
from socketserver import _background, _phase, _threads
_threads.install()
_phase.enter(_phase.Phase.PROGRAM)
"""


class Threads(unittest.TestCase):
    def run_script(self, script: str) -> str:
        root = str(Path(__file__).parents[1])
        text = HEAD.format(root=root) + textwrap.dedent(script)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_thread_runs_to_its_end_when_it_is_started(self) -> None:
        printed = self.run_script(
            """
            def work(word):
                print(word, threading.current_thread().name, threading.current_thread() is threading.main_thread())
            thread = threading.Thread(target=work, args=("one",), name="worker")
            thread.start()
            print("two", thread.is_alive(), threading.current_thread() is threading.main_thread())
            thread.join()
            """
        )
        self.assertEqual(printed, "one worker False\ntwo False True\n")

    def test_an_exception_in_a_thread_is_printed_and_goes_no_further(self) -> None:
        self.run_script(
            """
            threading.excepthook = lambda arguments: print(arguments.exc_type.__name__)
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            assert not thread.is_alive()
            """
        )

    def test_a_server_in_a_thread_serves_while_the_program_waits(self) -> None:
        printed = self.run_script(
            """
            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), None)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            request = host.Request(host.ipv4("192.0.2.1", 7), None)
            host.Server.script = [(host.Event.REQUEST, request)] + [host.Event.TIMED_OUT] * 100_000
            print(thread.is_alive(), request.fate)
            time.sleep(0.02)
            print(request.fate)
            print(threading.Event().wait(0.01))
            server.shutdown()
            thread.join()
            print(thread.is_alive())
            """
        )
        self.assertEqual(printed, "True pending\nprocessed\nFalse\nFalse\n")

    def test_a_function_that_serves_is_left_where_it_serves(self) -> None:
        printed = self.run_script(
            """
            server = socketserver.TCPServer(("127.0.0.1", 0), None)
            def work():
                print("before")
                server.serve_forever()
                print("never")
            thread = threading.Thread(target=work)
            thread.start()
            print(thread.is_alive())
            server.shutdown()
            thread.join()
            """
        )
        self.assertEqual(printed, "before\nTrue\n")

    def test_a_wait_that_nothing_can_end_is_an_error(self) -> None:
        printed = self.run_script(
            """
            try:
                threading.Event().wait()
            except RuntimeError as error:
                print(error)
            event = threading.Event()
            event.set()
            print(event.wait())
            """
        )
        self.assertEqual(printed, "nothing is left that could end this wait: a component has one thread\nTrue\n")
