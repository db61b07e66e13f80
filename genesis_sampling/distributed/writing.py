"""A Dask DataFrame as a folder of Parquet files that is there whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import pandas as pd
import pyarrow as pa
from dask import delayed
from dask.callbacks import Callback
from dask.dataframe.utils import has_known_categories
from distributed import as_completed
from distributed.comm import CommClosedError

from ..exceptions import DataError
from ._checks import connected_client
from ._parquet import plain_schema, write_piece

__all__ = ["SUCCESS", "check_folder", "write_folder"]

# The empty file that says that a folder is complete; Spark writes it too.
SUCCESS = "_SUCCESS"
_PART = re.compile(r"part-\d{5,}\.parquet")
_UNFINISHED = re.compile(r"\.genesis-[0-9a-f]{12}\.tmp")


def check_folder(folder: str | os.PathLike[str], *, replace: bool = False) -> None:
    """Refuse a folder to write to that holds anything but an unfinished run.

    Parameters
    ----------
    folder : str or path
    replace : bool, default=False
        Whether a complete run may be replaced.

    Raises
    ------
    DataError
        Also when the folder that it would be in does not exist.
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


def write_folder(
    ddf: Any,
    folder: str | os.PathLike[str],
    *,
    schema: Any = None,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[int]:
    """Write a Dask DataFrame as Parquet files, ``part-00000.parquet`` for its first partition and so on.

    Workers write into a hidden folder inside of this one. When all are done the files are moved to where they belong,
    and an empty file ``_SUCCESS`` comes last. An error or interrupt before that leaves nothing behind; what a process
    that was killed has left is removed by the next run.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
    folder : str or path
        On a file system that all workers have, new, empty, or with an unfinished run.
    schema : pyarrow.Schema, default=None
        Types of the columns; those that it does not name get the types of their dtypes, as do all with None.
    replace : bool, default=False
        Whether a complete run in the folder is replaced.
    progress : callable, default=None
        ``progress(n_done, n_all)`` after each partition.

    Returns
    -------
    n_rows : list of int
        Rows of each file.

    Raises
    ------
    DataError
        When the folder cannot be used.
    OSError
        When a file cannot be written, as on a full disk, or the scheduler is lost.

    Examples
    --------
    >>> import os, tempfile
    >>> import dask.dataframe as dd
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.distributed import write_folder
    >>> ddf = dd.from_pandas(make_transactions(1000), npartitions=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     n_rows = write_folder(ddf, os.path.join(folder, "out"))
    ...     print(n_rows, sorted(os.listdir(os.path.join(folder, "out"))))
    [500, 500] ['_SUCCESS', 'part-00000.parquet', 'part-00001.parquet']
    """
    check_folder(folder, replace=replace)
    schema = _completed(schema, ddf._meta)
    folder = Path(folder).absolute()
    earlier = os.listdir(folder) if folder.exists() else []
    with _unfinished(folder) as unfinished:
        names = [f"part-{i:05d}.parquet" for i in range(ddf.npartitions)]
        tasks = [
            delayed(write_piece, pure=False)(part, str(unfinished / name), schema)
            for part, name in zip(ddf.to_delayed(), names, strict=True)
        ]
        n_rows = _computed(tasks, progress or (lambda done, n_all: None))
        _moved(unfinished, folder, names, earlier)
    return n_rows


def _completed(schema: Any, meta: pd.DataFrame) -> Any:
    """The types of all columns, in their order."""
    found = plain_schema(meta)
    known = {} if schema is None else {field.name: field for field in schema}
    for field in found:
        values = meta[field.name]
        is_category = isinstance(values.dtype, pd.CategoricalDtype)
        if field.name not in known and is_category and not has_known_categories(values):
            raise DataError(
                f"Got column {field.name!r}, whose categories are not known; expected known ones, or a schema that "
                "says of what type they are. Call ddf.categorize() before."
            )
    fields = [known.get(field.name, field) for field in found]
    return pa.schema(fields, metadata=(found if schema is None else schema).metadata)


def _moved(unfinished: Path, folder: Path, names: list[str], earlier: list[str]) -> None:
    """Move all files to where they belong, those of an earlier run away, and say that they are whole; or none."""
    before = unfinished / "before"
    before.mkdir()
    # What says that the earlier run is complete goes first.
    moves = [(folder / name, before / name) for name in sorted(earlier, key=lambda name: name != SUCCESS)]
    moves += [(unfinished / name, folder / name) for name in names]
    done: list[tuple[Path, Path]] = []
    try:
        for source, place in moves:
            done.append((source, place))
            os.replace(source, place)
        (folder / SUCCESS).touch()
    except BaseException:
        if len(done) == len(moves):  # else it is that of the earlier run, or not there
            (folder / SUCCESS).unlink(missing_ok=True)
        for source, place in reversed(done):
            with suppress(FileNotFoundError):  # the last one, which had not been moved yet
                os.replace(place, source)
        raise


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A hidden folder to write to, removed at the end; so is the folder around it where it was made for nothing.

    A worker that is late then has no place to write to, so nothing appears afterwards.
    """
    is_new = not folder.exists()
    unfinished = folder / f".genesis-{secrets.token_hex(6)}.tmp"
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
    finally:
        _emptied(unfinished)
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _emptied(folder: Path, n_tries: int = 3) -> None:
    # A worker may put a file there while others are removed.
    for _ in range(n_tries):
        shutil.rmtree(folder, ignore_errors=True)


def _computed(tasks: list[Any], progress: Callable[[int, int], None]) -> list[int]:
    """The results of some tasks, told one by one."""
    client = connected_client()
    if client is None:
        with _Told(len(tasks), progress):
            return list(dask.compute(*tasks))
    futures = client.compute(tasks)
    found = {}
    try:
        for future, n_rows in as_completed(futures, with_results=True):
            if future.cancelled():
                # It comes with an exception as its result, which nothing raises.
                raise CommClosedError("the scheduler has gone")
            found[future.key] = n_rows
            progress(len(found), len(tasks))
    finally:
        client.cancel(futures)
    return [found[future.key] for future in futures]


class _Told(Callback):
    """Tells of each written partition."""

    def __init__(self, n_all: int, progress: Callable[[int, int], None]):
        self.n_done = 0

        def posttask(key, result, dsk, state, worker_id):
            if str(key).startswith(write_piece.__name__):
                self.n_done += 1
                progress(self.n_done, n_all)

        super().__init__(posttask=posttask)
