"""Over-sampling, under-sampling and cleaning in one step, with one target."""

from __future__ import annotations

from math import floor, sqrt
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from imblearn.under_sampling import RandomUnderSampler
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import _BaseComposition

from ..exceptions import DataError, GenesisWarning, TargetNotReachedError
from ._inner import InnerSampler, keep_rows
from .base import BaseAugmenter
from .data import ClassData, DrawBlock, NewRows, ResamplePlan, SamplingData, plan_classes
from .noise import NoiseSampler

__all__ = ["HybridSampler"]


class HybridSampler(BaseAugmenter, _BaseComposition):
    """Bring classes to target counts from both sides: make rows of the small ones, remove rows of the large ones.

    Large classes are under-sampled first, small ones over-sampled from all their real rows, then a cleaning step may
    remove rows from the result, as in SMOTE-ENN and SMOTE-Tomek.

    Parameters
    ----------
    over : sampler, list of samplers or list of (name, sampler), default=None
        What makes rows: over-samplers of this package or with imbalanced-learn's interface. None is
        ``NoiseSampler()``. With several, see ``shares``. Parameters of named ones can be searched, as in
        ``noise__noise_scale``.
    under : sampler, default=None
        An under-sampler of imbalanced-learn that selects real rows. None is ``RandomUnderSampler()``.
    clean : sampler, default=None
        A cleaning step of imbalanced-learn, such as ``EditedNearestNeighbours()`` or ``TomekLinks()``. It comes last
        and removes real and new rows alike, so counts end below their targets by what it finds; the report says by
        how much.
    shares : array-like of shape (n_over_samplers,), default=None
        Share of the new rows of each class that each over-sampler makes. None takes them in order: each makes what
        its own ``sampling_strategy`` asks for, the last one what is left.
    sampling_strategy : float, "auto" or dict, default="auto"
        A dict gives the final count of each class that it names; the others stay as they are. A float is the ratio
        of every smaller class to the largest; ``"auto"`` is 1.
    majority_count : int, "keep" or None, default=None
        Where a ratio is given, the final count of the largest class. None goes half way, on a log scale, between its
        present count and the count at which no new rows would be needed.
    random_state : int, RandomState instance or None, default=None
        Seed of the steps that have none of their own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Target count of each class, before cleaning.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts; ``n_removed`` is the number of real rows that were removed.

    See Also
    --------
    imblearn.combine.SMOTEENN : SMOTE and cleaning, for numbers.

    Notes
    -----
    With :math:`N` rows in the largest class, :math:`n` in the smallest and the ratio :math:`r`, the largest class
    ends at :math:`M = \\sqrt{N \\cdot n / r}` by default, and every smaller one at :math:`r M` at least. Cleaners and
    under-samplers that measure distances see categories as in SMOTE-NC and a missing number one
    standard deviation aside from the mean; see :class:`TableNeighbors`.

    References
    ----------
    .. [1] G. Batista, R. Prati, M. Monard, "A study of the behavior of several methods for balancing machine learning
       training data", SIGKDD Explorations 6(1), 2004.

    Examples
    --------
    >>> from collections import Counter
    >>> import numpy as np
    >>> from genesis_sampling import HybridSampler
    >>> X = np.random.default_rng(0).normal(size=(1000, 3))
    >>> y = np.repeat([0, 1], [900, 100])
    >>> X_new, y_new = HybridSampler(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items())
    [(0, 300), (1, 300)]
    """

    _parameter_constraints: dict = {
        "over": [HasMethods(["fit_resample"]), list, None],
        "under": [HasMethods(["fit_resample"]), None],
        "clean": [HasMethods(["fit_resample"]), None],
        "shares": ["array-like", None],
        "sampling_strategy": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), dict],
        "majority_count": [Interval(Integral, 1, None, closed="left"), StrOptions({"keep"}), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        over=None,
        under=None,
        clean=None,
        *,
        shares=None,
        sampling_strategy="auto",
        majority_count=None,
        random_state=None,
    ):
        self.over = over
        self.under = under
        self.clean = clean
        self.shares = shares
        self.sampling_strategy = sampling_strategy
        self.majority_count = majority_count
        self.random_state = random_state

    def get_params(self, deep=True):
        """Parameters of this sampler and, with ``deep``, of those inside it."""
        return self._get_params("over", deep=deep) if self._is_named() else super().get_params(deep=deep)

    def set_params(self, **params):
        """Set parameters of this sampler or of those inside it."""
        return self._set_params("over", **params) if self._is_named() else super().set_params(**params)

    def _is_named(self) -> bool:
        """Whether ``over`` is a list of (name, sampler)."""
        over = getattr(self, "over", None)
        return isinstance(over, list) and bool(over) and all(isinstance(item, tuple) for item in over)

    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        return self.targets(data.counts)

    def targets(self, counts: dict[Any, int]) -> dict[Any, int]:
        """Final count of each class for classes of these counts, before cleaning.

        Parameters
        ----------
        counts : dict of label to int
            Rows of each class now.

        Returns
        -------
        targets : dict of label to int
        """
        if len(counts) < 2:
            raise DataError(
                f"Got one class only ({next(iter(counts))!r}) in y; expected at least two to balance."
            )
        if isinstance(self.sampling_strategy, dict):
            return counts | _checked_counts(self.sampling_strategy, counts)
        ratio = 1.0 if self.sampling_strategy == "auto" else self.sampling_strategy
        largest = self._majority_target(counts, ratio)
        smaller = floor(ratio * largest + 1e-9)
        present = max(counts.values())
        targets = {label: min(max(count, smaller), largest) for label, count in counts.items()}
        return {label: largest if counts[label] == present else target for label, target in targets.items()}

    def _majority_target(self, counts: dict[Any, int], ratio: float) -> int:
        present, fewest = max(counts.values()), min(counts.values())
        if self.majority_count == "keep":
            return present
        if self.majority_count is not None:
            return self.majority_count
        return min(present, max(fewest, round(sqrt(present * fewest / ratio))))

    def _resample(self, data: SamplingData) -> ResamplePlan:
        targets = self._strategy(data)
        kept = self._under_sample(data, targets)
        missing = {label: max(targets[label] - count, 0) for label, count in data.counts.items()}
        plan = plan_classes(data, missing, self._make_class)
        plan.kept, plan.strategy = kept, targets
        if self.clean is not None:
            self._clean(plan, kept, data)
        return plan

    def _under_sample(self, data: SamplingData, targets: dict[Any, int]) -> np.ndarray:
        """Positions of the real rows that stay."""
        labels = data.target.classes
        surplus = {
            code: targets[label] for code, label in enumerate(labels) if targets[label] < data.counts[label]
        }
        if not surplus:
            return np.arange(len(data.target.codes))
        sampler = RandomUnderSampler() if self.under is None else self.under
        kept = keep_rows(
            sampler,
            data.table.frame,
            data.target.codes,
            data.encoder,
            data.streams.child("under"),
            counts=surplus,
        )
        counts = np.bincount(data.target.codes[kept], minlength=len(labels)).tolist()
        missed = {labels[code]: counts[code] for code, count in surplus.items() if counts[code] != count}
        if missed:
            data.warn(
                f"{type(sampler).__name__} left {missed} rows where {targets} were asked for. RandomUnderSampler and "
                "NearMiss meet counts exactly.",
                GenesisWarning,
            )
        return kept

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        return self._learn_class(part, n_rows)(n_rows, 0)

    def _learn_class(self, part: ClassData, n_rows: int) -> DrawBlock:
        """New rows of one class from all over-samplers."""
        samplers = self._over_samplers()
        ends = self._ends(samplers, part, n_rows)
        learned: dict[int, DrawBlock] = {}

        def learn(position: int, n_asked: int) -> DrawBlock:
            if position not in learned:
                learned[position] = samplers[position].learn(part, n_asked, part.data.sieve)
            return learned[position]

        def draw(n_drawn: int, block: int) -> NewRows:
            asked = np.diff(np.rint(ends / n_rows * n_drawn).astype(int), prepend=0)
            made = [NewRows.none_of(part.rows)]
            for position in range(len(samplers)):
                left = n_drawn - sum(map(len, made))
                is_last = position == len(samplers) - 1
                wanted = left if is_last else min(left, asked[position])
                if wanted > 0:
                    made.append(_draw_or_leave(learn(position, n_rows), wanted, block, part, is_last))
            return NewRows.concat(made)

        for position, n_asked in enumerate(np.diff(ends, prepend=0).tolist()):
            if n_asked:
                learn(position, n_asked)
        return draw

    def _over_samplers(self) -> list[InnerSampler]:
        over = NoiseSampler() if self.over is None else self.over
        samplers = (
            [item[-1] if isinstance(item, tuple) else item for item in over]
            if isinstance(over, list)
            else [over]
        )
        if not samplers or not all(hasattr(sampler, "fit_resample") for sampler in samplers):
            raise DataError(
                f"Got over={self.over!r}; expected a sampler, or a list of samplers or (name, sampler)."
            )
        if self.shares is not None and not _are_shares(self.shares, len(samplers)):
            raise DataError(
                f"Got shares={self.shares!r} for {len(samplers)} over-samplers; expected one share each, none "
                "negative, which sum to 1."
            )
        return [InnerSampler(sampler, position) for position, sampler in enumerate(samplers)]

    def _ends(self, samplers: list[InnerSampler], part: ClassData, n_rows: int) -> np.ndarray:
        """Rows that the over-samplers up to each one shall make together."""
        if self.shares is None:
            asked = [sampler.strategy(part.data)[part.label] for sampler in samplers[:-1]]
            return np.minimum(np.cumsum([*asked, n_rows]), n_rows)
        # Rounding the running total, not each share, makes the shares add up.
        return np.rint(np.cumsum(self.shares) * n_rows).astype(int)

    def _clean(self, plan: ResamplePlan, kept: np.ndarray, data: SamplingData) -> None:
        """Take out of the plan what the cleaning step removes."""
        n_kept = len(kept)
        frame = pd.concat([data.table.frame.iloc[kept], plan.new.frame], ignore_index=True)
        codes = np.concatenate([data.target.codes[kept], plan.new_codes])
        stays = keep_rows(self.clean, frame, codes, data.encoder, data.streams.child("clean"))
        new = stays[stays >= n_kept] - n_kept
        plan.kept = kept[stays[stays < n_kept]]
        rejected = {f"removed by {type(self.clean).__name__}": len(plan.new) - len(new)}
        plan.new.rejected = plan.new.rejected | {name: count for name, count in rejected.items() if count}
        plan.new, plan.new_codes = plan.new.take(new), plan.new_codes[new]


def _are_shares(shares: Any, n_samplers: int) -> bool:
    return len(shares) == n_samplers and min(shares) >= 0 and bool(np.isclose(np.sum(shares), 1))


def _draw_or_leave(draw: DrawBlock, n_rows: int, block: int, part: ClassData, is_last: bool) -> NewRows:
    """Rows from one over-sampler; none where it cannot make them and another one follows."""
    try:
        return draw(n_rows, block)
    except TargetNotReachedError:
        if is_last:
            raise
        return NewRows.none_of(part.rows)


def _checked_counts(strategy: dict[Any, int], counts: dict[Any, int]) -> dict[Any, int]:
    for label, count in strategy.items():
        if label not in counts or not isinstance(count, Integral) or count < 0:
            raise DataError(
                f"Got sampling_strategy={strategy!r}; expected a whole number of rows, not negative, for some of the "
                f"classes {list(counts)!r}, but {label!r} has {count!r}."
            )
    return {label: int(count) for label, count in strategy.items()}
