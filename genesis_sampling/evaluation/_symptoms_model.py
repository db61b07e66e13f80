"""What a model of the table as it is does: on its training rows, on rows it has not seen, and at which threshold."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.model_selection import StratifiedKFold

from ..exceptions import DataError
from ..metrics._estimate import Estimate, area_under_curve, share
from ..metrics.calibration import calibration_intercept_and_slope, expected_calibration_error
from ..tables.discriminator import columns_for_trees
from ._case import Case
from ._findings import Finding, interval, percent, plain

__all__ = ["Judgement", "judge", "model_symptoms"]

# A model that finds these many more of its training rows than of others has learned rows rather than the class.
MEMORY_GAP, HIGH_RECALL = 0.25, 0.8
# From here a model ranks well enough for a threshold to do the rest.
GOOD_AUC = 0.7
# A model that names less than half as many rows as there are is biased to the other side.
LOW_NAMED = 0.5
# Below, even with luck, the columns say little.
POOR_AUC = 0.7
# A z beyond chance (1 in 1,000), and recalibration that would change odds for the eye.
CHANCE_Z, SLOPES, MAX_INTERCEPT = 3.29, (0.8, 1.25), 0.2
# A difference of the area under the ROC curve that is worth a heavier model.
WORTH_AUC = 0.01
MANY_ROWS, FEW_ROWS = 5_000, 50

# Fitted to the rows at these positions; gives for those at others the probability of the rare class, and the answer.
Fitted = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Judgement:
    """What models said of the drawn rows, each by one that was fitted without it.

    Parameters
    ----------
    is_focus : ndarray of bool of shape (n_drawn,)
    weight : ndarray of shape (n_drawn,)
        Rows of the table that a drawn row stands for.
    probability : ndarray of shape (n_drawn,)
        Of the class in focus.
    is_named : ndarray of bool of shape (n_drawn,)
        Whether the model answered with that class.
    is_tuned : ndarray of bool of shape (n_drawn,)
        Whether the probability is above a threshold that was chosen for the largest F1 in the other folds.
    train_recall : float
        Share of the rows of that class that the model names among those that it was fitted to.
    linear : ndarray of shape (n_drawn,)
        Probabilities by logistic regression.
    name : str
        What prose calls the model.
    """

    is_focus: np.ndarray
    weight: np.ndarray
    probability: np.ndarray
    is_named: np.ndarray
    is_tuned: np.ndarray
    train_recall: float
    linear: np.ndarray
    name: str

    @property
    def auc(self) -> Estimate:
        """Area under the ROC curve."""
        return area_under_curve(self.probability[self.is_focus], self.probability[~self.is_focus])

    @property
    def linear_auc(self) -> Estimate:
        """The same for logistic regression."""
        return area_under_curve(self.linear[self.is_focus], self.linear[~self.is_focus])

    @property
    def average_precision(self) -> float:
        """Mean precision at the rows of the class."""
        return float(average_precision_score(self.is_focus, self.probability, sample_weight=self.weight))

    def recall(self, answers: np.ndarray) -> Estimate:
        """Share of the rows of the class that are answered with it."""
        found = answers[self.is_focus]
        return share(float(found.mean()), len(found))

    def precision(self, answers: np.ndarray) -> float:
        """Share of the answers that are right; 0 where there are none."""
        total = self.weight @ answers
        return float(self.weight @ (answers & self.is_focus) / total) if total else 0.0

    @property
    def finds_all(self) -> bool:
        """Whether there is little left to gain."""
        recall = self.recall(self.is_named)
        return recall.low >= HIGH_RECALL and self.precision(self.is_named) >= HIGH_RECALL

    @property
    def named_ratio(self) -> float:
        """Rows answered with the class, for each that there is."""
        return float(self.weight @ self.is_named / (self.weight @ self.is_focus))


def judge(case: Case) -> Judgement | None:
    """Cross-fit the model, and logistic regression beside it; None where no class has enough rows."""
    if case.focus is None:
        return None
    is_focus, folds = case.drawn_focus, _folds(case)
    default = case.estimator is None
    probability, is_named, train_recall = _cross_fit(case, _fit_default if default else _fit_given, folds)
    linear, _, _ = _cross_fit(case, _fit_linear, folds)
    is_tuned = np.empty(len(is_focus), dtype=bool)
    for learned, judged in folds:
        threshold = _best_threshold(is_focus[learned], probability[learned], case.weight[learned])
        is_tuned[judged] = probability[judged] >= threshold
    name = "boosted trees" if default else "the estimator"
    return Judgement(is_focus, case.weight, probability, is_named, is_tuned, train_recall, linear, name)


def _cross_fit(
    case: Case, fit: Callable[[Case, np.ndarray], Fitted], folds: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Probabilities and answers for each row by a model fitted without it; and the mean recall in training rows."""
    probability, is_named = np.empty(len(case.drawn)), np.empty(len(case.drawn), dtype=bool)
    recalls = []
    for learned, judged in folds:
        fitted = fit(case, learned)
        probability[judged], is_named[judged] = fitted(judged)
        recalls.append(fitted(learned)[1][case.drawn_focus[learned]].mean())
    return probability, is_named, float(np.mean(recalls))


