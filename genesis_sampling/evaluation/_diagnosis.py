"""A diagnosis: what was found, what to try, and how it is shown."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any

from ..reports._html import html_fragment, html_page
from ..reports._markdown import markdown_page
from ..reports._page import Block, CodeBlock, Items, Section, TableBlock, Text
from ..reports._words import one_line
from ._findings import SEVERITIES, Finding, Recommendation, percent, plain

__all__ = ["Diagnosis"]

WIDTH = 88
TITLES = {"act": "Act on this first", "consider": "Consider", "note": "Good to know"}
MAX_CLASSES = 20
FOREWORD = (
    "The cheap things come first. No sampler is worth switching on blindly: measure each by cross-validation against "
    "doing nothing, with the sampler inside the pipeline."
)


@dataclass(frozen=True)
class Diagnosis:
    """What :func:`diagnose` gives.

    Parameters
    ----------
    n_rows, n_columns : int
        Of the table, without the target.
    counts : dict
        Rows of each class.
    findings : list of Finding
        The most urgent first.
    recommendations : list of Recommendation
        What to try, in this order.
    setup : str
        Lines that make ``X``, ``y`` and ``model`` what the code of the recommendations works with.
    title : str, default="Should this table be augmented?"
        Heading of the pages.
    """

    n_rows: int
    n_columns: int
    counts: dict[Any, int]
    findings: list[Finding]
    recommendations: list[Recommendation]
    setup: str
    title: str = field(default="Should this table be augmented?", repr=False)

    @property
    def codes(self) -> list[str]:
        """Codes of the findings, in their order."""
        return [finding.code for finding in self.findings]

    def __getitem__(self, code: str) -> Finding:
        """The first finding with this code."""
        for finding in self.findings:
            if finding.code == code:
                return finding
        raise KeyError(code)

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain containers with text as keys; figures that are no numbers are None."""
        return plain(
            {
                "n_rows": self.n_rows,
                "n_columns": self.n_columns,
                "counts": self.counts,
                "findings": [asdict(finding) for finding in self.findings],
                "recommendations": [asdict(recommendation) for recommendation in self.recommendations],
                "setup": self.setup,
            }
        )

    def to_json(self, *, indent: int | None = 2) -> str:
        """The same as JSON.

        Parameters
        ----------
        indent : int or None, default=2
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_markdown(self, *, title: str | None = None) -> str:
        """The diagnosis as Markdown.

        Parameters
        ----------
        title : str, default=None
            First heading instead of the usual one.
        """
        return markdown_page(self.title if title is None else title, self._sections())

    def to_html(self, path: str | PathLike[str] | None = None, *, title: str | None = None) -> str:
        """The diagnosis as one HTML file, which needs no network, runs no script and follows the reader's dark mode.

        Parameters
        ----------
        path : str or path, default=None
            Where to write it too; it appears whole or not at all.
        title : str, default=None
            Heading instead of the usual one.

        Returns
        -------
        str
        """
        return html_page(self.title if title is None else title, self._sections(), path)

    def _repr_html_(self) -> str:
        return html_fragment([section for section in self._sections() if section.key != "evidence"])

    def __str__(self) -> str:
        return "\n".join(map(one_line, self._lines()))

    def _lines(self) -> Iterator[str]:
        """What a terminal shows."""
        yield from _wrapped(self._summary(), "")
        for severity in SEVERITIES:
            findings = [finding for finding in self.findings if finding.severity == severity]
            if findings:
                yield from ("", TITLES[severity].upper())
            for finding in findings:
                yield from _wrapped(finding.title, "  ", "* ")
                if severity != "note":
                    yield from _wrapped(finding.meaning, "    ")
                    yield from _wrapped(finding.remedy, "    ", "-> ")
        if self.recommendations:
            yield from ("", "WHAT TO TRY, IN THIS ORDER")
        for place, recommendation in enumerate(self.recommendations, 1):
            yield from _wrapped(f"{recommendation.title}. {recommendation.reason}", "  ", f"{place}. ")
        if self.recommendations:
            yield from ("", *_wrapped("The code of each is in recommendations[i].code and in to_html().", ""))

    def _summary(self) -> str:
        counts = self._shown_counts()
        shown = ", ".join(f"{count:,} of class {name}" for name, count in counts)
        return f"{self.n_rows:,} rows, {self.n_columns:,} columns: {shown}."

    def _shown_counts(self) -> list[tuple[str, int]]:
        """The classes and their rows, the largest first; very many small ones as one entry."""
        ordered = sorted(
            ((one_line(label), count) for label, count in self.counts.items()), key=lambda c: -c[1]
        )
        if len(ordered) <= MAX_CLASSES:
            return ordered
        rest = ordered[MAX_CLASSES:]
        return [*ordered[:MAX_CLASSES], (f"({len(rest)} more)", sum(count for _, count in rest))]

    def _sections(self) -> list[Section]:
        parts = [self._summary_section()]
        for severity in SEVERITIES:
            rows = [(f.title, f.meaning, f.remedy) for f in self.findings if f.severity == severity]
            if rows:
                header = ("Finding", "What it means", "What to do")
                caption = f"{TITLES[severity]}: {len(rows)} finding{'s' * (len(rows) > 1)}"
                table = TableBlock(caption, header, rows)
                parts.append(Section(severity, TITLES[severity], [table]))
        return [*parts, self._try_section(), self._evidence_section()]

    def _summary_section(self) -> Section:
        rows = [
            (name, f"{count:,}", percent(count / max(1, self.n_rows))) for name, count in self._shown_counts()
        ]
        urgent = [finding.title for finding in self.findings if finding.severity == "act"]
        blocks: list[Block] = [
            Text(f"{self.n_rows:,} rows, {self.n_columns:,} columns, {len(self.counts):,} classes."),
            Items(urgent, "warning")
            if urgent
            else Items(["Nothing has to be done before anything else."], "fine"),
            TableBlock("Rows of each class", ("Class", "Rows", "Share"), rows, numbers=(1, 2)),
        ]
        return Section("summary", "Summary", blocks)

    def _try_section(self) -> Section:
        blocks: list[Block] = [Text(FOREWORD), CodeBlock("Before: what the other lines use", self.setup)]
        for place, tip in enumerate(self.recommendations, 1):
            blocks += [CodeBlock(f"{place}. {tip.title}. {tip.reason}", tip.code)]
        return Section("try", "What to try, in this order", blocks)

    def _evidence_section(self) -> Section:
        rows = [
            (finding.code, name.replace("_", " "), _shown(value))
            for finding in self.findings
            for name, value in plain(finding.evidence).items()
        ]
        table = TableBlock(
            "Figures; three numbers are a value and its 95 % interval", ("Finding", "Figure", "Value"), rows
        )
        return Section("evidence", "Evidence", [table])


def _wrapped(text: str, indent: str, mark: str = "") -> list[str]:
    """Lines of a paragraph, of which the first begins with a mark."""
    return textwrap.wrap(
        one_line(text),
        WIDTH,
        initial_indent=indent + mark,
        subsequent_indent=indent + " " * len(mark),
        break_on_hyphens=False,
    )


def _shown(value: Any) -> str:
    """Evidence as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return (
            f"({', '.join(map(_shown, value))})"
            if all(isinstance(v, float) for v in value)
            else "; ".join(map(_shown, value))
        )
    if isinstance(value, float):
        return f"{value:.3g}"
    return "unknown" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
