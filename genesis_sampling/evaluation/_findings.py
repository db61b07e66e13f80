"""What a diagnosis is made of: findings, recommendations, and how they speak of columns, classes and shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..metrics._estimate import Estimate
from ..reports._words import one_line, plain

__all__ = ["SEVERITIES", "Finding", "Recommendation", "interval", "listed", "named", "percent", "plain"]

# The most urgent first.
SEVERITIES = ("act", "consider", "note")
MAX_NAMED = 4
MAX_WIDTH = 40


@dataclass(frozen=True)
class Finding:
    """Something about a table that bears on whether and how to augment it.

    Parameters
    ----------
    code : str
        Its name for programs, such as ``"few_rare_rows"``.
    severity : {"act", "consider", "note"}
        Whether something should be done before anything else, may be worth doing, or is good to know.
    title : str
        One sentence.
    evidence : dict of str to plain value
        The figures that it rests on: numbers, text, and lists and dicts of these.
    meaning : str
        What follows from it.
    remedy : str
        What to do.
    """

    code: str
    severity: str
    title: str
    evidence: dict[str, Any]
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Recommendation:
    """Something to try.

    Parameters
    ----------
    title : str
        What.
    reason : str
        Why, by the findings.
    code : str
        Simple statements, one a line, that run where ``X``, ``y`` and ``model`` are defined.
    """

    title: str
    reason: str
    code: str


def named(name: Any) -> str:
    """A column or class as prose has it: text in quotes with nothing unprintable in it, cut where it is long."""
    text = repr(name) if isinstance(name, str) else one_line(name)
    return (
        text if len(text) <= MAX_WIDTH else f"{text[: MAX_WIDTH - 2]}…{text[0] if text[0] in QUOTES else ''}"
    )


QUOTES = "'\""


def listed(names: Iterable[Any], most: int = MAX_NAMED) -> str:
    """Some names, and how many more there are."""
    texts = [named(name) for name in names]
    if len(texts) > most:
        return f"{', '.join(texts[:most])} and {len(texts) - most} more"
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def percent(share: float) -> str:
    """A share in [0, 1] with as many places as tell it from 0 and from 1."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    near_an_end = min(share, 1 - share) < 0.1 and 0 < share < 1
    return f"{100 * share:.1f} %" if near_an_end else f"{100 * share:.0f} %"


def interval(estimate: Estimate) -> list[float]:
    """Value and both ends of its 95 % interval."""
    return [float(estimate.value), float(estimate.low), float(estimate.high)]
