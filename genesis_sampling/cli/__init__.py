"""The command ``genesis``: parse, call the functional layer, write."""

from . import augmenting as _augmenting  # noqa: F401, it adds its command
from . import comparing as _comparing  # noqa: F401, so does it
from . import diagnosing as _diagnosing  # noqa: F401
from . import generating as _generating  # noqa: F401
from . import reporting as _reporting  # noqa: F401
from .commands import app, main

__all__ = ["app", "main"]
