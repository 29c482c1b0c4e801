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
        worlds = self.describe("import socketserver\n" + textwrap.dedent(text))["worlds"]
        return " ".join(world.removeprefix("socketserver:").removesuffix("@0.1.0") for world in worlds)

    def test_streams(self) -> None:
        self.assertEqual(self.world("class H(socketserver.StreamRequestHandler): pass"), "core/handler")
        self.assertEqual(
            self.world("from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler): pass"),
            "core/handler",
        )

    def test_datagrams(self) -> None:
        for text in (
            "class H(socketserver.DatagramRequestHandler): pass",
            "class H(socketserver.BaseRequestHandler):\n  def handle(self):\n    data, sock = self.request",
            "class H(socketserver.BaseRequestHandler):\n  def handle(self):\n    return self.request[0]",
            "class B(socketserver.DatagramRequestHandler): pass\nclass H(B): pass",
        ):
            self.assertEqual(self.world(text), "core/datagram-service", text)

    def test_both_async_and_programs(self) -> None:
        self.assertEqual(
            self.world("class A(socketserver.StreamRequestHandler): pass\nclass B(socketserver.DatagramRequestHandler): pass"),
            "core/handler core/datagram-service",
        )
        self.assertEqual(self.world("async def handle(reader, writer): pass"), "python/asynchronous")
        program = "core/server-program core/handler core/datagram-service"
        self.assertEqual(self.world("socketserver.TCPServer(1, 2).serve_forever()"), program)
        self.assertEqual(self.world("import threading\nthreading.Thread(target=server.serve_forever)"), program)

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

    def test_the_http_request_is_imported_where_it_is_asked_for(self) -> None:
        handler = "class H(socketserver.BaseRequestHandler):\n  def handle(self):\n    "
        for text, asks in [
            (f"import socketserver\n{handler}socketserver.http_request()", True),
            (f"import socketserver\nimport socketserver as ours\n{handler}ours.http_request()", True),
            (f"import socketserver\nfrom socketserver import http_request\n{handler}http_request()", True),
            (f"import socketserver\nfrom socketserver import http_request as ask\n{handler}ask()", True),
            (f"from socketserver import *\nimport socketserver\n{handler}http_request()", True),
            (f"from socketserver import *\nimport socketserver\n{handler}pass", False),
            (f"import socketserver, mine\n{handler}mine.http_request()", False),
            (f"import socketserver\n{handler}self.http_request = http_request = 1", False),
            ("from socketserver import http_request\nasync def handle(reader, writer): http_request()", True),
        ]:
            worlds = self.describe(text)["worlds"]
            self.assertEqual(worlds[1:], ["socketserver:core/optional-imports@0.1.0"] * asks, text)
        beside = self.describe(f"import socketserver, web\n{handler}pass", web="import socketserver\nsocketserver.http_request()")
        self.assertEqual(len(beside["worlds"]), 2, "a module beside it counts")

    def test_what_it_is_not_is_said_in_a_line(self) -> None:
        self.assertIn("is no handler and no program", self.describe("print('hello')"))
        self.assertEqual(self.describe("def f(:\n  pass"), "handler.py:1: invalid syntax")
        two = "import socketserver\n" + "".join(f"class {name}(socketserver.StreamRequestHandler): pass\n" for name in "AB")
        self.assertIn("several handlers of connections, A and B", self.describe(two))
