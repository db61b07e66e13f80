"""Tables in files: read into typed columns, written back with the original rows as they came.

Of a text file, the records are kept as they stand in the file, so an original row goes out cell for cell, quotes and
all; only new rows are formatted. The typed frame is there to learn from.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from ..exceptions import DataError
from ._atomic import atomic_output
from ._cells import ParsedColumn, format_cells, parse_cells, quoted
from ._records import TextRecords, recast, split_records

__all__ = ["STREAM", "FileTable", "OutputRows", "check_output", "read_table", "write_tables"]

# The name that stands for standard input and output.
STREAM = "-"
ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
SYNTHETIC_COLUMN = "_synthetic"
LINES_PER_CHUNK = 10_000


@dataclass
class OutputRows:
    """What goes into one file.

    Parameters
    ----------
    path : str
        Where, ``"-"`` for standard output.
    kept : ndarray of int
        Positions of original rows, which come first.
    new : DataFrame or None, default=None
        Rows to put behind them, with the columns and dtypes of the table's frame.
    mark : bool, default=False
        Whether a last column ``_synthetic`` tells the new rows.
    """

    path: str
    kept: np.ndarray
    new: pd.DataFrame | None = None
    mark: bool = False


class FileTable(ABC):
    """A table that was read from a file.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Its typed values.
    """

    frame: pd.DataFrame

    @abstractmethod
    def lines(self, rows: OutputRows, delimiter: str) -> Iterator[str]:
        """The rows as records of a delimited file, header first, without line ends."""

    @abstractmethod
    def write_parquet(self, rows: OutputRows, stream: BinaryIO) -> None:
        """Write the rows as a Parquet file."""

    def merged(self, rows: OutputRows) -> pd.DataFrame:
        """The rows as one typed frame."""
        kept = self.frame.iloc[rows.kept]
        frame = kept if rows.new is None or rows.new.empty else pd.concat([kept, rows.new])
        if rows.mark:
            frame = frame.assign(**{SYNTHETIC_COLUMN: np.arange(len(frame)) >= len(kept)})
        return frame.reset_index(drop=True)


class TextTable(FileTable):
    """A table from a delimited text file.

    Parameters
    ----------
    records : TextRecords
        The records as they stand in the file.
    columns : dict of str to ParsedColumn
        Typed values and writing style of each column.
    """

    def __init__(self, records: TextRecords, columns: dict[str, ParsedColumn]):
        self.records = records
        self.columns = columns
        self.frame = pd.DataFrame({name: column.values for name, column in columns.items()})

    def lines(self, rows: OutputRows, delimiter: str) -> Iterator[str]:
        header, records = self.records.header, self.records.rows
        originals: Iterable[str] = (records[position] for position in rows.kept.tolist())
        if delimiter != self.records.delimiter:
            header, *_ = recast([header], self.records.delimiter, delimiter)
            originals = recast(originals, self.records.delimiter, delimiter)
        added = () if rows.new is None else self._format(rows.new, delimiter)
        if not rows.mark:
            return chain([header], originals, added)
        return chain(
            [f"{header}{delimiter}{SYNTHETIC_COLUMN}"],
            (f"{record}{delimiter}False" for record in originals),
            (f"{record}{delimiter}True" for record in added),
        )

    def _format(self, new: pd.DataFrame, delimiter: str) -> Iterator[str]:
        """Records of new rows."""
        cells = [quoted(format_cells(new[name], column), delimiter) for name, column in self.columns.items()]
        if len(cells) == 1:
            # An empty line would be no record.
            return (cell or '""' for cell in cells[0])
        return map(delimiter.join, zip(*cells, strict=True))

    def write_parquet(self, rows: OutputRows, stream: BinaryIO) -> None:
        from ._parquet import write_frame

        write_frame(self.merged(rows), stream)


def read_table(
    path: str,
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    may_mix: Collection[str] = (),
) -> FileTable:
    """Read a table from a file.

    Parameters
    ----------
    path : str
        A CSV, TSV (both also with ``.gz``) or Parquet file, told by its ending; ``"-"`` is CSV from standard input.
    delimiter : str, default=None
        What separates the cells; by default a tab for TSV, else a comma.
    encoding : str, default="utf-8"
        Encoding of a text file.
    may_mix : collection of str, default=()
        Columns that may mix numbers with text: categories.

    Returns
    -------
    FileTable

    Raises
    ------
    DataError
        When the file is not a table; one sentence says what came, what was expected, what to do.
    """
    if _ending(path) == ".parquet":
        from ._parquet import ParquetTable

        return ParquetTable.read(path, _read_bytes(path))
    records = split_records(_decode(path, _read_bytes(path), encoding), delimiter or _delimiter(path), _title(path))
    cells = records.cells()
    columns = {name: parse_cells(name, cells[name], may_mix=name in may_mix) for name in records.names}
    return TextTable(records, columns)


def check_output(path: str, *, inputs: Iterable[str] = (), may_exist: bool = True) -> None:
    """Refuse a place to write to, before any work is done.

    Parameters
    ----------
    path : str
        The output.
    inputs : iterable of str, default=()
        Files that must not be written over.
    may_exist : bool, default=True
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        When it is an input, under whatever name; has an unknown ending; is no regular file or in no directory.
    """
    if path == STREAM:
        return
    _ending(path)
    target = Path(os.path.realpath(path))
    if any(name != STREAM and _is_same(target, name) for name in inputs):
        raise DataError(f"Got the input {path!r} as output; expected another file. The input is never written over.")
    if not target.parent.is_dir():
        raise DataError(f"Got the output {path!r}, but there is no directory {str(target.parent)!r}; create it first.")
    if target.exists() and not target.is_file():
        raise DataError(f"Got the output {path!r}, which is no regular file; for standard output pass {STREAM!r}.")
    if target.exists() and not may_exist:
        raise DataError(f"The file {path!r} exists already; name another with --output, or pass --force to replace it.")


def write_tables(
    table: FileTable, outputs: Sequence[OutputRows], *, delimiter: str | None = None, encoding: str = "utf-8"
) -> None:
    """Write rows of a table, and new ones, to files, all of them or none.

    Parameters
    ----------
    table : FileTable
        Where the original rows and the style of the new ones come from.
    outputs : sequence of OutputRows
    delimiter, encoding
        As for `read_table`.
    """
    with ExitStack() as files:
        streams = [files.enter_context(_open_output(rows.path)) for rows in outputs]
        for rows, stream in zip(outputs, streams, strict=True):
            if _ending(rows.path) == ".parquet":
                table.write_parquet(rows, stream)
            else:
                newline = table.records.newline if isinstance(table, TextTable) else "\n"
                _write_lines(table.lines(rows, delimiter or _delimiter(rows.path)), stream, newline, encoding)


def _title(path: str) -> str:
    """A file as messages call it."""
    return "standard input" if path == STREAM else repr(path)


def _ending(path: str) -> str:
    """The ending that tells the format of a file."""
    if path == STREAM:
        return ".csv"
    for ending in ENDINGS:
        if path.lower().endswith(ending):
            return ending
    raise DataError(f"Got the file {path!r}, whose ending is unknown; expected one of {', '.join(ENDINGS)}.")


def _delimiter(path: str) -> str:
    return "\t" if _ending(path).startswith(".tsv") else ","


def _is_same(target: Path, name: str) -> bool:
    return os.path.realpath(name) == str(target) or (
        target.exists() and os.path.exists(name) and os.path.samefile(target, name)
    )


def _read_bytes(path: str) -> bytes:
    """All of a file, unpacked."""
    try:
        raw = sys.stdin.buffer.read() if path == STREAM else Path(path).read_bytes()
        if _ending(path).endswith(".gz"):
            raw = gzip.decompress(raw)
    except FileNotFoundError as error:
        raise DataError(f"Got {path!r}, but there is no such file; check the path.") from error
    except IsADirectoryError as error:
        raise DataError(f"Got {path!r}, which is a directory; expected a file.") from error
    except PermissionError as error:
        raise DataError(f"Got {path!r}, which you may not read; expected a readable file.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"Got {path!r}, which is not a whole gzip file ({error}); expected what its ending says.") from error
    if not raw:
        raise DataError(f"Got {_title(path)}, which is empty; expected a table with a header and rows.")
    return raw


def _decode(path: str, raw: bytes, encoding: str) -> str:
    try:
        # A mark of UTF-8 before the header is no part of the first name.
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError as error:
        raise DataError(f"Got the unknown encoding {encoding!r}; expected one such as utf-8, latin-1 or cp1252.") from error
    except UnicodeDecodeError as error:
        guess = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
        raise DataError(
            f"Got {_title(path)}, which is not {encoding}: it cannot be decoded at byte {error.start}. Name its encoding "
            f"with --encoding, for instance --encoding {guess}."
        ) from error


@contextmanager
def _open_output(path: str) -> Iterator[BinaryIO]:
    """A stream to write the bytes of a file to, packed where its ending says so."""
    if path == STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_output(Path(path)) as stream:
        if not _ending(path).endswith(".gz"):
            yield stream
            return
        # Without a name and a time, equal tables make equal files.
        with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as packed:
            yield packed


def _write_lines(lines: Iterator[str], stream: BinaryIO, newline: str, encoding: str) -> None:
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    while chunk := list(islice(lines, LINES_PER_CHUNK)):
        text.write(newline.join(chunk) + newline)
    text.detach()
