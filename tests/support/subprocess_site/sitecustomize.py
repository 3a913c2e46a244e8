"""Installs the loopback guard in every Python process that a test starts with this folder on PYTHONPATH."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location("loopback_guard", Path(__file__).parents[1] / "loopback_guard.py")
if _spec is None or _spec.loader is None:
    raise ImportError("the loopback guard is missing")
_guard = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_guard)
_guard.install()
