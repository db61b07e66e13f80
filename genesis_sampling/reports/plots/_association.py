"""How columns hang together: matrices of association side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps

from ...metrics.fidelity import association_matrices
from ._display import Display, plain
from ._rows import Rows, read_rows

__all__ = ["AssociationDisplay"]

# Differences are drawn on a scale of at least this, so that noise does not look like a finding.
LEAST_SPAN = 0.25
# Both go from one hue to another through white, and are safe for any colour vision.
COLORS = ("RdBu_r", "RdBu_r", "PuOr")
UNDEFINED = "#8c959f"


class AssociationDisplay(Display):
    """Association of each two columns in real rows, in synthetic rows, and the difference.

    Parameters
    ----------
    real, synthetic : DataFrame of shape (n_columns, n_columns)
        In [-1, 1]; NaN where it is not defined.
    n_columns : int, default=None
        Columns that the tables have, where not all are drawn.

    Attributes
    ----------
    difference : DataFrame of shape (n_columns, n_columns)
        Synthetic less real.
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (3,)
        Real, synthetic, difference.
    ax_ : Axes
        The first of them.

    See Also
    --------
    genesis_sampling.metrics.fidelity.association_matrices : The numbers.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.reports.plots import AssociationDisplay
    >>> real, synthetic = make_transactions(500), make_transactions(500, random_state=1)
    >>> display = AssociationDisplay.from_samples(real, synthetic)
    >>> [axes.get_title() for axes in display.axes_]
    ['Real', 'Synthetic', 'Synthetic − real']
    """

    panel_size = (3.6, 4.0)

    def __init__(self, real: pd.DataFrame, synthetic: pd.DataFrame, *, n_columns: int | None = None):
        self.real = real
        self.synthetic = synthetic
        self.n_columns = len(real) if n_columns is None else n_columns

    @classmethod
    def from_samples(
        cls, real: Any, synthetic: Any, *, target: Any = None, max_columns: int = 20, ax: Any = None
    ) -> AssociationDisplay:
        """Draw the associations in two tables.

        Parameters
        ----------
        real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        target : str or int, default=None
            Name of the column that holds the class. Real rows of classes without synthetic rows are left out then.
        max_columns : int, default=20
            Of more columns, those are drawn whose associations differ most.
        ax : array-like of three Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        AssociationDisplay
        """
        return cls.from_rows(read_rows(real, synthetic, target), max_columns).plot(ax)

    @classmethod
    def from_rows(cls, rows: Rows, max_columns: int = 20) -> AssociationDisplay:
        """Prepare what is drawn of rows that were read already."""
        matrices = association_matrices(rows.comparable.pair, None)
        real, synthetic = matrices[0], matrices[1]
        off = np.nan_to_num((synthetic - real).abs().to_numpy()).sum(axis=0)
        kept = np.sort(np.argsort(-off, kind="stable")[:max_columns])
        return cls(real.iloc[kept, kept], synthetic.iloc[kept, kept], n_columns=len(real))

    @property
    def difference(self) -> pd.DataFrame:
        """Synthetic less real."""
        return self.synthetic - self.real

    @property
    def n_panels(self) -> int:
        """Real, synthetic, difference."""
        return 3

    @property
    def description(self) -> str:
        n_drawn, off = len(self.real), np.triu(self.difference.abs().to_numpy(), 1)
        which = "all columns" if n_drawn == self.n_columns else f"{n_drawn} of {self.n_columns} columns"
        text = f"Matrices of the association of each two of {which}, in real and synthetic rows, and the difference."
        if np.isnan(off).all() or not np.nanmax(off):
            return text
        first, second = np.unravel_index(np.nanargmax(off), off.shape)
        names = self.real.columns
        return f"{text} The largest is {off[first, second]:.2f}, between {names[first]} and {names[second]}."

    def _draw(self, axes: np.ndarray) -> None:
        difference = self.difference.to_numpy(dtype=np.float64)
        known = np.abs(difference[~np.isnan(difference)])
        spans = (1.0, 1.0, max(LEAST_SPAN, known.max(initial=0.0)))
        drawn = []
        for panel, matrix, title, span, colors in zip(
            axes,
            (self.real, self.synthetic, difference),
            ("Real", "Synthetic", "Synthetic − real"),
            spans,
            COLORS,
        ):
            hues = colormaps[colors].with_extremes(bad=UNDEFINED)
            drawn.append(panel.imshow(np.asarray(matrix, dtype=float), cmap=hues, vmin=-span, vmax=span))
            panel.set_title(title)
            self._name_columns(panel, beside=panel is axes[0])
        for image, panel in ((drawn[1], list(axes[:2])), (drawn[2], axes[2])):
            bar = axes[0].figure.colorbar(image, ax=panel, shrink=0.75, aspect=25, pad=0.02)
            bar.outline.set_visible(False)

    def _name_columns(self, panel: Any, *, beside: bool) -> None:
        names = [plain(name, 18) for name in self.real.columns]
        places, size = range(len(names)), "small" if len(names) <= 12 else "x-small"
        panel.set_xticks(places, names, rotation=90, fontsize=size)
        panel.set_yticks(places, names if beside else [""] * len(names), fontsize=size)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
