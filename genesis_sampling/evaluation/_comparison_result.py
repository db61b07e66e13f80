"""What a comparison gives: scores by fold, what they say, and how it is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from .._folds import Difference, corrected_difference, holm_adjusted
from ..exceptions import DataError
from ..reports._html import html_fragment, html_page
from ..reports._markdown import markdown_page
from ._comparison_pages import comparison_blocks, comparison_lines, comparison_sections, metric_title
from ._comparison_rows import NOTHING
from ._comparison_scores import BOUNDS
from ._findings import plain

__all__ = ["ComparisonResult"]

COLUMNS = (
    "mean",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "p_value",
    "p_holm",
    "rank",
    "n_folds",
)


@dataclass(frozen=True, eq=False, repr=False)
class ComparisonResult:
    """What :func:`compare_samplers` gives.

    Parameters
    ----------
    scores : DataFrame of shape (n_values, 5)
        One value per row: ``sampler``, ``estimator``, ``fold``, ``metric``, ``value``. NaN where it failed, and for
        figures of new rows where none were made.
    errors : DataFrame
        What failed: ``sampler``, ``estimator``, ``fold``, ``metric`` (empty for all of them) and ``error``.
    warnings : DataFrame
        What was warned of: ``sampler``, ``estimator``, ``fold``, ``warning``.
    metrics : dict of str to str
        Names of the metrics, and which way is better: ``"more"``, ``"less"``, ``"one"`` (the nearer to 1), or ``""``.
    test_share : float
        Share of the rows that a fold tests on.
    counts : dict
        Rows of each class.
    positive : label or None, default=None
        The class that the scores of one class are of, the rarer one of two.
    title : str, default="Comparison of samplers"
        Heading of the pages.
    """

    scores: pd.DataFrame
    errors: pd.DataFrame
    warnings: pd.DataFrame
    metrics: dict[str, str]
    test_share: float
    counts: dict[Any, int]
    positive: Any = None
    title: str = field(default="Comparison of samplers", repr=False)

    @property
    def samplers(self) -> list[str]:
        """Names of the rows, ``"nothing"`` first."""
        return list(pd.unique(self.scores["sampler"]))

    @property
    def estimators(self) -> list[str]:
        """Names of the estimators."""
        return list(pd.unique(self.scores["estimator"]))

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.scores["fold"].nunique())

    def by_fold(self, metric: str, estimator: str) -> pd.DataFrame:
        """Values of one metric and one estimator; infinite ones are NaN.

        Parameters
        ----------
        metric, estimator : str

        Returns
        -------
        values : DataFrame of shape (n_samplers, n_folds)
        """
        self._check("metric", metric, self.metrics)
        self._check("estimator", estimator, self.estimators)
        kept = self.scores[(self.scores["metric"] == metric) & (self.scores["estimator"] == estimator)]
        table = kept.pivot(index="sampler", columns="fold", values="value").reindex(self.samplers)
        return table.where(np.isfinite(table))

    def to_frame(self, metric: str | None = None) -> pd.DataFrame:
        """One row per estimator and sampler.

        Parameters
        ----------
        metric : str or None, default=None
            None for the means of all metrics side by side.

        Returns
        -------
        frame : DataFrame
            With the index ``estimator``, ``sampler``. For one metric: ``mean`` over the folds with the ends of its 95 %
            interval, ``low`` and ``high``, within what the metric can be; ``difference`` to nothing on the same folds
            with its interval and ``p_value``, all corrected for training rows that folds share [1]_; ``p_holm``,
            adjusted over the samplers [2]_; ``rank``, 1 for the best; ``n_folds`` that have a value.

        References
        ----------
        .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52(3), 2003.
        .. [2] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
           6(2), 1979.
        """
        if metric is None:
            means = {name: self.to_frame(name)["mean"] for name in self.metrics}
            return pd.DataFrame(means)
        parts = {name: self._compared(metric, name) for name in self.estimators}
        return pd.concat(parts, names=["estimator", "sampler"])

    def _compared(self, metric: str, estimator: str) -> pd.DataFrame:
        values = self.by_fold(metric, estimator)
        own = [corrected_difference(row, self.test_share) for row in values.to_numpy()]
        against = [
            corrected_difference(row, self.test_share) for row in (values - values.loc[NOTHING]).to_numpy()
        ]
        frame = pd.DataFrame(index=values.index, columns=list(COLUMNS), dtype=np.float64)
        frame[["mean", "low", "high"]] = [(one.mean, one.low, one.high) for one in own]
        frame[["low", "high"]] = self._clipped(metric, values, frame[["low", "high"]])
        frame[["difference", "difference_low", "difference_high", "p_value"]] = [
            (one.mean, one.low, one.high, one.p_value) for one in against
        ]
        frame.loc[NOTHING, "p_value"] = math.nan
        frame["p_holm"] = holm_adjusted(frame["p_value"].to_numpy())
        frame["rank"] = self._ranks(metric, values)
        frame["n_folds"] = values.notna().sum(axis=1)
        return frame

    def _clipped(self, metric: str, values: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
        """Ends of intervals of means, none where the metric has no value."""
        least, most = BOUNDS.get(metric, (-math.inf, math.inf))
        # A score of the caller's may have the name of one of ours.
        is_ours = ((values >= least) & (values <= most) | values.isna()).all(axis=None)
        return ends.clip(least, most) if is_ours else ends

    def _ranks(self, metric: str, values: pd.DataFrame) -> pd.Series:
        """Places by the mean gain over nothing on the folds that a row has, or by the mean where nothing has none."""
        if not self.metrics[metric]:
            return pd.Series(math.nan, index=values.index)
        good = self._goodness(metric, values)
        gains = good - good.loc[NOTHING] if good.loc[NOTHING].notna().any() else good
        # Equal but for rounding is a tie.
        return gains.mean(axis=1).round(12).rank(ascending=False)

    def _goodness(self, metric: str, values: pd.DataFrame) -> pd.DataFrame:
        """The same values, the larger the better."""
        better = self.metrics[metric]
        return -values if better == "less" else -(values - 1).abs() if better == "one" else values

    def gains(self, metric: str, estimator: str | None = None) -> pd.DataFrame:
        """How much better than nothing each row is on each fold, whichever way is better for the metric.

        Parameters
        ----------
        metric : str
        estimator : str or None, default=None
            None for the mean over the estimators, NaN where one of them failed.

        Returns
        -------
        gains : DataFrame of shape (n_samplers, n_folds)
        """
        names = self.estimators if estimator is None else [estimator]
        parts = [self._goodness(metric, self.by_fold(metric, name)) for name in names]
        gains = [part - part.loc[NOTHING] for part in parts]
        return sum(gains[1:], start=gains[0]) / len(gains)

    def best(
        self, metric: str = "average_precision", estimator: str | None = None, *, alpha: float = 0.05
    ) -> str:
        """Name of the best row, which is ``"nothing"`` unless another one is better beyond chance.

        Parameters
        ----------
        metric : str, default="average_precision"
        estimator : str or None, default=None
            None for all of them: the gain is their mean, and none may lose.
        alpha : float, default=0.05
            Level of the test.

        Returns
        -------
        name : str

        Notes
        -----
        Of the rows with a value in each fold, those whose mean gain over nothing is above 0 with a corrected two-sided
        test below ``alpha`` after Holm's adjustment over all rows are better beyond chance; the one of the largest gain
        is taken.
        """
        self._check("metric", metric, {name: way for name, way in self.metrics.items() if way})
        others = self.samplers[1:]
        tested = [self._test(metric, estimator, name) for name in others]
        adjusted = holm_adjusted([one.p_value for one in tested])
        names = self.estimators if estimator is None else [estimator]
        losing = [(self.gains(metric, name).mean(axis=1) <= 0).reindex(others).to_numpy() for name in names]
        gains = [
            one.mean if p < alpha and one.mean > 0 and not lost else 0.0
            for one, p, lost in zip(tested, adjusted, np.any(losing, axis=0))
        ]
        return others[int(np.argmax(gains))] if gains and max(gains) > 0 else NOTHING

    def _test(self, metric: str, estimator: str | None, sampler: str) -> Difference:
        gains = self.gains(metric, estimator).loc[sampler]
        # One that fails in a fold cannot be used, however good it is elsewhere.
        return corrected_difference(gains if gains.notna().all() else [], self.test_share)

    def plot(
        self,
        metric: str = "average_precision",
        *,
        estimator: str | None = None,
        difference: bool = False,
        ax: Any = None,
    ) -> Any:
        """Draw the means of one metric as bars with their 95 % intervals.

        Parameters
        ----------
        metric : str, default="average_precision"
        estimator : str or None, default=None
            None for all of them side by side.
        difference : bool, default=False
            Whether to draw differences to nothing, whose intervals tell what is beyond chance.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        DataError
            Where there is no value to draw.
        """
        display = self._display(metric, estimator, difference).plot(ax)
        display.ax_.set(
            title="Difference to nothing" if difference else "Means over folds",
            ylabel=metric_title(self, metric),
        )
        return display

    def _display(self, metric: str, estimator: str | None = None, difference: bool = False) -> Any:
        """What can be drawn: rows without a value are left out."""
        from ..reports.plots import ComparisonDisplay

        parts = {
            name: self._compared(metric, name)
            for name in (self.estimators if estimator is None else [estimator])
        }
        columns = (
            ("difference", "difference_low", "difference_high") if difference else ("mean", "low", "high")
        )
        means, low, high = (
            pd.DataFrame({name: part[column] for name, part in parts.items()}) for column in columns
        )
        # As in the tables: the best first, by the mean over the estimators where there are several.
        ranks = pd.DataFrame({name: part["rank"] for name, part in parts.items()}).mean(axis=1)
        order = ranks.sort_values(kind="stable", na_position="last").index
        means = means.loc[order]
        drawn = means.index[means.notna().any(axis=1) & ((means.index != NOTHING) | (not difference))]
        if not len(drawn):
            raise DataError(f"Got no value of {metric!r} to draw; expected one at least.")
        return ComparisonDisplay(means.loc[drawn], low=low.loc[drawn], high=high.loc[drawn])

    def to_html(self, path: str | PathLike[str] | None = None, *, title: str | None = None) -> str:
        """The comparison as one HTML file, which needs no network, runs no script and follows the reader's dark mode.

        Parameters
        ----------
        path : str or path, default=None
            Where to write it too; it appears whole or not at all.
        title : str, default=None
            Heading instead of the usual one.

        Returns
        -------
        str
        """
        return html_page(
            self.title if title is None else title, comparison_sections(self, pictures=True), path
        )

    def to_markdown(self, *, title: str | None = None) -> str:
        """The comparison as Markdown.

        Parameters
        ----------
        title : str, default=None
            First heading instead of the usual one.
        """
        return markdown_page(self.title if title is None else title, comparison_sections(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain containers: for each metric one record per estimator and sampler, and what failed."""
        return plain(
            {
                "counts": self.counts,
                "n_folds": self.n_folds,
                "metrics": {
                    name: self.to_frame(name).reset_index().to_dict("records") for name in self.metrics
                },
                "errors": self.errors.to_dict("records"),
            }
        )

    def to_json(self, *, indent: int | None = 2) -> str:
        """The same as JSON; what is no number is null."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __str__(self) -> str:
        return "\n".join(comparison_lines(self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_fragment(comparison_blocks(self))

    def _check(self, what: str, name: str, known: Sequence[str] | dict[str, str]) -> None:
        if name not in known:
            raise DataError(f"Got {what}={name!r}; expected one of {list(known)}.")
