"""Training rows, synthetic rows and real rows that the generator has not seen, read alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import wrap_table
from ..tables.neighbors import Distances, NeighborSearch
from ._pair import TablePair, as_pair, position_of

__all__ = ["Records", "as_records"]

# Bits of a number that have to agree in equal cells: some 12 digits, so that a copy which went through other
# arithmetic remains one.
EQUAL_BITS = 40
# Distances that differ by less are equal: sums of the same terms in another order.
TIE = 1e-6
# Pairs that are compared at a time.
CACHED_PAIRS = 2**16


@dataclass(frozen=True)
class RankDistances(Distances):
    """Sum over the columns of the difference of ranks, or 1 for two categories that differ.

    Unlike a Euclidean distance it recognises a row by the cells that were left as they were, however far the others are
    off. A missing number lies at distance 1 from the median rank; a missing category is a category of its own.

    Parameters
    ----------
    is_number : ndarray of bool of shape (n_columns,)
    """

    is_number: np.ndarray

    def queries(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        return np.where(np.isnan(codes), np.where(self.is_number, 1.5, -1.0), codes).astype(dtype)

    def references(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        return np.ascontiguousarray(self.queries(codes, dtype).T)

    def compare(self, queries, left, references, right):
        total = np.empty((len(queries), references.shape[1]), dtype=queries.dtype)
        n_rows = max(1, CACHED_PAIRS // max(1, references.shape[1]))
        for start in range(0, len(queries), n_rows):
            self._add_up(queries[start : start + n_rows], references, total[start : start + n_rows])
        return total

    def _add_up(self, queries: np.ndarray, references: np.ndarray, total: np.ndarray) -> None:
        """Write the distances of few enough pairs for the processor's cache into ``total``."""
        apart, differs = np.empty_like(total), np.empty(total.shape, dtype=bool)
        n_different = np.zeros(total.shape, dtype=np.min_scalar_type(len(self.is_number)))
        total[:] = 0
        for query, reference, is_number in zip(queries.T, references, self.is_number, strict=True):
            if is_number:
                np.subtract(query[:, None], reference, out=apart)
                total += np.abs(apart, out=apart)
            else:
                np.not_equal(query[:, None], reference, out=differs)
                n_different += differs.view(np.uint8)
        total += n_different

    def rules_out(self, codes, farthest, least, dtype):
        # Ranks of real rows are farther apart than float32 rounds.
        return np.ones(len(codes), dtype=bool)

    def between(self, left, right):
        left, right = self.queries(left, float), self.queries(right, float)
        return np.where(self.is_number, np.abs(left - right), left != right).sum(axis=1)


