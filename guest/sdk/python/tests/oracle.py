"""CPython's own `socketserver`, beside the SDK's, which has its name."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from types import ModuleType


def _load() -> ModuleType:
    path = Path(sysconfig.get_path("stdlib"), "socketserver.py")
    spec = importlib.util.spec_from_file_location("cpython_socketserver", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


socketserver = _load()
