"""Rows that are relatives of training rows: near copies, and rows on a line with two others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tables.encoder import TableEncoder
from ..tables.neighbors import NeighborSearch, fit_distances
from ..tables.schema import ColumnKind
from ._leak_report import LeakageFinding
from ._leak_rows import MIN_QUERIES, SPLIT_FIRST, Rows, Share, keys, references

__all__ = ["relative_findings"]

# So many validation rows of each class, of so many folds, look for relatives among so many training rows.
MAX_QUERIES, MAX_FOLDS, MAX_TRAIN = 400, 3, 20_000
# Neighbours among which relatives are looked for.
NEIGHBORS = 40
# Near copies: a gap in the distances to neighbours that has a chance of exp(-GAP) at each of them.
GAP = 10.0
NEAR_SHARE = 0.2
# Crowds of near copies: as many as rows that they were made from.
MIN_CROWDS = 10
# Least angle, in radians, at which two directions count as one; and how many pairs may do so by chance.
ANGLE = 1e-6
MAX_ANGLE = 0.01
BY_CHANCE = 0.01
MAX_NAMED = 3


def relative_findings(
    rows: Rows, encoder: TableEncoder, table: np.ndarray, by_chance: np.ndarray, rng: np.random.Generator
) -> Iterator[LeakageFinding]:
    """Near copies and rows between others, each class compared with the others and with chance.

    Parameters
    ----------
    rows : Rows
    encoder : TableEncoder
        Fitted to the frame.
    table, by_chance : ndarray of shape (n_rows, n_columns)
        The encoded frame, and the same with its columns shuffled within the classes.
    rng : numpy.random.Generator
    """
    for code, look, least, what in (
        (
            "GS205",
            _NearCopies(encoder),
            NEAR_SHARE,
            "lie far closer to training rows of it than these to others",
        ),
        ("GS206", _Segments(encoder), 0.0, "lie exactly on a line with two training rows of it"),
    ):
        shares = _shares(rows, table, look, rng)
        yield from _judged(code, what, rows, least, shares, _shares(rows, by_chance, look, rng))


class _Look(ABC):
    """A test of whether a row is a relative of its neighbours.

    Attributes
    ----------
    columns : ndarray of bool of shape (n_columns,)
        Those that are compared.
    discrete : ndarray of bool of shape (n_compared,)
        Which of these hold categories.
    """

    columns: np.ndarray
    discrete: np.ndarray

    def n_neighbors(self, n_train: int) -> int:
        """How many of the training rows of a class are compared with each validation row."""
        return min(NEIGHBORS, n_train)

    @abstractmethod
    def relatives(self, queries: np.ndarray, near: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Which queries, (n, d), are relatives of their neighbours, (n, k, d), at these distances, (n, k)."""


