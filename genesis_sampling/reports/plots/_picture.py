"""Displays as picture files in memory, on paper and in the dark."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ._display import Display, panels

__all__ = ["Picture", "draw_picture"]

DOTS_PER_INCH = 110
INK = {"light": ("#1f2328", "#ffffff", "#d0d7de"), "dark": ("#e6edf3", "#161b22", "#3d444d")}


@dataclass(frozen=True)
class Picture:
    """A picture for bright and for dark pages.

    Parameters
    ----------
    light, dark : bytes
        PNG files.
    width, height : int
        In pixels.
    description : str
        Text alternative.
    """

    light: bytes
    dark: bytes
    width: int
    height: int
    description: str


def draw_picture(display: Display) -> Picture:
    """Draw a display twice, without pyplot and whatever the user's matplotlib settings are."""
    light, dark = (_png(display, *ink) for ink in INK.values())
    width, height = (round(side * DOTS_PER_INCH) for side in display.size)
    return Picture(light, dark, width, height, display.description)


def _png(display: Display, ink: str, paper: str, line: str) -> bytes:
    theme = {
        "font.size": 9.5,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(
            ["figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor"], paper
        ),
        **dict.fromkeys(["text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"], ink),
        **dict.fromkeys(["axes.edgecolor", "xtick.color", "ytick.color", "legend.edgecolor"], line),
    }
    with matplotlib.style.context(theme, after_reset=True), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; its text is in the page.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1, compress=True)
        figure = Figure(figsize=display.size, dpi=DOTS_PER_INCH, layout=layout)
        display.plot(ax=panels(figure, display))
        stream = BytesIO()
        # Unlike savefig, which draws everything twice.
        FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})
    return stream.getvalue()
