"""What goes through a sampler: the checked input, one class of it, new rows, and the plan of the result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from .._random import RandomStreams
from ..exceptions import SmallClassWarning, TargetNotReachedError
from ..tables import TableEncoder, TableSchema, infer_schema
from ..tables.containers import Table, Target
from ..tables.items import ItemEncoder, ItemTable
from ..tables.neighbors import fit_distances
from ._warning import warn_user

__all__ = [
    "ClassData",
    "ClassSource",
    "DrawBlock",
    "NewRows",
    "ResamplePlan",
    "SamplingData",
    "Sieve",
    "learn_class",
    "plan_classes",
]

# How many candidates may be spent on the rows of a class: a floor, and a number for each row.
MIN_CANDIDATES = 20_000
CANDIDATES_PER_ROW = 100


class SamplingData:
    """The checked input of a sampler.

    Parameters
    ----------
    table : Table
        The features in their container.
    target : Target
        The labels in theirs.
    streams : RandomStreams
        Root of the sampler's random streams.
    categorical_features : "auto" or array-like, default="auto"
        Columns that hold categories.
    sieve : Sieve or None, default=None
        What every new row must pass, on behalf of the filters around the sampler.
    """

    def __init__(
        self,
        table: Table,
        target: Target,
        streams: RandomStreams,
        categorical_features: Any = "auto",
        sieve: Sieve | None = None,
    ):
        self.table = table
        self.target = target
        self.streams = streams
        self.sieve = sieve
        self.warned: list[str] = []
        self.scored: dict[float, list[np.ndarray]] = {}
        self._shared: dict[Hashable, Any] = {}
        self._categorical_features = categorical_features

    @property
    def counts(self) -> dict[Any, int]:
        """Rows of each class, by label."""
        return dict(zip(self.target.classes, self.target.counts.tolist(), strict=True))

    @property
    def schema(self) -> TableSchema:
        """What the columns of the whole table are."""
        return self.once("schema", lambda: infer_schema(self.table.frame, self._categorical_features))

    def named_categories(self, names: list[str]) -> Any:
        """``categorical_features`` for a frame whose columns have other names, and maybe further columns."""
        if isinstance(self._categorical_features, str):
            return self._categorical_features
        return [name for name, column in zip(names, self.schema, strict=True) if column.discrete]

    @property
    def encoder(self) -> Any:
        """An encoder that has seen the whole table."""
        return self.once("encoder", self._fitted_encoder)

    def _fitted_encoder(self) -> Any:
        if isinstance(self.table, ItemTable):
            return ItemEncoder(self.table)
        return TableEncoder().fit(self.table.frame, schema=self.schema)

    def distances(self, metric: str = "smote-nc", *, scale: bool = True) -> Any:
        """Distances between rows of the table; see :func:`fit_distances`."""
        return self.once(
            ("distances", metric, scale),
            lambda: fit_distances(
                self.codes, self.encoder.discrete_, metric=metric, scale=scale, labels=self.target.codes
            ),
        )

    @property
    def codes(self) -> np.ndarray:
        """The whole table, encoded; shape (n_rows, n_columns)."""
        return self.once("codes", lambda: self.encoder.transform(self.table.frame))

    def once(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """What the classes of one resampling share, made by the first that needs it."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def of_class(self, code: int) -> ClassData:
        """The part of the data that belongs to one class."""
        return ClassData(
            data=self,
            code=code,
            label=self.target.classes[code],
            positions=self.target.positions_of(code),
            streams=self.streams.child("class", code),
        )

    def seen_by(self, sampler: Any, *key: str | int, sieve: Sieve | None = None) -> SamplingData:
        """The same data for an inner sampler: with its seed (else a stream of ours) and its categories."""

        def look() -> SamplingData:
            seed = getattr(sampler, "random_state", None)
            streams = self.streams.child(*key) if seed is None else RandomStreams.from_random_state(seed)
            categorical = getattr(sampler, "categorical_features", "auto")
            inner = SamplingData(self.table, self.target, streams, categorical)
            inner.warned, inner.scored = self.warned, self.scored
            return inner

        return self.once(("seen by", *key), look).with_sieve(sieve or self.sieve)

    def warn(self, message: str, category: type[Warning]) -> None:
        """Give a warning, and keep it for the report."""
        self.warned.append(message)
        warn_user(message, category)

    def keep_scores(self, threshold: float, scores: np.ndarray) -> None:
        """Keep the quality scores of candidates, which had to reach a threshold, for the report."""
        self.scored.setdefault(threshold, []).append(scores)

    def with_sieve(self, sieve: Sieve | None) -> SamplingData:
        """The same data with another sieve."""
        data = copy(self)
        data.sieve = sieve
        return data

    def of_block(self, block: int) -> SamplingData:
        """The same data with streams of one block of new rows, for which all is learned anew; block 0 has its own."""
        if not block:
            return self
        data = copy(self)
        data.streams, data._shared = self.streams.child("block", block), {}
        return data