def _folds(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    codes = case.target.codes[case.drawn]
    n_folds = 3 if len(codes) > MANY_ROWS else 5
    # Classes too small to be in each fold are dealt out as one.
    counts = np.bincount(codes, minlength=len(case.target.classes))
    strata = np.where(counts[codes] < n_folds, -1, codes)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=case.streams.child("folds").integer_seed())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return list(folds.split(strata, strata))


def _fit_default(case: Case, learned: np.ndarray) -> Fitted:
    """Boosted trees of the class in focus against the rest, on the encoded columns."""
    discrete = case.discrete[case.seen]
    # A column without any value among these rows cannot be binned.
    has_values = ~np.isnan(case.drawn_codes[learned]).all(axis=0)
    can_take = columns_for_trees(case.drawn_codes, discrete) & has_values
    codes = case.drawn_codes[:, can_take] if can_take.any() else case.points
    # Early stopping would set aside rows of a class that has few.
    model = HistGradientBoostingClassifier(
        categorical_features=discrete[can_take] if can_take.any() else None,
        early_stopping=False,
        random_state=case.streams.child("model").integer_seed(),
    ).fit(codes[learned], case.drawn_focus[learned])
    return lambda rows: _answer(case, model.predict_proba(codes[rows])[:, 1])


def _fit_linear(case: Case, learned: np.ndarray) -> Fitted:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=300).fit(case.points[learned], case.drawn_focus[learned])
    return lambda rows: _answer(case, model.predict_proba(case.points[rows])[:, 1])


