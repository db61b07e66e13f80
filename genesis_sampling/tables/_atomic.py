"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_output"]


@contextmanager
def atomic_output(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written; it appears under its name when the block ends, and not at all if that fails.

    Parameters
    ----------
    path : Path
        Where the file shall be. A link is followed, so the link stays and its target changes.

    Yields
    ------
    stream : binary file
        A temporary file in the same directory, removed when the block is left by an exception, an interrupt too.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".genesis-{secrets.token_hex(6)}.tmp")
    try:
        # Unlike tempfile's, this file gets the permissions that any new file of the user has.
        with open(temporary, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