@dataclass(frozen=True)
class Records:
    """Rows that a generator has seen, that it made, and that it has not seen, in the same codes.

    Parameters
    ----------
    names : tuple
        Names of the columns.
    is_number : ndarray of bool of shape (n_columns,)
        Columns of numbers; the others hold positions of categories.
    train, synthetic, holdout : ndarrays of shape (n_rows, n_columns)
        NaN where a value is missing.
    """

    names: tuple
    is_number: np.ndarray
    train: np.ndarray
    synthetic: np.ndarray
    holdout: np.ndarray

    @property
    def tables(self) -> dict[str, np.ndarray]:
        """The three tables by name."""
        return {"train": self.train, "synthetic": self.synthetic, "holdout": self.holdout}

    def column(self, name: Any) -> int:
        """Position of the column called ``name``."""
        return position_of(name, self.names)

    def drawn(self, *, synthetic: int, real: int, random_state: int) -> Records:
        """At most so many rows of each kind, without replacement; as many of train as of the holdout."""
        streams = RandomStreams.from_random_state(random_state)
        real = min(real, len(self.train), len(self.holdout))
        counts = {"train": real, "synthetic": synthetic, "holdout": real}
        return self.with_tables(
            {
                name: _draw(codes, counts[name], streams.child(name).rng())
                for name, codes in self.tables.items()
            }
        )

    def ranked(self) -> Records:
        """Numbers as their rank in [0, 1] among all real rows, by which no long tail decides on distances.

        Train and holdout count alike, so that the ranks favour neither.
        """
        tables = {name: codes.copy() for name, codes in self.tables.items()}
        for column in np.flatnonzero(self.is_number):
            known = np.concatenate([self.train[:, column], self.holdout[:, column]])
            known = known[~np.isnan(known)]
            values, counts = np.unique(known, return_counts=True)
            places = (np.cumsum(counts) - counts / 2) / max(1, len(known))
            for codes in tables.values():
                codes[:, column] = np.interp(codes[:, column], values, places) if len(known) else 0.0
        return self.with_tables(tables)

    def rounded(self) -> Records:
        """Numbers that are equal up to some 12 digits made equal."""
        return self.with_tables({name: _rounded(codes) for name, codes in self.tables.items()})

    def without(self, column: int) -> Records:
        """All columns but one."""
        kept = replace(
            self,
            names=(*self.names[:column], *self.names[column + 1 :]),
            is_number=np.delete(self.is_number, column),
        )
        return kept.with_tables(
            {name: np.delete(codes, column, axis=1) for name, codes in self.tables.items()}
        )

    def nearest(self, queries: np.ndarray, rows: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Distances of ranked rows to the ``k`` nearest ones and their positions, each of shape (n_queries, k)."""
        return NeighborSearch(RankDistances(self.is_number), rows, method="exact").query(queries, k)

    def with_tables(self, tables: Mapping[str, np.ndarray]) -> Records:
        """Other rows of the same columns."""
        return replace(self, train=tables["train"], synthetic=tables["synthetic"], holdout=tables["holdout"])


def as_records(train: Any, synthetic: Any, holdout: Any, *, categorical_features: Any = "auto") -> Records:
    """Read three tables alike; the training rows say what the columns are.

    Parameters
    ----------
    train, synthetic, holdout : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order. Records as ``train`` with None for the others are given back.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.

    Raises
    ------
    DataError
        For tables of different columns, of fewer than two rows, or with text where the training rows have numbers.
    """
    if isinstance(train, Records):
        return train
    tables = {"train": train, "synthetic": synthetic, "holdout": holdout}
    for name, table in tables.items():
        if table is None or isinstance(table, str):
            raise DataError(f"Got {table!r} as {name}; expected a table of rows and columns.")
    frames = {name: wrap_table(table).frame for name, table in tables.items()}
    _check(frames)
    made, unseen = (
        as_pair(frames["train"], frames[name], categorical_features=categorical_features)
        for name in ("synthetic", "holdout")
    )
    return Records(made.names, made.is_number, made.real, made.synthetic, _recoded(unseen, made))


def _check(frames: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        if len(frame) < 2:
            raise DataError(f"Got {len(frame)} rows as {name}; expected at least two.")
        if set(frame.columns) != set(frames["train"].columns):
            apart = frame.columns.symmetric_difference(frames["train"].columns)
            raise DataError(
                f"Got other columns in {name} than in train ({list(apart)[:10]} are in one of them only); expected the "
                "same columns in train, synthetic and holdout."
            )


def _recoded(pair: TablePair, like: TablePair) -> np.ndarray:
    """Codes of the second table of a pair, with the categories numbered as in a pair with the same first table."""
    codes = pair.synthetic.copy()
    for column, labels in pair.labels.items():
        # One pair may have labels as text where the other has not.
        known = {str(label): position for position, label in enumerate(like.labels[column])}
        positions = np.array([known.setdefault(str(label), len(known)) for label in labels], dtype=np.float64)
        is_known = ~np.isnan(codes[:, column])
        codes[is_known, column] = positions[codes[is_known, column].astype(np.intp)]
    return codes


def _draw(codes: np.ndarray, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    if len(codes) <= n_rows:
        return codes
    return codes[np.sort(rng.choice(len(codes), n_rows, replace=False))]


def _rounded(codes: np.ndarray) -> np.ndarray:
    mantissas, exponents = np.frexp(codes)
    # Adding 0 makes -0 a 0.
    return np.ldexp(np.round(np.ldexp(mantissas, EQUAL_BITS)), exponents - EQUAL_BITS) + 0.0
