"""A comparison as titled blocks for a page, and as lines for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..exceptions import DataError, MissingExtraError
from ..reports._figures import value_text
from ..reports._page import Block, Items, PictureBlock, Section, TableBlock, Text
from ..reports._words import one_line, shortened
from ._comparison_rows import NOTHING

if TYPE_CHECKING:
    from ._comparison_datasets import DatasetsComparison
    from ._comparison_result import ComparisonResult

__all__ = [
    "comparison_blocks",
    "comparison_lines",
    "comparison_sections",
    "datasets_sections",
    "metric_title",
]

WIDTH = 100
MAX_ERRORS = 50
TITLES = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "f1": "F1",
    "recall": "Recall",
    "precision": "Precision",
    "balanced_accuracy": "Balanced accuracy",
    "geometric_mean": "Geometric mean",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "fit_seconds": "Seconds to fit",
    "quality_score": "Quality of new rows",
    "coverage": "Coverage of new rows",
    "new_rows": "New rows",
}
# What a terminal has room for beside the first metric, and the heads of these columns.
SHOWN = {
    "roc_auc": "ROC AUC",
    "f1": "F1",
    "recall": "recall",
    "precision": "precision",
    "brier": "Brier",
    "fit_seconds": "seconds",
    "quality_score": "quality",
    "coverage": "coverage",
}
MARKS = {"less": " (less is better)", "one": " (1 is best)"}
WORDS = (
    "All rows met the same folds, and rows were made from training rows alone. The difference is to doing nothing on "
    "the same folds. Its interval and test allow for training rows that folds share, p after Holm for the number of "
    "samplers that were compared: a difference whose interval holds 0 shows neither gain nor harm."
)


def metric_title(result: ComparisonResult, name: str) -> str:
    """What a metric is called, and which way is better where that is not up."""
    return TITLES.get(name, name) + MARKS.get(result.metrics[name], "")


def comparison_sections(result: ComparisonResult, *, pictures: bool = False) -> list[Section]:
    """All of a comparison."""
    parts = [
        Section("summary", "Summary", _summary_blocks(result)),
        Section(
            "first", f"{metric_title(result, _first(result))}: is it better than nothing?", _tests(result)
        ),
        Section("means", "All scores", _means(result)),
    ]
    if pictures:
        parts.append(Section("picture", "Picture", [_picture(result)]))
    if len(result.errors):
        parts.append(Section("errors", "What failed", [_errors(result)]))
    if len(result.warnings):
        parts.append(Section("warnings", "What was warned of", [_warnings(result)]))
    return parts


def comparison_blocks(result: ComparisonResult) -> list[Section]:
    """What a notebook shows."""
    parts = {section.key: section for section in comparison_sections(result)}
    return [parts[key] for key in ("summary", "means", "errors") if key in parts]


def _first(result: ComparisonResult) -> str:
    """The metric that was asked for first."""
    return next(iter(result.metrics))


def _summary_blocks(result: ComparisonResult) -> list[Block]:
    verdicts = list(_verdicts(result))
    helps = [text for is_better, text in verdicts if is_better]
    rest = [text for is_better, text in verdicts if not is_better]
    lists = [Items(helps, "fine"), Items(rest, "advice"), Items(list(_failures(result)), "warning")]
    return [Text(_told(result)), Text(WORDS), *(block for block in lists if block.entries)]


def _told(result: ComparisonResult) -> str:
    counts = ", ".join(f"{count:,} of class {one_line(label)}" for label, count in result.counts.items())
    scores = (
        "Scores of one class are means over the classes."
        if result.positive is None
        else f"Scores of one class are those of class {one_line(result.positive)}."
    )
    return (
        f"Beside doing nothing {_number(len(result.samplers) - 1, 'row')}, with "
        f"{_number(len(result.estimators), 'estimator')} on {_number(result.n_folds, 'fold')}; {counts}. {scores}"
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _verdicts(result: ComparisonResult) -> Iterator[tuple[bool, str]]:
    """For each estimator whether a row is better than nothing, by the first metric."""
    metric = _first(result)
    title = metric_title(result, metric)
    if not result.metrics[metric]:
        return
    for estimator in result.estimators:
        best = result.best(metric, estimator)
        if best == NOTHING:
            yield (
                False,
                f"{estimator}: no row is better than doing nothing beyond chance. Judged by: {title}.",
            )
            continue
        row = result.to_frame(metric).loc[(estimator, best)]
        yield True, f"{estimator}: {best} is better than doing nothing. {title}: {_difference(row)}."


def _failures(result: ComparisonResult) -> Iterator[str]:
    """One sentence for each row that failed altogether."""
    failed = result.errors[result.errors["metric"] == ""]
    for (sampler, estimator), part in failed.groupby(["sampler", "estimator"], sort=False):
        yield f"{sampler} with {estimator} failed in {len(part)} of {result.n_folds} folds: {part['error'].iloc[0]}"


def _tests(result: ComparisonResult) -> list[Block]:
    metric = _first(result)
    header = (
        "Row",
        "Mean",
        "95 % interval",
        "Difference to nothing",
        "95 % interval",
        "p",
        "p, Holm",
        "Rank",
    )
    frame = result.to_frame(metric)
    return [
        TableBlock(
            f"{metric_title(result, metric)}, {estimator}",
            header,
            [_test_row(name, row) for name, row in _ranked(frame.loc[estimator]).iterrows()],
            numbers=range(1, len(header)),
        )
        for estimator in result.estimators
    ]


def _test_row(name: Any, row: pd.Series) -> tuple[str, ...]:
    is_nothing = name == NOTHING
    return (
        str(name),
        value_text(row["mean"]),
        _interval(row["low"], row["high"]),
        "" if is_nothing else _signed(row["difference"]),
        "" if is_nothing else _interval(row["difference_low"], row["difference_high"], signed=True),
        "" if is_nothing else _p_text(row["p_value"]),
        "" if is_nothing else _p_text(row["p_holm"]),
        "–" if math.isnan(row["rank"]) else f"{row['rank']:g}",
    )


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("rank", kind="stable", na_position="last")


def _means(result: ComparisonResult) -> list[Block]:
    frame = result.to_frame()
    order = result.to_frame(_first(result))
    header = ("Row", *(metric_title(result, name) for name in frame))
    return [
        TableBlock(
            f"Means over folds, {estimator}",
            header,
            [
                (str(name), *(_mean_text(metric, frame.loc[(estimator, name), metric]) for metric in frame))
                for name in _ranked(order.loc[estimator]).index
            ],
            numbers=range(1, len(header)),
        )
        for estimator in result.estimators
    ]


def _mean_text(metric: str, value: float) -> str:
    if metric == "fit_seconds" and math.isfinite(value):
        return f"{value:.2g}" if value < 1 else f"{value:,.1f}"
    if metric == "new_rows" and math.isfinite(value):
        return f"{value:,.0f}"
    return value_text(value)


def _picture(result: ComparisonResult) -> Block:
    metric = _first(result)
    caption = f"{metric_title(result, metric)}: difference to doing nothing, with 95 % intervals"
    return _drawn(caption, lambda: result._display(metric, difference=True))


def _drawn(caption: str, display: Callable[[], Any]) -> Block:
    try:
        from ..reports.plots import draw_picture
    except MissingExtraError as error:
        return Text(f"There is no picture. {error}")
    try:
        return PictureBlock(caption, draw_picture(display()))
    except DataError as error:
        return Text(f"{caption}: not drawn. {error}")


def _errors(result: ComparisonResult) -> Block:
    keys = ["sampler", "estimator", "metric", "error"]
    found = result.errors.groupby(keys, sort=False)["fold"].size().reset_index(name="folds")
    rows = [
        (row.sampler, row.estimator, row.metric or "all", f"{row.folds:,}", row.error)
        for row in found.head(MAX_ERRORS).itertuples()
    ]
    header = ("Row", "Estimator", "Score", "Folds", "Error")
    more = f", the first {MAX_ERRORS} of {len(found)}" if len(found) > MAX_ERRORS else ""
    return TableBlock(f"Errors{more}", header, [tuple(map(str, row)) for row in rows], numbers=(3,))


def _warnings(result: ComparisonResult) -> Block:
    keys = ["sampler", "warning"]
    found = result.warnings.groupby(keys, sort=False)["fold"].nunique().reset_index(name="folds")
    rows = [
        (str(row.sampler), f"{row.folds:,}", str(row.warning)) for row in found.head(MAX_ERRORS).itertuples()
    ]
    more = f", the first {MAX_ERRORS} of {len(found)}" if len(found) > MAX_ERRORS else ""
    return TableBlock(f"Warnings{more}", ("Row", "Folds", "Warning"), rows, numbers=(1,))


def datasets_sections(found: DatasetsComparison, *, pictures: bool = False) -> list[Section]:
    """All of a comparison over data sets; the first section is what a notebook shows."""
    absences = list(found._absences())
    summary: list[Block] = [*map(Text, found._sentences()), _mean_ranks(found)]
    parts = [
        Section("summary", "Summary", [*summary, Items(absences, "warning")] if absences else summary),
        Section("ranks", "Ranks of each data set", [_ranks(found)]),
    ]
    if pictures:
        caption = "Mean ranks, 1 is best; a bar joins samplers whose ranks do not differ beyond chance"
        parts.insert(1, Section("picture", "Picture", [_drawn(caption, found._display)]))
    return parts


def _mean_ranks(found: DatasetsComparison) -> Block:
    header = ("Row", "Mean rank", "Mean gain", "Better / worse", "p, Holm")
    rows = [
        (
            str(name),
            f"{row['mean_rank']:.2f}",
            f"{row['mean_gain']:+.4f}",
            f"{row['wins']} / {row['losses']}",
            "" if name == NOTHING else _p_text(row["p_holm"]),
        )
        for name, row in found.to_frame().iterrows()
    ]
    return TableBlock(TITLES.get(found.metric, found.metric), header, rows, numbers=range(1, len(header)))


def _ranks(found: DatasetsComparison) -> Block:
    names = found.to_frame().index
    header = ("Data set", *map(str, names))
    rows = [(str(name), *(f"{row[one]:g}" for one in names)) for name, row in found.ranks.iterrows()]
    return TableBlock("1 is best; ties share their ranks", header, rows, numbers=range(1, len(header)))


def comparison_lines(result: ComparisonResult) -> Iterator[str]:
    """What a terminal shows."""
    yield from _wrapped(_told(result), "")
    frame, metric = result.to_frame(), _first(result)
    tested = result.to_frame(metric)
    others = [name for name in frame if name != metric and name in SHOWN] or list(frame)[1:9]
    for estimator in result.estimators:
        header = ["row", "mean", "difference", "p, Holm", *(SHOWN.get(name, name) for name in others)]
        rows = [
            [
                shortened(name, 30),
                _mean_text(metric, row["mean"]),
                "" if name == NOTHING else _difference(row),
                "" if name == NOTHING else _p_text(row["p_holm"]),
                *(_mean_text(other, frame.loc[(estimator, name), other]) for other in others),
            ]
            for name, row in _ranked(tested.loc[estimator]).iterrows()
        ]
        yield from ("", one_line(f"{estimator}, {metric_title(result, metric)}"))
        yield from _columns([header, *rows])
    yield ""
    for _, text in _verdicts(result):
        yield from _wrapped(text, "", "* ")
    for text in _failures(result):
        yield from _wrapped(text, "", "! ")


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Cells below each other, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:])]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


def _wrapped(text: str, indent: str, mark: str = "") -> list[str]:
    return textwrap.wrap(
        one_line(text), WIDTH, initial_indent=indent + mark, subsequent_indent=indent + " " * len(mark)
    )


def _difference(row: pd.Series) -> str:
    interval = _interval(row["difference_low"], row["difference_high"], signed=True)
    return f"{_signed(row['difference'])} ({interval})" if interval else _signed(row["difference"])


def _interval(low: float, high: float, *, signed: bool = False) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return " to ".join((_signed if signed else value_text)(end) for end in (low, high))


def _signed(value: float) -> str:
    return f"{value:+.3f}" if math.isfinite(value) else "–"


def _p_text(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