class _NearCopies(_Look):
    """Rows with a gap behind their nearest training rows that chance does not leave.

    With distances r to the neighbours, k d log(r[k+1] / r[k]) is exponential with mean 1 for each k, whatever the
    density, where rows fill d dimensions.
    """

    def __init__(self, encoder: TableEncoder):
        self.columns = np.ones(len(encoder.discrete_), dtype=bool)
        self.discrete = encoder.discrete_
        self._dimension: float | None = None

    def n_neighbors(self, n_train: int) -> int:
        """So few that there are ten such crowds at least: one or two are a subgroup."""
        return min(NEIGHBORS, max(2, n_train // MIN_CROWDS))

    def relatives(self, queries: np.ndarray, near: np.ndarray, distances: np.ndarray) -> np.ndarray:
        known = np.maximum(distances, np.finfo(np.float32).tiny)
        gaps = np.arange(1, known.shape[1]) * np.log(known[:, 1:] / known[:, :-1])
        if self._dimension is None:
            # The median of the exponential law, in the class that is asked first: the largest.
            self._dimension = np.log(2) / max(float(np.mean(np.median(gaps, axis=1))), 1e-3)
        return (gaps * self._dimension).max(axis=1) > GAP


class _Segments(_Look):
    """Rows on a line with two neighbours, in the columns that are continuous."""

    def __init__(self, encoder: TableEncoder):
        kinds = np.array([column.kind for column in encoder.schema_])
        self.columns = kinds == ColumnKind.CONTINUOUS
        self.discrete = np.zeros(int(self.columns.sum()), dtype=bool)
        # How far a value may be off its line: by the precision of its type, or by its decimals.
        dtypes = [getattr(codec, "dtype", np.float64) for codec in encoder.codecs_]
        self._relative = np.array([_precision(dtype) for dtype in dtypes])[self.columns]
        places = [column.decimals for column in encoder.schema_]
        self._absolute = np.array([0.0 if n is None else 0.5 * 10.0**-n for n in places])[self.columns]

    def relatives(self, queries: np.ndarray, near: np.ndarray, distances: np.ndarray) -> np.ndarray:
        scale = near.reshape(-1, near.shape[2]).std(axis=0)
        scale[scale == 0] = 1
        blur = np.linalg.norm(np.maximum(self._relative * np.abs(queries), self._absolute) / scale, axis=1)
        ways = (near - queries[:, None, :]) / scale
        return np.array([_on_a_line(*each) for each in zip(ways, blur)], dtype=bool)


def _precision(dtype: Any) -> float:
    return float(np.finfo(np.float32 if dtype == np.float32 else np.float64).eps)


def _on_a_line(ways: np.ndarray, blur: float) -> bool:
    """Whether two of the ways from a point, (k, d), have one direction or opposite ones."""
    lengths = np.linalg.norm(ways, axis=1)
    n_columns = np.count_nonzero(np.abs(ways) > np.maximum(1e-9 * lengths, blur)[:, None], axis=1)
    # Along one column alone any two ways are parallel.
    several = n_columns > 1
    ways, lengths, n_columns = ways[several], lengths[several], n_columns[several]
    if len(ways) < 2:
        return False
    ways = ways / lengths[:, None]
    angles = ANGLE + 2 * blur * (1 / lengths[:, None] + 1 / lengths[None, :])
    # A wider angle would hold some pair by chance.
    by_chance = angles ** (np.minimum(n_columns[:, None], n_columns[None, :]) - 1) * len(ways) ** 2
    sharp = (by_chance < BY_CHANCE) & (angles < MAX_ANGLE)
    sines = np.sqrt(np.maximum(0.0, 1 - (ways @ ways.T) ** 2))
    return bool(np.triu(sharp & (sines < angles), k=1).any())


def _shares(rows: Rows, table: np.ndarray, look: _Look, rng: np.random.Generator) -> list[tuple[int, int]]:
    """For each class, how many validation rows were looked at and how many of them are relatives of training rows."""
    found = [(0, 0)] * len(rows.classes)
    if not look.columns.any():
        return found
    same, points = keys(table, rows.codes), table[:, look.columns]
    # The largest class first: it is the least likely to have been over-sampled.
    for code in np.argsort(-np.bincount(rows.codes, minlength=len(found)), kind="stable"):
        for train, validation in rows.splits[:MAX_FOLDS]:
            train, validation = (part[rows.codes[part] == code] for part in (train, validation))
            train, validation = _without_copies(same, train, validation)
            if isinstance(look, _Segments):
                train, validation = (
                    part[~np.isnan(points[part]).any(axis=1)] for part in (train, validation)
                )
            related = _related(
                points, look, _some(train, MAX_TRAIN, rng), _some(validation, MAX_QUERIES, rng)
            )
            found[code] = (found[code][0] + len(related), found[code][1] + int(related.sum()))
    return found


def _without_copies(
    same: np.ndarray, train: np.ndarray, validation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Training rows that differ from each other, and validation rows that differ from these."""
    _, first = np.unique(same[train], return_index=True)
    return train[np.sort(first)], validation[~np.isin(same[validation], same[train])]


def _some(positions: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return positions if len(positions) <= most else rng.choice(positions, most, replace=False)


def _related(points: np.ndarray, look: _Look, train: np.ndarray, validation: np.ndarray) -> np.ndarray:
    """Which of the validation rows are relatives of training rows; empty where there are too few of these."""
    if len(train) < MIN_QUERIES or not len(validation):
        return np.zeros(0, dtype=bool)
    distances = fit_distances(points[train], look.discrete)
    search = NeighborSearch(distances, points[train], method="exact")
    lengths, positions = search.query(points[validation], look.n_neighbors(len(train)))
    return look.relatives(points[validation], points[train[positions]], lengths)


def _judged(
    code: str,
    what: str,
    rows: Rows,
    least: float,
    shares: list[tuple[int, int]],
    by_chance: list[tuple[int, int]],
) -> Iterator[LeakageFinding]:
    """A leak where classes have more relatives than the others and chance, a note where all have more than chance."""
    values = np.array([n_found / n_rows if n_rows >= MIN_QUERIES else np.nan for n_rows, n_found in shares])
    chance = [n_found / n_rows if n_rows else 0.0 for n_rows, n_found in by_chance]
    judged = []
    for position in range(len(rows.classes)):
        others = values[references(rows, position)]
        others = others[~np.isnan(others)]
        # Without a class to compare with, everything is as expected.
        expected = max(chance[position], others.min()) if len(others) else 1.0
        judged.append(Share(*shares[position], float(expected)))
    grown = [position for position, share in enumerate(judged) if share.exceeds(least)]
    if grown:
        labels = ", ".join(repr(rows.classes[position]) for position in grown[:MAX_NAMED])
        share = judged[max(grown, key=lambda position: judged[position].value)]
        told = f"{share.value:.0%} of the validation rows of class {labels} {what}; {share.expected:.0%} would be "
        told += "expected by the other classes and by chance. It looks as if rows were made before the split."
        yield LeakageFinding(code, "leak", "X", told, SPLIT_FIRST, share.as_evidence())
        return
    whole = Share(sum(n for n, _ in shares), sum(n for _, n in shares), max(chance, default=0.0))
    if whole.exceeds(least):
        told = (
            f"{whole.value:.0%} of the validation rows {what}, in all classes; {whole.expected:.0%} would be "
        )
        told += "expected by chance. Were rows made before the split, or do several belong together?"
        instead = "Split first, then resample training rows alone; or split by the group that rows belong to."
        # Tables have this by nature too, such as sums, copies with one cell changed, or time series.
        yield LeakageFinding(code, "note", "X", told, instead, whole.as_evidence())