@dataclass
class ClassData:
    """The rows of one class, and the whole table that they are part of.

    Parameters
    ----------
    data : SamplingData
    code : int
        Position of the class in ``data.target.classes``.
    label : object
        Its label.
    positions : ndarray of int
        Its rows' positions in the input.
    streams : RandomStreams
        Random streams that belong to this class alone.
    """

    data: SamplingData
    code: int
    label: Any
    positions: np.ndarray
    streams: RandomStreams

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows of the class as a frame."""
        return self.data.table.rows(self.positions)

    def warn_of_few_rows(self, consequence: str) -> None:
        """Tell that the class has fewer rows than the method would like, and what that leads to."""
        n_rows = len(self.positions)
        self.warn(f"has {n_rows} row{'s' * (n_rows > 1)}: {consequence}")

    def warn(self, text: str) -> None:
        """Tell something about the class."""
        self.data.warn(f"Class {self.label!r} {text}.", SmallClassWarning)

    def with_sieve(self, sieve: Sieve | None) -> ClassData:
        """The same class with another sieve."""
        return replace(self, data=self.data.with_sieve(sieve))


@dataclass
class NewRows:
    """Rows that a sampler made.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows, with the columns and dtypes of the input's frame.
    sources : ndarray of int of shape (n_rows,)
        Position in the input of the row that each comes from; -1 where there is none.
    rejected : dict of str to int
        Candidates that were made beside these rows and turned down, by reason.
    choices : dict
        What was decided on the way, for the report.
    partners : ndarray of int of shape (n_rows,), default=None
        Position of the second row that each comes from, -1 where there is none; None if no row has two.
    scores : ndarray of shape (n_rows,), default=None
        Quality score of each row; None if nothing scored them.
    """

    frame: pd.DataFrame
    sources: np.ndarray
    rejected: dict[str, int] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)
    partners: np.ndarray | None = None
    scores: np.ndarray | None = None

    @classmethod
    def none_of(cls, frame: pd.DataFrame) -> NewRows:
        """No rows, with the columns of ``frame``."""
        return cls(frame.iloc[:0], np.empty(0, dtype=np.intp))

    @classmethod
    def concat(cls, parts: list[NewRows]) -> NewRows:
        """The rows of all parts, in order."""
        filled = [part.frame for part in parts if len(part)] or [parts[0].frame]
        frame = filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True)
        rejected = sum((Counter(part.rejected) for part in parts), Counter())
        choices = {name: choice for part in parts for name, choice in part.choices.items()}
        sources = np.concatenate([part.sources for part in parts])
        partners = scores = None
        if any(part.partners is not None for part in parts):
            partners = np.concatenate([part.known_partners() for part in parts])
        if any(part.scores is not None for part in parts):
            scores = np.concatenate([part.known_scores() for part in parts])
        return cls(frame, sources, dict(rejected), choices, partners, scores)

    def take(self, chosen: np.ndarray) -> NewRows:
        """The rows at a mask or at positions."""
        return replace(
            self,
            frame=self.frame.iloc[chosen].reset_index(drop=True),
            sources=self.sources[chosen],
            partners=None if self.partners is None else self.partners[chosen],
            scores=None if self.scores is None else self.scores[chosen],
        )

    def known_partners(self) -> np.ndarray:
        """``partners`` with -1 for every row where it is None."""
        return np.full(len(self), -1) if self.partners is None else self.partners

    def known_scores(self) -> np.ndarray:
        """``scores`` with NaN for every row where it is None."""
        return np.full(len(self), np.nan) if self.scores is None else self.scores

    def __len__(self) -> int:
        return len(self.sources)


@dataclass
class ClassSource:
    """A class that has been learned, ready to make rows.

    Parameters
    ----------
    draw : callable
        ``draw(n_rows, streams) -> NewRows``; equal streams give equal rows.
    choices : dict
        What was decided for this class.
    nested : bool, default=True
        Whether, with equal streams, the rows of a smaller draw are the first rows of a larger one.
    """

    draw: Callable[[int, RandomStreams], NewRows]
    choices: dict[str, Any] = field(default_factory=dict)
    nested: bool = True

    def draw_range(self, start: int, stop: int, streams: RandomStreams) -> NewRows:
        """The rows from ``start`` to ``stop`` of the endless sequence that the streams stand for."""
        if start == 0:
            return self.draw(stop, streams)
        if self.nested:
            return self.draw(stop, streams).take(np.arange(start, stop))
        return self.draw(stop - start, streams.child("from", start))


# ``draw(n_rows, block) -> NewRows``: rows of a class that has been learned, filters around it included. Blocks are
# numbered from 0 and have independent streams, so they can be drawn in any order, anywhere and again.
DrawBlock = Callable[[int, int], NewRows]


@dataclass
class ResamplePlan:
    """What the result of a resampling consists of.

    Parameters
    ----------
    new : NewRows
        The rows that were made.
    new_codes : ndarray of int
        Class of each of them, as a position in ``target.classes``.
    kept : ndarray of int or None, default=None
        Positions of the original rows that stay; None for all of them.
    order : ndarray of int or None, default=None
        Permutation of (kept rows, new rows) for the output; None leaves the new rows last.
    strategy : dict
        Label -> number of rows to make, for ``sampling_strategy_``.
    """

    new: NewRows
    new_codes: np.ndarray
    kept: np.ndarray | None = None
    order: np.ndarray | None = None
    strategy: dict[Any, int] = field(default_factory=dict)

    def keep_new(self, stays: np.ndarray) -> None:
        """Take the new rows out that a mask does not name."""
        if self.order is not None:
            n_kept = len(self.order) - len(stays)
            remain = np.concatenate([np.ones(n_kept, dtype=bool), stays])
            self.order = (np.cumsum(remain) - 1)[self.order[remain[self.order]]]
        self.new, self.new_codes = self.new.take(stays), self.new_codes[stays]


class Sieve(ABC):
    """What candidates must pass to become rows: the part of a filter that a sampler meets."""

    def for_class(self, part: ClassData, draw: Callable[[int], NewRows]) -> Sieve:
        """The sieve for one class, with what it learns from its real rows and from made rows that ``draw(n)`` gives."""
        return self

    @abstractmethod
    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        """Look at candidates.

        Parameters
        ----------
        rows : NewRows
            Candidates of one class.
        accepted : pandas.DataFrame
            The new rows of the class that have passed already.
        part : ClassData
            The real rows of the class and the whole table.

        Returns
        -------
        rows : NewRows
            The candidates, possibly mended.
        reasons : ndarray of str of shape (n_rows,)
            Why a row is turned down; empty where it passes.
        """


def learn_class(source: ClassSource, part: ClassData) -> DrawBlock:
    """What draws rows of one class that pass the sieve of the data, in bounded rounds; the sieve learns the class now.

    A draw raises TargetNotReachedError when too few candidates pass; the message has the reasons and the count that was
    reached.
    """
    sieve = part.data.sieve
    if sieve is not None:
        # Rows of a stream of their own: what is learned from them has not seen the candidates.
        sieve = sieve.for_class(part, lambda count: source.draw(count, part.streams.child("reference")))
    return partial(_draw_block, source, sieve, part)


def _draw_block(
    source: ClassSource, sieve: Sieve | None, part: ClassData, n_rows: int, block: int
) -> NewRows:
    """One block of rows, with a sieve that has learned the class."""
    streams = part.streams.child("draw")
    # Block 0, often the only one, is what is drawn where there are no blocks.
    streams = streams.child("block", block) if block else streams
    choices = {f"{name} of class {part.label!r}": choice for name, choice in source.choices.items()}
    if sieve is None:
        rows = source.draw(n_rows, streams)
        if len(rows) == n_rows:
            return replace(rows, choices=choices)
    accepted, rejected = NewRows.none_of(part.rows), Counter()
    n_drawn, budget = 0, max(MIN_CANDIDATES, CANDIDATES_PER_ROW * n_rows)
    while (
        len(accepted) < n_rows and n_drawn < budget and _may_suffice(len(accepted), n_drawn, budget, n_rows)
    ):
        # As many more as the share that passed so far lets expect, and some; a first look is a short one.
        share = (len(accepted) + 1) / (n_drawn + 1)
        stop = min(n_drawn + int(1.1 * (n_rows - len(accepted)) / share) + 8, budget)
        if n_drawn == 0 and sieve is not None:
            stop = min(stop, MIN_CANDIDATES)
        candidates = source.draw_range(n_drawn, stop, streams)
        if sieve is not None:
            candidates, reasons = sieve.judge(candidates, accepted.frame, part)
            rejected.update(reasons[reasons != ""].tolist())
            candidates = candidates.take(reasons == "")
        accepted = NewRows.concat([accepted, candidates])
        n_drawn = stop
    if len(accepted) < n_rows:
        raise TargetNotReachedError(_shortage(n_rows, len(accepted), n_drawn, rejected, part))
    return replace(accepted.take(np.arange(n_rows)), rejected=dict(rejected), choices=choices)


def _may_suffice(n_accepted: int, n_drawn: int, budget: int, n_rows: int) -> bool:
    """Whether the share that passed so far, or four standard errors more, would yield the rows within the budget."""
    if n_drawn < MIN_CANDIDATES:
        return True
    return (n_accepted + 4 * np.sqrt(n_accepted) + 16) / n_drawn * budget >= n_rows


def _shortage(n_rows: int, n_accepted: int, n_drawn: int, rejected: Counter, part: ClassData) -> str:
    got = f"Got {n_accepted} of the {n_rows} rows asked for class {part.label!r} out of {n_drawn} candidates."
    if not rejected:
        return f"{got} The sampler gave fewer rows than it was asked for; ask for fewer, or use another one."
    turned_down = "; ".join(f"{reason}: {count / n_drawn:.2%}" for reason, count in rejected.most_common(3))
    return f"{got} Turned down: {turned_down}. Loosen what turns them down, or ask for fewer rows."


def plan_classes(
    data: SamplingData, strategy: dict[Any, int], make_class: Callable[[ClassData, int], NewRows]
) -> ResamplePlan:
    """The plan that keeps all rows and adds those that ``make_class`` makes, as many as ``strategy`` says."""
    made, codes = [NewRows.none_of(data.table.frame)], [np.empty(0, dtype=np.intp)]
    for code, n_rows in enumerate(strategy.values()):
        if n_rows > 0:
            made.append(make_class(data.of_class(code), n_rows))
            codes.append(np.full(len(made[-1]), code))
    return ResamplePlan(NewRows.concat(made), np.concatenate(codes), strategy=strategy)
