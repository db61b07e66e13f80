"""Constraints that rows must satisfy: check, repair, combine, learn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..exceptions import ConstraintError
from ..tables.comparisons import plain, resolve_columns
from ..tables.conditions import Between, Compared, among
from ..tables.expressions import Expression
from ._arguments import as_key, several_columns, some_columns
from ._dependencies import FixedCombinations, FunctionalDependency, Linear
from ._learning import learn_rules
from ._logic import AllOf, AnyOf, Negated
from ._rules import (
    Bounds,
    Custom,
    Matches,
    NotNull,
    Ordered,
    Rule,
    Stated,
    Unique,
    Whole,
)


@dataclass(frozen=True, repr=False)
class Constraint:
    """A statement that every row must satisfy.

    Built by the class methods (`Constraint.positive`, `Constraint.range`, ...) or from text by
    `Constraint.parse`; combined with ``&``, ``|`` and ``~``. Constraints are values: immutable, equal if they
    state the same, hashable where their literals are, picklable and safe to `sklearn.base.clone`.

    Columns are names, or positions where the data come as an array.

    Parameters
    ----------
    rule : Rule
        What is stated. Use the class methods instead.

    Notes
    -----
    Missing cells have the semantics of ``CHECK`` in SQL: a comparison with a missing value is unknown, and a
    row violates a constraint only where it is definitely false. ``age > 0`` and ``not (age > 0)`` both pass
    where the age is missing. To refuse missing cells use `Constraint.not_null`.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.filters import Constraint
    >>> frame = pd.DataFrame({"age": [30, -2, 51], "start": [1, 2, 9], "end": [4, 3, 5]})
    >>> constraint = Constraint.range("age", 0, 120) & Constraint.parse("start <= end")
    >>> constraint
    <Constraint: (0 <= age <= 120) and (start <= end)>
    >>> constraint.check(frame).tolist()
    [True, False, False]
    >>> Constraint.positive("age").repair(frame)["age"].tolist()
    [30, 1, 51]
    """

    rule: Rule

    @classmethod
    def positive(cls, column: Hashable) -> Constraint:
        """Greater than zero. Repair: 1 for integers, else the smallest positive value at hand, else 1."""
        return cls.range(column, 0, None, inclusive="neither")

    @classmethod
    def non_negative(cls, column: Hashable) -> Constraint:
        """Zero or greater. Repair: zero."""
        return cls.range(column, 0, None)

    @classmethod
    def range(
        cls, column: Hashable, low: Any = None, high: Any = None, *, inclusive: str = "both"
    ) -> Constraint:
        """Between two bounds.

        Parameters
        ----------
        column : hashable
            The column: numbers, dates, durations, text or ordered categories.

        low, high : scalar or None
            The bounds; None leaves that side open. Dates may be ISO text.

        inclusive : {"both", "left", "right", "neither"}, default="both"
            Which bounds are allowed values themselves.

        Notes
        -----
        Repair clips to the nearest valid value: the bound where it is allowed; else, for integers, the next
        one; else the valid value nearest to the bound in the table, else the middle of the range, else one
        unit (one day) away.
        """
        return cls(Bounds(Between(column, plain(low), plain(high), inclusive)))

    @classmethod
    def one_of(cls, column: Hashable, values: Iterable[Any]) -> Constraint:
        """One of these values. No repair: no listed value is nearer than another."""
        return cls(Stated(among(column, values)))

    @classmethod
    def integer(cls, *columns: Hashable) -> Constraint:
        """Whole numbers, in float columns too. Repair: rounding."""
        return cls(Whole(some_columns(columns)))

    @classmethod
    def not_null(cls, *columns: Hashable) -> Constraint:
        """No missing cell in any of the columns."""
        return cls(NotNull(some_columns(columns)))

    @classmethod
    def regex(cls, column: Hashable, pattern: str) -> Constraint:
        """Text that the pattern, in the syntax of `re`, matches from beginning to end."""
        return cls(Matches(column, pattern))

    @classmethod
    def inequality(cls, low: Hashable, high: Hashable, *, strict: bool = False) -> Constraint:
        """Two columns in order, ``low <= high``, or ``low < high`` if ``strict``.

        Repair swaps the two values. Forbidden ties are moved apart: by one for integers, else by the smallest
        valid distance in the table.
        """
        return cls(Ordered(Compared(low, "<" if strict else "<=", high)))

    @classmethod
    def less_than(cls, low: Hashable, high: Hashable) -> Constraint:
        """``low < high``: `inequality` with ``strict=True``."""
        return cls.inequality(low, high, strict=True)

    @classmethod
    def linear(
        cls, total: Hashable, weights: Mapping[Hashable, float], *, intercept: float = 0, tolerance: float = 0
    ) -> Constraint:
        """``total == sum of weight * column + intercept``; the total is derived from the other columns.

        Parameters
        ----------
        total : hashable
            The dependent column. An integer column holds the rounded sum.

        weights : mapping of column to float
            The free columns, each with its factor.

        intercept : float, default=0
            Constant term.

        tolerance : float, default=0
            Greatest absolute difference that passes, beyond what floating point loses.
        """
        terms = tuple((name, plain(weight)) for name, weight in weights.items())
        if not terms or total in weights:
            raise ConstraintError(
                f"Got weights={dict(weights)!r} for {total!r}; expected one or more other columns."
            )
        return cls(Linear(total, terms, plain(intercept), plain(tolerance)))

    @classmethod
    def sum_of(cls, total: Hashable, parts: Iterable[Hashable], *, tolerance: float = 0) -> Constraint:
        """``total == sum of parts``; the total is derived from the parts."""
        return cls.linear(total, dict.fromkeys(several_columns(parts), 1), tolerance=tolerance)

    @classmethod
    def functional_dependency(
        cls,
        determinants: Hashable | list[Hashable],
        dependent: Hashable,
        mapping: Mapping[Any, Any] | None = None,
    ) -> Constraint:
        """The determinants decide the dependent column, which is derived from them.

        Parameters
        ----------
        determinants : hashable or list of hashable
            One column, or a list of them.

        dependent : hashable
            The column that they decide.

        mapping : mapping, default=None
            From a value (a tuple, for several determinants) to the dependent value. None learns it from the
            rows given to `fit`, which must not contradict each other.

        Notes
        -----
        Combinations that the mapping lacks are left open: forbid them with `one_of` or `fixed_combinations`.
        """
        names = tuple(determinants) if isinstance(determinants, list) else (determinants,)
        pairs = None
        if mapping is not None:
            pairs = tuple((as_key(key, len(names)), plain(value)) for key, value in mapping.items())
        return cls(FunctionalDependency(some_columns(names), dependent, pairs))

    @classmethod
    def fixed_combinations(
        cls, columns: Iterable[Hashable], combinations: Iterable[tuple[Any, ...]] | None = None
    ) -> Constraint:
        """Only these combinations of values; None learns them from the rows given to `fit`.

        None within a combination stands for a missing cell. There is no repair.
        """
        names = several_columns(columns)
        keys = None
        if combinations is not None:
            keys = tuple(dict.fromkeys(as_key(combination, len(names)) for combination in combinations))
        return cls(FixedCombinations(names, keys))

    @classmethod
    def unique(cls, *columns: Hashable) -> Constraint:
        """No two rows alike in these columns; the first of several passes, as do missing cells."""
        return cls(Unique(some_columns(columns)))

    @classmethod
    def expression(cls, text: str) -> Constraint:
        """A statement in the expression language, such as ``"start <= end and age < 120"``.

        See Also
        --------
        genesis_sampling.tables.expressions.Expression : The language.
        """
        return cls(Stated(Expression(text)))

    @classmethod
    def custom(
        cls,
        function: Callable[[pd.DataFrame], Any],
        columns: Iterable[Hashable] | None = None,
        *,
        name: str | None = None,
    ) -> Constraint:
        """A function that takes a frame (of ``columns`` alone, where given) and returns one boolean per row.

        To be pickled, as parallel jobs do, it must be defined at the top level of a module.
        """
        if not callable(function):
            raise ConstraintError(f"Got function={function!r}; expected a callable that takes a DataFrame.")
        names = None if columns is None else several_columns(columns)
        return cls(Custom(function, names, str(name or getattr(function, "__name__", repr(function)))))

    @classmethod
    def parse(cls, constraint: str | Constraint | Callable[[pd.DataFrame], Any]) -> Constraint:
        """Text (see `expression`), a function (see `custom`) or a constraint, as a constraint."""
        if isinstance(constraint, cls):
            return constraint
        if isinstance(constraint, str):
            return cls.expression(constraint)
        if callable(constraint):
            return cls.custom(constraint)
        raise ConstraintError(
            f"Got the constraint {constraint!r}; expected a Constraint, text such as 'age >= 0', a function."
        )

    @classmethod
    def learn(
        cls,
        frame: pd.DataFrame,
        *,
        min_rows: int = 100,
        max_categories: int = 50,
        bounds: str = "supported",
        alpha: float = 1e-3,
    ) -> list[Constraint]:
        """Propose constraints that hold in every row of real data and are not likely to hold by chance.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Real rows.

        min_rows : int, default=100
            Nothing is proposed from fewer rows (for each column: from fewer known cells).

        max_categories : int, default=50
            Columns with more distinct values take no part in dependencies and combinations.

        bounds : {"supported", "observed"}, default="supported"
            ``"supported"`` proposes an observed extreme only where at least five rows share it, as they do at
            a true limit, and else no more than the sign. ``"observed"`` proposes every observed minimum and
            maximum.

        alpha : float, default=1e-3
            Bound on the chance that any ordering, dependency or combination is proposed for independent
            columns.

        Returns
        -------
        constraints : list of Constraint
            Fitted: whole numbers, not null, bounds, orderings, functional dependencies, fixed combinations.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from genesis_sampling.filters import Constraint
        >>> start = np.arange(200) % 50
        >>> frame = pd.DataFrame({"start": start, "end": start + np.arange(200) % 7})
        >>> for constraint in Constraint.learn(frame):
        ...     print(constraint)
        not null: start, end
        start >= 0
        end >= 0
        start <= end
        """
        rules = learn_rules(
            frame, min_rows=min_rows, max_categories=max_categories, bounds=bounds, alpha=alpha
        )
        return [cls(rule) for rule in rules]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the constraint reads, as they were given; none if it reads the whole row."""
        return self.rule.columns

    @property
    def name(self) -> str:
        """What the constraint states, for messages."""
        return str(self.rule)

    @property
    def can_repair(self) -> bool:
        """Whether `repair` is defined."""
        return self.rule.can_repair

    @property
    def parts(self) -> tuple[Constraint, ...]:
        """The constraints that ``&`` joined; the constraint itself if there are none."""
        if not isinstance(self.rule, AllOf):
            return (self,)
        return tuple(Constraint(rule) for rule in self.rule.parts)

    def validate(self, frame: pd.DataFrame) -> None:
        """Raise a `ConstraintError` if the table lacks a column or has kinds that do not meet.

        Rows that violate the constraint are no error.
        """
        resolve_columns(frame, self.columns)
        self.rule.fit(frame).truth(frame)

    def fit(self, frame: pd.DataFrame) -> Constraint:
        """Learn what the constraint leaves to the data: combinations and mappings.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Real rows.

        Returns
        -------
        constraint : Constraint
            A fitted copy, or the constraint itself if it has nothing to learn. It is never changed.
        """
        resolve_columns(frame, self.columns)
        rule = self.rule.fit(frame)
        return self if rule is self.rule else Constraint(rule)

    def check(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> NDArray[np.bool_]:
        """Rows that satisfy the constraint; an unknown does.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Rows to judge.

        existing : DataFrame, default=None
            Rows that are already there: what `unique` must not repeat. Other constraints ignore them.

        Returns
        -------
        mask : ndarray of bool of shape (n_rows,)
        """
        resolve_columns(frame, self.columns)
        return ~self.rule.truth(frame, existing).false

    def repair(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give violating rows the nearest valid values; other rows and all dtypes stay as they are.

        A row stays as it is, and goes on violating, if its column cannot hold the valid value (a sum beyond
        int8, a new category), or if parts of a combination contradict each other. Check again where that may
        be.

        Raises
        ------
        ConstraintError
            If the constraint has no repair (see `can_repair`) and some row needs it.
        """
        broken = ~self.check(frame)
        return (self.rule.repair(frame, broken) if broken.any() else frame).copy()

    def derive(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Compute dependent columns: `repair` for sums, linear relations and functional dependencies.

        The parts of ``&`` do so one after the other; other constraints change nothing.
        """
        for part in self.parts:
            if part.rule.derives:
                frame = part.repair(frame)
        return frame.copy()

    def __and__(self, other: Any) -> Constraint:
        return self._join(other, AllOf)

    def __or__(self, other: Any) -> Constraint:
        return self._join(other, AnyOf)

    def __invert__(self) -> Constraint:
        return Constraint(self.rule.part if isinstance(self.rule, Negated) else Negated(self.rule))

    def _join(self, other: Any, join: type[AllOf] | type[AnyOf]) -> Constraint:
        if not isinstance(other, Constraint):
            return NotImplemented
        rules = [rule.parts if isinstance(rule, join) else (rule,) for rule in (self.rule, other.rule)]
        return Constraint(join(sum(rules, ())))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Constraint: {self.name}>"


def parse_constraints(constraints: Any) -> tuple[Constraint, ...]:
    """One or several of what `Constraint.parse` takes, as constraints; ``&`` is taken apart, for messages."""
    if constraints is None:
        return ()
    single = isinstance(constraints, str | Constraint) or callable(constraints)
    parsed = [Constraint.parse(constraint) for constraint in ([constraints] if single else constraints)]
    return tuple(part for constraint in parsed for part in constraint.parts)
