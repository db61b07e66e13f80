"""What a resampling did, as plain data that people can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ._html import html_fragment, html_page
from ._items import ItemPairs
from ._markdown import markdown_page
from ._page import report_sections, summary_section
from ._pictures import report_display, report_pictures
from ._words import plain

__all__ = ["AugmentationReport"]


@dataclass
class AugmentationReport:
    """Counts, choices and time of one resampling, and the figures of its rows where there are any.

    Parameters
    ----------
    sampler : str
        Class name of the sampler.
    counts_before, counts_after : dict
        Rows of each class before and after.
    n_generated : int
        Candidate rows that were made, the rejected ones included.
    n_accepted : int
        Candidate rows that are part of the result.
    n_removed : int
        Real rows that are not part of the result.
    rejected : dict of str to int
        Candidates that were turned down, by reason.
    choices : dict
        What the sampler decided by itself, such as the generator of each class.
    seconds : float
        Wall time.
    warnings : list of str
        What was said on the way.
    quality_scores : dict of float to ndarray
        Quality scores of all candidates that were scored, by the threshold that they had to reach.
    metrics : AugmentationMetrics or None
        Figures of the synthetic rows, computed when they are asked for. No part of comparisons.
    items : ItemPairs or None
        Some of the images, texts, recordings or series that were made, with those that they were made from. No part
        of comparisons.

    Notes
    -----
    Pickles and copies of a report are without ``metrics`` and ``items``, which hold on to rows.

    Examples
    --------
    >>> from genesis_sampling import AugmentationReport
    >>> report = AugmentationReport("NoiseSampler", {"no": 90, "yes": 10}, {"no": 90, "yes": 90}, 80, 80)
    >>> print(report)
    NoiseSampler: 100 rows in, 180 out
      class 'no': 90 -> 90
      class 'yes': 10 -> 90
      80 new rows of 80 generated, 0 rows removed
      0.00 seconds
    >>> report.to_html().startswith("<!doctype html>")
    True
    """

    sampler: str
    counts_before: dict[Any, int]
    counts_after: dict[Any, int]
    n_generated: int = 0
    n_accepted: int = 0
    n_removed: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    quality_scores: dict[float, np.ndarray] = field(default_factory=dict, compare=False, repr=False)
    metrics: Any = field(default=None, compare=False, repr=False)
    items: ItemPairs | None = field(default=None, compare=False, repr=False)

    @property
    def quality_score(self) -> float | None:
        """Mean of shape and trend in [0, 1], where 1 is what fresh real rows come near; None without metrics."""
        return None if self.metrics is None else self.metrics.figure("quality_score")

    def __getstate__(self) -> dict[str, Any]:
        # Figures and pictures hold on to rows, which have no place in a pickled model.
        return {**self.__dict__, "metrics": None, "items": None}

    def to_dict(self, *, figures: bool = True) -> dict[str, Any]:
        """The report as nested plain containers.

        Parameters
        ----------
        figures : bool, default=True
            Whether the figures of the rows, where there are any, are computed, which may take seconds; they stand
            under ``"metrics"``.
        """
        plain = asdict(replace(self, metrics=None, items=None, quality_scores={}))
        del plain["metrics"], plain["items"], plain["quality_scores"]
        return {**plain, "metrics": self.metrics.summary()} if figures and self.metrics is not None else plain

    def to_json(self, *, indent: int | None = 2, figures: bool = True) -> str:
        """The report as JSON; class labels become strings, and figures that are no number become null.

        Parameters
        ----------
        indent : int or None, default=2
        figures : bool, default=True
            As for :meth:`to_dict`.
        """
        return json.dumps(plain(self.to_dict(figures=figures)), indent=indent, allow_nan=False)

    def to_markdown(self, *, title: str | None = None) -> str:
        """The report as Markdown, without pictures.

        Parameters
        ----------
        title : str, default=None
            First heading; None for one with the sampler.
        """
        return markdown_page(self._title(title), report_sections(self))

    def to_html(
        self, path: str | PathLike[str] | None = None, *, title: str | None = None, plots: bool = True
    ) -> str:
        """The report as one HTML file, which needs no network, runs no script and follows the reader's dark mode.

        Parameters
        ----------
        path : str or path, default=None
            Where to write it too; it appears whole or not at all.
        title : str, default=None
            Heading; None for one with the sampler.
        plots : bool, default=True
            Whether rows or items are shown: pictures, for which matplotlib is needed (without it the page says so),
            and tables of texts.

        Returns
        -------
        str
        """
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise FileNotFoundError(f"Got the path {str(path)!r}; expected a folder that exists.")
        pictures = report_pictures(self) if plots else []
        return html_page(self._title(title), report_sections(self, pictures=pictures), path)

    def plot(self, ax: Any = None) -> Any:
        """Draw what was made beside what it was made from: items in pairs, rows of tables as points.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            Where to draw, one for each panel; None for a new figure.

        Returns
        -------
        ItemsDisplay or ScatterDisplay

        Raises
        ------
        DataError
            Where the report has no rows to draw.
        MissingExtraError
            Without matplotlib.
        """
        return report_display(self).plot(ax)

    def _title(self, title: str | None) -> str:
        return f"Augmentation report: {self.sampler}" if title is None else title

    def _repr_html_(self) -> str:
        # Without figures, which take time: a notebook shows whatever stands last in a cell.
        return html_fragment([summary_section(self)])

    def __str__(self) -> str:
        lines = [
            f"{self.sampler}: {sum(self.counts_before.values())} rows in, {sum(self.counts_after.values())} out"
        ]
        for label, before in self.counts_before.items():
            lines.append(f"  class {label!r}: {before} -> {self.counts_after.get(label, 0)}")
        lines.append(
            f"  {self.n_accepted} new rows of {self.n_generated} generated, {self.n_removed} rows removed"
        )
        lines += [f"  rejected, {reason}: {count}" for reason, count in self.rejected.items()]
        lines += [f"  {name}: {choice}" for name, choice in self.choices.items()]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join([*lines, f"  {self.seconds:.2f} seconds"])
