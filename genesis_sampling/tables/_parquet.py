"""Parquet files through pyarrow: every column keeps its type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from .._optional import import_extra
from ..exceptions import DataError
from ._file_table import SYNTHETIC_COLUMN, FileTable, OutputRows

__all__ = ["ParquetTable", "read_parquet", "write_frame"]

# Where pandas stores row labels that have no name.
_ROW_LABELS = re.compile(r"__index_level_\d+__")
_NULLABLE = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_NULLABLE["bool"] = "boolean"


class ParquetTable(FileTable):
    """A table from a Parquet file.

    Parameters
    ----------
    arrow : pyarrow.Table
        The table as it is in the file.
    """

    def __init__(self, arrow: Any):
        self.arrow = arrow
        self.frame = pd.DataFrame({name: _to_pandas(name, arrow[name]) for name in arrow.column_names})

    def lines(self, rows: OutputRows, delimiter: str) -> Iterator[str]:
        yield self.merged(rows).to_csv(sep=delimiter, index=False, lineterminator="\n").removesuffix("\n")

    def write_parquet(self, rows: OutputRows, stream: BinaryIO) -> None:
        pa = _pyarrow()
        # One place for all chunks: taking rows from several chunks of text can pass the limit of one.
        parts = [self.arrow.take(pa.array(rows.kept))]
        if rows.new is not None and len(rows.new):
            columns = [_to_arrow(rows.new[field.name], field.type) for field in self.arrow.schema]
            parts.append(pa.table(columns, schema=self.arrow.schema))
        merged = pa.concat_tables(parts)
        if rows.mark:
            merged = merged.append_column(
                SYNTHETIC_COLUMN, pa.array(np.arange(len(merged)) >= len(rows.kept))
            )
        _write(merged, stream)


def read_parquet(raw: bytes, title: str) -> ParquetTable:
    """The table in the bytes of a Parquet file."""
    pa = _pyarrow()
    try:
        arrow = _parquet_module().read_table(pa.BufferReader(raw))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"Got {title}, which is no Parquet file; expected what its ending says.") from error
    arrow = _without_row_labels(arrow)
    if not arrow.num_rows:
        raise DataError(f"Got {title}, which has no rows; expected rows to learn from.")
    return ParquetTable(arrow)


def write_frame(frame: pd.DataFrame, stream: BinaryIO) -> None:
    """Write a frame as a Parquet file."""
    _write(_pyarrow().Table.from_pandas(frame, preserve_index=False), stream)


def _write(arrow: Any, stream: BinaryIO) -> None:
    _parquet_module().write_table(arrow, stream)


def _pyarrow() -> Any:
    return import_extra("pyarrow", extra="parquet", needed_for="A Parquet file")


def _parquet_module() -> Any:
    return import_extra("pyarrow.parquet", extra="parquet", needed_for="A Parquet file")


def _without_row_labels(arrow: Any) -> Any:
    """The table less the row labels of pandas: new rows would have none."""
    arrow = arrow.drop_columns([name for name in arrow.column_names if _ROW_LABELS.fullmatch(name)])
    metadata = dict(arrow.schema.metadata or {})
    if b"pandas" in metadata:
        described = json.loads(metadata[b"pandas"])
        described["index_columns"] = []
        described["columns"] = [c for c in described["columns"] if c["field_name"] in arrow.column_names]
        metadata[b"pandas"] = json.dumps(described).encode()
    return arrow.replace_schema_metadata(metadata)


def _to_pandas(name: str, values: Any) -> pd.Series:
    """Typed values of one column."""
    types = _pyarrow().types
    kind = values.type
    if types.is_decimal(kind):
        return values.cast("float64").to_pandas()
    if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind) or types.is_time(kind):
        raise DataError(
            f"Column {name!r} holds values of the type {kind}; expected numbers, text, booleans, categories, dates or "
            "durations. Drop it, or spread it over plain columns."
        )
    if values.null_count and str(kind) in _NULLABLE:
        return pd.Series(pd.array(values.to_pylist(), dtype=_NULLABLE[str(kind)]))
    return values.to_pandas(date_as_object=False)


def _to_arrow(values: pd.Series, kind: Any) -> Any:
    """New values of one column in its type in the file."""
    pa = _pyarrow()
    if pa.types.is_decimal(kind):
        exact = [None if np.isnan(value) else Decimal(f"{value:.{kind.scale}f}") for value in values.tolist()]
        return pa.array(exact, type=kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values.astype(object).where(values.notna(), None).tolist(), type=kind)
    return pa.array(values, from_pandas=True).cast(kind)
