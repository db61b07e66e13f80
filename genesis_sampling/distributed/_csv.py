"""Delimited text files as blocks of lines, each read by itself with the same dtypes."""

from __future__ import annotations

import codecs
import csv
import gzip
import os
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from ..exceptions import DataError
from ..tables._cells import MISSING_WORDS, ParsedColumn, TimeStyle, parse_cells
from ..tables.schema import check_column_names

__all__ = ["CsvBlock", "csv_blocks"]

# A longer file is read in parts of this many bytes.
BLOCK_BYTES = 64 * 2**20
# What a column holds is found in the beginnings of some of the files, of which every line of all must be like.
HEAD_BYTES, N_HEADS = 2**20, 8
# Values of a text column that a block is parsed into, and what they are called.
IN_UTC = "datetime64[us, UTC]"
KINDS = {
    "Int64": "whole numbers",
    "float64": "numbers",
    "datetime64[us]": "dates or times",
    IN_UTC: "times in UTC",
}
# What pyarrow takes for the length of a block.
MOST_BYTES = 2**31 - 1


@dataclass(frozen=True)
class CsvBlock:
    """Some whole lines of a file.

    Parameters
    ----------
    path : str
    start, stop : int
        First byte, and the one after the last; to the end of the file where that is None.
    names : tuple of str
        Columns.
    delimiter, encoding : str
    kinds : dict of str to str
        Dtype of each column that does not hold text.
    is_part : bool
        Whether the file has other lines, which are another block.
    """

    path: str
    start: int
    stop: int | None
    names: tuple[str, ...]
    delimiter: str
    encoding: str
    kinds: dict[str, str]
    is_part: bool = False

    def read(self) -> pd.DataFrame:
        """The rows of the block, with the index 0, 1, ..."""
        cells = self.cells(self._bytes())
        return pd.DataFrame({name: self._typed(cells[name]) for name in self.names}, index=cells.index)

    def cells(self, raw: bytes) -> pd.DataFrame:
        """Lines as texts, NaN where a field is empty."""
        if not raw:
            return pd.DataFrame({name: pd.Series(dtype=str) for name in self.names})
        try:
            arrow = pa.csv.read_csv(
                pa.BufferReader(raw.decode(self.encoding).encode()),
                read_options=pa.csv.ReadOptions(
                    column_names=self.names, use_threads=False, block_size=min(4 * len(raw), MOST_BYTES)
                ),
                parse_options=pa.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()),
                    strings_can_be_null=True,
                    null_values=[""],
                ),
            )
        except UnicodeDecodeError as error:
            raise DataError(
                f"Got {self.path!r}, which is not {self.encoding}: it cannot be decoded at byte "
                f"{self.start + error.start}. Name its encoding with --encoding, for instance --encoding cp1252."
            ) from error
        except pa.ArrowInvalid as error:
            raise DataError(
                f"Got {self.path!r}, whose lines cannot be read ({str(error).splitlines()[0][:120]}); expected "
                f"{len(self.names)} cells in each."
            ) from error
        return arrow.to_pandas()

    def _bytes(self) -> bytes:
        raw = _unpacked(self.path, self.start, self.stop)
        # A block that begins or ends inside of a cell in quotes has an odd number of them, or its neighbour has.
        if self.is_part and raw.count(b'"') % 2:
            raise DataError(
                f"Got {self.path!r}, a large file in which some cell holds a line break or a lone double quote; "
                "expected neither, since it is read in parts. Split it into files of less than "
                f"{BLOCK_BYTES // 2**20} MB, or convert it to Parquet."
            )
        return raw

    def _typed(self, cells: pd.Series) -> pd.Series:
        """Values of the dtype that the column was found to have."""
        kind = self.kinds.get(cells.name)
        if kind is None:
            return cells
        try:
            column = parse_cells(cells.name, cells)
        except DataError as error:
            raise DataError(f"Got {self.path!r}. {error}") from error
        values = column.values
        if _kind_of(column) not in (kind, _narrower(kind)):
            if not cells.dropna().str.strip().isin(MISSING_WORDS).all():
                raise self._other_kind(cells.name, values, kind)
            return pd.Series(None, index=cells.index, dtype=kind)
        if kind == "float64":
            return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), index=cells.index)
        return values.dt.tz_localize("UTC").astype(kind) if kind == IN_UTC else values.astype(kind)

    def _other_kind(self, name: Any, values: pd.Series, kind: str) -> DataError:
        return DataError(
            f"Got {self.path!r}, whose column {name!r} holds values that are no {KINDS[kind]}, as "
            f"{str(values.dropna().iloc[-1])[:30]!r}; expected {KINDS[kind]} as at the beginning of the files. Correct "
            "these cells, or convert the files to Parquet with one type for the column."
        )


