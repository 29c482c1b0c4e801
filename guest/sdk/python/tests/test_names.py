"""What CPython's module has, ours has."""

import inspect
import unittest

from . import host, oracle

import socketserver


class Names(unittest.TestCase):
    def test_every_public_name_is_there(self) -> None:
        missing = set(oracle.socketserver.__all__) - set(socketserver.__all__)
        self.assertEqual(missing, set())

    def test_every_method_and_setting_of_a_class_is_there_with_its_default(self) -> None:
        # Numbers of processes, and what only their implementation has.
        own = {"active_children", "handle", "address_family", "socket_type"}
        for name in oracle.socketserver.__all__:
            theirs, ours = getattr(oracle.socketserver, name), getattr(socketserver, name)
            for member in dir(theirs):
                if member.startswith("_") or member in own:
                    continue
                self.assertTrue(hasattr(ours, member), f"{name}.{member}")
                value = getattr(theirs, member)
                if not callable(value):
                    self.assertEqual(getattr(ours, member), value, f"{name}.{member}")
                elif inspect.isfunction(value):
                    parameters = list(inspect.signature(value).parameters)
                    self.assertEqual(list(inspect.signature(getattr(ours, member)).parameters), parameters, f"{name}.{member}")

    def test_the_classes_derive_from_each_other_as_theirs(self) -> None:
        for name in oracle.socketserver.__all__:
            theirs = {base.__name__ for base in getattr(oracle.socketserver, name).__mro__}
            ours = {base.__name__ for base in getattr(socketserver, name).__mro__}
            self.assertEqual(theirs - ours, set(), name)
