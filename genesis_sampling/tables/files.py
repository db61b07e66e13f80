"""Tables in files: read into typed columns, written back with the original rows as they came.

Of a text file, the records are kept as they stand in the file, so an original row goes out cell for cell, quotes and
all; only new rows are formatted. The typed frame is there to learn from.
"""

from __future__ import annotations

import codecs
import gzip
import os
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from ..exceptions import DataError
from ._atomic import atomic_output
from ._cells import parse_cells
from ._file_table import SYNTHETIC_COLUMN, FileTable, OutputRows
from ._parquet import read_parquet
from ._text import TextTable, split_records

__all__ = [
    "REPORT_ENDINGS",
    "STREAM",
    "SYNTHETIC_COLUMN",
    "FileTable",
    "OutputRows",
    "check_output",
    "read_table",
    "write_tables",
    "write_text",
]

# The name that stands for standard input and output.
STREAM = "-"
REPORT_ENDINGS = (".html", ".json", ".md")
ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
LINES_PER_CHUNK = 10_000


def read_table(
    path: str | os.PathLike[str],
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
    path = os.fspath(path)
    if _ending(path) == ".parquet":
        return read_parquet(_read_bytes(path), _title(path))
    records = split_records(
        _decode(path, _read_bytes(path), encoding), delimiter or _delimiter(path), _title(path)
    )
    cells = records.cells()
    columns = {name: parse_cells(name, cells[name], may_mix=name in may_mix) for name in records.names}
    return TextTable(records, columns)


def beside(path: str, suffix: str, ending: str | None = None) -> str:
    """The name of a file in the same place: ``beside("a/b.csv.gz", "_x")`` is a/b_x.csv.gz, or with another ending."""
    if path == STREAM:
        return STREAM
    own = len(_ending(path))
    return path[:-own] + suffix + (path[-own:] if ending is None else ending)


def check_output(
    path: str,
    *,
    option: str,
    others: Iterable[str] = (),
    may_exist: bool = True,
    endings: Sequence[str] = ENDINGS,
) -> None:
    """Refuse a place to write to, before any work is done.

    Parameters
    ----------
    path : str
        The output.
    option : str
        Where it was named, for messages.
    others : iterable of str, default=()
        Files that must not be written over: those that are read, and other outputs.
    may_exist : bool, default=True
        Whether an existing file may be replaced.
    endings : sequence of str
        Kinds of files that can be written there.

    Raises
    ------
    DataError
        When it is one of the others, under whatever name; has an unknown ending; is no regular file or in no
        directory.
    """
    if path == STREAM:
        return
    _ending(path, endings)
    target = Path(os.path.realpath(path))
    for other in others:
        if other != STREAM and _is_same(target, other):
            raise DataError(
                f"Got {path!r} for {option}, which is the file {other!r} that is read or written already; expected "
                "another one. The input is never written over."
            )
    if not target.parent.is_dir():
        raise DataError(
            f"Got {path!r} for {option}, but there is no directory {str(target.parent)!r}; create it first."
        )
    if target.exists() and not target.is_file():
        raise DataError(
            f"Got {path!r} for {option}, which is no regular file; for standard output pass {STREAM!r}."
        )
    if target.exists() and not may_exist:
        raise DataError(
            f"The file {path!r} exists already; name another one with {option}, or replace it with --force."
        )


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


def _ending(path: str, endings: Sequence[str] = ENDINGS) -> str:
    """The ending that tells the format of a file."""
    if path == STREAM:
        return ".csv"
    for ending in endings:
        if path.lower().endswith(ending):
            return ending
    raise DataError(f"Got the file {path!r}, whose ending is unknown; expected one of {', '.join(endings)}.")


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
        raise DataError(
            f"Got {path!r}, which is not a whole gzip file ({error}); expected what its ending says."
        ) from error
    if not raw:
        raise DataError(f"Got {_title(path)}, which is empty; expected a table with a header and rows.")
    return raw


# How files that are no text begin.
_MARKS = {b"\x1f\x8b": "gzip", b"PAR1": "Parquet", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def _decode(path: str, raw: bytes, encoding: str) -> str:
    try:
        # A mark of UTF-8 before the header is no part of the first name.
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError as error:
        raise DataError(
            f"Got the unknown encoding {encoding!r}; expected one such as utf-8, latin-1 or cp1252."
        ) from error
    except UnicodeDecodeError as error:
        packed = next((kind for mark, kind in _MARKS.items() if raw.startswith(mark)), None)
        if packed is not None:
            raise DataError(
                f"Got {_title(path)}, which is a {packed} file; expected text. Give the file by a name with its own "
                "ending, or unpack it first."
            ) from error
        guess = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
        raise DataError(
            f"Got {_title(path)}, which is not {encoding}: it cannot be decoded at byte {error.start}. Name its "
            f"encoding with --encoding, for instance --encoding {guess}."
        ) from error


def write_text(path: str, text: str) -> None:
    """Write a text whole or not at all, as UTF-8."""
    with _open_output(path) as stream:
        stream.write(text.encode())


@contextmanager
def _open_output(path: str) -> Iterator[BinaryIO]:
    """A stream to write the bytes of a file to, packed where its ending says so."""
    if path == STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_output(Path(path)) as stream:
        if not path.lower().endswith(".gz"):
            yield stream
            return
        # Without a name and a time, equal tables make equal files.
        with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def _write_lines(lines: Iterator[str], stream: BinaryIO, newline: str, encoding: str) -> None:
    encoder = codecs.getincrementalencoder(encoding)()
    try:
        while chunk := list(islice(lines, LINES_PER_CHUNK)):
            stream.write(encoder.encode(newline.join(chunk) + newline))
    except UnicodeEncodeError as error:
        raise DataError(
            f"Got the text {error.object[error.start : error.end]!r}, which {encoding} cannot write; expected an "
            "encoding that can, such as --encoding utf-8."
        ) from error
