"""What an audit found, as plain data that people can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from os import PathLike
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from ..exceptions import DataError
from ..reports._html import html_fragment, html_page
from ..reports._page import Section, TableBlock, Text

__all__ = ["CODES", "SEVERITIES", "LeakageFinding", "LeakageReport"]

SEVERITIES = ("leak", "warning", "note")
TITLE = "Do the scores leak?"

# Code -> what it stands for. Codes are stable: they may be retired but never mean something else.
CODES = {
    "GS101": "a search after a sampler",
    "GS102": "early stopping after a sampler",
    "GS103": "inner cross-validation after a sampler",
    "GS104": "a threshold tuned after a sampler",
    "GS105": "calibration after a sampler",
    "GS106": "stacking after a sampler",
    "GS107": "feature selection by folds after a sampler",
    "GS108": "a target encoder after a sampler",
    "GS109": "an out-of-bag score after a sampler",
    "GS110": "a sampler without a seed behind a cache",
    "GS111": "a sampler with folds of its own after a sampler",
    "GS120": "a constraint with bounds of the whole table",
    "GS121": "a constraint that real rows break",
    "GS130": "a part that was fitted before",
    "GS201": "rows marked as synthetic in validation parts",
    "GS202": "a column that marks synthetic rows",
    "GS203": "copies across folds in one class",
    "GS204": "repeated rows across folds",
    "GS205": "near copies across folds",
    "GS206": "rows between other rows across folds",
    "GS207": "groups that straddle",
    "GS208": "inner folds that ignore the groups",
    "GS901": "something that was not looked at",
}


@dataclass(frozen=True)
class LeakageFinding:
    """One thing that an audit found.

    Parameters
    ----------
    code : str
        Stable name of the kind of finding, such as ``"GS101"``.
    severity : {"leak", "warning", "note"}
        ``"leak"``: scores are too good. ``"warning"``: they may be, or something else is not as it seems.
        ``"note"``: nothing to mend, but good to know.
    where : str
        The step, as ``get_params`` names it (``"prep__target"``), or the input (``"X"``, ``"groups"``, ...).
    sentence : str
        What was found.
    instead : str
        What to do.
    evidence : dict of str to number
        The figures that it rests on.
    """

    code: str
    severity: str
    where: str
    sentence: str
    instead: str
    evidence: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class LeakageReport:
    """What an audit found, the gravest first.

    Parameters
    ----------
    findings : tuple of LeakageFinding
        In order of severity.
    n_rows : int
        Rows that were looked at.
    n_folds : int
        Splits that were looked at.

    Examples
    --------
    >>> from genesis_sampling.evaluation.leakage import LeakageFinding, LeakageReport
    >>> found = LeakageFinding(
    ...     "GS109", "leak", "model", "It counts relatives.", "Cross-validate the pipeline."
    ... )
    >>> report = LeakageReport((found,), n_rows=100, n_folds=5)
    >>> report.ok
    False
    >>> print(report)
    1 leak in 100 rows and 5 folds
    LEAK GS109 model: an out-of-bag score after a sampler
      It counts relatives.
      Instead: Cross-validate the pipeline.
    """

    findings: tuple[LeakageFinding, ...]
    n_rows: int
    n_folds: int

    @property
    def ok(self) -> bool:
        """Whether no finding is a leak."""
        return not any(finding.severity == "leak" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as nested plain containers."""
        return {
            "ok": self.ok,
            "n_rows": self.n_rows,
            "n_folds": self.n_folds,
            "findings": [_plain(asdict(finding)) for finding in self.findings],
        }

    def to_frame(self) -> pd.DataFrame:
        """The findings as a table, one row each.

        Returns
        -------
        findings : DataFrame of shape (n_findings, 6)
            With the columns of :class:`LeakageFinding`.
        """
        rows = [_plain(asdict(finding)) for finding in self.findings]
        return pd.DataFrame(rows, columns=["code", "severity", "where", "sentence", "instead", "evidence"])

    def to_html(self, path: str | PathLike[str] | None = None, *, title: str = TITLE) -> str:
        """The report as one HTML file, which needs no network, runs no script and follows the reader's dark mode.

        Parameters
        ----------
        path : str or path, default=None
            Where to write it too; it appears whole or not at all.
        title : str, default="Do the scores leak?"
            Heading.

        Returns
        -------
        str
        """
        return html_page(title, self._sections(), path)

    def __str__(self) -> str:
        return "\n".join([self._summary(), *map(_lines, self.findings)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_fragment(self._sections())

    def _sections(self) -> list[Section]:
        blocks: list[Any] = [Text(self._summary())]
        if self.findings:
            rows = [
                (f.code, f.severity, f.where, f"{f.sentence} {_evidence(f)}".strip(), f.instead)
                for f in self.findings
            ]
            blocks.append(TableBlock("Findings", ("code", "severity", "where", "what", "instead"), rows))
        return [Section("found", "What was found", blocks)]

    def _summary(self) -> str:
        counts = [(sum(f.severity == severity for f in self.findings), severity) for severity in SEVERITIES]
        found = ", ".join(f"{n} {severity}{'s' * (n > 1)}" for n, severity in counts if n)
        return f"{found or 'Nothing found'} in {self.n_rows} rows and {self.n_folds} folds"


def by_severity(findings: Iterable[LeakageFinding]) -> tuple[LeakageFinding, ...]:
    """The findings, the gravest first, each code at each place once."""
    once: dict[tuple[str, str], LeakageFinding] = {}
    for finding in findings:
        if finding.severity not in SEVERITIES or finding.code not in CODES:
            raise DataError(
                f"Got {finding.code!r}, {finding.severity!r}; expected a known code and severity."
            )
        once.setdefault((finding.code, finding.where), finding)
    return tuple(
        sorted(once.values(), key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))
    )


def _lines(finding: LeakageFinding) -> str:
    """A finding as a few lines for a terminal."""
    head = f"{finding.severity.upper()} {finding.code} {finding.where}: {CODES[finding.code]}"
    texts = [finding.sentence, _evidence(finding), f"Instead: {finding.instead}" if finding.instead else ""]
    wrapped = [_wrapped(text) for text in texts if text]
    return "\n".join([head, *wrapped])


def _wrapped(text: str) -> str:
    # Whole words only: the names of columns and steps should be found by those who search for them.
    return fill(
        " ".join(text.split()),
        width=100,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _evidence(finding: LeakageFinding) -> str:
    figures = [f"{name} {_number(value)}" for name, value in finding.evidence.items()]
    return f"({', '.join(figures)})" if figures else ""


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def _plain(value: Any) -> Any:
    """Plain Python values, as JSON takes them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value
