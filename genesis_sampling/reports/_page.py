"""A report as titled sections of plain blocks, which the renderers turn into HTML and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._figures import DIVERSITY, FIDELITY, PRIVACY, FigureText, ideal_text, value_text
from .advice import RELABELLED, advise

if TYPE_CHECKING:
    from .plots import Picture
    from .report import AugmentationReport

__all__ = [
    "Block",
    "CodeBlock",
    "Items",
    "Marked",
    "PictureBlock",
    "Section",
    "TableBlock",
    "Text",
    "report_sections",
]

# So many of the worst columns and pairs are listed by name.
MAX_COLUMNS, MAX_PAIRS = 12, 6
PRIVACY_WORDS = (
    "These figures find copies and rows that lean on single training rows. None of them proves privacy: a table in "
    "which they look well can still tell something about a person. Where privacy must be guaranteed, only a method "
    "with a proof, such as differential privacy, does that."
)

USE_WORDS = (
    "Two models were trained, one on the real rows and one on real and synthetic ones, and judged on the holdout. The "
    "interval is of the difference, by the chance of the fresh rows alone; one that holds 0 shows no gain and no harm. "
    "Recall at the usual threshold rises with any rows of the rare class, and so it does with a lower threshold."
)
GROUP_WORDS = (
    "Synthetic rows repeat their source, unfairness included. What moves in one group more than in the others is the "
    "doing of the synthetic rows. Errors are those of boosted trees on the holdout, where there is one, learned "
    "from the real rows and from all."
)
SCORES = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "balanced_accuracy": "Balanced accuracy",
    "log_loss": "Log loss (less is better)",
    "brier": "Brier score (less is better)",
}
# What is told of a group -> its title; the figures are called so with "_real" and "_augmented".
GROUP_FIGURES = {
    "share": "Share of rows",
    "positive": "Positive rows",
    "false_positive": "False positives",
    "false_negative": "False negatives",
}


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences; ``kind`` is ``"warning"``, ``"advice"`` or ``"fine"``."""

    entries: Sequence[str]
    kind: str


@dataclass(frozen=True)
class Marked:
    """Text for a cell, some of whose parts are marked as ``"gone"`` or ``"new"``; the mark of others is empty."""

    parts: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True)
