"""Rules made of rules: and, or, not."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..tables.comparisons import Ternary
from ._rules import Rule


@dataclass(frozen=True)
class AllOf(Rule):
    """Every part holds; repaired part by part, again while one repair disturbs another."""

    parts: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @property
    def can_repair(self) -> bool:  # type: ignore[override]
        return all(part.can_repair for part in self.parts)

    def fit(self, frame: pd.DataFrame) -> Rule:
        return _fit_parts(self, frame)

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        return reduce(and_, (part.truth(frame, existing) for part in self.parts))

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        for _ in self.parts:
            for part in self.parts:
                broken = rows & part.violated(frame)
                frame = part.repair(frame, broken) if broken.any() else frame
        return frame

    def __str__(self) -> str:
        return " and ".join(_bracket(part) for part in self.parts)


@dataclass(frozen=True)
class AnyOf(Rule):
    """At least one part holds; repaired by the first part that can."""

    parts: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @property
    def can_repair(self) -> bool:  # type: ignore[override]
        return any(part.can_repair for part in self.parts)

    def fit(self, frame: pd.DataFrame) -> Rule:
        return _fit_parts(self, frame)

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        return reduce(or_, (part.truth(frame, existing) for part in self.parts))

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        able = [part for part in self.parts if part.can_repair]
        return able[0].repair(frame, rows) if able else super().repair(frame, rows)

    def __str__(self) -> str:
        return " or ".join(_bracket(part) for part in self.parts)


@dataclass(frozen=True)
class Negated(Rule):
    """The part does not hold; an unknown stays unknown and so passes."""

    part: Rule

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.part.columns

    def fit(self, frame: pd.DataFrame) -> Rule:
        part = self.part.fit(frame)
        return self if part is self.part else replace(self, part=part)

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        return ~self.part.truth(frame, existing)

    def __str__(self) -> str:
        return f"not {_bracket(self.part)}"


def _fit_parts(rule: AllOf | AnyOf, frame: pd.DataFrame) -> Rule:
    parts = tuple(part.fit(frame) for part in rule.parts)
    has_learned = any(new is not old for new, old in zip(parts, rule.parts, strict=True))
    return replace(rule, parts=parts) if has_learned else rule


def _bracket(rule: Rule) -> str:
    return f"({rule})"
