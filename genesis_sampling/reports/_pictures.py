"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..exceptions import DataError, MissingExtraError
from ._items import text_tables
from ._page import Block, PictureBlock, Text

if TYPE_CHECKING:
    from .report import AugmentationReport

__all__ = ["report_display", "report_pictures"]

POINTS = "Before and after, on two columns"
ITEMS = {
    "image": "Images, the source above what was made from it",
    "audio": "Recordings and their spectrograms",
    "series": "Series over their sources",
}


def report_pictures(report: AugmentationReport) -> list[Block]:
    """All pictures of a report, and tables of texts; a sentence where one cannot be drawn."""
    items = report.items
    texts = text_tables(items) if items is not None and items.kind == "text" else []
    if (items is None or texts) and report.metrics is None and not report.quality_scores:
        return texts
    try:
        from . import plots
    except MissingExtraError as error:
        return [*texts, Text(f"There are no pictures. {error}")]
    displays = {} if report.metrics is None else _displays_of_rows(report.metrics)
    if items is not None and not texts:
        displays[ITEMS[items.kind]] = partial(report_display, report)
    for threshold, scores in report.quality_scores.items():
        displays[f"Quality scores of candidates, which had to reach {threshold:g}"] = partial(
            plots.ScoreDisplay.from_samples, scores, threshold=threshold
        )
    return [*texts, *(_block(caption, make, plots.draw_picture) for caption, make in displays.items())]


def report_display(report: AugmentationReport) -> Any:
    """What shows the rows or items before and after, not drawn yet."""
    if report.items is not None:
        from .plots._items import ItemsDisplay

        return ItemsDisplay(report.items)
    if report.metrics is None:
        raise DataError(
            "Got a report without rows or items to draw; expected that of a sampler which has made some just now. "
            "Pickles and copies of a report keep none."
        )
    return _displays_of_rows(report.metrics)[POINTS]()


def _displays_of_rows(metrics: Any) -> dict[str, Callable[[], Any]]:
    from . import plots
    from .plots._rows import read_rows

    read = partial(read_rows, target=metrics.target, categorical_features=metrics.categorical_features)
    rows = read(metrics.real, metrics.synthetic)
    # The figures compare the same shares of each class; points show all rows, those of the largest class too.
    everyone = rows if metrics.all_real is metrics.real else read(metrics.all_real, metrics.all_synthetic)
    return {
        POINTS: lambda: plots.ScatterDisplay.from_rows(everyone),
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
