"""A Dask DataFrame as a folder of Parquet files that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import pandas as pd
import pyarrow as pa
from dask.callbacks import Callback
from dask.dataframe.utils import has_known_categories
from distributed import as_completed
from distributed.comm import CommClosedError

from ..exceptions import DataError
from ._checks import connected_client
from ._layers import in_one_layer
from ._output import SUCCESS, check_folder, moved_into_place, unfinished_folder
from ._parquet import plain_schema, write_piece

__all__ = ["SUCCESS", "check_folder", "write_folder"]


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
    and an empty file ``_SUCCESS`` comes last. An error or interrupt before that leaves nothing behind. What a process
    that was killed has left is removed by the next run, and an earlier run that it was about to replace is put back.

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
        When the folder cannot be used, as while another process writes to it.
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
    with unfinished_folder(folder) as unfinished:
        names = [f"part-{i:05d}.parquet" for i in range(ddf.npartitions)]
        calls = [
            (write_piece, (part, str(unfinished / name), schema))
            for part, name in zip(ddf.to_delayed(), names, strict=True)
        ]
        tasks = in_one_layer("write", calls)
        n_rows = _computed(tasks, progress or (lambda done, n_all: None))
        moved_into_place(unfinished, folder, names, earlier)
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


def _computed(tasks: list[Any], progress: Callable[[int, int], None]) -> list[int]:
    """The results of some tasks, told one by one."""
    client = connected_client()
    if client is None:
        with _Told({task.key for task in tasks}, progress):
            return list(dask.compute(*tasks))
    # What was learned is part of the graph, which may be large for that.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        futures = client.compute(tasks)
    found = {}
    try:
        for future, n_rows in as_completed(futures, loop=client.loop, with_results=True):
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

    def __init__(self, keys: set[str], progress: Callable[[int, int], None]):
        self.n_done = 0

        def posttask(key, result, dsk, state, worker_id):
            if key in keys:
                self.n_done += 1
                progress(self.n_done, len(keys))

        super().__init__(posttask=posttask)
