"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..exceptions import DataError, MissingExtraError
from ._page import Block, PictureBlock, Text

if TYPE_CHECKING:
    from .report import AugmentationReport

__all__ = ["report_pictures"]


def report_pictures(report: AugmentationReport) -> list[Block]:
    """All pictures of a report; a sentence where one cannot be drawn."""
    if report.metrics is None and not report.quality_scores:
        return []
    try:
        from . import plots
    except MissingExtraError as error:
        return [Text(f"There are no pictures. {error}")]
    displays = {} if report.metrics is None else _displays_of_rows(report.metrics)
    for threshold, scores in report.quality_scores.items():
        displays[f"Quality scores of candidates, which had to reach {threshold:g}"] = partial(
            plots.ScoreDisplay.from_samples, scores, threshold=threshold
        )
    return [_block(caption, make, plots.draw_picture) for caption, make in displays.items()]


def _displays_of_rows(metrics: Any) -> dict[str, Callable[[], Any]]:
    from . import plots
    from .plots._rows import read_rows

    read = partial(read_rows, target=metrics.target, categorical_features=metrics.categorical_features)
    rows = read(metrics.real, metrics.synthetic)
    # The figures compare the same shares of each class; points show all rows, those of the largest class too.
    everyone = rows if metrics.all_real is metrics.real else read(metrics.all_real, metrics.all_synthetic)
    return {
        "Before and after, on two columns": lambda: plots.ScatterDisplay.from_rows(everyone),
        "All columns, projected": lambda: plots.ProjectionDisplay.from_rows(everyone),
        "Columns, the worst-matching first": lambda: plots.MarginalsDisplay.from_rows(
            rows, scores=metrics.column_shapes()
        ),
        "How columns hang together": lambda: plots.AssociationDisplay.from_rows(rows),
        "Distance to the nearest real row": lambda: plots.NearestNeighborDisplay.from_rows(rows),
    }


def _block(caption: str, make: Callable[[], Any], draw: Callable[[Any], Any]) -> Block:
    try:
        return PictureBlock(caption, draw(make()))
    except DataError as error:
        # Such as a scatter plot of a table with a single column: the rest of the report stands.
        return Text(f"{caption}: not drawn. {error}")
