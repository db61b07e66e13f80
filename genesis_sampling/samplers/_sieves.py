"""Filters as samplers meet them: what a candidate must pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..exceptions import ConstraintError, DataError
from ..filters import Constraint
from ..filters.diversity import NearCopies
from ..filters.quality import MIN_ROWS, SCORERS, ClassRows
from .data import ClassData, NewRows, Sieve

__all__ = ["BY_GENERATOR", "ChainedSieve", "ConstraintSieve", "DiversitySieve", "QualitySieve", "chain"]

# Made rows that a scorer learns from: as many as there are real ones, within these bounds.
MIN_REFERENCE, MAX_REFERENCE = 200, 5000
# What is drawn at most for that, where another sieve turns most rows down.
MAX_REFERENCE_CANDIDATES = 20_000
# The scorer that takes the scores that rows came with.
BY_GENERATOR = "generator"


class ConstraintSieve(Sieve):
    """Turns down rows that violate a constraint.

    Columns that a constraint derives (sums, functional dependencies) are computed first.

    Parameters
    ----------
    constraints : sequence of Constraint
        Fitted on the real rows.
    repair : bool, default=False
        Whether violations that have a repair are mended before the rows are judged.
    """

    def __init__(self, constraints: Iterable[Constraint], *, repair: bool = False):
        self.constraints = tuple(constraints)
        self.repair = repair

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        frame = mended(rows.frame, self.constraints, repair=self.repair)
        real = part.data.table.frame
        existing = pd.concat([real, accepted], ignore_index=True) if len(accepted) else real
        return replace(rows, frame=frame), violations(frame, self.constraints, existing)


class QualitySieve(Sieve):
    """Turns down rows that score too low.

    Parameters
    ----------
    threshold : float
        Least score.
    scorer : str or callable
        A name of ``SCORERS``, ``BY_GENERATOR``, or ``scorer(real, candidates) -> scores`` on frames.
    score : callable, default=None
        ``score(frame) -> scores``, of a class that has been learned.
    """

    def __init__(
        self, threshold: float, scorer: Any, score: Callable[[pd.DataFrame], np.ndarray] | None = None
    ):
        self.threshold = threshold
        self.scorer = scorer
        self.score = score

    def for_class(self, part: ClassData, draw: Callable[[int], NewRows]) -> Sieve:
        learned = None if self.scorer == BY_GENERATOR else self._learned(part, draw)
        return QualitySieve(self.threshold, self.scorer, learned)

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        scores = self._scores(rows)
        part.data.keep_scores(self.threshold, scores)
        reason = f"quality score below {self.threshold:g}"
        return replace(rows, scores=scores), np.where(scores < self.threshold, reason, "").astype(object)

    def _scores(self, rows: NewRows) -> np.ndarray:
        if self.scorer == BY_GENERATOR:
            if rows.scores is None:
                raise DataError(
                    "Got scorer='generator' for rows that no generator has scored; expected GenerativeOverSampler with "
                    "a DCGANGenerator as sampler. Use another scorer."
                )
            return rows.scores
        assert self.score is not None
        return self.score(rows.frame) if len(rows) else np.empty(0)

    def _learned(
        self, part: ClassData, draw: Callable[[int], NewRows]
    ) -> Callable[[pd.DataFrame], np.ndarray]:
        if callable(self.scorer):
            # Copies, since a scorer judges rows and does not edit them.
            return lambda frame: _checked_scores(
                self.scorer(part.rows.copy(), frame.copy()), len(frame), self.scorer
            )
        scorer, data, n_rows = SCORERS[self.scorer](), part.data, len(part.positions)
        made = NewRows.none_of(part.rows)
        if scorer.needs_made and n_rows >= MIN_ROWS:
            made = draw(int(np.clip(n_rows, MIN_REFERENCE, MAX_REFERENCE)))
        n_least = min(n_rows, len(data.codes) - n_rows if scorer.needs_others else n_rows)
        if n_least < MIN_ROWS:
            part.warn_of_few_rows(
                f"a quality score needs {MIN_ROWS} rows to learn from and has {n_least}, so none is turned down for it"
            )
            return lambda frame: np.ones(len(frame))
        if scorer.needs_made and len(made) < MIN_ROWS:
            part.warn(
                f"gets no quality score: it needs {MIN_ROWS} made rows to learn from, of which other filters left "
                f"{len(made)}"
            )
            return lambda frame: np.ones(len(frame))
        scorer.fit(
            ClassRows(
                table=data.codes,
                classes=data.target.codes,
                code=part.code,
                made=data.encoder.transform(made.frame),
                discrete=data.encoder.discrete_,
                distances=data.distances(),
                seed=part.streams.child("quality").integer_seed(),
            )
        )
        if 0 < self.threshold <= scorer.least_score:
            part.warn_of_few_rows(
                f"ranks among so few never score below {scorer.least_score:.2f}, so no row is turned down for quality "
                f"at the threshold {self.threshold:g}"
            )
        return lambda frame: scorer.score(data.encoder.transform(frame))


class DiversitySieve(Sieve):
    """Turns down near copies of real rows of the class, and of one another.

    Parameters
    ----------
    min_distance : float
        In units of the median distance of a real row to its nearest other one.
    copies : NearCopies, default=None
        Of a class that has been learned.
    """

    def __init__(self, min_distance: float, copies: NearCopies | None = None):
        self.min_distance = min_distance
        self.copies = copies

    def for_class(self, part: ClassData, draw: Callable[[int], NewRows]) -> Sieve:
        real = part.data.codes[part.positions]
        copies = NearCopies(part.data.distances(), real, self.min_distance)
        if self.min_distance and not copies.unit_:
            part.warn(
                "has a single row, or mostly repeated ones: their usual distance is 0, so no new row is turned down as "
                "a near copy"
            )
        return DiversitySieve(self.min_distance, copies)

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        assert self.copies is not None
        encode = part.data.encoder.transform
        codes, reasons = encode(rows.frame), np.full(len(rows), "", dtype=object)
        of_real = self.copies.of_real(codes)
        reasons[of_real] = "near copy of a real row"
        others = np.flatnonzero(~of_real)
        again = others[self.copies.of_each_other(codes[others], encode(accepted))]
        reasons[again] = "near copy of another new row"
        return rows, reasons


class ChainedSieve(Sieve):
    """One sieve after another; a row bears the reason of the first that turns it down."""

    def __init__(self, *sieves: Sieve):
        self.sieves = sieves

    def for_class(self, part: ClassData, draw: Callable[[int], NewRows]) -> Sieve:
        learned: list[Sieve] = []
        for sieve in self.sieves:
            # What a sieve learns from has passed those before it.
            passing = draw if not learned else _passing(draw, ChainedSieve(*learned), part)
            learned.append(sieve.for_class(part, passing))
        return ChainedSieve(*learned)

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        reasons = np.full(len(rows), "", dtype=object)
        for sieve in self.sieves:
            rows, found = sieve.judge(rows, accepted, part)
            reasons = np.where(reasons == "", found, reasons)
        return rows, reasons


def chain(first: Sieve | None, second: Sieve | None) -> Sieve | None:
    """Both sieves, either of which may be absent."""
    if first is None or second is None:
        return first or second
    return ChainedSieve(first, second)


def _passing(draw: Callable[[int], NewRows], sieve: Sieve, part: ClassData) -> Callable[[int], NewRows]:
    """A draw of rows that pass a sieve: as many as asked for, or what a bounded number of candidates has of them."""

    def drawn(n_rows: int) -> NewRows:
        n_candidates = n_rows
        while True:
            candidates, reasons = sieve.judge(draw(n_candidates), part.rows.iloc[:0], part)
            passed = candidates.take(reasons == "")
            if len(passed) >= n_rows or n_candidates >= MAX_REFERENCE_CANDIDATES:
                return passed.take(np.arange(min(n_rows, len(passed))))
            n_candidates = min(4 * n_candidates, MAX_REFERENCE_CANDIDATES)

    return drawn


def _checked_scores(scores: Any, n_rows: int, scorer: Any) -> np.ndarray:
    try:
        scores = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Got {type(scores).__name__} from the scorer {getattr(scorer, '__name__', scorer)!r} that cannot be read "
            f"as numbers ({error}); expected {n_rows} scores in [0, 1]."
        ) from error
    if scores.shape != (n_rows,) or not ((scores >= 0) & (scores <= 1)).all():
        raise DataError(
            f"Got scores of shape {scores.shape} between {scores.min(initial=np.inf):g} and "
            f"{scores.max(initial=-np.inf):g} from the scorer {getattr(scorer, '__name__', scorer)!r}; expected "
            f"{(n_rows,)} of them in [0, 1]."
        )
    return scores


def mended(frame: pd.DataFrame, constraints: Iterable[Constraint], *, repair: bool) -> pd.DataFrame:
    """The rows with derived columns computed and, if asked, violations repaired where a repair is defined."""
    for constraint in constraints:
        frame = constraint.repair(frame) if repair and constraint.can_repair else constraint.derive(frame)
    return frame


def violations(
    frame: pd.DataFrame, constraints: Iterable[Constraint], existing: pd.DataFrame | None = None
) -> np.ndarray:
    """Name of the first constraint that each row violates, empty where there is none, shape (n_rows,)."""
    reasons = np.full(len(frame), "", dtype=object)
    for constraint in constraints:
        broken = ~constraint.check(frame, existing=existing)
        reasons[broken & (reasons == "")] = constraint.name
    return reasons


def fitted_constraints(constraints: Iterable[Constraint], frame: pd.DataFrame) -> tuple[Constraint, ...]:
    """The constraints with what they learn from real rows; an error for one that does not fit the table."""
    fitted = []
    for constraint in constraints:
        constraint.validate(frame)
        fitted.append(constraint.fit(frame))
    return tuple(fitted)


def check_repairable(constraints: Iterable[Constraint]) -> None:
    """Refuse constraints that have no repair."""
    broken = [constraint.name for constraint in constraints if not constraint.can_repair]
    if broken:
        raise ConstraintError(
            f"Got on_violation='repair' for constraints that have no repair: {broken}; expected only such that have "
            "one (see Constraint.can_repair). Use 'resample' around a sampler, or 'drop'."
        )
