"""Parquet files as groups of rows that all have one type for each column, and such files written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from dask.dataframe.utils import clear_known_categories

from ..exceptions import DataError
from ..tables import _parquet as columns
from ..tables._atomic import atomic_output

__all__ = ["ParquetPiece", "parquet_pieces", "plain_schema", "write_piece"]

# A longer file is read in several parts. A cell is taken for as many bytes at least.
PIECE_BYTES, CELL_BYTES = 256 * 2**20, 16
# Decimal digits that a float64, which new rows are made in, holds whatever they are.
FLOAT_DIGITS = 15


@dataclass(frozen=True)
class ParquetPiece:
    """Some groups of rows of a file.

    Parameters
    ----------
    path : str
    groups : tuple of int or None
        Positions of the row groups; None for all of the file.
    schema : pyarrow.Schema
        Types that the columns have in every file.
    gappy : frozenset of str
        Columns of whole numbers or truth values of which some file has gaps.
    """

    path: str
    groups: tuple[int, ...] | None
    schema: pa.Schema
    gappy: frozenset[str]

    def read(self) -> pd.DataFrame:
        """The rows, with the index 0, 1, ..."""
        with pq.ParquetFile(self.path) as file:
            names = self.schema.names
            table = file.read(names) if self.groups is None else file.read_row_groups(self.groups, names)
        return self.frame(table.select(names))

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Typed values, of the same dtypes for every piece."""
        return pd.DataFrame(
            {
                field.name: self._column(field.name, _cast(table[field.name], field.type))
                for field in self.schema
            }
        )

    def _column(self, name: str, values: Any) -> pd.Series:
        nullable = columns._NULLABLE.get(str(values.type))
        if nullable is not None and name in self.gappy:
            return values.to_pandas(types_mapper=lambda _: pd.api.types.pandas_dtype(nullable))
        return columns._to_pandas(name, values)


def _cast(values: Any, kind: Any) -> Any:
    # Between dictionaries of other widths there is no need for it, and no way in older releases.
    if values.type == kind or (pa.types.is_dictionary(kind) and pa.types.is_dictionary(values.type)):
        return values
    return values.cast(kind)


def parquet_pieces(paths: list[str]) -> tuple[list[ParquetPiece], pd.DataFrame, pa.Schema]:
    """The pieces of some files, a table without rows that has their dtypes, and their schema."""
    footers = {path: _footer(path) for path in paths}
    schema = _common_schema({path: footer.schema.to_arrow_schema() for path, footer in footers.items()})
    gappy = frozenset(name for footer in footers.values() for name in _with_gaps(footer))
    pieces = [
        ParquetPiece(path, groups, schema, gappy)
        for path, footer in footers.items()
        for groups in _groups(footer)
    ]
    meta = clear_known_categories(pieces[0].frame(schema.empty_table()))
    return pieces, meta, schema


def plain_schema(meta: pd.DataFrame) -> pa.Schema:
    """The types of a frame; those of text do not depend on its rows."""
    found = pa.Schema.from_pandas(meta, preserve_index=False)
    fields = [_field(pa.field(field.name, _text_or(field.type, meta[field.name]))) for field in found]
    return pa.schema(fields, metadata=found.metadata)


def _text_or(kind: Any, values: pd.Series) -> Any:
    if pa.types.is_null(kind) or pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_dictionary(kind) and pa.types.is_null(kind.value_type):
        return pa.dictionary(pa.int32(), pa.string(), values.cat.ordered)
    return kind


def write_piece(frame: pd.DataFrame, path: str, schema: pa.Schema) -> int:
    """Write a frame as a file that appears whole; gives the number of rows."""
    table = pa.table([_to_arrow(frame[field.name], field.type) for field in schema], schema=schema)
    try:
        with atomic_output(Path(path)) as stream:
            _write(table, stream)
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno) if error.errno else str(error), path) from error
    return len(frame)


def _write(table: pa.Table, stream: Any) -> None:
    pq.write_table(table, stream)


def _to_arrow(values: pd.Series, kind: Any) -> Any:
    """Values of one column in its type in the files."""
    if not pa.types.is_dictionary(kind) or not isinstance(values.dtype, pd.CategoricalDtype):
        return columns._to_arrow(values, kind)
    codes = values.cat.codes.to_numpy()
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=codes < 0),
        pa.array(values.cat.categories, from_pandas=True).cast(kind.value_type),
        ordered=kind.ordered,
    )


def _footer(path: str) -> Any:
    try:
        return pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise DataError(f"Got {path!r}, which is no Parquet file; expected what its ending says.") from error


def _common_schema(found: dict[str, pa.Schema]) -> pa.Schema:
    """The columns of all files, with a type for those that are empty in some."""
    first_path, first = next(iter(found.items()))
    kinds = {name: pa.null() for name in _column_names(first)}
    owners = dict.fromkeys(kinds, first_path)
    for path, schema in found.items():
        if _column_names(schema) != list(kinds):
            raise DataError(
                f"Got {path!r} with the columns {_column_names(schema)[:20]} instead of {list(kinds)[:20]} as in "
                f"{first_path!r}; expected the same in every file."
            )
        for name, known in kinds.items():
            kind = _field(schema.field(name)).type
            if pa.types.is_null(known):
                kinds[name], owners[name] = kind, path
            elif kind != known and not pa.types.is_null(kind):
                raise DataError(
                    f"Got files whose types differ: the column {name!r} is {kind} in {path!r} and {known} in "
                    f"{owners[name]!r}; expected one type. Write the files again with the column converted."
                )
    # What pandas says of its dtypes is the same for every file: that of the first.
    described = columns._without_row_labels(first.empty_table()).schema.metadata
    return pa.schema([pa.field(name, kind) for name, kind in kinds.items()], metadata=described)


def _column_names(schema: pa.Schema) -> list[str]:
    # Row labels of pandas are no columns: new rows would have none.
    return [name for name in schema.names if not columns._ROW_LABELS.fullmatch(name)]


def _field(field: pa.Field) -> pa.Field:
    """A field with a type that all rows fit in."""
    kind = field.type
    if pa.types.is_decimal(kind) and kind.precision > FLOAT_DIGITS:
        raise DataError(
            f"Column {field.name!r} holds values of the type {kind}; expected decimals of at most {FLOAT_DIGITS} "
            "digits, which a float64 holds exactly. Convert it, or drop it."
        )
    if pa.types.is_dictionary(kind):
        # A partition of few categories has narrower codes than one of many.
        return field.with_type(pa.dictionary(pa.int32(), kind.value_type, kind.ordered))
    return field


def _with_gaps(footer: Any) -> Iterator[str]:
    """Columns in which the footer says that there are gaps, or does not say that there are none."""
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            statistics = column.statistics
            if statistics is None or not statistics.has_null_count or statistics.null_count:
                yield column.path_in_schema


def _groups(footer: Any) -> list[tuple[int, ...] | None]:
    """Row groups of a file, taken together to parts of about the same size."""
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    # Encoded, repeated values take next to nothing.
    sizes = [max(group.total_byte_size, CELL_BYTES * group.num_rows * group.num_columns) for group in groups]
    if sum(sizes) <= PIECE_BYTES:
        return [None]
    parts: dict[int, list[int]] = {}
    before = 0
    for i, size in enumerate(sizes):
        parts.setdefault(before // PIECE_BYTES, []).append(i)
        before += size
    return [tuple(part) for part in parts.values()]
