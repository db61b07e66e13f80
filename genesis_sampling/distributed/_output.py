"""A folder of files that changes from one complete run to the next, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ..exceptions import DataError

__all__ = ["SUCCESS", "check_folder", "moved_into_place", "unfinished_folder"]

# The empty file that says that a folder is complete; Spark writes it too.
SUCCESS = "_SUCCESS"
_PART = re.compile(r"part-\d{5,}\.parquet")
_UNFINISHED = re.compile(r"\.genesis-[0-9a-f]{12}\.tmp")
# In a folder of that name: who writes to it, and the files of an earlier run, first while they are moved there and
# then when all of them are.
_WRITER, _LEAVING, _BEFORE = "writer.json", "leaving", "before"
# The clock of a machine may be set; a process that has the number of one that has gone is younger by more than this.
_SAME_START_SECONDS = 60.0
# What this process writes to now.
_writing: set[str] = set()


def check_folder(folder: str | os.PathLike[str], *, replace: bool = False) -> None:
    """Refuse a folder to write to that holds anything but an unfinished run.

    Where a run was ended while it replaced an earlier one, the files of that are put back first.

    Parameters
    ----------
    folder : str or path
    replace : bool, default=False
        Whether a complete run may be replaced.

    Raises
    ------
    DataError
        Also when the folder that it would be in does not exist, or another process writes to this one.
    """
    folder = Path(folder)
    if not folder.absolute().parent.is_dir():
        raise DataError(
            f"Got the output {str(folder)!r}, but there is no folder {str(folder.absolute().parent)!r}; create it "
            "first."
        )
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise DataError(f"Got the output {str(folder)!r}, which is a file; expected the name of a folder.")
    _check_alone(folder)
    for unfinished in _all_unfinished(folder):
        _put_back(unfinished, folder)
        names = os.listdir(folder)
        # Beside files of a run that has no other word of it this one is that word.
        if SUCCESS in names or not any(map(_PART.fullmatch, names)):
            _emptied(unfinished)
    names = os.listdir(folder)
    # Files named like ours are ours only beside what else a run leaves.
    is_ours = SUCCESS in names or any(map(_UNFINISHED.fullmatch, names))
    known = [name for name in names if name == SUCCESS or _UNFINISHED.fullmatch(name)]
    known += [name for name in names if is_ours and _PART.fullmatch(name)]
    strange = sorted(set(names) - set(known))
    if strange:
        raise DataError(
            f"Got the output {str(folder)!r}, which holds {strange[0]!r}; expected a new or empty folder, or one that "
            "this command has begun to write."
        )
    if SUCCESS in names and not replace:
        raise DataError(
            f"The folder {str(folder)!r} holds a complete table already; name another one with --output, or replace it "
            "with --force."
        )


@contextmanager
def unfinished_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder to write to, removed at the end; so is the folder around it where it was made for nothing.

    A worker that is late then has no place to write to, so nothing appears afterwards. Only where files of an earlier
    run could not be put back it stays, with these.
    """
    is_new = not folder.exists()
    unfinished = folder / f".genesis-{secrets.token_hex(6)}.tmp"
    own = os.path.realpath(unfinished)
    _writing.add(own)
    try:
        unfinished.mkdir(parents=True)
        me = psutil.Process()
        writer = {"host": platform.node(), "pid": me.pid, "started": me.create_time()}
        (unfinished / _WRITER).write_text(json.dumps(writer))
        # Another process may have begun since the folder was checked; of two that see each other none goes on.
        _check_alone(folder, own=unfinished)
        yield unfinished
    finally:
        if not _holds_files(unfinished, folder):
            _emptied(unfinished)
        _writing.discard(own)
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def moved_into_place(unfinished: Path, folder: Path, names: list[str], earlier: list[str]) -> None:
    """Move files to where they belong, those of an earlier run away, and say that they are whole; or none."""
    leaving = unfinished / _LEAVING
    try:
        leaving.mkdir()
        # What says that the earlier run is complete goes first.
        for name in sorted(earlier, key=lambda name: name != SUCCESS):
            os.replace(folder / name, leaving / name)
        # From here on the files in the folder are those of this run: whoever has to put back can tell.
        os.replace(leaving, unfinished / _BEFORE)
        for name in names:
            os.replace(unfinished / name, folder / name)
        (folder / SUCCESS).touch()
    except BaseException:
        _put_back(unfinished, folder)
        raise


def _put_back(unfinished: Path, folder: Path) -> None:
    """Put files of an earlier run back, if they are not replaced; when this is ended too it can be done again."""
    if (folder / SUCCESS).exists():
        return
    leaving, before = unfinished / _LEAVING, unfinished / _BEFORE
    if before.is_dir():
        for name in filter(_PART.fullmatch, os.listdir(folder)):
            (folder / name).unlink(missing_ok=True)
        os.replace(before, leaving)
    if leaving.is_dir():
        for name in sorted(os.listdir(leaving), key=lambda name: name == SUCCESS):
            os.replace(leaving / name, folder / name)


def _holds_files(unfinished: Path, folder: Path) -> bool:
    """Whether files of an earlier run have no other place."""
    places = [unfinished / name for name in (_LEAVING, _BEFORE)]
    return not (folder / SUCCESS).exists() and any(
        place.is_dir() and bool(os.listdir(place)) for place in places
    )


def _emptied(folder: Path, n_tries: int = 3) -> None:
    # A worker may put a file there while others are removed.
    for _ in range(n_tries):
        shutil.rmtree(folder, ignore_errors=True)


def _all_unfinished(folder: Path) -> list[Path]:
    return [folder / name for name in sorted(filter(_UNFINISHED.fullmatch, os.listdir(folder)))]


def _check_alone(folder: Path, own: Path | None = None) -> None:
    """Refuse a folder that another process, or another thread of this one, writes to."""
    for unfinished in _all_unfinished(folder):
        writer = None if unfinished == own else _writer(unfinished)
        if writer is not None:
            raise DataError(
                f"Got the output {str(folder)!r}, to which {writer} is writing; expected one that nothing else writes "
                f"to. Name another one, or wait. If that process is gone, remove {str(unfinished)!r}."
            )


def _writer(unfinished: Path) -> str | None:
    """Which process writes there, as far as can be told; None where it has gone."""
    try:
        said = json.loads((unfinished / _WRITER).read_text())
        host, pid, started = said["host"], said["pid"], said["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # Of a process on another machine nobody here knows.
    if host == platform.node() and not _is_alive(pid, started, unfinished):
        return None
    return f"process {pid} of {host!r}"


def _is_alive(pid: int, started: float, unfinished: Path) -> bool:
    if pid == os.getpid():
        return os.path.realpath(unfinished) in _writing
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < _SAME_START_SECONDS
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
