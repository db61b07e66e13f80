"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..exceptions import DataError, MissingExtraError
from ._page import Block, PictureBlock, Text

__all__ = ["report_pictures"]


def report_pictures(metrics: Any) -> list[Block]:
    """All pictures of real and synthetic rows; a sentence where one cannot be drawn."""
    try:
        from . import plots
        from .plots._rows import read_rows
    except MissingExtraError as error:
        return [Text(f"There are no pictures. {error}")]
    rows = read_rows(metrics.real, metrics.synthetic, metrics.target)
    # The figures compare with real rows in the proportions of the synthetic ones; points show the largest class too.
    whole = getattr(metrics, "all_real", metrics.real)
    everyone = rows if whole is metrics.real else read_rows(whole, metrics.synthetic, metrics.target)
    displays: dict[str, Callable[[], Any]] = {
        "Before and after, on two columns": lambda: plots.ScatterDisplay.from_rows(everyone),
        "All columns, projected": lambda: plots.ProjectionDisplay.from_rows(everyone),
        "Columns, the worst-matching first": lambda: plots.MarginalsDisplay.from_rows(
            rows, scores=metrics.column_shapes()
        ),
        "How columns hang together": lambda: plots.AssociationDisplay.from_rows(rows),
        "Distance to the nearest real row": lambda: plots.NearestNeighborDisplay.from_rows(rows),
    }
    return [_block(caption, make, plots.draw_picture) for caption, make in displays.items()]


def _block(caption: str, make: Callable[[], Any], draw: Callable[[Any], Any]) -> Block:
    try:
        return PictureBlock(caption, draw(make()))
    except DataError as error:
        # Such as a scatter plot of a table with a single column: the rest of the report stands.
        return Text(f"{caption}: not drawn. {error}")
