"""Tests of the SDK, which run in plain CPython: `python3 -m unittest discover guest/sdk/python/tests -t guest/sdk/python`.

The host is a fake, `host.py`. The oracle is CPython's own `socketserver`, which `oracle.py` finds beside ours.
"""
