"""A folder of files as a Dask DataFrame, a partition for each file."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import dask
import dask.dataframe as dd

from ..exceptions import DataError
from ._csv import CsvBlock, csv_blocks
from ._layers import in_one_layer
from ._parquet import ParquetPiece, parquet_pieces, plain_schema

__all__ = ["FolderTable", "read_folder"]

TEXT_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
ENDINGS = (*TEXT_ENDINGS, ".parquet")


@dataclass(frozen=True)
class FolderTable:
    """A table in many files.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
        Its rows, a partition for each file, or several for one that is large.
    schema : pyarrow.Schema
        The types of its columns, in which results are written.
    paths : list of str
        The files, sorted.
    """

    ddf: Any
    schema: Any
    paths: list[str]


def read_folder(
    data: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    may_mix: Collection[str] = (),
) -> FolderTable:
    """Read the files of a folder.

    Files with other columns, or with other types for one, are refused before any row is read. Parquet files of more
    than 256 MB (unpacked, 16 bytes for a cell at least) and text files of more than 64 MB that are not packed become
    several partitions. Of text files the dtypes are
    found in the first lines of eight of them: whole numbers are ``Int64``, since other lines may have gaps.

    Parameters
    ----------
    data : str or path
        A folder of Parquet (or of text) files, a pattern such as ``"payments/*.csv"``, or one file.
    delimiter : str, default=None
        What separates the cells of text files; by default a tab for TSV, else a comma.
    encoding : str, default="utf-8"
        Encoding of text files.
    may_mix : collection of str, default=()
        Columns that may mix numbers with text: categories.

    Returns
    -------
    FolderTable

    Raises
    ------
    DataError
        When there are no such files or they disagree.
    """
    # Workers may have other working directories.
    paths = [os.path.abspath(path) for path in _paths(os.fspath(data))]
    pieces: Sequence[CsvBlock | ParquetPiece]
    if _is_parquet(paths[0]):
        pieces, meta, schema = parquet_pieces(paths)
    else:
        pieces, meta = csv_blocks(paths, delimiter, encoding, may_mix)
        schema = plain_schema(meta)
    with dask.config.set({"dataframe.convert-string": False}):
        parts = in_one_layer("read", [(type(piece).read, (piece,)) for piece in pieces])
        return FolderTable(dd.from_delayed(parts, meta=meta, verify_meta=False), schema, paths)


def _paths(data: str) -> list[str]:
    """The files that are meant, sorted, all of one kind."""
    if os.path.isdir(data):
        paths = _paths_in(data)
    elif os.path.exists(data):
        paths = [data]
    else:
        paths = sorted(glob.glob(data))
    if not paths:
        raise DataError(f"Got {data!r}, but there is no such file or folder, or it is empty; check the path.")
    for path in paths:
        if os.path.isdir(path):
            raise DataError(
                f"Got {data!r}, in which {os.path.basename(path)!r} is a folder; expected files only. For files in "
                "folders pass a pattern such as 'payments/*/*.parquet'."
            )
        if not path.lower().endswith(ENDINGS) or _is_parquet(path) != _is_parquet(paths[0]):
            raise DataError(
                f"Got {data!r} with the file {os.path.basename(path)!r}; expected files of one kind, by their ending: "
                f"{', '.join(ENDINGS)}. Pass a pattern that leaves it out."
            )
    return paths


def _paths_in(folder: str) -> list[str]:
    # As for other readers of such folders, names that begin so are no part of the table.
    names = [name for name in os.listdir(folder) if not name.startswith((".", "_"))]
    return [os.path.join(folder, name) for name in sorted(names)]


def _is_parquet(path: str) -> bool:
    return path.lower().endswith(".parquet")
