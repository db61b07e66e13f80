"""Scores of several candidates side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ...exceptions import DataError
from ._display import Display, ink, palette, plain, slant

__all__ = ["ComparisonDisplay"]


class ComparisonDisplay(Display):
    """Bars of the scores of several candidates, with intervals.

    Parameters
    ----------
    means : DataFrame of shape (n_candidates, n_scores)
    low, high : DataFrame of shape (n_candidates, n_scores), default=None
        Ends of the intervals; NaN where there is none.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (1,)
    ax_ : Axes

    Examples
    --------
    >>> from genesis_sampling.reports.plots import ComparisonDisplay
    >>> folds = {
    ...     "nothing": {"precision": [0.8, 0.7, 0.9], "recall": [0.3, 0.4, 0.3]},
    ...     "noise": {"precision": [0.6, 0.7, 0.6], "recall": [0.6, 0.5, 0.7]},
    ... }
    >>> display = ComparisonDisplay.from_samples(folds)
    >>> display.means.round(2)
             precision  recall
    nothing       0.80    0.33
    noise         0.63    0.60
    """

    def __init__(
        self, means: pd.DataFrame, *, low: pd.DataFrame | None = None, high: pd.DataFrame | None = None
    ):
        self.means = means
        self.low = low
        self.high = high

    @classmethod
    def from_samples(
        cls,
        scores: Mapping[Any, Mapping[str, Any]],
        *,
        confidence: float = 0.95,
        ax: Any = None,
    ) -> ComparisonDisplay:
        """Draw means of repeated scores.

        Parameters
        ----------
        scores : mapping of candidate to mapping of score name to array-like of shape (n_repeats,)
            What each candidate reached, such as one number for each fold; a dict of frames will do.
        confidence : float, default=0.95
            Of the intervals.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        DataError
            Where there is nothing to draw, or the confidence is not between 0 and 1.

        Notes
        -----
        An interval is the mean :math:`\\pm\\, t\\, s / \\sqrt n` with the quantile :math:`t` of Student's distribution.
        Folds share rows to train on, so such intervals are somewhat too narrow.
        """
        if not 0 < confidence < 1:
            raise DataError(f"Got confidence={confidence}; expected a number between 0 and 1.")
        if not scores:
            raise DataError("Got no candidate; expected a mapping of names to scores.")
        spread = {
            name: {score: _interval(values, confidence) for score, values in scores[name].items()}
            for name in scores
        }
        mean, low, high = (
            pd.DataFrame.from_dict(
                {name: {score: ends[at] for score, ends in row.items()} for name, row in spread.items()},
                orient="index",
            )
            for at in range(3)
        )
        return cls(mean, low=low, high=high).plot(ax)

    @property
    def size(self) -> tuple[float, float]:
        """As wide as the bars need."""
        return min(13.0, max(5.5, 1.6 + 0.45 * self.means.size)), 3.8

    @property
    def description(self) -> str:
        rows = (
            f"{name}: " + ", ".join(f"{score} {value:.3f}" for score, value in row.items())
            for name, row in self.means.iterrows()
        )
        return f"Bars of scores. {'; '.join(rows)}."

    def _draw(self, axes: np.ndarray) -> None:
        panel, n_scores = axes[0], self.means.shape[1]
        colors = palette(panel)
        places, width = np.arange(len(self.means)), 0.8 / n_scores
        for position, score in enumerate(self.means):
            panel.bar(
                places + (position - (n_scores - 1) / 2) * width,
                self.means[score],
                width=width * 0.94,
                color=colors[position % len(colors)],
                label=plain(score),
                yerr=self._errors(score),
                error_kw={"ecolor": ink(panel), "elinewidth": 1.1, "capsize": 2.5},
            )
        labels = [plain(name, 22) for name in self.means.index]
        panel.set_xticks(places, labels, **slant(labels, 6 * self.size[0]))
        panel.set(ylabel="score", title="Scores with intervals" if self.low is not None else "Scores")
        panel.margins(y=0.12)
        # Beside the bars, where it hides none.
        panel.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small", frameon=False)

    def _errors(self, score: Any) -> np.ndarray | None:
        if self.low is None or self.high is None:
            return None
        mean = self.means[score]
        return np.array([mean - self.low[score], self.high[score] - mean])


def _interval(values: Any, confidence: float) -> tuple[float, float, float]:
    """Mean and both ends of its interval; NaN for ends of a single value."""
    known = np.asarray(values, dtype=np.float64).ravel()
    known = known[~np.isnan(known)]
    if not len(known):
        return np.nan, np.nan, np.nan
    mean = float(known.mean())
    if len(known) < 2:
        return mean, np.nan, np.nan
    half = student.ppf((1 + confidence) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return mean, mean - half, mean + half
