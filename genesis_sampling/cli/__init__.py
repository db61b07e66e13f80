"""The command ``genesis``: parse, call the functional layer, write."""

from . import comparing as _comparing  # noqa: F401, it adds its command
from . import diagnosing as _diagnosing  # noqa: F401, it adds its command
from . import reporting as _reporting  # noqa: F401, so does it
from .commands import app, main

__all__ = ["app", "main"]
