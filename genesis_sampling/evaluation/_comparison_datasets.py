"""Comparisons on several data sets together: ranks, and whether they differ beyond chance."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import friedmanchisquare, studentized_range, wilcoxon

from .._folds import holm_adjusted
from ..exceptions import DataError
from ..reports._html import html_fragment, html_page
from ..reports._markdown import markdown_page
from ..reports._words import one_line
from ._comparison_pages import TITLES, datasets_sections
from ._comparison_result import ComparisonResult
from ._comparison_rows import NOTHING

__all__ = ["DatasetsComparison", "compare_over_datasets", "over_datasets"]

MIN_DATASETS = 2
TITLE = "Comparison of samplers over data sets"


@dataclass(frozen=True, eq=False, repr=False)
class DatasetsComparison:
    """What :func:`compare_over_datasets` gives.

    Parameters
    ----------
    metric : str
    scores : DataFrame of shape (n_datasets, n_samplers)
        Means over folds, and over estimators.
    ranks : DataFrame of shape (n_datasets, n_samplers)
        1 for the best row of a data set; ties share their ranks.
    gains : DataFrame of shape (n_datasets, n_samplers)
        How much better than nothing, whichever way is better for the metric.
    friedman_statistic, friedman_p_value : float
        Chi square of the test that all samplers rank alike, and its p-value; NaN for two samplers.
    f_statistic, f_p_value : float
        The same after Iman and Davenport, which is less conservative.
    critical_difference : float
        Mean ranks that are farther apart differ by Nemenyi's test.
    alpha : float
        Level of that test.
    left_out : dict of str to str
        Samplers that could not be ranked, and why.
    """

    metric: str
    scores: pd.DataFrame
    ranks: pd.DataFrame
    gains: pd.DataFrame
    friedman_statistic: float
    friedman_p_value: float
    f_statistic: float
    f_p_value: float
    critical_difference: float
    alpha: float
    left_out: dict[str, str]

    def to_frame(self) -> pd.DataFrame:
        """One row per sampler, the best mean rank first.

        Returns
        -------
        frame : DataFrame
            ``mean_rank``; ``mean_gain`` over nothing; ``wins`` and ``losses`` against it, in data sets; ``p_value`` of
            Wilcoxon's signed-rank test against nothing and ``p_holm``, adjusted over the samplers;
            ``differs``: whether the mean rank is a critical difference away from that of nothing.
        """
        others = [name for name in self.ranks if name != NOTHING]
        p_values = pd.Series(
            {name: _signed_rank(self.gains[name].to_numpy()) for name in others}, dtype=float
        )
        adjusted = pd.Series(holm_adjusted(p_values.to_numpy()), index=p_values.index)
        mean_rank = self.ranks.mean()
        away = (mean_rank - mean_rank[NOTHING]).abs()
        frame = pd.DataFrame(
            {
                "mean_rank": mean_rank,
                "mean_gain": self.gains.mean(),
                "wins": (self.gains > 0).sum(),
                "losses": (self.gains < 0).sum(),
                "p_value": p_values.reindex(self.ranks.columns),
                "p_holm": adjusted.reindex(self.ranks.columns),
                "differs": away > self.critical_difference,
            }
        ).rename_axis("sampler")
        return frame.sort_values("mean_rank", kind="stable")

    def __str__(self) -> str:
        said = map(one_line, (*self._sentences(), *self._absences()))
        return "\n".join([*said, "", self.to_frame().round(4).to_string()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_fragment(datasets_sections(self)[:1])

    def plot(self, ax: Any = None) -> Any:
        """Draw the mean ranks on an axis, with bars that join samplers whose ranks do not differ beyond chance.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        RanksDisplay
        """
        display = self._display().plot(ax)
        title = TITLES.get(self.metric, self.metric)
        display.ax_.set_title(f"{title}: mean ranks over {len(self.ranks)} data sets, 1 is best")
        return display

    def _display(self) -> Any:
        from ..reports.plots import RanksDisplay

        return RanksDisplay(
            self.ranks.mean(), critical_difference=self.critical_difference, reference=NOTHING
        )

    def to_html(self, path: str | PathLike[str] | None = None, *, title: str = TITLE) -> str:
        """The comparison as one HTML file, which needs no network, runs no script and follows the reader's dark mode.

        Parameters
        ----------
        path : str or path, default=None
            Where to write it too; it appears whole or not at all.
        title : str, default="Comparison of samplers over data sets"
            Heading.

        Returns
        -------
        str
        """
        return html_page(title, datasets_sections(self, pictures=True), path)

    def to_markdown(self, *, title: str = TITLE) -> str:
        """The comparison as Markdown.

        Parameters
        ----------
        title : str, default="Comparison of samplers over data sets"
            First heading.
        """
        return markdown_page(title, datasets_sections(self))

    def _sentences(self) -> Iterator[str]:
        """What was compared, and what the tests say."""
        yield f"{self.metric}, {len(self.ranks)} data sets, {self.ranks.shape[1]} samplers."
        if math.isfinite(self.friedman_statistic):
            yield (
                f"Friedman: chi square {self.friedman_statistic:.2f}, p {self.friedman_p_value:.3g}; F "
                f"{self.f_statistic:.2f}, p {self.f_p_value:.3g}."
            )
            if self.f_p_value >= self.alpha:
                yield "The samplers as a whole do not differ beyond chance, so no two of them should be said to."
        least_p = 2 / 2 ** len(self.ranks)
        if least_p > self.alpha:
            yield (
                f"With {len(self.ranks)} data sets Wilcoxon's p cannot be below {least_p:.3g}, so no sampler can "
                "differ from doing nothing by it, whatever its gains."
            )
        yield (
            f"Mean ranks more than {self.critical_difference:.2f} apart differ (Nemenyi, {self.alpha:g}). Wilcoxon's "
            "tests are against doing nothing."
        )

    def _absences(self) -> Iterator[str]:
        """Who is left out, and why."""
        yield from (f"{name} is left out: {reason}" for name, reason in self.left_out.items())


def compare_over_datasets(
    results: Mapping[str, ComparisonResult],
    metric: str = "average_precision",
    *,
    estimator: str | None = None,
    alpha: float = 0.05,
) -> DatasetsComparison:
    """Rank samplers over several data sets.

    Parameters
    ----------
    results : mapping of str to ComparisonResult
        By name of the data set; of two at least.
    metric : str, default="average_precision"
    estimator : str or None, default=None
        None for the mean over all of them, which must be the same in all results.
    alpha : float in (0, 1), default=0.05
        Level of the critical difference.

    Returns
    -------
    DatasetsComparison

    Raises
    ------
    DataError
        For fewer than two results, another type, or a metric or estimator that one of them lacks.

    Notes
    -----
    As recommended by Demšar [1]_: with the mean ranks :math:`R_j` of :math:`k` samplers on :math:`N` data sets,
    Friedman's :math:`\\chi^2 = \\frac{12 N}{k (k + 1)} \\left( \\sum_j R_j^2 - \\frac{k (k + 1)^2}{4} \\right)`,
    corrected for ties; Iman and Davenport's :math:`F = \\frac{(N - 1) \\chi^2}{N (k - 1) - \\chi^2}`;
    Nemenyi's critical difference :math:`q_\\alpha \\sqrt{k (k + 1) / 6 N}`. Against nothing alone, Wilcoxon's
    signed-rank test with Holm's adjustment has more power. A data set counts once, whatever its size. A sampler that
    is not in all results, or failed on one, is left out.

    References
    ----------
    .. [1] J. Demšar, "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning
       Research 7, 2006.
    """
    if not isinstance(results, Mapping) or not all(
        isinstance(one, ComparisonResult) for one in results.values()
    ):
        raise DataError("Got no mapping of names to results of compare_samplers; expected one.")
    if len(results) < MIN_DATASETS:
        raise DataError(f"Got {len(results)} result(s); expected those of {MIN_DATASETS} data sets or more.")
    known = {tuple(sorted(result.estimators)) for result in results.values()}
    if estimator is None and len(known) > 1:
        raise DataError(
            f"Got results of different estimators, {sorted(known)}; expected the same, or estimator=."
        )
    means = {name: _means(result, metric, estimator) for name, result in results.items()}
    return over_datasets(
        pd.DataFrame({name: mean for name, (mean, _) in means.items()}).T,
        pd.DataFrame({name: gain for name, (_, gain) in means.items()}).T,
        metric=metric,
        alpha=alpha,
    )


def _means(result: ComparisonResult, metric: str, estimator: str | None) -> tuple[pd.Series, pd.Series]:
    """Mean score and mean gain of each sampler that has a value in each fold; NaN for the others."""
    names = result.estimators if estimator is None else [estimator]
    parts = [result.by_fold(metric, name) for name in names]
    gains = result.gains(metric, estimator)
    mean = sum((part.mean(axis=1, skipna=False) for part in parts[1:]), parts[0].mean(axis=1, skipna=False))
    return mean / len(parts), gains.mean(axis=1, skipna=False)


def over_datasets(
    scores: pd.DataFrame, gains: pd.DataFrame, *, metric: str, alpha: float = 0.05
) -> DatasetsComparison:
    """The same of tables of shape (n_datasets, n_samplers), one of whose samplers is ``"nothing"``."""
    if not 0 < alpha < 1:
        raise DataError(f"Got alpha={alpha}; expected a number between 0 and 1.")
    lacking = gains.columns[gains.isna().any()]
    left_out = {
        name: f"no full result on {', '.join(map(str, gains.index[gains[name].isna()][:10]))}"
        for name in lacking
    }
    if NOTHING in left_out or NOTHING not in gains:
        raise DataError(
            f"Doing nothing has {left_out.get(NOTHING, 'no result')}; expected a value for {metric!r}."
        )
    gains = gains.drop(columns=lacking)
    # Equal but for rounding is a tie.
    ranks = gains.round(12).rank(axis=1, ascending=False)
    n_datasets, n_samplers = ranks.shape
    if n_samplers < 2:
        raise DataError(f"Got no sampler beside nothing with a value on all data sets: {left_out}.")
    return DatasetsComparison(
        metric,
        scores[gains.columns],
        ranks,
        gains,
        *_friedman(ranks),
        critical_difference=_critical_difference(n_samplers, n_datasets, alpha),
        alpha=alpha,
        left_out=left_out,
    )


def _friedman(ranks: pd.DataFrame) -> tuple[float, float, float, float]:
    """Friedman's chi square and its p-value, Iman and Davenport's F and its p-value."""
    n_datasets, n_samplers = ranks.shape
    if n_samplers < 3:
        return math.nan, math.nan, math.nan, math.nan
    if not (ranks.nunique(axis=1) > 1).any():
        return 0.0, 1.0, 0.0, 1.0
    statistic, p_value = friedmanchisquare(*ranks.to_numpy().T)
    rest = n_datasets * (n_samplers - 1) - statistic
    f = (n_datasets - 1) * statistic / rest if rest > 0 else math.inf
    freedom = n_samplers - 1, (n_samplers - 1) * (n_datasets - 1)
    return float(statistic), float(p_value), float(f), float(fisher.sf(f, *freedom))


def _critical_difference(n_samplers: int, n_datasets: int, alpha: float) -> float:
    q = studentized_range.ppf(1 - alpha, n_samplers, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(n_samplers * (n_samplers + 1) / (6 * n_datasets)))


def _signed_rank(gains: np.ndarray) -> float:
    """P-value of Wilcoxon's test; data sets without a difference count half for either side."""
    gains = gains.round(12)
    if not gains.any():
        return 1.0
    with warnings.catch_warnings():
        # That ties and few data sets leave an approximation.
        warnings.simplefilter("ignore", UserWarning)
        return float(wilcoxon(gains, zero_method="zsplit").pvalue)
