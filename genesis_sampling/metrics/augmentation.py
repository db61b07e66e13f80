"""All figures of a synthetic table in one place, each computed when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .._hints import one_of
from ..exceptions import DataError
from ..tables.containers import wrap_table
from . import bias, diversity, fidelity, manifold, privacy, utility
from ._estimate import Estimate
from ._pair import TablePair, as_pair
from ._records import as_records

__all__ = ["AugmentationMetrics"]

# With fewer rows some figures cannot be computed.
FEW_ROWS = 50


class AugmentationMetrics:
    """Fidelity, diversity, privacy and use of synthetic rows against real ones.

    Nothing is computed before it is asked for, and nothing twice.

    Parameters
    ----------
    real : dataframe of shape (n_real, n_columns)
        The rows that the synthetic ones were learned from; or a function without arguments that gives them.
    synthetic : dataframe of shape (n_synthetic, n_columns)
        With the same columns; or a function as well.
    target : column name, default=None
        The column that holds the classes. Where it is given, the tables are compared with the same share of each class
        in both, rows being drawn for that: a table to which fraud was added is compared with the real fraud, not with
        all rows.
    holdout : dataframe, default=None
        Real rows that nothing was learned from; the figures of privacy and of use need them.
    sensitive : column name, default=None
        Whose groups are looked at, see :meth:`groups`.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    random_state : int, default=0
        Seed of samples and folds.

    See Also
    --------
    AugmentationReport : Shows them.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling import AugmentationMetrics
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = (pd.DataFrame({"a": rng.normal(size=500)}) for _ in range(2))
    >>> metrics = AugmentationMetrics(real, synthetic)
    >>> 0.9 < metrics.summary()["shape"] < 1
    True
    """

    def __init__(
        self,
        real: Any,
        synthetic: Any,
        *,
        target: Any = None,
        holdout: Any = None,
        sensitive: Any = None,
        categorical_features: Any = "auto",
        random_state: int = 0,
    ):
        self.target = target
        self.sensitive = sensitive
        self.categorical_features = categorical_features
        self.random_state = random_state
        self._given = {"real": real, "synthetic": synthetic, "holdout": holdout}
        self._found: dict[str, Any] = {}

    @cached_property
    def all_real(self) -> pd.DataFrame:
        """All real rows."""
        return self._frame("real")

    @cached_property
    def all_synthetic(self) -> pd.DataFrame:
        """All synthetic rows."""
        return self._frame("synthetic")

    @cached_property
    def real(self) -> pd.DataFrame:
        """Real rows of the classes that synthetic rows have, in the shares of both tables that can be had of most."""
        return self._in_shares(self.all_real)

    @cached_property
    def synthetic(self) -> pd.DataFrame:
        """Synthetic rows, in the same shares of the classes."""
        return self._in_shares(self.all_synthetic)

    @cached_property
    def holdout(self) -> pd.DataFrame | None:
        """Real rows that nothing was learned from; None if there are none."""
        return None if self._given["holdout"] is None else self._frame("holdout")

    @cached_property
    def pair(self) -> TablePair:
        """Both tables, read alike."""
        return as_pair(self.real, self.synthetic, categorical_features=self.categorical_features)

    def column_shapes(self) -> pd.Series:
        """How alike each column is, 1 for the same distribution: :func:`.fidelity.column_shapes`."""
        return self._once("column_shapes", lambda: fidelity.column_shapes(self.pair))

    def column_pair_trends(self) -> pd.DataFrame:
        """How alike each pair of columns is; see :func:`.fidelity.column_pair_trends`."""
        return self._once("column_pair_trends", lambda: fidelity.column_pair_trends(self.pair))

    def duplicates(self) -> diversity.DuplicateShares:
        """Shares of rows that repeat another one; see :func:`.diversity.duplicate_share`."""
        return self._once(
            "duplicates", lambda: diversity.duplicate_share(self.pair, random_state=self.random_state)
        )

    def lost_categories(self) -> pd.DataFrame:
        """Categories that no synthetic row has; see :func:`.diversity.lost_categories`."""
        return self._once("lost_categories", lambda: diversity.lost_categories(self.pair))

    def copies(self) -> privacy.Comparison | None:
        """Shares of synthetic and holdout rows that equal a real one; see :func:`.privacy.exact_copies`."""
        # All training rows are looked through, and fresh rows of the same classes tell what chance does.
        return self._once(
            "copies",
            lambda: privacy.exact_copies(
                self.all_real,
                self.all_synthetic,
                None if self.holdout is None else self._like_synthetic(self.holdout),
                categorical_features=self.categorical_features,
                random_state=self.random_state,
            ),
        )

    def closest(self) -> privacy.RecordDistances | None:
        """Distances to real and holdout rows; see :func:`.privacy.distance_to_closest_record`."""
        return self._once("closest", lambda: self._private(privacy.distance_to_closest_record))

    def utility(self) -> pd.DataFrame | None:
        """Scores of models with and without the synthetic rows on the holdout, which takes seconds.

        See :func:`.utility.train_augmented_test_real`; None without a target or a holdout.
        """
        return self._once("utility", lambda: self._judged(utility.train_augmented_test_real))

    def groups(self) -> pd.DataFrame | None:
        """What the synthetic rows change for the groups of the sensitive column; see :func:`.bias.group_effects`.

        None without a target or a sensitive column; with errors of models where there is a holdout.
        """
        if self.sensitive is None or self.target is None:
            return None
        return self._once(
            "groups",
            lambda: bias.group_effects(
                self.all_real,
                self.all_synthetic,
                sensitive=self.sensitive,
                target=self.target,
                test=self.holdout,
                categorical_features=self.categorical_features,
                random_state=self.random_state,
            ),
        )

    def figure(self, name: str) -> float | None:
        """One figure of :meth:`summary`; None where it cannot be had, as privacy without a holdout."""
        if name not in FIGURES:
            raise DataError(f"Got the figure {name!r}; expected one of {list(FIGURES)}.")
        # Tables that cannot be compared are an error, rows that are too few for a figure are none.
        tables = [*self.pair.tables, *([] if self.holdout is None else [self.holdout])]
        try:
            found = self._once(name, lambda: FIGURES[name](self))
        except DataError:
            if min(map(len, tables)) >= FEW_ROWS:
                raise
            return None
        return None if found is None or np.isnan(float(found)) else float(found)

    def interval(self, name: str) -> tuple[float, float] | None:
        """The 95 % confidence interval of a figure; None where it has none."""
        if self.figure(name) is None:
            return None
        found = self._found[name]
        return (found.low, found.high) if isinstance(found, Estimate) else None

    def summary(self) -> dict[str, float | None]:
        """Every figure by name."""
        return {name: self.figure(name) for name in FIGURES}

    def to_frame(self) -> pd.DataFrame:
        """Every figure with its best value, one per row."""
        values = pd.Series(self.summary(), dtype=np.float64)
        return pd.DataFrame({"value": values, "best": pd.Series(BEST).reindex(values.index)})

    def _once(self, name: str, compute: Callable[[], Any]) -> Any:
        if name not in self._found:
            self._found[name] = compute()
        return self._found[name]

    def _frame(self, name: str) -> pd.DataFrame:
        given = self._given[name]
        return wrap_table(given() if callable(given) else given).frame

    def _judged(self, function: Callable) -> Any:
        if self.target is None or self.holdout is None:
            return None
        return function(
            self.all_real,
            self.all_synthetic,
            self.holdout,
            target=self.target,
            categorical_features=self.categorical_features,
            random_state=self.random_state,
        )

    @cached_property
    def _class_shares(self) -> pd.Series:
        """Share of each class that synthetic rows have: as many rows as both tables have of it."""
        counts = {}
        for name, frame in (("real", self.all_real), ("synthetic", self.all_synthetic)):
            if self.target not in frame:
                raise DataError(f"Got target={self.target!r}; expected {one_of(self.target, frame.columns)}")
            counts[name] = frame[self.target].value_counts()
        if not len(counts["synthetic"]):
            raise DataError(
                f"Got no class in the column {self.target!r} of the synthetic table; expected some."
            )
        real = counts["real"].reindex(counts["synthetic"].index)
        if real.isna().any():
            raise DataError(
                f"Got synthetic rows of the classes {real.index[real.isna()].tolist()[:20]}, of which there is no real "
                "row; expected classes of the real table."
            )
        both = np.minimum(real, counts["synthetic"])
        return both / both.sum()

    def _in_shares(self, frame: pd.DataFrame) -> pd.DataFrame:
        """As many rows as there can be with the shares of the classes."""
        if self.target is None:
            return frame
        shares = self._class_shares
        counts = frame[self.target].value_counts().reindex(shares.index)
        return self._drawn(frame, (shares * (counts / shares).min()).round().astype(int))

    def _like_synthetic(self, frame: pd.DataFrame) -> pd.DataFrame:
        """As many fresh rows as there can be with the classes of all synthetic ones in their proportions."""
        if self.target is None:
            return frame
        wanted = self.all_synthetic[self.target].value_counts(normalize=True)
        counts = frame[self.target].value_counts().reindex(wanted.index).fillna(0)
        if not counts.any():
            return frame
        # A class of which there are few fresh rows does not make the others few.
        least = (counts / wanted)[counts > 0].median()
        return self._drawn(frame, np.minimum(counts, (wanted * least).round()).astype(int))

    def _drawn(self, frame: pd.DataFrame, counts: pd.Series) -> pd.DataFrame:
        """So many rows of each class."""
        rng = np.random.default_rng(self.random_state)
        kept = [
            rng.permutation(np.flatnonzero(frame[self.target] == label))[:n_rows]
            for label, n_rows in counts.items()
        ]
        return frame.iloc[np.sort(np.concatenate(kept))].reset_index(drop=True)

    def _of_these_classes(self, frame: pd.DataFrame) -> pd.DataFrame:
        """All rows of the classes that synthetic rows have."""
        return frame if self.target is None else frame[frame[self.target].isin(self._class_shares.index)]

    def _private(self, function: Callable, **options: Any) -> Any:
        if self.holdout is None:
            return None
        records = self._once(
            "records",
            lambda: as_records(
                self._of_these_classes(self.all_real),
                self.all_synthetic,
                self._of_these_classes(self.holdout),
                categorical_features=self.categorical_features,
            ),
        )
        return function(records, None, None, random_state=self.random_state, **options)


def _distance_ratio(metrics: AugmentationMetrics) -> float:
    """Median distance to the nearest row among synthetic rows, in units of that among real rows."""
    found = diversity.nearest_neighbor_distances(metrics.pair, random_state=metrics.random_state)
    unit = float(np.median(found.real))
    return float(np.median(found.synthetic)) / unit if unit else np.nan


def _of(found: Any, name: str) -> Any:
    """A part of a result, if there is one."""
    return None if found is None else getattr(found, name)


# Name -> how it is computed.
FIGURES: dict[str, Callable[[AugmentationMetrics], Any]] = {
    "quality_score": lambda metrics: np.nanmean(
        [metrics.column_shapes().mean(), metrics.column_pair_trends()["score"].mean()]
    ),
    "shape": lambda metrics: metrics.column_shapes().mean(),
    "trend": lambda metrics: metrics.column_pair_trends()["score"].mean(),
    "missing_pattern_distance": lambda metrics: fidelity.missing_pattern_distance(metrics.pair),
    "c2st": lambda metrics: fidelity.c2st(metrics.pair, random_state=metrics.random_state),
    "c2st_logistic": lambda metrics: fidelity.c2st(
        metrics.pair, model="logistic", random_state=metrics.random_state
    ),
    "alpha_precision": lambda metrics: manifold.alpha_precision(
        metrics.pair, random_state=metrics.random_state
    ),
    "beta_recall": lambda metrics: manifold.beta_recall(metrics.pair, random_state=metrics.random_state),
    "authenticity": lambda metrics: manifold.authenticity(metrics.pair, random_state=metrics.random_state),
    "density": lambda metrics: manifold.density(metrics.pair, random_state=metrics.random_state),
    "coverage": lambda metrics: manifold.coverage(metrics.pair, random_state=metrics.random_state),
    "duplicate_share": lambda metrics: metrics.duplicates().synthetic,
    "duplicate_share_real": lambda metrics: metrics.duplicates().real,
    "nearest_distance_ratio": _distance_ratio,
    "categories_lost": lambda metrics: len(metrics.lost_categories()),
    "modes_lost": lambda metrics: len(diversity.lost_modes(metrics.pair, random_state=metrics.random_state)),
    "exact_copies": lambda metrics: _of(metrics.copies(), "value"),
    "exact_copies_holdout": lambda metrics: _of(metrics.copies(), "baseline"),
    "nearer_to_train": lambda metrics: _of(metrics.closest(), "nearer_to_train"),
    "membership_distance": lambda metrics: metrics._private(privacy.membership_inference),
    "membership_domias": lambda metrics: metrics._private(privacy.membership_inference, method="domias"),
}
# What fresh real rows would have, where that is one number.
BEST = {
    "quality_score": 1,
    "shape": 1,
    "trend": 1,
    "missing_pattern_distance": 0,
    "c2st": 0.5,
    "c2st_logistic": 0.5,
    "alpha_precision": 1,
    "beta_recall": 1,
    "density": 1,
    "coverage": 1,
    "nearest_distance_ratio": 1,
    "categories_lost": 0,
    "modes_lost": 0,
    "nearer_to_train": 0.5,
    "membership_distance": 0.5,
    "membership_domias": 0.5,
}
