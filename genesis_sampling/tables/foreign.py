"""Frames of other libraries, such as polars, to pandas and back through narwhals: same columns, same dtypes."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from ..exceptions import DataError

__all__ = [
    "frame_from_foreign",
    "frame_to_foreign",
    "is_foreign_frame",
    "is_foreign_series",
    "with_column",
    "without_column",
]


def is_foreign_frame(X: Any) -> bool:
    """Whether ``X`` is a frame that narwhals knows and that is not of pandas."""
    return not isinstance(X, pd.DataFrame | np.ndarray) and isinstance(
        nw.from_native(X, eager_only=True, pass_through=True), nw.DataFrame
    )


def is_foreign_series(y: Any) -> bool:
    """Whether ``y`` is a series that narwhals knows and that is not of pandas."""
    return not isinstance(y, pd.Series | np.ndarray) and isinstance(
        nw.from_native(y, series_only=True, allow_series=True, pass_through=True), nw.Series
    )


def frame_from_foreign(X: Any) -> pd.DataFrame:
    """A pandas frame with the values of ``X``, shape (n_rows, n_columns)."""
    frame = nw.from_native(X, eager_only=True)
    columns = {name: _to_pandas(frame[name]) for name in frame.columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def frame_to_foreign(X: Any, kept: np.ndarray | None, new: pd.DataFrame) -> Any:
    """Rows of ``X`` at ``kept`` (None: all), then ``new`` with the dtypes of ``X``, in the library of ``X``."""
    frame = nw.from_native(X, eager_only=True)
    originals = frame if kept is None else frame[kept.tolist()]
    if not len(new):
        return originals.to_native()
    columns = [
        _from_pandas(new.iloc[:, position], frame[name]) for position, name in enumerate(frame.columns)
    ]
    added = nw.from_dict(
        {column.name: column.to_native() for column in columns}, backend=frame.implementation
    )
    return nw.concat([originals, added], how="vertical").to_native()


def without_column(df: Any, name: Any) -> tuple[Any, Any]:
    """A frame of any library less one of its columns, and that column."""
    if isinstance(df, pd.DataFrame):
        return df.drop(columns=[name]), df[name]
    frame = nw.from_native(df, eager_only=True)
    return frame.drop(name).to_native(), frame[name].to_native()


def with_column(df: Any, values: Any, *, name: Any, like: Any = None) -> Any:
    """A frame of any library and one more column, last or, with ``like``, where that frame has it."""
    if isinstance(df, pd.DataFrame):
        position = df.shape[1] if like is None else like.columns.get_loc(name)
        df = df.copy()
        df.insert(position, name, values)
        return df
    frame = nw.from_native(df, eager_only=True)
    if isinstance(values, np.ndarray):
        values = nw.new_series(name, values, backend=frame.implementation).to_native()
    frame = frame.with_columns(nw.from_native(values, series_only=True).alias(name))
    return frame.to_native() if like is None else frame.select(list(like.columns)).to_native()


def _to_pandas(values: nw.Series) -> pd.Series:
    dtype, has_missing = values.dtype, values.null_count() > 0
    if isinstance(dtype, nw.Unknown) and values.null_count() == len(values):
        return pd.Series([None] * len(values), dtype=object)
    if dtype.is_integer() and has_missing:
        return pd.Series(pd.array(values.to_list(), dtype=str(dtype)))
    if isinstance(dtype, nw.Boolean) and has_missing:
        return pd.Series(pd.array(values.to_list(), dtype="boolean"))
    if isinstance(dtype, nw.Enum):
        return pd.Series(pd.Categorical(values.to_list(), categories=list(dtype.categories)))
    if isinstance(dtype, nw.Categorical):
        return pd.Series(pd.Categorical(values.to_list()))
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        utc = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        return pd.Series(utc).dt.tz_localize("UTC").dt.tz_convert(dtype.time_zone)
    if isinstance(dtype, nw.String):
        return pd.Series(values.to_list(), dtype=object)
    if isinstance(dtype, nw.Decimal):
        return pd.Series(values.cast(nw.Float64()).to_numpy())
    if dtype.is_numeric() or dtype.is_temporal() or isinstance(dtype, nw.Boolean):
        return pd.Series(values.to_numpy())
    raise DataError(
        f"Got the column {values.name!r} of dtype {dtype}; expected numbers, text, booleans, categories or times. "
        "Drop it, or spread it over plain columns."
    )


def _from_pandas(values: pd.Series, like: nw.Series) -> nw.Series:
    """``values`` as a series with the name, dtype and library of ``like``."""
    dtype, backend = like.dtype, like.implementation
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        utc = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        naive = nw.new_series(like.name, utc, nw.Datetime(dtype.time_unit), backend=backend)
        return naive.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "mM":
        # polars counts in milliseconds or finer; a day came in as seconds.
        ticks = values.dt.as_unit("ms") if values.dt.unit == "s" else values
        return nw.new_series(like.name, ticks.to_numpy(), backend=backend).cast(dtype)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub":
        return nw.new_series(like.name, values.to_numpy(), backend=backend).cast(dtype)
    known = [
        None if missing else value for value, missing in zip(values.tolist(), values.isna(), strict=True)
    ]
    if isinstance(dtype, nw.Decimal):
        return nw.new_series(like.name, known, nw.Float64(), backend=backend).cast(dtype)
    return nw.new_series(like.name, known, None if isinstance(dtype, nw.Unknown) else dtype, backend=backend)
