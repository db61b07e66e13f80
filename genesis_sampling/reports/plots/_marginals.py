"""Each column by itself: real and synthetic distributions on top of one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ._display import Display, palette, percent, plain, share_axis, slant
from ._rows import Rows, read_rows

__all__ = ["Marginal", "MarginalsDisplay"]

MAX_BINS = 30
# Categories beyond the most frequent ones are drawn as one bar.
MAX_BARS = 10
# Numbers of fewer distinct values are drawn as bars, one each.
FEW_VALUES = 12


@dataclass(frozen=True)
class Marginal:
    """The distribution of one column in both tables.

    Parameters
    ----------
    name : str
    real, synthetic : ndarrays of shape (n_bins,)
        Shares of the rows.
    edges : ndarray of shape (n_bins + 1,) or None
        Of the bins of numbers.
    labels : list of str or None
        Of the bars of categories.
    missing : tuple of float
        Shares of missing values, real and synthetic, which are not part of a histogram.
    is_time : bool, default=False
        Whether the edges are days since 1970.
    score : float, default=None
        How well the distributions match, in [0, 1].
    """

    name: str
    real: np.ndarray
    synthetic: np.ndarray
    edges: np.ndarray | None = None
    labels: list[str] | None = None
    missing: tuple[float, float] = (0.0, 0.0)
    is_time: bool = False
    score: float | None = None

    @property
    def overlap(self) -> float:
        """Share of the drawn areas that both have in common, gaps included."""
        pairs = [*zip(self.real, self.synthetic), self.missing]
        return 1 - sum(abs(real - synthetic) for real, synthetic in pairs) / 2

    @property
    def match(self) -> float:
        """The score where one is known, else the overlap."""
        return self.overlap if self.score is None else self.score


class MarginalsDisplay(Display):
    """Distributions of columns, real and synthetic on top of one another: histograms, and bars for categories.

    Parameters
    ----------
    marginals : list of Marginal
        One for each panel.
    n_columns : int
        Columns that the tables have.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (n_panels,)
    ax_ : Axes
        The first of them.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.reports.plots import MarginalsDisplay
    >>> real, synthetic = make_transactions(500), make_transactions(500, random_state=1)
    >>> display = MarginalsDisplay.from_samples(real, synthetic, columns=["amount", "country"])
    >>> [marginal.name for marginal in display.marginals]
    ['amount', 'country']
    """

    panel_size = (3.7, 2.5)

    def __init__(self, marginals: list[Marginal], *, n_columns: int):
        self.marginals = marginals
        self.n_columns = n_columns

    @classmethod
    def from_samples(
        cls,
        real: Any,
        synthetic: Any,
        *,
        target: Any = None,
        columns: list | None = None,
        max_columns: int = 9,
        scores: Mapping[Any, float] | None = None,
        ax: Any = None,
    ) -> MarginalsDisplay:
        """Draw the columns of two tables.

        Parameters
        ----------
        real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        target : str or int, default=None
            Name of the column that holds the class. Real rows of classes without synthetic rows are left out then.
        columns : list of names, default=None
            Which, in this order. None for the worst-matching ones, the worst first.
        max_columns : int, default=9
            How many at most, without ``columns``.
        scores : mapping of name to float, default=None
            How well each column matches, such as ``AugmentationMetrics.column_shapes()``. None for the overlap of what
            is drawn.
        ax : array-like of Axes, default=None
            Where to draw, one for each column; None for a new figure.

        Returns
        -------
        MarginalsDisplay

        Raises
        ------
        DataError
            For a column that is not there.
        """
        return cls.from_rows(read_rows(real, synthetic, target), columns, max_columns, scores).plot(ax)

    @classmethod
    def from_rows(
        cls, rows: Rows, columns: Any = None, max_columns: int = 9, scores: Any = None
    ) -> MarginalsDisplay:
        """Prepare what is drawn of rows that were read already."""
        rows = rows.comparable
        names = rows.pair.names
        chosen = range(len(names)) if columns is None else [rows.pair.column(name) for name in columns]
        marginals = [_marginal(rows, column, scores) for column in chosen]
        if columns is None:
            marginals = sorted(marginals, key=lambda marginal: marginal.match)[:max_columns]
        return cls(marginals, n_columns=len(names))

    @property
    def n_panels(self) -> int:
        """One for each column that is drawn."""
        return len(self.marginals)

    @property
    def description(self) -> str:
        matches = ", ".join(f"{marginal.name} {marginal.match:.2f}" for marginal in self.marginals)
        which = (
            "columns" if self.n_columns == self.n_panels else f"{self.n_panels} of {self.n_columns} columns"
        )
        return f"Distributions of {which}, real and synthetic; how well they match, from 0 to 1: {matches}."

    def _draw(self, axes: np.ndarray) -> None:
        for panel, marginal in zip(axes, self.marginals):
            if marginal.edges is None:
                _draw_bars(panel, marginal)
            else:
                _draw_histogram(panel, marginal)
            panel.set_title(f"{plain(marginal.name, 24)}: match {marginal.match:.2f}")
            share_axis(panel)
            panel.locator_params(axis="y", nbins=4)
        axes[0].legend(loc="best", fontsize="small", framealpha=0.85)


def _marginal(rows: Rows, column: int, scores: Any) -> Marginal:
    score = None if scores is None else scores.get(rows.pair.names[column])
    known = None if score is None or np.isnan(score) else float(score)
    sides, labels, title = rows.axis(column), rows.labels(column), rows.title(column)
    by_size = not rows.pair.is_number[column]
    if labels is None and not rows.is_time(column):
        distinct = np.unique(np.concatenate([side[~np.isnan(side)] for side in sides]))
        if len(distinct) <= FEW_VALUES:
            labels = [f"{value:g}" for value in distinct]
            sides = _positions(sides[0], distinct), _positions(sides[1], distinct)
    if labels is not None:
        real, synthetic, labels = _bars(*sides, labels, by_size=by_size)
        return Marginal(title, real, synthetic, labels=labels, score=known)
    real, synthetic, edges, missing = _bins(*sides)
    return Marginal(title, real, synthetic, edges, missing=missing, is_time=rows.is_time(column), score=known)


def _positions(values: np.ndarray, distinct: np.ndarray) -> np.ndarray:
    """Numbers as positions in the sorted distinct ones, NaN where a value is missing."""
    return np.where(np.isnan(values), np.nan, np.searchsorted(distinct, values))


def _bins(real: np.ndarray, synthetic: np.ndarray) -> tuple:
    """Shares of the bins of numbers, real and synthetic, their edges, and the shares of missing values."""
    sides = [side[~np.isnan(side)] for side in (real, synthetic)]
    edges = _edges(np.concatenate(sides))
    # A few values far out would leave one bar of all others: they are counted in the outermost bins.
    shares = [
        np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / len(all_values)
        for side, all_values in zip(sides, (real, synthetic))
    ]
    return *shares, edges, (float(np.isnan(real).mean()), float(np.isnan(synthetic).mean()))


def _bars(
    real: np.ndarray, synthetic: np.ndarray, labels: list[str], *, by_size: bool
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Shares of each bar, real and synthetic, and what the bars are called.

    The columns hold positions in ``labels``, NaN where a value is missing.
    """
    n_labels = len(labels)
    counts = [
        np.bincount(np.nan_to_num(side, nan=n_labels).astype(np.intp), minlength=n_labels + 1) / len(side)
        for side in (real, synthetic)
    ]
    order = np.argsort(-counts[0][:n_labels], kind="stable") if by_size else np.arange(n_labels)
    order = order[(counts[0] + counts[1])[order] > 0]
    shown, rest = order[:MAX_BARS], order[MAX_BARS:]
    if len(rest) == 1 or not by_size:
        shown, rest = order, order[:0]
    shares = [list(count[shown]) for count in counts]
    names = [labels[position] for position in shown]
    for label, extra in ((f"{len(rest)} others", rest), ("missing", [n_labels])):
        sums = [count[extra].sum() for count in counts]
        if any(sums):
            names.append(label)
            for share, total in zip(shares, sums):
                share.append(total)
    return np.array(shares[0]), np.array(shares[1]), names


