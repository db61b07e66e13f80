"""The command ``genesis``: parse, call the functional layer, write."""

from .commands import app, main

__all__ = ["app", "main"]
