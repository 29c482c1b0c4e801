"""Addresses, in Python's form, in the host's, and as URLs."""

import socket
import unittest

from . import host

from socketserver import _address


class Urls(unittest.TestCase):
    def url(self, address, family=socket.AF_INET, kind=socket.SOCK_STREAM) -> str:
        return _address.url(family, kind, address)

    def test_an_ip_address_becomes_the_url_that_the_operator_grants(self) -> None:
        self.assertEqual(self.url(("127.0.0.1", 9999)), "tcp://127.0.0.1:9999")
        self.assertEqual(self.url(("localhost", 0)), "tcp://localhost:0")
        self.assertEqual(self.url(("", 80)), "tcp://0.0.0.0:80")
        self.assertEqual(self.url(("", 80), socket.AF_INET6), "tcp://[::]:80")
        self.assertEqual(self.url(("::1", 80, 0, 0), socket.AF_INET6), "tcp://[::1]:80")
        self.assertEqual(self.url(("::1", 53), socket.AF_INET6, socket.SOCK_DGRAM), "udp://[::1]:53")

    def test_a_path_keeps_all_of_its_characters(self) -> None:
        def url(path):
            return self.url(path, _address.AF_UNIX)

        self.assertEqual(url("/run/echo.sock"), "unix:///run/echo.sock")
        self.assertEqual(url(b"/run/50% of?#"), "unix:///run/50%25%20of%3F%23")
        self.assertEqual(url("echo.sock"), "unix:echo.sock")
        self.assertEqual(url("\0echo"), "unix:@echo")
        self.assertEqual(url("@file"), "unix:./@file")

    def test_what_is_no_address_is_refused_with_words(self) -> None:
        with self.assertRaisesRegex(TypeError, "pair"):
            self.url("127.0.0.1:9999")
        with self.assertRaisesRegex(TypeError, "port that is a number"):
            self.url(("127.0.0.1", "9999"))
        with self.assertRaisesRegex(OverflowError, "0-65535"):
            self.url(("127.0.0.1", 65536))
        with self.assertRaisesRegex(OSError, "no server"):
            self.url(("127.0.0.1", 1), kind=99)


class Forms(unittest.TestCase):
    def test_each_address_becomes_what_accept_returns_and_back(self) -> None:
        network = host.network
        six = network.Ipv6SocketAddress(80, 5, (0xFE80, 0, 0, 0, 0, 0, 0, 1), 2)
        for wit, python in [
            (host.ipv4("192.0.2.7", 80), ("192.0.2.7", 80)),
            (network.SocketAddress_Ipv6(six), ("fe80::1", 80, 5, 2)),
            (network.SocketAddress_Unix(None), ""),
            (network.SocketAddress_Unix("/run/x"), "/run/x"),
            (network.SocketAddress_Unix("@x"), b"\0x"),
        ]:
            self.assertEqual(_address.from_wit(wit), python)
            self.assertEqual(_address.to_wit(network, python), wit)

    def test_names_are_not_looked_up(self) -> None:
        with self.assertRaisesRegex(OSError, "no address"):
            _address.to_wit(host.network, ("localhost", 80))
