"""What all displays share: colours, axes, names that are safe to draw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ...exceptions import DataError
from .._words import shortened

__all__ = ["MAJORITY", "Display", "ink", "palette", "panels", "percent", "plain", "share_axis", "slant"]

# Okabe and Ito's palette, which people with any colour vision can tell apart: M. Okabe, K. Ito, "Color universal
# design", 2008. Real rows have the first colour, synthetic ones the second; they differ in lightness too.
ON_WHITE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
# The dark blue would be lost on a dark ground.
ON_BLACK = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#999999")
MAJORITY = "#999999"


class Display(ABC):
    """A picture of some panels that keeps what it draws.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (n_panels,)
    ax_ : Axes
        The first panel.
    """

    #: Width and height of a panel in inches, and how many stand side by side at most.
    panel_size = (4.2, 3.4)
    n_across = 3

    figure_: Any
    axes_: np.ndarray
    ax_: Axes

    @property
    def n_panels(self) -> int:
        """Number of panels."""
        return 1

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of panels."""
        across = min(self.n_across, self.n_panels)
        return -(-self.n_panels // across), across

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture in inches."""
        rows, columns = self.grid
        return columns * self.panel_size[0], rows * self.panel_size[1]

    @property
    @abstractmethod
    def description(self) -> str:
        """What the picture shows, in words: its text alternative."""

    @abstractmethod
    def _draw(self, axes: np.ndarray) -> None:
        """Draw on as many axes as there are panels."""

    def plot(self, ax: Any = None) -> Any:
        """Draw.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            Where to; as many as there are panels. None for a new figure of pyplot.

        Returns
        -------
        self : object
            With ``figure_``, ``axes_`` and ``ax_``.
        """
        self.axes_ = self._new_axes() if ax is None else np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != self.n_panels:
            raise DataError(
                f"Got {len(self.axes_)} axes; expected {self.n_panels}, one for each panel of this "
                f"{type(self).__name__}. Make them with plt.subplots{self.grid}, or leave ax out."
            )
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        self._draw(self.axes_)
        return self

    def _new_axes(self) -> np.ndarray:
        # Of pyplot, as scikit-learn's displays do, so that notebooks and plt.show() show it.
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=self.size, layout="compressed")
        return panels(figure, self)


def panels(figure: Figure, display: Display) -> np.ndarray:
    """The axes of a display on an empty figure; what is left over of the grid stays blank."""
    axes = figure.subplots(*display.grid, squeeze=False).ravel()
    for blank in axes[display.n_panels :]:
        blank.remove()
    return axes[: display.n_panels]


def palette(panel: Axes) -> tuple[str, ...]:
    """Colours that stand out from the ground of a panel: of real rows, of synthetic ones, and others."""
    return ON_WHITE if sum(to_rgb(panel.get_facecolor())) > 1.5 else ON_BLACK


def ink(panel: Axes) -> Any:
    """The colour of text, for lines that stand for no rows."""
    return panel.xaxis.label.get_color()


def share_axis(panel: Axes) -> None:
    """Let the vertical axis show shares of rows."""
    panel.yaxis.set_major_formatter(lambda share, _: f"{round(100 * share, 6):g}%")
    panel.set_ylim(bottom=0)


def plain(value: Any, width: int = 28) -> str:
    """A name or value as a short line of text that matplotlib takes for nothing else.

    Dollar signs do not start formulas, control characters go, and an underscore at the beginning does not hide a
    legend entry.
    """
    text = shortened(value, width).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def slant(labels: Sequence[str], room: float) -> dict[str, Any]:
    """How labels below an axis stand that has room for so many signs."""
    return {"rotation": 30, "ha": "right"} if sum(map(len, labels)) > room else {}


def percent(share: float) -> str:
    """A share as text."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"
