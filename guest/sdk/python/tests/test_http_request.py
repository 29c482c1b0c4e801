"""The HTTP request that a connection is."""

import types
import unittest

from . import host

import socketserver
from socketserver import _phase, _wit
from socketserver._phase import Phase


class HttpRequest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(_phase.enter, _phase.current())
        self.addCleanup(_wit.http_requests.cache_clear)
        _phase.enter(Phase.REQUEST)

    def tell(self, told: object) -> None:
        host.module("wit_world.imports.http_requests", get_http_request=lambda: told)
        self.addCleanup(host.sys.modules.pop, "wit_world.imports.http_requests")

    def test_a_request_is_told_as_it_is(self) -> None:
        headers = [("x-own", b"a"), ("x-own", b"\xff")]
        self.tell(types.SimpleNamespace(method="GET", scheme=None, authority="a:81", path_with_query="/b?c", headers=headers))
        self.assertEqual(socketserver.http_request(), socketserver.HttpRequest("GET", None, "a:81", "/b?c", headers))

    def test_a_connection_that_is_no_request_has_none(self) -> None:
        self.tell(None)
        self.assertIsNone(socketserver.http_request())

    def test_outside_of_a_request_nobody_is_asked(self) -> None:
        for phase in (Phase.BUILD, Phase.PROGRAM):
            _phase.enter(phase)
            self.assertIsNone(socketserver.http_request())

    def test_a_call_that_the_build_did_not_see_says_so(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "the build did not see"):
            socketserver.http_request()