def _answer(case: Case, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities where both sides have the shares of the whole table, and whether they say the class in focus."""
    # Weights in the fit would say the same, but slow the binning of the boosted trees down tenfold.
    for_it = probability * case.weight[case.drawn_focus].mean()
    against = (1 - probability) * case.weight[~case.drawn_focus].mean()
    probability = for_it / (for_it + against)
    return probability, probability >= 0.5


def _fit_given(case: Case, learned: np.ndarray) -> Fitted:
    """The caller's model, on rows as they came."""
    positions = case.drawn
    try:
        model = clone(case.estimator).fit(case.rows(positions[learned]), case.labels(positions[learned]))
    except Exception as error:
        raise DataError(
            f"Got estimator={case.estimator!r}, which could not be fitted to the rows ({error}); expected a "
            "classifier, or a pipeline, that takes the table as it is."
        ) from error
    assert case.focus is not None  # without a class in focus no model is asked for
    place = list(model.classes_).index(case.target.classes[case.focus])
    weight = case.class_weight[
        [list(case.target.classes).index(label) for label in np.asarray(model.classes_).tolist()]
    ]

    def answer(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        X = case.rows(positions[rows])
        probability = model.predict_proba(X)
        if np.allclose(weight, weight[0]):
            # predict and not the larger probability: a tuned threshold is part of a model.
            return probability[:, place], np.asarray(model.predict(X)) == model.classes_[place]
        # Odds as they are where classes have the shares of the whole table.
        probability = probability * weight
        probability /= probability.sum(axis=1, keepdims=True)
        return probability[:, place], probability.argmax(axis=1) == place

    return answer


def _best_threshold(is_focus: np.ndarray, probability: np.ndarray, weight: np.ndarray) -> float:
    """The threshold with the largest F1."""
    precision, recall, thresholds = precision_recall_curve(is_focus, probability, sample_weight=weight)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return float(thresholds[f1[:-1].argmax()])


def model_symptoms(case: Case, found: Judgement) -> Iterator[Finding]:
    """Findings on what the model does."""
    yield from _memory(case, found)
    yield from _bias(case, found)
    yield from _ranking(case, found)
    yield from _calibration(case, found)
    yield from _linear(case, found)
    yield from _fine(case, found)


def _figures(found: Judgement) -> dict[str, Any]:
    return {
        "model": found.name,
        "roc_auc": interval(found.auc),
        "average_precision": found.average_precision,
        "recall": interval(found.recall(found.is_named)),
        "precision": found.precision(found.is_named),
        "recall_tuned": interval(found.recall(found.is_tuned)),
        "precision_tuned": found.precision(found.is_tuned),
    }


def _memory(case: Case, found: Judgement) -> Iterator[Finding]:
    recall = found.recall(found.is_named)
    if found.train_recall >= HIGH_RECALL and recall.high < found.train_recall - MEMORY_GAP:
        yield Finding(
            "memorises",
            "consider" if case.estimator is None else "act",
            f"{_capital(found.name)} {_verb(found, 'memorise')}: {percent(found.train_recall)} of the training rows of "
            f"{case.focus_name} are found, {percent(recall.value)} of unseen ones",
            {"recall_train": found.train_recall, **_figures(found)},
            "The model learns single rare rows rather than what they have in common. Copies and near copies of them "
            "make that worse.",
            "Regularise (fewer leaves, larger leaves, fewer columns), compare with logistic regression, and if you "
            "augment, use rows that differ from the real ones: a generator or more noise.",
        )


def _bias(case: Case, found: Judgement) -> Iterator[Finding]:
    recall, tuned = found.recall(found.is_named), found.recall(found.is_tuned)
    if found.auc.low > GOOD_AUC and found.named_ratio < LOW_NAMED and recall.high < tuned.low:
        yield Finding(
            "biased_to_majority",
            "act",
            f"At the usual threshold {found.name} hardly {_verb(found, 'name')} {case.focus_name}, but "
            f"{_verb(found, 'rank')} it well above chance",
            {"named_for_each_real": found.named_ratio, **_figures(found)},
            f"Recall is {recall.value:.2f} at 0.5 and {tuned.value:.2f} with a tuned threshold (precision "
            f"{found.precision(found.is_tuned):.2f}); the area under the ROC curve is {found.auc.value:.2f} either "
            "way. The model knows the class; rare classes rarely get a probability of one half.",
            "Tune the threshold, on rows that no sampler has touched. That is the cure here: rows that raise recall "
            "at 0.5 do the same, and spoil the probabilities.",
        )


def _ranking(case: Case, found: Judgement) -> Iterator[Finding]:
    seen = [found.auc, found.linear_auc]
    if any(map(_beats_chance, seen)):
        return
    trees = None
    if case.estimator is not None:
        # Whether it is the columns that fail, or the model.
        score = _cross_fit(case, _fit_default, _folds(case))[0]
        trees = area_under_curve(score[found.is_focus], score[~found.is_focus])
        if _beats_chance(trees):
            yield _poor_estimator(case, found, trees)
            return
        seen.append(trees)
    hopeless = max(auc.high for auc in seen) < POOR_AUC and found.is_focus.sum() >= FEW_ROWS
    yield Finding(
        "no_signal",
        "act" if hopeless else "consider",
        f"The columns do not tell {case.focus_name} from the rest better than chance (area under the ROC curve "
        f"{found.auc.value:.2f}, {found.auc.low:.2f} to {found.auc.high:.2f})",
        {
            "roc_auc_logistic": interval(found.linear_auc),
            "roc_auc_boosted": None if trees is None else interval(trees),
            **_figures(found),
        },
        (
            "There is nothing for a model to learn here, and nothing for a sampler to repeat."
            if hopeless
            else "There are too few rows to see whether there is anything to learn."
        ),
        "Look for columns that have to do with the class, and check the labels; no sampler helps."
        if hopeless
        else "Get more rows, or try simpler models; a gain by a sampler could not be seen either.",
    )


def _poor_estimator(case: Case, found: Judgement, trees: Estimate) -> Finding:
    return Finding(
        "estimator_misses_signal",
        "act",
        f"The estimator ranks {case.focus_name} no better than chance, boosted trees do (area under the ROC curve "
        f"{found.auc.value:.2f} against {trees.value:.2f})",
        {"roc_auc_boosted": interval(trees), **_figures(found)},
        "The columns tell the class, in a way that this model cannot use. More rows do not change that.",
        "Take another model before you augment.",
    )


def _beats_chance(auc: Estimate) -> bool:
    """Whether it is so in all but 3 of 1,000 tables without signal: two models are looked at."""
    return auc.value - 1.5 * (auc.value - auc.low) > 0.5


def _calibration(case: Case, found: Judgement) -> Iterator[Finding]:
    p, weight = found.probability, found.weight
    z = _calibration_z(found.is_focus, p, weight)
    fitted = calibration_intercept_and_slope(found.is_focus, p, sample_weight=weight)
    is_off = not SLOPES[0] <= fitted.slope <= SLOPES[1] or abs(fitted.intercept) > MAX_INTERCEPT
    if abs(z) > CHANCE_Z and is_off and np.isfinite(fitted.slope):
        kind = "too extreme" if fitted.slope < 1 else "too timid"
        if SLOPES[0] <= fitted.slope <= SLOPES[1]:
            kind = "too large" if fitted.intercept < 0 else "too small"
        yield Finding(
            "poor_calibration",
            "consider",
            f"Probabilities by {found.name} are {kind} (calibration slope {fitted.slope:.2f}, intercept "
            f"{fitted.intercept:+.2f})",
            {
                "slope": float(fitted.slope),
                "intercept": float(fitted.intercept),
                "expected_calibration_error": expected_calibration_error(
                    found.is_focus, p, sample_weight=weight
                ),
                "z": z,
            },
            "They cannot be read as chances, nor weighed against costs. Over-sampling shifts them further: by the "
            "logarithm of the factor by which the class grows.",
            "Calibrate around the whole pipeline, never behind the sampler.",
        )


def _calibration_z(truth: np.ndarray, p: np.ndarray, weight: np.ndarray) -> float:
    """How many standard deviations from chance what happened is from what was said, by the larger of two statistics.

    The plain sum sees a shift; Spiegelhalter's, which counts rows far from one half more, sees extreme probabilities.
    """
    found = []
    for factor in (weight, weight * (1 - 2 * p)):
        variance = float(np.sum(factor**2 * p * (1 - p)))
        found.append(float(np.sum(factor * (truth - p))) / np.sqrt(variance) if variance > 0 else 0.0)
    return max(found, key=abs)


def _linear(case: Case, found: Judgement) -> Iterator[Finding]:
    gain = _auc_gain(found.probability, found.linear, found.is_focus)
    linear = found.linear_auc
    if _beats_chance(linear) and gain.high < WORTH_AUC:
        better = gain.high < 0
        yield Finding(
            "simple_model_as_good",
            "consider" if better else "note",
            f"Plain logistic regression ranks {'better than' if better else 'as well as'} {found.name} (area under the "
            f"ROC curve {linear.value:.3f} against {found.auc.value:.3f})",
            {"roc_auc_logistic": interval(linear), "roc_auc": interval(found.auc), "gain": interval(gain)},
            "The rows do not carry more than a linear rule, as is usual where few are rare. A gain that a sampler "
            "gives to a heavier model has to be measured against this.",
            "Keep it as the baseline.",
        )


def _auc_gain(first: np.ndarray, second: np.ndarray, is_focus: np.ndarray) -> Estimate:
    """Difference of two areas under the ROC curve on the same rows, with DeLong's interval."""
    inside, outside = _placements(first, is_focus), _placements(second, is_focus)
    members, others = (a - b for a, b in zip(inside, outside))
    half = float(
        norm.ppf(0.975) * np.sqrt(members.var(ddof=1) / len(members) + others.var(ddof=1) / len(others))
    )
    gain = float(members.mean())
    return Estimate(gain, gain - half, gain + half)


def _placements(score: np.ndarray, is_focus: np.ndarray) -> list[np.ndarray]:
    """For each row of either side the share of the other side that it is in the right order with, ties half."""
    sides = [score[is_focus], score[~is_focus]]
    ordered = [np.sort(side) for side in sides]
    found = []
    for side, other, sign in ((sides[0], ordered[1], 1), (sides[1], ordered[0], -1)):
        below = (
            (np.searchsorted(other, side, "left") + np.searchsorted(other, side, "right")) / 2 / len(other)
        )
        found.append(below if sign > 0 else 1 - below)
    return found


def _fine(case: Case, found: Judgement) -> Iterator[Finding]:
    recall, precision = found.recall(found.is_named), found.precision(found.is_named)
    if found.finds_all:
        yield Finding(
            "found_already",
            "note",
            f"{_capital(found.name)} {_verb(found, 'find')} {percent(recall.value)} of unseen rows of "
            f"{case.focus_name}, and {percent(precision)} of its answers are right",
            plain(_figures(found)),
            "There is little left to gain.",
            "Leave the rows as they are.",
        )


def _verb(found: Judgement, verb: str) -> str:
    return verb if found.name.endswith("s") else f"{verb}s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