class TableBlock:
    """A table whose rows begin with what they are about.

    Parameters
    ----------
    caption : str
    header : sequence of str
    rows : sequence of sequences of str or Marked
    numbers : sequence of int, default=()
        Columns of numbers, which are aligned to the right.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Marked]]
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class PictureBlock:
    """A picture with what it is called."""

    caption: str
    picture: Picture


@dataclass(frozen=True)
class CodeBlock:
    """Lines of Python below what they do."""

    caption: str
    code: str


Block = Text | Items | TableBlock | PictureBlock | CodeBlock


@dataclass(frozen=True)
class Section:
    """A part of the page; the key is its anchor."""

    key: str
    title: str
    blocks: Sequence[Block]


def report_sections(report: AugmentationReport, *, pictures: Sequence[Block] = ()) -> list[Section]:
    """All sections of a report, those about figures only where it has metrics."""
    figures = {} if report.metrics is None else report.metrics.summary()
    sections = [summary_section(report), _advice_section(report, figures)]
    if report.metrics is not None:
        sections += [
            _quality_section(report.metrics, figures),
            Section("pictures", "Pictures", pictures),
            _use_section(report.metrics),
            _groups_section(report.metrics),
            _privacy_section(report.metrics, figures),
        ]
    elif pictures:
        title = "Pictures" if report.items is None else "Before and after"
        sections.append(Section("pictures", title, pictures))
    return [section for section in sections if section.blocks]


def summary_section(report: AugmentationReport) -> Section:
    """What was done: counts, choices, warnings."""
    rows_in, rows_out = sum(report.counts_before.values()), sum(report.counts_after.values())
    removed = f", {report.n_removed:,} real rows removed" if report.n_removed else ""
    blocks: list[Block] = [
        Text(
            f"{report.sampler}: {rows_in:,} rows in, {rows_out:,} out; {report.n_accepted:,} of "
            f"{report.n_generated:,} generated rows accepted{removed}; {report.seconds:.2f} seconds."
        ),
        _class_table(report),
    ]
    if report.rejected:
        reasons = [(reason, f"{count:,}") for reason, count in report.rejected.items()]
        rows = [("accepted", f"{report.n_accepted:,}"), *reasons]
        blocks.append(
            TableBlock("Generated rows by what became of them", ("Reason", "Rows"), rows, numbers=(1,))
        )
    if report.choices:
        choices = [(str(name), _choice_text(choice)) for name, choice in report.choices.items()]
        blocks.append(TableBlock("What the sampler decided", ("Decision", "Choice"), choices))
    if report.warnings:
        blocks.append(Items(report.warnings, "warning"))
    return Section("summary", "Summary", blocks)


def _class_table(report: AugmentationReport) -> TableBlock:
    before, after = report.counts_before, report.counts_after
    labels = [*before, *(label for label in after if label not in before)]
    total = max(1, sum(after.values()))
    rows = []
    for label in labels:
        old, new = before.get(label, 0), after.get(label, 0)
        change = f"{new - old:+,}" if new != old else "0"
        rows.append((str(label), f"{old:,}", f"{new:,}", change, f"{100 * new / total:.1f} %"))
    header = ("Class", "Before", "After", "Change", "Share after")
    return TableBlock("Rows of each class", header, rows, numbers=(1, 2, 3, 4))


def _choice_text(choice: Any) -> str:
    if isinstance(choice, Mapping):
        return ", ".join(f"{name}: {_choice_text(value)}" for name, value in choice.items())
    if isinstance(choice, list | tuple | set):
        return ", ".join(map(_choice_text, choice))
    return str(choice)


def _advice_section(report: AugmentationReport, figures: Mapping[str, Any]) -> Section:
    metrics = report.metrics
    found = advise(
        figures,
        column_shapes=None if metrics is None else metrics.column_shapes(),
        pair_trends=None if metrics is None else metrics.column_pair_trends(),
        counts=report.counts_after,
        rejected=report.rejected,
        n_generated=report.n_generated,
        n_rows=None if metrics is None else (len(metrics.real), len(metrics.synthetic)),
        intervals=None if metrics is None else {name: metrics.interval(name) for name in figures},
        n_columns=None if metrics is None else len(metrics.real.columns),
        lost=None if metrics is None or not figures.get("categories_lost") else metrics.lost_categories(),
        utility=None if metrics is None else metrics.utility(),
        relabelled=RELABELLED in map(str, report.choices.values()),
    )
    todo = [advice.text for advice in found if advice.kind != "fine"]
    fine = [advice.text for advice in found if advice.kind == "fine"]
    lists = [Items(todo, "advice"), Items(fine, "fine")]
    return Section("advice", "What to do", [items for items in lists if items.entries])


def _quality_section(metrics: Any, figures: Mapping[str, Any]) -> Section:
    blocks: list[Block] = [
        Text(
            f"{len(metrics.synthetic):,} synthetic rows beside {len(metrics.real):,} real ones{_drawn_words(metrics)}. "
            "The ideal is what fresh real rows would have."
        ),
        _figure_table("Fidelity: are the rows plausible?", FIDELITY, figures),
        _figure_table("Diversity: are they varied?", DIVERSITY, figures),
    ]
    return Section("quality", "Quality", [*blocks, *_worst_tables(metrics)])


def _drawn_words(metrics: Any) -> str:
    """Why these are fewer rows than there are."""
    n_all = len(metrics.all_synthetic), len(metrics.all_real)
    if n_all == (len(metrics.synthetic), len(metrics.real)):
        return ""
    return f", drawn from {n_all[0]:,} and {n_all[1]:,} so that each class has the same share in both"


def _worst_tables(metrics: Any) -> list[Block]:
    """The columns and the pairs of columns that match worst."""
    shapes = metrics.column_shapes().dropna().sort_values()
    trends = metrics.column_pair_trends().nsmallest(MAX_PAIRS, "score")
    columns = [(str(name), value_text(score)) for name, score in shapes.head(MAX_COLUMNS).items()]
    pairs = [
        (str(first), str(second), value_text(score))
        for first, second, score in zip(trends["first"], trends["second"], trends["score"])
    ]
    which = "Match of each column" if len(shapes) <= MAX_COLUMNS else "Columns that match worst"
    tables = [
        TableBlock(f"{which}, from 0 to 1", ("Column", "Shape"), columns, numbers=(1,)),
        TableBlock("Pairs that match worst, from 0 to 1", ("Column", "Column", "Trend"), pairs, numbers=(2,)),
    ]
    return [table for table in tables if table.rows]


def _use_section(metrics: Any) -> Section:
    scores = metrics.utility()
    if scores is None:
        return Section("use", "Use", [])
    rows = [
        (
            SCORES.get(name, name),
            *(value_text(row[side]) for side in ("real", "augmented", "difference")),
            _interval_text((row["low"], row["high"])),
        )
        for name, row in scores.iterrows()
    ]
    header = ("Score", "Real rows", "With synthetic rows", "Difference", "95 % interval")
    table = TableBlock("Boosted trees on fresh rows, by what they learned from", header, rows, (1, 2, 3, 4))
    return Section("use", "Use: does it help a model?", [Text(USE_WORDS), table])


def _groups_section(metrics: Any) -> Section:
    effects = metrics.groups()
    if effects is None:
        return Section("groups", "Groups", [])
    told = {key: title for key, title in GROUP_FIGURES.items() if f"{key}_real" in effects}
    rows = [
        (
            str(group),
            *(
                " → ".join(value_text(row[f"{key}_{side}"], "share") for side in ("real", "augmented"))
                for key in told
            ),
        )
        for group, row in effects.iterrows()
    ]
    header = (str(metrics.sensitive), *told.values())
    small = [str(group) for group in effects.index[effects["too_small"]]]
    blocks: list[Block] = [
        Text(GROUP_WORDS),
        TableBlock(
            f"Groups of {metrics.sensitive}, before → after", header, rows, numbers=range(1, len(header))
        ),
    ]
    if small:
        blocks.append(Text(f"Too few rows to say anything of: {', '.join(small)}."))
    return Section("groups", "Groups: who is affected?", blocks)


def _privacy_section(metrics: Any, figures: Mapping[str, Any]) -> Section:
    blocks: list[Block] = [Text(PRIVACY_WORDS)]
    if metrics.holdout is None:
        blocks.append(Text("No fresh rows were given as a holdout, so figures that need them have a dash."))
    intervals = {name: metrics.interval(name) for name in PRIVACY if name in figures}
    blocks.append(_figure_table("Privacy: are they copies?", PRIVACY, figures, intervals))
    return Section("privacy", "Privacy", blocks)


def _figure_table(
    caption: str,
    texts: Mapping[str, FigureText],
    figures: Mapping[str, Any],
    intervals: Mapping[str, tuple[float, float] | None] | None = None,
) -> TableBlock:
    rows = []
    for key, text in texts.items():
        if key not in figures:
            continue
        told = [text.title, value_text(figures[key], text.style)]
        if intervals is not None:
            told.append(_interval_text(intervals.get(key), text.style))
        rows.append([*told, ideal_text(text, figures), text.meaning])
    header = ("Figure", "Value", *([] if intervals is None else ["95 % interval"]), "Ideal", "What it says")
    return TableBlock(caption, header, rows, numbers=range(1, len(header) - 2))


def _interval_text(interval: tuple[float, float] | None, style: str = "number") -> str:
    return "" if interval is None else " to ".join(value_text(end, style) for end in interval)
