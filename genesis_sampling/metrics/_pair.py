"""Two tables read alike: what every metric takes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from .._hints import one_of
from ..exceptions import DataError
from ..tables import ColumnKind, infer_schema
from ..tables.containers import wrap_table
from ..tables.neighbors import Distances, fit_distances

__all__ = ["TablePair", "as_pair", "position_of"]

NUMBERS = (
    ColumnKind.CONTINUOUS,
    ColumnKind.INTEGER,
    ColumnKind.ORDINAL,
    ColumnKind.DATETIME,
    ColumnKind.TIMEDELTA,
)


@dataclass(frozen=True)
class TablePair:
    """A real and a synthetic table with the same columns, in the same codes.

    Parameters
    ----------
    names : tuple
        Names of the columns.
    is_number : ndarray of bool of shape (n_columns,)
        Columns of numbers, times or ordered categories; the others hold categories.
    real, synthetic : ndarrays of shape (n_rows, n_columns)
        Numbers as they are (times in nanoseconds, ordered categories as positions), categories as positions in
        ``labels``, NaN where a value is missing.
    labels : dict of int to list
        Position of a column of categories -> its labels, of both tables.
    """

    names: tuple
    is_number: np.ndarray
    real: np.ndarray
    synthetic: np.ndarray
    labels: dict[int, list]

    @property
    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """Both tables."""
        return self.real, self.synthetic

    @cached_property
    def distances(self) -> Distances:
        """Distances between rows, as the real table scales them: see :class:`TableNeighbors`, ``"smote-nc"``."""
        return fit_distances(self.real, ~self.is_number)

    def numbers(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """The known numbers of a column, real and synthetic."""
        real, synthetic = (codes[:, column] for codes in self.tables)
        return real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]

    def levels(
        self, column: int, n_bins: int = 10, *, outside: bool = False
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """A column as categories: positions of the real and the synthetic rows, and their number.

        Numbers are cut into ``n_bins`` bins of equal width between the least and the largest real one; the last
        category is that of a missing value. Synthetic numbers outside of that range fall into the outer bins, or with
        ``outside`` into two more categories, below and above.
        """
        sides = [codes[:, column] for codes in self.tables]
        n_levels = n_bins
        if self.is_number[column]:
            known = self.numbers(column)[0]
            edges = (
                np.linspace(known.min(), known.max(), n_bins + 1)[1:-1]
                if len(known)
                else np.zeros(n_bins - 1)
            )
            cut = [np.where(np.isnan(side), n_bins, np.digitize(side, edges)) for side in sides]
            if outside and len(known):
                low, high = known.min(), known.max()
                above = [np.where(side > high, n_bins + 2, at) for side, at in zip(sides, cut, strict=True)]
                cut = [np.where(side < low, n_bins + 1, at) for side, at in zip(sides, above, strict=True)]
                return cut[0].astype(np.intp), cut[1].astype(np.intp), n_bins + 3
        else:
            n_levels = len(self.labels[column])
            cut = [np.nan_to_num(side, nan=n_levels) for side in sides]
        return cut[0].astype(np.intp), cut[1].astype(np.intp), n_levels + 1

    def sampled(self, n_rows: int, seed: int = 0) -> TablePair:
        """At most so many rows of each table, drawn without replacement."""
        rng = np.random.default_rng(seed)
        drawn = [
            codes if len(codes) <= n_rows else codes[np.sort(rng.permutation(len(codes))[:n_rows])]
            for codes in self.tables
        ]
        return replace(self, real=drawn[0], synthetic=drawn[1])

    def balanced(self, max_rows: int | None = None, seed: int = 0) -> TablePair:
        """Equal numbers of rows of both tables, at most ``max_rows`` of each; drawn where there are more."""
        n_rows = min(len(codes) for codes in self.tables)
        return self.sampled(n_rows if max_rows is None else min(n_rows, max_rows), seed)

    def column(self, name: Any) -> int:
        """Position of the column called ``name``."""
        return position_of(name, self.names)


def position_of(name: Any, names: tuple) -> int:
    """Position of a column among the names of all; an error for a name that is none of them."""
    if name not in names:
        raise DataError(f"Got {name!r} as a column; expected {one_of(name, names)}")
    return names.index(name)


def as_pair(real: Any, synthetic: Any, *, categorical_features: Any = "auto") -> TablePair:
    """Read two tables alike; the real one says what the columns are.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order. A :class:`TablePair` as ``real`` with ``synthetic=None`` is given back.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.

    Raises
    ------
    DataError
        For tables of different columns, of no row, or with text where the real table has numbers.
    """
    if isinstance(real, TablePair):
        return real
    if synthetic is None:
        raise DataError("Got no synthetic table; expected one beside the real one.")
    real, synthetic = wrap_table(real).frame, wrap_table(synthetic).frame
    _check_columns(real, synthetic)
    schema = infer_schema(real, categorical_features)
    numbers, labels, codes = [], {}, []
    for position, column in enumerate(schema):
        sides = real.iloc[:, position], synthetic[column.name]
        is_number = column.kind in NUMBERS or (
            column.kind in (ColumnKind.CONSTANT, ColumnKind.MISSING) and types.is_numeric_dtype(sides[0])
        )
        numbers.append(is_number and not column.discrete)
        if numbers[-1]:
            codes.append(_as_numbers(*sides, column.kind))
        else:
            *both, labels[position] = _as_categories(*sides)
            codes.append(both)
    _check_finite(real.columns, codes)
    return TablePair(
        names=tuple(real.columns),
        is_number=np.array(numbers, dtype=bool),
        real=np.column_stack([both[0] for both in codes]),
        synthetic=np.column_stack([both[1] for both in codes]),
        labels=labels,
    )


def _check_columns(real: pd.DataFrame, synthetic: pd.DataFrame) -> None:
    lacking, extra = real.columns.difference(synthetic.columns), synthetic.columns.difference(real.columns)
    if len(lacking) or len(extra):
        raise DataError(
            f"Got tables with different columns (only in the real one: {list(lacking)[:10]}; only in the synthetic "
            f"one: {list(extra)[:10]}); expected the same columns in both."
        )
    for name, frame in (("real", real), ("synthetic", synthetic)):
        if not len(frame):
            raise DataError(f"Got a {name} table without rows; expected at least one.")


def _check_finite(names: pd.Index, codes: list) -> None:
    for name, both in zip(names, codes, strict=True):
        for table, side in zip(("real", "synthetic"), both, strict=True):
            if np.isinf(side).any():
                raise DataError(
                    f"Got infinite values in the column {name!r} of the {table} table; expected finite or missing ones."
                )


def _as_numbers(real: pd.Series, synthetic: pd.Series, kind: ColumnKind) -> list[np.ndarray]:
    if kind is ColumnKind.ORDINAL:
        order = real.cat.categories
        synthetic = synthetic.astype(pd.CategoricalDtype(order, ordered=True))
        return [np.where(side.cat.codes < 0, np.nan, side.cat.codes) for side in (real, synthetic)]
    try:
        if kind is ColumnKind.DATETIME:
            return [_nanoseconds(pd.to_datetime(side)) for side in (real, synthetic)]
        if kind is ColumnKind.TIMEDELTA:
            return [_nanoseconds(pd.to_timedelta(side)) for side in (real, synthetic)]
        return [pd.to_numeric(side).to_numpy(dtype=np.float64, na_value=np.nan) for side in (real, synthetic)]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Got {synthetic.dtype} values in the column {real.name!r} of the synthetic table ({error}); expected "
            f"{kind} ones, as in the real table."
        ) from error


def _nanoseconds(times: pd.Series) -> np.ndarray:
    """Times as numbers, NaN where there is none."""
    times = times.dt.as_unit("ns") if hasattr(times, "dt") else times
    return np.where(
        times.isna(), np.nan, times.astype("int64", errors="ignore").to_numpy().astype(np.float64)
    )


def _as_categories(real: pd.Series, synthetic: pd.Series) -> tuple[np.ndarray, np.ndarray, list]:
    """Codes of both columns and the labels that they stand for; a number is the same as its text."""
    if all(isinstance(side.dtype, pd.StringDtype) for side in (real, synthetic)):
        return _factorized([real, synthetic])
    sides = _alike_booleans([_plain(side) for side in (real, synthetic)])
    if {types.infer_dtype(side, skipna=True) for side in sides} - {"empty"} not in ({"string"}, {"boolean"}):
        sides = [side.where(side.isna(), side.map(_text)) for side in sides]
    return _factorized(sides)


def _factorized(sides: list[pd.Series]) -> tuple[np.ndarray, np.ndarray, list]:
    codes, labels = pd.factorize(pd.concat(sides, ignore_index=True))
    found = np.where(codes < 0, np.nan, codes)
    return found[: len(sides[0])], found[len(sides[0]) :], list(labels)


def _alike_booleans(sides: list[pd.Series]) -> list[pd.Series]:
    """0 and 1 beside booleans as booleans: many tools write them so."""
    is_boolean = [types.infer_dtype(side, skipna=True) == "boolean" for side in sides]
    if not any(is_boolean) or all(is_boolean):
        return sides
    return [
        side
        if boolean or not side.dropna().isin([0, 1]).all()
        else side.where(side.isna(), side.map({0: False, 1: True}))
        for side, boolean in zip(sides, is_boolean, strict=True)
    ]


def _plain(side: pd.Series) -> pd.Series:
    if isinstance(side.dtype, pd.CategoricalDtype):
        side = side.astype(side.cat.categories.dtype if not side.isna().any() else object)
    return side.astype(object).where(side.notna(), None)


def _text(value: Any) -> str:
    """A whole number as text without decimals, since a gap elsewhere makes floats of integers."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
