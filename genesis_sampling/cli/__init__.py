"""The command ``genesis``: parse, call the functional layer, write."""

from . import reporting as _reporting  # noqa: F401, it adds its command
from .commands import app, main

__all__ = ["app", "main"]