def _edges(values: np.ndarray) -> np.ndarray:
    """Edges of bins of the middle 99 % of the values."""
    if not len(values) or values.min() == values.max():
        middle = values[0] if len(values) else 0.0
        return np.array([middle - 0.5, middle + 0.5])
    low, high = np.quantile(values, [0.005, 0.995])
    if low == high:
        low, high = values.min(), values.max()
    return np.linspace(low, high, min(MAX_BINS, max(8, round(len(values) ** 0.5))) + 1)


def _draw_histogram(panel: Axes, marginal: Marginal) -> None:
    assert marginal.edges is not None
    real, synthetic, *_ = palette(panel)
    panel.stairs(marginal.real, marginal.edges, color=real, label="real", fill=True, alpha=0.6)
    panel.stairs(marginal.synthetic, marginal.edges, color=synthetic, label="synthetic", linewidth=1.8)
    if marginal.is_time:
        panel.xaxis.axis_date()
        panel.tick_params(axis="x", rotation=25)
    if any(marginal.missing):
        panel.set_xlabel("missing: real {}, synthetic {}".format(*map(percent, marginal.missing)))


def _draw_bars(panel: Axes, marginal: Marginal) -> None:
    assert marginal.labels is not None
    places = np.arange(len(marginal.labels))
    real, synthetic, *_ = palette(panel)
    panel.bar(places - 0.2, marginal.real, width=0.4, color=real, label="real")
    panel.bar(places + 0.2, marginal.synthetic, width=0.4, color=synthetic, label="synthetic")
    labels = [plain(label, 14) for label in marginal.labels]
    panel.set_xticks(places, labels, **slant(labels, 30))