def csv_blocks(
    paths: list[str], delimiter: str | None, encoding: str, may_mix: Collection[str]
) -> tuple[list[CsvBlock], pd.DataFrame]:
    """The blocks of some files, and a table without rows that has their dtypes."""
    _check_encoding(encoding)
    heads = [_head(path, delimiter, encoding) for path in paths]
    for head in heads:
        if head.names != heads[0].names:
            raise DataError(
                f"Got {head.path!r} with the columns {list(head.names)[:20]} instead of {list(heads[0].names)[:20]} as "
                f"in {paths[0]!r}; expected the same in every file."
            )
    chosen = [heads[i] for i in np.unique(np.linspace(0, len(heads) - 1, N_HEADS).astype(int))]
    cells = pd.concat([head.cells(_beginning(head)) for head in chosen], ignore_index=True)
    kinds = {
        name: _kind_of(parse_cells(name, cells[name], may_mix=name in may_mix)) for name in heads[0].names
    }
    known = {name: kind for name, kind in kinds.items() if kind is not None}
    heads = [replace(head, kinds=known) for head in heads]
    # What is read from no line has the dtypes of what is read from any.
    meta = cells.iloc[:0].astype(known)
    return [block for head in heads for block in _parts(head)], meta


def _kind_of(column: ParsedColumn) -> str | None:
    """One of the kinds; None for text."""
    values = column.values
    if isinstance(column.style, TimeStyle):
        return IN_UTC if column.style.suffix else "datetime64[us]"
    if pd.api.types.is_integer_dtype(values):
        return "Int64"
    return "float64" if pd.api.types.is_float_dtype(values) else None


def _narrower(kind: str) -> str:
    return "Int64" if kind == "float64" else kind


def _check_encoding(encoding: str) -> None:
    try:
        line_end = "\n".encode(encoding)
    except LookupError as error:
        raise DataError(
            f"Got the unknown encoding {encoding!r}; expected one such as utf-8, latin-1 or cp1252."
        ) from error
    if line_end != b"\n":
        raise DataError(
            f"Got the encoding {encoding!r}, in which a line end is not one byte; expected one such as utf-8, latin-1 "
            "or cp1252. Convert the files first."
        )


def _head(path: str, delimiter: str | None, encoding: str) -> CsvBlock:
    """A file less its header, to its end."""
    with _opened(path) as stream:
        header = stream.readline(HEAD_BYTES)
    if not header:
        raise DataError(f"Got {path!r}, which is empty; expected a table with a header and rows.")
    mark = codecs.BOM_UTF8 if header.startswith(codecs.BOM_UTF8) else b""
    sign = delimiter or ("\t" if ".tsv" in os.path.basename(path).lower() else ",")
    try:
        text = header[len(mark) :].decode(encoding).rstrip("\r\n")
        names = tuple(next(csv.reader([text], delimiter=sign, strict=True)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"Got {path!r}, whose first line is no header ({error}); expected names, a delimiter and an encoding as "
            "they were given, and a line end after it."
        ) from error
    check_column_names(pd.Index(names))
    return CsvBlock(path, len(header), None, names, sign, encoding, {})


def _beginning(head: CsvBlock) -> bytes:
    """The first whole lines below the header."""
    raw = _unpacked(head.path, head.start, head.start + HEAD_BYTES)
    if len(raw) < HEAD_BYTES:
        return raw
    end = raw.rfind(b"\n") + 1
    while end and raw.count(b'"', 0, end) % 2:
        end = raw.rfind(b"\n", 0, end - 1) + 1
    return raw[:end]


def _parts(head: CsvBlock) -> list[CsvBlock]:
    """A file in blocks that begin with a line each; one where it is packed or short."""
    size = os.path.getsize(head.path)
    if head.path.lower().endswith(".gz") or size <= BLOCK_BYTES:
        return [head]
    cuts = [head.start]
    with open(head.path, "rb") as stream:
        for aim in range(BLOCK_BYTES, size, BLOCK_BYTES):
            stream.seek(max(aim, cuts[-1]))
            stream.readline()
            if stream.tell() > cuts[-1]:
                cuts.append(stream.tell())
    ends = [*cuts[1:], None] if cuts[-1] < size else [*cuts[1:-1], None]
    return [
        replace(head, start=start, stop=end, is_part=True) for start, end in zip(cuts, ends, strict=False)
    ]


def _unpacked(path: str, start: int, stop: int | None) -> bytes:
    with _opened(path) as stream:
        stream.seek(start)
        return stream.read(-1 if stop is None else stop - start)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """A file, unpacked where its ending says so."""
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as stream:
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"Got {path!r}, which is not a whole gzip file ({error}); expected what its ending says."
        ) from error
