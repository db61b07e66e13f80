"""Samplers whose new rows must pass a filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, StrOptions

from ..exceptions import ConstraintError, DataError, GenesisWarning
from ..filters import Constraint, parse_constraints
from ._inner import InnerSampler
from ._sieves import ConstraintSieve, chain, check_repairable, fitted_constraints, mended, violations
from .base import BaseAugmenter
from .data import ClassData, DrawBlock, NewRows, ResamplePlan, SamplingData, Sieve

__all__ = ["ConstraintFilter"]


class ConstraintFilter(BaseAugmenter):
    """Make every new row satisfy constraints.

    Around a sampler, its normal use, it makes candidates until each class has its target count of rows that satisfy
    every constraint, and leaves the real rows alone. As a step of its own, behind a sampler in a pipeline, it cannot
    know which rows are real, so it treats all alike.

    Parameters
    ----------
    constraints : Constraint, str, callable or list of these, default=()
        What rows must satisfy: a :class:`Constraint`, an expression such as ``"start <= end and age < 120"``, or a
        callable from a frame to a mask. Columns are names, or positions where ``X`` is an array.
    sampler : sampler, default=None
        What makes the rows: any sampler with ``fit_resample``. None for a step of its own.
    on_violation : {"auto", "resample", "repair", "drop", "raise"}, default="auto"
        What happens to a row that violates a constraint. ``"resample"``: it is replaced by a new candidate;
        ``"repair"``: it is mended (clipped, swapped, derived) and, around a sampler, replaced where that fails;
        ``"drop"``: it is left out; ``"raise"``: an error. ``"auto"`` is ``"resample"`` around a sampler and
        ``"drop"`` without one, where there is nothing to resample from.
    random_state : int, RandomState instance or None, default=None
        Seed of a sampler that has none of its own.

    Attributes
    ----------
    constraints_ : tuple of Constraint
        With what they learned from the rows given.
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made or, without a sampler, repaired.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts, and how many rows each constraint turned down.

    Raises
    ------
    ConstraintError
        For a constraint that does not fit the table, or with ``on_violation="raise"``.
    TargetNotReachedError
        When the target cannot be met in bounded rounds; names the constraint and its acceptance rate.

    See Also
    --------
    Constraint : What can be stated.

    Notes
    -----
    A comparison with a missing value is neither true nor false, and such a row passes, as in an SQL ``CHECK``. Sums,
    linear relations and functional dependencies are not met by rejection, which would accept almost no row: the
    dependent column is computed from the others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling import ConstraintFilter, NoiseSampler
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"low": rng.uniform(0, 1, 60)})
    >>> X["high"] = X["low"] + rng.uniform(0, 0.1, 60)
    >>> y = np.repeat(["ok", "failed"], [50, 10])
    >>> sampler = ConstraintFilter("low <= high", NoiseSampler(noise_scale=0.5, random_state=0))
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> len(X_new), bool((X_new["low"] <= X_new["high"]).all())
    (100, True)
    """

    _parameter_constraints: dict = {
        "constraints": [Constraint, str, callable, "array-like", tuple],
        "sampler": [HasMethods(["fit_resample"]), None],
        "on_violation": [StrOptions({"auto", "resample", "repair", "drop", "raise"})],
        "random_state": ["random_state"],
    }

    def __init__(self, constraints=(), sampler=None, *, on_violation="auto", random_state=None):
        self.constraints = constraints
        self.sampler = sampler
        self.on_violation = on_violation
        self.random_state = random_state

    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        self._action()
        if self.sampler is None:
            return dict.fromkeys(data.counts, 0)
        return InnerSampler(self.sampler).strategy(data)

    def _resample(self, data: SamplingData) -> ResamplePlan:
        self._fit_constraints(data)
        if self.sampler is None:
            return self._treat_alike(data)
        plan = InnerSampler(self.sampler).plan(data, self._sieve(data.sieve))
        if self._action() in ("drop", "raise"):
            self._drop_violations(plan, data)
        return plan

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        if self.sampler is None:
            return super()._make_class(part, n_rows)
        return self._learn_class(part, n_rows)(n_rows, 0)

    def _learn_class(self, part: ClassData, n_rows: int) -> DrawBlock:
        self._fit_constraints(part.data)
        if self._action() not in ("resample", "repair"):
            raise DataError(
                f"Got ConstraintFilter(on_violation={self.on_violation!r}) inside another sampler, which needs its "
                "counts met; expected on_violation='resample' or 'repair'."
            )
        return InnerSampler(self.sampler).learn(part, n_rows, self._sieve(part.data.sieve))

    def _fit_constraints(self, data: SamplingData) -> None:
        """Set ``constraints_``; refuse what cannot be met as asked."""
        self.constraints_ = fitted_constraints(parse_constraints(self.constraints), data.table.frame)
        if self._action() == "repair":
            check_repairable(self.constraints_)

    def _sieve(self, outer: Sieve | None) -> Sieve | None:
        """What candidates of the inner sampler must pass."""
        if self._action() not in ("resample", "repair"):
            return outer
        return chain(ConstraintSieve(self.constraints_, repair=self._action() == "repair"), outer)

    def _action(self) -> str:
        """``on_violation`` with "auto" resolved."""
        if self.sampler is not None:
            return "resample" if self.on_violation == "auto" else self.on_violation
        if self.on_violation == "resample":
            raise DataError(
                "Got on_violation='resample' without a sampler; expected a sampler that can make rows anew: "
                "ConstraintFilter(constraints, sampler=...). As a step of its own it can 'drop', 'repair' or 'raise'."
            )
        return "drop" if self.on_violation == "auto" else self.on_violation

    def _drop_violations(self, plan: ResamplePlan, data: SamplingData) -> None:
        """Take the new rows that violate a constraint out of the plan, or raise."""
        frame = mended(plan.new.frame, self.constraints_, repair=False)
        reasons = violations(frame, self.constraints_, data.table.frame)
        if self._action() == "raise":
            _raise_for(reasons, "new rows")
        good = reasons == ""
        rejected = Counter(plan.new.rejected) + Counter(reasons[~good].tolist())
        plan.new = replace(plan.new, frame=frame, rejected=dict(rejected))
        plan.keep_new(good)
        if not good.all():
            data.warn(
                f"Dropped {int((~good).sum())} of {len(good)} new rows that violate a constraint, so the targets are "
                "not met. To replace them use on_violation='resample'.",
                GenesisWarning,
            )

    def _treat_alike(self, data: SamplingData) -> ResamplePlan:
        """Drop, repair or refuse among all rows of the input."""
        reasons = violations(data.table.frame, self.constraints_)
        if self._action() == "raise":
            _raise_for(reasons, "rows")
        bad, kept = np.flatnonzero(reasons != ""), np.flatnonzero(reasons == "")
        repaired, reasons = NewRows.none_of(data.table.frame), reasons[bad]
        if self._action() == "repair":
            frame = mended(data.table.rows(bad), self.constraints_, repair=True)
            reasons = violations(frame, self.constraints_)
            repaired = NewRows(frame, bad).take(reasons == "")
        dropped = Counter(reasons[reasons != ""].tolist())
        repaired.choices = {f"rows dropped for {reason}": count for reason, count in dropped.items()}
        order = np.argsort(np.concatenate([kept, repaired.sources]), kind="stable")
        codes = data.target.codes[repaired.sources]
        return ResamplePlan(repaired, codes, kept, order, dict.fromkeys(data.counts, 0))


def _raise_for(reasons: np.ndarray, what: str) -> None:
    broken = reasons[reasons != ""]
    if len(broken):
        names, counts = np.unique(broken.astype(str), return_counts=True)
        found = ", ".join(f"{name} ({count})" for name, count in zip(names, counts, strict=True))
        raise ConstraintError(
            f"Got {len(broken)} of {len(reasons)} {what} that violate a constraint: {found}; expected none. Use "
            "on_violation='repair', 'drop' or, around a sampler, 'resample'."
        )
