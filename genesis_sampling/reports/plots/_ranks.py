"""Mean ranks of several candidates over data sets, and which of them a test can tell apart."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...exceptions import DataError
from ._display import Display, ink, palette, plain

__all__ = ["RanksDisplay", "groups_within"]

# Names longer than this go on over a second line, which ends them.
NAME_WIDTH = 27
# Heights in inches: of a line of text, of the free space between names, and between bars.
LINE, NAME_GAP, BAR_GAP = 0.155, 0.085, 0.115
# What stands above the axis: numbers of ranks, and the ruler with its words.
ABOVE = 0.62
INCHES_PER_SIGN = 0.078


class RanksDisplay(Display):
    """Mean ranks on an axis, with bars that join candidates which a test cannot tell apart.

    Parameters
    ----------
    mean_ranks : Series of shape (n_candidates,)
        By name; 1 is the best that can be.
    critical_difference : float
        Mean ranks that are farther apart differ.
    reference : label, default=None
        Name of the candidate that stands out, such as doing nothing.

    Attributes
    ----------
    groups : list of tuple
        Names that one bar joins, the best first.
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (1,)
    ax_ : Axes

    Notes
    -----
    The picture of Demšar [1]_, with the best on the left. Two candidates are joined by a bar exactly where their mean
    ranks are no farther apart than the critical difference, whose length is the ruler above the axis.

    References
    ----------
    .. [1] J. Demšar, "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning
       Research 7, 2006.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.reports.plots import RanksDisplay
    >>> ranks = pd.DataFrame({"nothing": [3, 3, 2], "noise": [1, 2, 1], "copies": [2, 1, 3]})
    >>> RanksDisplay.from_samples(ranks, 1.2).groups
    [('noise', 'copies'), ('copies', 'nothing')]
    """

    def __init__(self, mean_ranks: pd.Series, *, critical_difference: float, reference: Any = None):
        self.mean_ranks = mean_ranks.sort_values(kind="stable")
        self.critical_difference = critical_difference
        self.reference = reference
        self.groups = groups_within(self.mean_ranks, critical_difference)

    @classmethod
    def from_samples(
        cls, ranks: pd.DataFrame, critical_difference: float, *, reference: Any = None, ax: Any = None
    ) -> RanksDisplay:
        """Draw the mean ranks of candidates.

        Parameters
        ----------
        ranks : DataFrame of shape (n_datasets, n_candidates)
            1 for the best of a data set; ties share their ranks.
        critical_difference : float
            Above 0.
        reference : label, default=None
            Name of the candidate that stands out.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        RanksDisplay

        Raises
        ------
        DataError
            For fewer than two candidates, missing ranks, or a difference that is not above 0.
        """
        if ranks.shape[1] < 2 or not len(ranks) or ranks.isna().to_numpy().any():
            raise DataError(
                f"Got ranks of shape {ranks.shape}; expected two candidates or more with a rank on each data set."
            )
        if not critical_difference > 0:
            raise DataError(f"Got critical_difference={critical_difference}; expected a number above 0.")
        return cls(ranks.mean(), critical_difference=critical_difference, reference=reference).plot(ax)

    @property
    def size(self) -> tuple[float, float]:
        """As wide as the names need beside the axis, as high as they need below each other."""
        left, right = self._sides()
        beside = sum(max(map(_widest, side), default=0) for side in (left, right))
        height = ABOVE + self._bar_room() + max(map(_height, (left, right))) + 0.45
        return 3.4 + INCHES_PER_SIGN * beside, height

    @property
    def description(self) -> str:
        ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in self.mean_ranks.items())
        joined = "; ".join(" with ".join(map(str, group)) for group in self.groups)
        apart = f"Not told apart: {joined}." if self.groups else "All of them are told apart."
        return (
            f"Mean ranks on an axis, 1 is best: {ranks}. Farther apart than {self.critical_difference:.2f} is "
            f"beyond chance. {apart}"
        )

    def _sides(self) -> tuple[list[str], list[str]]:
        """Labels of the better half from top to bottom, and of the other half, the worst of which is at the top."""
        labels = [_label(name, rank) for name, rank in self.mean_ranks.items()]
        half = -(-len(labels) // 2)
        return labels[:half], labels[: half - 1 : -1]

    def _bar_room(self) -> float:
        """Height from the axis to the first name."""
        return 0.2 + BAR_GAP * (max(_levels(self._spans()), default=-1) + 1)

    def _spans(self) -> list[tuple[float, float]]:
        """Ends of the bars, somewhat beyond the ranks that they join."""
        beyond = 0.02 * self._length
        return [
            (self.mean_ranks.iloc[first] - beyond, self.mean_ranks.iloc[last] + beyond)
            for first, last in _runs(self.mean_ranks.to_numpy(), self.critical_difference)
        ]

    @property
    def _length(self) -> int:
        """Of the axis, which goes from rank 1 to the number of candidates."""
        return len(self.mean_ranks) - 1

    def _draw(self, axes: np.ndarray) -> None:
        panel = axes[0]
        below = self._bar_room() + max(map(_height, self._sides()))
        panel.set(xlim=(1 - 0.05 * self._length, 1 + 1.05 * self._length), ylim=(-below, ABOVE))
        panel.set_title("Mean ranks, 1 is best")
        panel.set_axis_off()
        self._draw_axis(panel)
        self._draw_names(panel)
        for (left, right), level in zip(self._spans(), _levels(self._spans())):
            height = -0.13 - BAR_GAP * level
            panel.plot(
                [left, right],
                [height] * 2,
                color=palette(panel)[1],
                linewidth=4,
                solid_capstyle="butt",
                gid="bar",
            )

    def _draw_axis(self, panel: Any) -> None:
        """The axis with its numbers, and the ruler as long as the critical difference."""
        color, end = ink(panel), 1 + self._length
        panel.plot([1, end], [0, 0], color=color, linewidth=1.2)
        step = -(-end // 12)
        for rank in range(1, end + 1, step):
            panel.plot([rank, rank], [0, 0.06], color=color, linewidth=1)
            panel.text(rank, 0.08, str(rank), ha="center", va="bottom", color=color)
        shown = min(self.critical_difference, float(self._length))
        panel.plot([1, 1 + shown], [0.36, 0.36], color=color, linewidth=1.2)
        for place in (1, 1 + shown)[: 2 if shown == self.critical_difference else 1]:
            panel.plot([place, place], [0.32, 0.4], color=color, linewidth=1.2)
        text = f"critical difference {self.critical_difference:.2f}"
        panel.text(1, 0.43, text, ha="left", va="bottom", color=color, fontsize="small")

    def _draw_names(self, panel: Any) -> None:
        """Names beside the axis, each with a line to its mean rank."""
        ranks = self.mean_ranks
        left, right = self._sides()
        sides = [(left, ranks.index[: len(left)], 0.0, "right"), (right, ranks.index[::-1], 1.0, "left")]
        for labels, names, edge, align in sides:
            height = -self._bar_room()
            for label, name in zip(labels, names):
                half = _label_height(label) / 2
                self._draw_name(panel, label, name, height - half, edge, align)
                height -= 2 * half + NAME_GAP

    def _draw_name(self, panel: Any, label: str, name: Any, height: float, edge: float, align: str) -> None:
        rank, stands_out = self.mean_ranks[name], name == self.reference
        color = palette(panel)[0] if stands_out else ink(panel)
        end = panel.get_xlim()[int(edge)]
        panel.plot([rank, rank, end], [0, height, height], color=color, linewidth=1.6 if stands_out else 0.8)
        panel.plot([rank], [0], marker="o", markersize=4, color=color)
        panel.annotate(
            label,
            (edge, height),
            xytext=(-4 if align == "right" else 4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha=align,
            va="center",
            color=color,
            fontweight="bold" if stands_out else "normal",
            gid="name",
        )


def groups_within(mean_ranks: pd.Series, difference: float) -> list[tuple[Any, ...]]:
    """The largest sets of neighbours on the axis that are no farther apart than a difference.

    Parameters
    ----------
    mean_ranks : Series of shape (n_candidates,)
        In ascending order.
    difference : float

    Returns
    -------
    groups : list of tuple of names
        None of a single name, and none that lies within another one.
    """
    names = list(mean_ranks.index)
    return [tuple(names[first : last + 1]) for first, last in _runs(mean_ranks.to_numpy(), difference)]


def _runs(ranks: np.ndarray, difference: float) -> list[tuple[int, int]]:
    """First and last positions of these sets."""
    ends = np.searchsorted(ranks, ranks + difference, side="right") - 1
    return [
        (first, int(last))
        for first, last in enumerate(ends)
        if last > first and (first == 0 or last > ends[first - 1])
    ]


def _levels(spans: Sequence[tuple[float, float]]) -> list[int]:
    """The highest level on which each bar touches none that is there already."""
    ends: list[float] = []
    found = []
    for left, right in spans:
        level = next((level for level, end in enumerate(ends) if end < left), len(ends))
        ends[level : level + 1] = [right]
        found.append(level)
    return found


def _label(name: Any, rank: float) -> str:
    """A name on at most two lines, and its mean rank."""
    lines = textwrap.wrap(plain(name, 2 * NAME_WIDTH), NAME_WIDTH, max_lines=2, placeholder="…") or [""]
    return "\n".join([*lines[:-1], f"{lines[-1]}  {rank:.2f}"])


def _widest(label: str) -> int:
    return max(map(len, label.split("\n")))


def _label_height(label: str) -> float:
    return LINE * len(label.split("\n"))


def _height(labels: Sequence[str]) -> float:
    """Of labels below each other."""
    return sum(_label_height(label) + NAME_GAP for label in labels)
