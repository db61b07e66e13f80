"""Two tables as displays see them: codes, kinds of columns, and which rows belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...exceptions import DataError
from ...metrics._pair import TablePair, as_pair
from ...tables import ColumnKind, infer_schema
from ...tables.containers import wrap_table
from .._words import shortened

__all__ = ["Rows", "read_rows"]

NANOSECONDS_PER_DAY = 86_400 * 10**9
# A target of more distinct numbers is a quantity rather than a class.
MAX_CLASSES = 50


@dataclass(frozen=True)
class Rows:
    """Real and synthetic rows without the target, and the classes of both.

    Parameters
    ----------
    pair : TablePair
        The columns other than the target.
    kinds : dict
        Name of a column -> what it holds.
    orders : dict
        Name of a column of ordered categories -> their labels.
    real_class, synthetic_class : ndarrays of shape (n_rows,)
        Codes of the classes; zeros without a target.
    class_names : dict of float to str
    """

    pair: TablePair
    kinds: dict[Any, ColumnKind]
    orders: dict[Any, list]
    real_class: np.ndarray
    synthetic_class: np.ndarray
    class_names: dict[float, str]

    @property
    def majority(self) -> np.ndarray:
        """Mask of the real rows of the largest class, none where there is no other."""
        codes, counts = np.unique(self.real_class, return_counts=True)
        if len(codes) == 1:
            return np.zeros(len(self.real_class), dtype=bool)
        return self.real_class == codes[counts.argmax()]

    @property
    def comparable(self) -> Rows:
        """With the real rows of those classes that the synthetic rows have, all of them where there is none."""
        kept = np.isin(self.real_class, np.unique(self.synthetic_class))
        return self.take(kept, slice(None)) if kept.any() else self

    def take(self, real: Any, synthetic: Any) -> Rows:
        """Some of the real and some of the synthetic rows."""
        pair = replace(self.pair, real=self.pair.real[real], synthetic=self.pair.synthetic[synthetic])
        return replace(
            self, pair=pair, real_class=self.real_class[real], synthetic_class=self.synthetic_class[synthetic]
        )

    def sampled(self, max_rows: int, seed: int) -> Rows:
        """At most so many real rows of the largest class, so many other real ones, and so many synthetic ones."""
        rng = np.random.default_rng(seed)
        majority = self.majority
        groups = (np.flatnonzero(majority), np.flatnonzero(~majority), np.arange(len(self.synthetic_class)))
        drawn = [np.sort(rng.permutation(group)[:max_rows]) for group in groups]
        return self.take(np.sort(np.concatenate(drawn[:2])), drawn[2])

    def axis(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Values of a column to draw, real and synthetic: times in days since 1970, categories as positions."""
        kind = self.kinds.get(self.pair.names[column])
        unit = NANOSECONDS_PER_DAY if kind in (ColumnKind.DATETIME, ColumnKind.TIMEDELTA) else 1
        return self.pair.real[:, column] / unit, self.pair.synthetic[:, column] / unit

    def title(self, column: int) -> str:
        """The name of a column with the unit that it is drawn in."""
        name = self.pair.names[column]
        return f"{name} (days)" if self.kinds.get(name) is ColumnKind.TIMEDELTA else str(name)

    def labels(self, column: int) -> list[str] | None:
        """What the positions in a column of categories, ordered or not, stand for; None for other columns."""
        found = self.orders.get(self.pair.names[column], self.pair.labels.get(column))
        return None if found is None else [str(label) for label in found]

    def is_time(self, column: int) -> bool:
        """Whether a column holds points in time."""
        return self.kinds.get(self.pair.names[column]) is ColumnKind.DATETIME

    def legend(self) -> dict[str, str]:
        """What the groups of rows are called, with their numbers of rows."""
        majority = self.majority
        names = {"majority": f"real{self._named(majority)}", "minority": f"real{self._named(~majority)}"}
        counts = {
            "majority": np.count_nonzero(majority),
            "minority": np.count_nonzero(~majority),
            "synthetic": len(self.synthetic_class),
        }
        return {group: f"{names.get(group, group)} ({count:,})" for group, count in counts.items()}

    def _named(self, chosen: np.ndarray) -> str:
        """The class of some real rows as an addition to their name."""
        if not self.class_names:
            return ""
        codes = np.unique(self.real_class[chosen])
        return f", class {self.class_names[codes[0]]}" if len(codes) == 1 else ", other classes"


def read_rows(real: Any, synthetic: Any, target: Any = None, *, categorical_features: Any = "auto") -> Rows:
    """Read two tables for a display.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns), or TablePair and None
    target : str or int, default=None
        Name of the column that holds the class.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    """
    kinds, orders = {}, {}
    if not isinstance(real, TablePair):
        frame = wrap_table(real).frame
        kinds = {column.name: column.kind for column in infer_schema(frame, categorical_features)}
        ordered = [name for name, kind in kinds.items() if kind is ColumnKind.ORDINAL]
        orders = {name: frame[name].cat.categories.tolist() for name in ordered}
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    unclassed = [np.zeros(len(side)) for side in pair.tables]
    if target is None:
        return Rows(pair, kinds, orders, unclassed[0], unclassed[1], {})
    column = pair.column(target)
    codes = [np.nan_to_num(side[:, column], nan=-np.inf) for side in pair.tables]
    features = without(pair, column)
    if len(np.unique(codes[0])) > MAX_CLASSES:
        return Rows(features, kinds, orders, unclassed[0], unclassed[1], {})
    return Rows(features, kinds, orders, codes[0], codes[1], _class_names(pair, column, codes[0]))


def without(pair: TablePair, column: int) -> TablePair:
    """A pair without one column."""
    if len(pair.names) == 1:
        raise DataError(f"Got only the column {pair.names[column]!r}; expected others beside the target.")
    kept = [position for position in range(len(pair.names)) if position != column]
    return replace(
        pair,
        names=tuple(pair.names[position] for position in kept),
        is_number=pair.is_number[kept],
        real=pair.real[:, kept],
        synthetic=pair.synthetic[:, kept],
        labels={new: pair.labels[old] for new, old in enumerate(kept) if old in pair.labels},
    )


def _class_names(pair: TablePair, column: int, codes: np.ndarray) -> dict[float, str]:
    labels = pair.labels.get(column)
    return {
        code: "missing" if np.isinf(code) else f"{code:g}" if labels is None else shortened(labels[int(code)])
        for code in pd.unique(codes)
    }
