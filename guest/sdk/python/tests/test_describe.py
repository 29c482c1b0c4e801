"""What a source is, from its text."""

import json
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "describe.py"


class Describe(unittest.TestCase):
    def describe(self, text: str, name: str = "handler.py", **others: str):
        with tempfile.TemporaryDirectory() as folder:
            for other, content in others.items():
                Path(folder, f"{other}.py").write_text(textwrap.dedent(content))
            Path(folder, name).write_text(textwrap.dedent(text))
            done = subprocess.run(
                [sys.executable, "-I", str(SCRIPT), str(Path(folder, name))], capture_output=True, text=True
            )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()

    def world(self, text: str) -> str:
        return self.describe("import socketserver\n" + textwrap.dedent(text))["world"].partition("@")[0]

    def test_streams(self) -> None:
        self.assertEqual(self.world("class H(socketserver.StreamRequestHandler): pass"), "socketserver:core/handler")
        self.assertEqual(
            self.world("from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler): pass"),
            "socketserver:core/handler",
        )

    def test_datagrams(self) -> None:
        for text in (
            "class H(socketserver.DatagramRequestHandler): pass",
            "class H(socketserver.BaseRequestHandler):\n  def handle(self):\n    data, sock = self.request",
            "class H(socketserver.BaseRequestHandler):\n  def handle(self):\n    return self.request[0]",
            "class B(socketserver.DatagramRequestHandler): pass\nclass H(B): pass",
        ):
            self.assertEqual(self.world(text), "socketserver:core/datagram-service", text)

    def test_both_async_and_programs(self) -> None:
        self.assertEqual(
            self.world("class A(socketserver.StreamRequestHandler): pass\nclass B(socketserver.DatagramRequestHandler): pass"),
            "socketserver:python/both",
        )
        self.assertEqual(self.world("async def handle(reader, writer): pass"), "socketserver:python/asynchronous")
        self.assertEqual(self.world("socketserver.TCPServer(1, 2).serve_forever()"), "socketserver:python/script")
        self.assertEqual(self.world("import threading\nthreading.Thread(target=server.serve_forever)"), "socketserver:python/script")

    def test_sockets_are_imported_where_something_is_connected_to(self) -> None:
        handler = "class H(socketserver.BaseRequestHandler): pass\n"
        for text, connects in [
            ("import socket\nsocket.AF_INET6", False),
            ("import socket\nsocket.create_connection", True),
            ("from socket import socket", True),
            ("import urllib.request", True),
            ("from http import client", True),
            ("from http.server import HTTPServer", False),
        ]:
            self.assertEqual(self.describe(f"import socketserver\n{text}\n{handler}")["sockets"], connects, text)
        beside = self.describe(f"import socketserver, upstream\n{handler}", upstream="import smtplib")
        self.assertTrue(beside["sockets"], "a module beside it counts")

    def test_what_it_is_not_is_said_in_a_line(self) -> None:
        self.assertIn("is no handler and no program", self.describe("print('hello')"))
        self.assertEqual(self.describe("def f(:\n  pass"), "handler.py:1: invalid syntax")
        two = "import socketserver\n" + "".join(f"class {name}(socketserver.StreamRequestHandler): pass\n" for name in "AB")
        self.assertIn("several handlers of connections, A and B", self.describe(two))
