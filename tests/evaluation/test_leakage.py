"""Leaks: a table of correct and a table of leaking pipelines, written before the audit, and the report itself."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.combine import SMOTEENN
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import SMOTE, SMOTENC, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.under_sampling import EditedNearestNeighbours, RandomUnderSampler
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV, SelectFromModel, SelectKBest, SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifierCV, SGDClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion
from sklearn.pipeline import Pipeline as PlainPipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import has_fit_parameter

from genesis_sampling import (
    AdversarialSampler,
    AugmentedClassifier,
    AutoAugmentedClassifier,
    AutoSampler,
    Constraint,
    ConstraintFilter,
    DistillationSampler,
    GenerativeOverSampler,
    HardExampleSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
    QualityFilter,
)
from genesis_sampling.evaluation.leakage import CODES, LeakageFinding, LeakageReport, audit_leakage
from genesis_sampling.exceptions import DataError


@dataclass
class Case:
    """What is audited; for a leaking case also the code, the place and the severity that must be found."""

    estimator: Any
    data: tuple[Any, Any]
    code: str = ""
    where: str = ""
    severity: str = "leak"
    options: dict[str, Any] = field(default_factory=dict)

    def audit(self, **options: Any) -> LeakageReport:
        return audit_leakage(self.estimator, *self.data, **{"measure": False, **self.options, **options})


# --- data ----------------------------------------------------------------------------------------------------


def numbers(n_rows: int = 400, share: float = 0.15, n_columns: int = 4, seed: int = 0):
    """Floats without gaps, a minority of ``share`` that is shifted."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n_rows) < share * n_rows).astype(int)
    return rng.normal(size=(n_rows, n_columns)) + y[:, None], y


def mixed(n_rows: int = 400, seed: int = 0):
    """Three floats, two text columns, one of them of 30 categories."""
    X, y = numbers(n_rows, n_columns=3, seed=seed)
    rng = np.random.default_rng(seed + 1)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    frame["city"] = rng.choice([f"city {i}" for i in range(30)], n_rows)
    frame["sex"] = rng.choice(["f", "m"], n_rows)
    return frame, pd.Series(np.where(y == 1, "yes", "no"), name="target")


def categories(n_rows: int = 600, concentrated: bool = False):
    """A table of few categories: nearly every row has a copy by nature."""
    rng = np.random.default_rng(0)
    y = (np.arange(n_rows) < 0.1 * n_rows).astype(int)
    p = np.array([0.4, 0.3, 0.2, 0.1])
    rare = np.array([0.97, 0.01, 0.01, 0.01]) if concentrated else p[::-1]
    columns = {
        name: np.where(y, rng.choice(4, n_rows, p=rare), rng.choice(4, n_rows, p=p)) for name in "abcd"
    }
    return pd.DataFrame(columns).astype("category"), y


def every_cell():
    """Each combination of four columns of six categories once; a tenth at random is the minority."""
    X = pd.DataFrame(np.indices((6, 6, 6, 6)).reshape(4, -1).T, columns=list("abcd")).astype("category")
    return X, (np.random.default_rng(0).uniform(size=len(X)) < 0.1).astype(int)


def patients(n_patients: int = 60, n_visits: int = 7):
    """Several rows of each patient that hardly differ; returns X, y, groups."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(n_patients, 4)), n_visits, axis=0)
    y = np.repeat((np.arange(n_patients) % 4 == 0).astype(int), n_visits)
    order = rng.permutation(len(y))
    return (
        (X + rng.normal(0, 0.01, X.shape))[order],
        y[order],
        np.repeat(np.arange(n_patients), n_visits)[order],
    )


def lattice(n_rows: int = 500):
    """Small whole numbers, where rows lie between other rows by nature."""
    rng = np.random.default_rng(0)
    y = (np.arange(n_rows) < 0.2 * n_rows).astype(int)
    return rng.integers(0, 6, (n_rows, 4)) + y[:, None], y


def subgroup():
    """A minority of which half is a tight cluster and half is scattered."""
    X, y = numbers(600, 0.2)
    rng = np.random.default_rng(3)
    X[:60] = rng.normal(4, 0.2, (60, 4))
    return X, y


def repeats_in_the_majority():
    """A third of the majority stands in the table twice."""
    X, y = numbers(600, 0.1)
    return np.vstack([X, X[400:]]), np.r_[y, y[400:]]


def resampled(sampler: Any, data: tuple[Any, Any]):
    """What somebody has who balances the table first."""
    return sampler.fit_resample(*data)


def shuffled(data: tuple[Any, Any]):
    """The same in random order, as a numpy array or frame."""
    X, y = data
    order = np.random.default_rng(0).permutation(len(X))
    return (X.iloc[order], y.iloc[order]) if isinstance(X, pd.DataFrame) else (X[order], y[order])


def ages(n_rows: int = 400):
    """An age, a count with many zeros and an amount of full precision."""
    rng = np.random.default_rng(0)
    y = (np.arange(n_rows) < 0.15 * n_rows).astype(int)
    frame = pd.DataFrame({"age": rng.integers(18, 90, n_rows), "visits": rng.poisson(1, n_rows)})
    frame["amount"] = rng.lognormal(3, 1, n_rows)
    return frame, y


# --- pieces --------------------------------------------------------------------------------------------------


class Booster(ClassifierMixin, BaseEstimator):
    """With the parameter by which the boosters of other packages stop early."""

    def __init__(self, early_stopping_rounds=None, validation_fraction=None):
        self.early_stopping_rounds = early_stopping_rounds
        self.validation_fraction = validation_fraction

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Together(ClassifierMixin, BaseEstimator):
    """A sampler and an estimator in one."""

    def __init__(self, estimator, sampler, validation_fraction=None):
        self.estimator = estimator
        self.sampler = sampler
        self.validation_fraction = validation_fraction

    def fit(self, X, y):
        return self


def logistic():
    return LogisticRegression(max_iter=200)


def stopping(**params):
    return HistGradientBoostingClassifier(
        **{"max_iter": 20, "early_stopping": True, "random_state": 0, **params}
    )


def after(model: Any, sampler: Any = None, name: str = "model", **params):
    """A pipeline of a sampler and a model."""
    steps = [("sampler", SMOTE(random_state=0) if sampler is None else sampler), (name, model)]
    return Pipeline(steps, **params)


def after_with(name: str, step: Any, sampler: Any = None):
    """A pipeline of a sampler, a step and a classifier."""
    return Pipeline([("sampler", sampler or SMOTE(random_state=0)), (name, step), ("model", logistic())])


def hot(columns: list[str], rest: str = "passthrough"):
    return make_column_transformer((OneHotEncoder(handle_unknown="ignore"), columns), remainder=rest)


def encoding(encoder: Any):
    return ColumnTransformer(
        [("target", encoder, ["city"]), ("hot", OneHotEncoder(), ["sex"])], remainder="passthrough"
    )


def constrained(constraints: Any, **params):
    return Pipeline(
        [
            ("sampler", ConstraintFilter(constraints, NoiseSampler(random_state=0), **params)),
            ("model", logistic()),
        ]
    )


def only_in_training(*, from_all_rows: bool, **params):
    """Made rows that never come to the validation part; made from the training rows alone, or from all."""
    X, y = numbers(600)
    train, test = next(StratifiedKFold(2, shuffle=True, random_state=0).split(X, y))
    sources = np.r_[train, test] if from_all_rows else train
    made = [part[len(sources) :] for part in SMOTE(random_state=0).fit_resample(X[sources], y[sources])]
    X, y = np.vstack([X, made[0]]), np.r_[y, made[1]]
    synthetic = np.arange(len(X)) >= 600
    cv = [(np.r_[train, np.flatnonzero(synthetic)], test)]
    return Case(logistic(), (X, y), options={"synthetic_mask": synthetic, "cv": cv}, **params)


def grouped(estimator: Any, cv: Any, **params):
    X, y, groups = patients()
    return Case(estimator, (X, y), options={"groups": groups, "cv": cv}, **params)


def asked_for_groups(estimator: Any, method: str):
    """It has asked for groups, as it can where metadata are routed."""
    with config_context(enable_metadata_routing=True):
        return getattr(estimator, f"set_{method}_request")(groups=True)


def automatic(estimator: Any = None, candidates: Any = None):
    """A sampler that chooses for logistic regression, between noise and nothing."""
    return AutoSampler(
        logistic() if estimator is None else estimator,
        [NoiseSampler()] if candidates is None else candidates,
        random_state=0,
    )


def gappy():
    X, y = mixed()
    return X.mask(np.random.default_rng(0).uniform(size=X.shape) < 0.1), y


# --- the tables ----------------------------------------------------------------------------------------------

NUMBERS, MIXED = numbers(), mixed()
GRID = {"C": [0.1, 1.0]}
INNER = {"model__C": [0.1, 1.0]}

CORRECT: dict[str, Callable[[], Case]] = {
    "sampler, scaler, model": lambda: Case(make_pipeline(SMOTE(), StandardScaler(), logistic()), NUMBERS),
    "generative sampler on mixed columns": lambda: Case(
        make_pipeline(GenerativeOverSampler(random_state=0), hot(["city", "sex"]), logistic()), MIXED
    ),
    "boosting without early stopping": lambda: Case(after(stopping(early_stopping=False)), NUMBERS),
    "boosting that stops early above 10,000 rows, with few": lambda: Case(
        after(stopping(early_stopping="auto")), NUMBERS
    ),
    "gradient boosting with all its rounds": lambda: Case(after(GradientBoostingClassifier()), NUMBERS),
    "network whose solver does not stop early": lambda: Case(
        after(MLPClassifier(solver="lbfgs", early_stopping=True)), NUMBERS
    ),
    "linear model with a validation share but no early stopping": lambda: Case(
        after(SGDClassifier(validation_fraction=0.2)), NUMBERS
    ),
    "forest without out-of-bag score": lambda: Case(after(RandomForestClassifier()), NUMBERS),
    "support vectors without probabilities": lambda: Case(after(SVC()), NUMBERS),
    "fixed threshold": lambda: Case(after(FixedThresholdClassifier(logistic(), threshold=0.3)), NUMBERS),
    "selection without folds after the sampler": lambda: Case(after_with("best", SelectKBest(k=2)), NUMBERS),
    "nested pipeline after the sampler": lambda: Case(
        after(make_pipeline(StandardScaler(), logistic())), NUMBERS
    ),
    "grid search around": lambda: Case(GridSearchCV(after(logistic()), INNER), NUMBERS),
    "random search of the ratio around": lambda: Case(
        RandomizedSearchCV(after(logistic()), {"sampler__sampling_strategy": [0.5, 1.0]}, n_iter=2), NUMBERS
    ),
    "halving search around": lambda: Case(HalvingGridSearchCV(after(logistic()), INNER), NUMBERS),
    "tuned threshold around": lambda: Case(TunedThresholdClassifierCV(after(logistic())), NUMBERS),
    "tuned threshold around a search around": lambda: Case(
        TunedThresholdClassifierCV(GridSearchCV(after(logistic()), INNER)), NUMBERS
    ),
    "calibration around": lambda: Case(CalibratedClassifierCV(after(GaussianNB())), NUMBERS),
    "stack of pipelines": lambda: Case(
        StackingClassifier(
            [("a", after(logistic())), ("b", after(GaussianNB()))], final_estimator=LogisticRegressionCV()
        ),
        NUMBERS,
    ),
    "vote of pipelines, one of them calibrated": lambda: Case(
        VotingClassifier([("a", after(logistic())), ("b", CalibratedClassifierCV(after(GaussianNB())))]),
        NUMBERS,
    ),
    "bags around, with out-of-bag score": lambda: Case(
        BaggingClassifier(after(DecisionTreeClassifier()), oob_score=True), NUMBERS
    ),
    "balanced bags with out-of-bag score": lambda: Case(
        BalancedBaggingClassifier(DecisionTreeClassifier(), sampler=RandomOverSampler(), oob_score=True),
        NUMBERS,
    ),
    "one against the rest around": lambda: Case(OneVsRestClassifier(after(logistic())), NUMBERS),
    "target encoder before the sampler": lambda: Case(
        Pipeline([("encode", TargetEncoder()), ("sampler", SMOTE()), ("model", logistic())]),
        (MIXED[0][["city", "sex"]].assign(a=MIXED[0]["a"].round(0).astype(int).astype(str)), MIXED[1]),
    ),
    "target encoder in columns before the sampler": lambda: Case(
        Pipeline([("prep", encoding(TargetEncoder())), ("sampler", SMOTE()), ("model", logistic())]), MIXED
    ),
    "selection with folds before the sampler": lambda: Case(
        Pipeline(
            [
                ("few", RFECV(logistic())),
                ("fewer", SelectFromModel(LogisticRegressionCV())),
                ("sampler", SMOTE()),
                ("model", logistic()),
            ]
        ),
        NUMBERS,
    ),
    "no sampler: early stopping": lambda: Case(PlainPipeline([("model", stopping())]), NUMBERS),
    "no sampler: a search as the last step": lambda: Case(
        PlainPipeline([("scale", StandardScaler()), ("model", GridSearchCV(logistic(), GRID))]), NUMBERS
    ),
    "no sampler: stacking and calibration": lambda: Case(
        StackingClassifier([("a", CalibratedClassifierCV(GaussianNB())), ("b", logistic())]), NUMBERS
    ),
    "under-sampler, then early stopping": lambda: Case(
        after(stopping(), RandomUnderSampler(random_state=0)), NUMBERS
    ),
    "cache with a seed": lambda: Case(after(logistic(), memory="cache"), NUMBERS),
    "cache with a seed outside": lambda: Case(
        after(logistic(), HybridSampler(NoiseSampler(), random_state=0), memory="cache"), NUMBERS
    ),
    "cache with a seed inside": lambda: Case(
        after(logistic(), ConstraintFilter("x0 < 99", NoiseSampler(random_state=0)), memory="cache"), NUMBERS
    ),
    "cache with a seed inside two filters": lambda: Case(
        after(
            logistic(),
            QualityFilter(ConstraintFilter("x0 < 99", NoiseSampler(random_state=0))),
            memory="cache",
        ),
        NUMBERS,
    ),
    "cache with a filter alone": lambda: Case(
        after(logistic(), ConstraintFilter("x0 < 99"), memory="cache"), NUMBERS
    ),
    "validation rows held back before resampling": lambda: Case(
        Together(stopping(), SMOTE(), validation_fraction=0.1), NUMBERS
    ),
    "search over switches that do not split": lambda: Case(
        GridSearchCV(
            after(logistic()),
            {"model": [logistic(), GaussianNB()], "sampler": [SMOTE(), RandomOverSampler()]},
        ),
        NUMBERS,
    ),
    "cache with a sampler without chance": lambda: Case(
        after(logistic(), EditedNearestNeighbours(), memory="cache"), NUMBERS
    ),
    "no cache, no seed": lambda: Case(after(logistic(), SMOTE(random_state=None)), NUMBERS),
    "bounds that are known": lambda: Case(
        constrained([Constraint.range("age", 0, 120), "visits >= 0 and amount > 0"]), ages()
    ),
    "bounds that are an extreme in every fold": lambda: Case(
        constrained([Constraint.non_negative("visits"), Constraint.positive("amount")]), ages()
    ),
    "orderings": lambda: Case(constrained("x0 < 100 or x1 > x2"), NUMBERS),
    "few categories": lambda: Case(
        make_pipeline(RandomOverSampler(), hot(list("abcd")), logistic()), categories()
    ),
    "few categories, a minority of one kind": lambda: Case(
        make_pipeline(RandomOverSampler(), hot(list("abcd")), logistic()), categories(concentrated=True)
    ),
    "small whole numbers": lambda: Case(after(logistic()), lattice()),
    "decimals": lambda: Case(after(logistic()), (NUMBERS[0].round(1), NUMBERS[1])),
    "a tight subgroup in the minority": lambda: Case(after(logistic()), subgroup()),
    "gaps": lambda: Case(
        make_pipeline(NoiseSampler(), hot(["city", "sex"]), HistGradientBoostingClassifier()), gappy()
    ),
    "polars": lambda: Case(
        make_pipeline(NoiseSampler(), hot(["city", "sex"]), logistic()), (pl.from_pandas(MIXED[0]), MIXED[1])
    ),
    "groups that stay together": lambda: grouped(after(logistic()), StratifiedGroupKFold(3)),
    "groups that stay together, search too": lambda: grouped(
        GridSearchCV(after(logistic()), INNER, cv=GroupKFold(3)), GroupKFold(3)
    ),
    "groups of one row each": lambda: Case(
        after(logistic()), NUMBERS, options={"groups": np.arange(400), "cv": 5}
    ),
    "nothing is synthetic": lambda: Case(
        after(logistic()), NUMBERS, options={"synthetic_mask": np.zeros(400, dtype=bool)}
    ),
    "synthetic rows of training rows in the training part": lambda: only_in_training(from_all_rows=False),
    "a classifier that chooses, without folds inside": lambda: Case(
        AutoAugmentedClassifier(stopping(early_stopping=False), [NoiseSampler(), "class weights"]), NUMBERS
    ),
    "a classifier that chooses, early stopping without a sampler": lambda: Case(
        AutoAugmentedClassifier(stopping(), ["class weights", "tuned threshold"]), NUMBERS
    ),
    "a sampler that chooses, all by itself": lambda: Case(after(logistic(), AutoSampler()), NUMBERS),
    "a sampler that chooses, behind a scaler": lambda: Case(
        make_pipeline(StandardScaler(), automatic(), logistic()), NUMBERS
    ),
    "a sampler that chooses among samplers with folds": lambda: Case(
        after(logistic(), automatic(candidates={"a": DistillationSampler(), "b": HardExampleSampler()})),
        NUMBERS,
    ),
    "a teacher that stops early": lambda: Case(
        after(logistic(), DistillationSampler(teacher=stopping())), NUMBERS
    ),
    "samplers with folds in a hybrid": lambda: Case(
        after(logistic(), HybridSampler([NoiseSampler(), DistillationSampler(sampling_strategy="auto")])),
        NUMBERS,
    ),
    "noise after a sampler with folds": lambda: Case(
        make_pipeline(HardExampleSampler(), NoiseSampler(), logistic()), NUMBERS
    ),
    "hard examples after an under-sampler": lambda: Case(
        make_pipeline(EditedNearestNeighbours(), HardExampleSampler(), logistic()), NUMBERS
    ),
    "a filter without folds after a sampler": lambda: Case(
        make_pipeline(NoiseSampler(), QualityFilter(NoiseSampler(), scorer="density"), logistic()), NUMBERS
    ),
    "a sampler that chooses, told the groups": lambda: grouped(
        after(logistic(), asked_for_groups(automatic(), "fit_resample")), GroupKFold(3)
    ),
    "a classifier that chooses, told the groups": lambda: grouped(
        asked_for_groups(AutoAugmentedClassifier(logistic(), [NoiseSampler()]), "fit"), GroupKFold(3)
    ),
    "a classifier that chooses among samplers with folds, told the groups": lambda: grouped(
        asked_for_groups(AutoAugmentedClassifier(logistic(), [DistillationSampler()]), "fit"), GroupKFold(3)
    ),
    "validation rows of whole groups, the sampler told too": lambda: grouped(
        asked_for_groups(AugmentedClassifier(logistic(), automatic(), validation_fraction=0.2), "fit"),
        GroupKFold(3),
    ),
    "a sampler without folds, with groups": lambda: grouped(
        after(logistic(), HybridSampler(NoiseSampler())), GroupKFold(3)
    ),
    "a frozen model": lambda: Case(
        CalibratedClassifierCV(FrozenEstimator(after(stopping(early_stopping=False)).fit(*NUMBERS))),
        numbers(seed=1),
    ),
}

LEAKING: dict[str, Callable[[], Case]] = {
    "grid search as the last step": lambda: Case(
        after(GridSearchCV(logistic(), GRID)), NUMBERS, "GS101", "model"
    ),
    "random search as the last step": lambda: Case(
        after(RandomizedSearchCV(logistic(), GRID, n_iter=1)), NUMBERS, "GS101", "model"
    ),
    "halving search as the last step": lambda: Case(
        after(HalvingGridSearchCV(logistic(), GRID)), NUMBERS, "GS101", "model"
    ),
    "search in a nested pipeline": lambda: Case(
        after(Pipeline([("scale", StandardScaler()), ("search", GridSearchCV(logistic(), GRID))])),
        NUMBERS,
        "GS101",
        "model__search",
    ),
    "boosting that stops early": lambda: Case(after(stopping()), NUMBERS, "GS102", "model"),
    "boosting that stops early above 10,000 rows, with many": lambda: Case(
        after(stopping(early_stopping="auto")), numbers(14_000, n_columns=2), "GS102", "model"
    ),
    "boosting that stops early above 10,000 rows, with many after balancing": lambda: Case(
        after(stopping(early_stopping="auto")), numbers(8000, n_columns=2), "GS102", "model"
    ),
    "gradient boosting that stops early": lambda: Case(
        after(GradientBoostingClassifier(n_iter_no_change=5)), NUMBERS, "GS102", "model"
    ),
    "network that stops early": lambda: Case(
        after(MLPClassifier(early_stopping=True)), NUMBERS, "GS102", "model"
    ),
    "linear model that stops early": lambda: Case(
        after(SGDClassifier(early_stopping=True)), NUMBERS, "GS102", "model"
    ),
    "booster of another package that splits": lambda: Case(
        after(Booster(early_stopping_rounds=5, validation_fraction=0.1)), NUMBERS, "GS102", "model"
    ),
    "booster of another package that is handed rows": lambda: Case(
        after(Booster(early_stopping_rounds=5)), NUMBERS, "GS102", "model", "warning"
    ),
    "bags of early stopping": lambda: Case(
        after(BaggingClassifier(stopping())), NUMBERS, "GS102", "model__estimator"
    ),
    "boosts of early stopping": lambda: Case(
        after(AdaBoostClassifier(SGDClassifier(early_stopping=True))), NUMBERS, "GS102", "model__estimator"
    ),
    "vote with early stopping": lambda: Case(
        after(VotingClassifier([("boost", stopping()), ("line", logistic())])),
        NUMBERS,
        "GS102",
        "model__boost",
    ),
    "early stopping in a pipeline in a search": lambda: Case(
        GridSearchCV(after(stopping()), {"model__max_depth": [2, 3]}), NUMBERS, "GS102", "estimator__model"
    ),
    "early stopping in a pipeline in a vote": lambda: Case(
        VotingClassifier([("a", after(stopping(), NoiseSampler())), ("b", logistic())]),
        NUMBERS,
        "GS102",
        "a__model",
    ),
    "early stopping as a candidate of a search": lambda: Case(
        GridSearchCV(after(stopping(early_stopping=False)), {"model__early_stopping": [False, True]}),
        NUMBERS,
        "GS102",
        "estimator__model",
    ),
    "a model that stops early as a candidate of a search": lambda: Case(
        GridSearchCV(after(logistic()), [{"model": [logistic()]}, {"model": [stopping()]}]),
        NUMBERS,
        "GS102",
        "estimator__model",
    ),
    "early stopping in a sampler and a model in one": lambda: Case(
        Together(stopping(), SMOTE()), NUMBERS, "GS102", "estimator"
    ),
    "early stopping in balanced bags": lambda: Case(
        BalancedBaggingClassifier(stopping(), sampler=RandomOverSampler()), NUMBERS, "GS102", "estimator"
    ),
    "early stopping behind a filter of ours": lambda: Case(
        after(stopping(), ConstraintFilter("x0 < 99", NoiseSampler())), NUMBERS, "GS102", "model"
    ),
    "logistic regression with folds": lambda: Case(after(LogisticRegressionCV()), NUMBERS, "GS103", "model"),
    "ridge with folds": lambda: Case(after(RidgeClassifierCV()), NUMBERS, "GS103", "model"),
    "selection by a model with folds": lambda: Case(
        after_with("select", SelectFromModel(LogisticRegressionCV())), NUMBERS, "GS103", "select__estimator"
    ),
    "tuned threshold": lambda: Case(after(TunedThresholdClassifierCV(logistic())), NUMBERS, "GS104", "model"),
    "tuned threshold after an under-sampler": lambda: Case(
        after(TunedThresholdClassifierCV(logistic()), RandomUnderSampler()),
        NUMBERS,
        "GS104",
        "model",
        "warning",
    ),
    "calibration": lambda: Case(after(CalibratedClassifierCV(GaussianNB())), NUMBERS, "GS105", "model"),
    "calibration inside one against the rest": lambda: Case(
        after(OneVsRestClassifier(CalibratedClassifierCV(GaussianNB()))), NUMBERS, "GS105", "model__estimator"
    ),
    "support vectors with probabilities": lambda: Case(
        after(SVC(probability=True)), NUMBERS, "GS105", "model"
    ),
    "stacking": lambda: Case(
        after(StackingClassifier([("a", logistic()), ("b", GaussianNB())])), NUMBERS, "GS106", "model"
    ),
    "elimination with folds": lambda: Case(after_with("few", RFECV(logistic())), NUMBERS, "GS107", "few"),
    "sequential selection": lambda: Case(
        after_with("few", SequentialFeatureSelector(logistic())), NUMBERS, "GS107", "few"
    ),
    "selection in a union of features": lambda: Case(
        after_with("union", FeatureUnion([("all", StandardScaler()), ("few", RFECV(logistic()))])),
        NUMBERS,
        "GS107",
        "union__few",
    ),
    "target encoder": lambda: Case(
        Pipeline([("sampler", RandomOverSampler()), ("encode", TargetEncoder()), ("model", logistic())]),
        (MIXED[0][["city", "sex"]], MIXED[1]),
        "GS108",
        "encode",
    ),
    "target encoder in columns": lambda: Case(
        after_with("prep", encoding(TargetEncoder()), NoiseSampler()), MIXED, "GS108", "prep__target"
    ),
    "target encoder in a pipeline in columns": lambda: Case(
        after_with("prep", encoding(PlainPipeline([("mean", TargetEncoder())])), NoiseSampler()),
        MIXED,
        "GS108",
        "prep__target__mean",
    ),
    "out-of-bag score of a forest": lambda: Case(
        after(RandomForestClassifier(oob_score=True)), NUMBERS, "GS109", "model"
    ),
    "out-of-bag score of bags": lambda: Case(
        after(BaggingClassifier(oob_score=True)), NUMBERS, "GS109", "model"
    ),
    "cache without a seed": lambda: Case(
        after(logistic(), SMOTE(), memory="cache"), NUMBERS, "GS110", "sampler", "warning"
    ),
    "cache without a seed in filters": lambda: Case(
        after(logistic(), QualityFilter(ConstraintFilter("x0 < 99", NoiseSampler())), memory="cache"),
        NUMBERS,
        "GS110",
        "sampler",
        "warning",
    ),
    "cache without a seed in a hybrid": lambda: Case(
        after(logistic(), HybridSampler(NoiseSampler(random_state=0)), memory="cache"),
        NUMBERS,
        "GS110",
        "sampler",
        "warning",
    ),
    "cache without a seed inside a seeded sampler of imbalanced-learn": lambda: Case(
        after(logistic(), SMOTEENN(random_state=0, smote=SMOTE()), memory="cache"),
        NUMBERS,
        "GS110",
        "sampler__smote",
        "warning",
    ),
    "early stopping in a classifier that chooses": lambda: Case(
        AutoAugmentedClassifier(stopping(), [NoiseSampler()]), NUMBERS, "GS102", "estimator"
    ),
    "early stopping in a classifier that chooses, behind a scaler": lambda: Case(
        make_pipeline(StandardScaler(), AutoAugmentedClassifier(stopping(), {"noise": NoiseSampler()})),
        NUMBERS,
        "GS102",
        "autoaugmentedclassifier__estimator",
    ),
    "early stopping above 10,000 rows in a classifier that chooses, with many by distillation": lambda: Case(
        AutoAugmentedClassifier(stopping(early_stopping="auto")),
        numbers(4000, n_columns=2),
        "GS102",
        "estimator",
    ),
    "early stopping behind the sampler that is there by default": lambda: Case(
        AugmentedClassifier(stopping()), NUMBERS, "GS102", "estimator"
    ),
    "folds in a classifier that chooses": lambda: Case(
        AutoAugmentedClassifier(LogisticRegressionCV()), NUMBERS, "GS103", "estimator"
    ),
    "early stopping where a sampler chooses by it": lambda: Case(
        after(logistic(), automatic(stopping())), NUMBERS, "GS102", "sampler__estimator", "warning"
    ),
    "folds where a sampler in a hybrid chooses by them": lambda: Case(
        after(logistic(), HybridSampler([automatic(LogisticRegressionCV())])),
        NUMBERS,
        "GS103",
        "sampler__over[0]__estimator",
        "warning",
    ),
    "a sampler that chooses after a sampler": lambda: Case(
        Pipeline([("a", NoiseSampler()), ("b", automatic()), ("model", logistic())]), NUMBERS, "GS111", "b"
    ),
    "a sampler that chooses after an under-sampler": lambda: Case(
        Pipeline([("a", RandomUnderSampler()), ("b", automatic()), ("model", logistic())]),
        NUMBERS,
        "GS111",
        "b",
        "warning",
    ),
    "distillation after a sampler": lambda: Case(
        Pipeline([("a", NoiseSampler()), ("b", DistillationSampler()), ("model", logistic())]),
        NUMBERS,
        "GS111",
        "b",
        "warning",
    ),
    "hard examples in a hybrid after a sampler": lambda: Case(
        Pipeline([("a", SMOTE()), ("b", HybridSampler([HardExampleSampler()])), ("model", logistic())]),
        NUMBERS,
        "GS111",
        "b__over[0]",
        "warning",
    ),
    "adversarial rows after a sampler": lambda: Case(
        Pipeline([("a", NoiseSampler()), ("b", AdversarialSampler()), ("model", logistic())]),
        NUMBERS,
        "GS111",
        "b",
        "warning",
    ),
    "a filter with folds after a sampler": lambda: Case(
        Pipeline(
            [
                ("a", NoiseSampler()),
                ("b", QualityFilter(NoiseSampler(), scorer="classifier")),
                ("c", logistic()),
            ]
        ),
        NUMBERS,
        "GS111",
        "b",
        "warning",
    ),
    "bounds read off the whole table": lambda: Case(
        constrained(Constraint.range("amount", ages()[0]["amount"].min(), ages()[0]["amount"].max())),
        ages(),
        "GS120",
        "sampler",
        "warning",
    ),
    "bounds read off the whole table, as text": lambda: Case(
        constrained(f"visits >= 0 and amount <= {float(ages()[0]['amount'].max())!r}"),
        ages(),
        "GS120",
        "sampler",
        "warning",
    ),
    "learned bounds, inside a hybrid": lambda: Case(
        after(
            logistic(),
            HybridSampler(ConstraintFilter(Constraint.learn(ages()[0], bounds="observed"), NoiseSampler())),
        ),
        ages(),
        "GS120",
        "sampler__over",
        "warning",
    ),
    "bounds that real rows break": lambda: Case(
        constrained(Constraint.range("age", 18, 60)), ages(), "GS121", "sampler", "warning"
    ),
    "rows marked by a mask": lambda: Case(
        logistic(),
        resampled(SMOTE(random_state=0), NUMBERS),
        "GS201",
        "synthetic_mask",
        options={"synthetic_mask": np.arange(680) >= 400},
    ),
    "rows marked by a column": lambda: Case(
        logistic(),
        (pd.DataFrame({"a": NUMBERS[0][:, 0], "_synthetic": np.arange(400) % 3 == 0}), NUMBERS[1]),
        "GS202",
        "X['_synthetic']",
    ),
    "synthetic rows of all rows in the training part": lambda: only_in_training(
        from_all_rows=True, code="GS206", where="X"
    ),
    "copies made before": lambda: Case(
        logistic(), shuffled(resampled(RandomOverSampler(random_state=0), NUMBERS)), "GS203", "X"
    ),
    "some copies made before, mixed columns": lambda: Case(
        after(stopping(early_stopping=False)),
        resampled(RandomOverSampler(sampling_strategy=0.35, random_state=0), MIXED),
        "GS203",
        "X",
    ),
    "copies of categories that are unique": lambda: Case(
        logistic(),
        resampled(
            RandomOverSampler(random_state=0),
            (
                pd.DataFrame(np.indices((6, 6, 6)).reshape(3, -1).T).astype("category"),
                (np.arange(216) % 6 == 0) * 1,
            ),
        ),
        "GS203",
        "X",
    ),
    "every row twice": lambda: Case(
        after(logistic()), (np.tile(NUMBERS[0], (2, 1)), np.tile(NUMBERS[1], 2)), "GS204", "X", "warning"
    ),
    "rows of the majority twice": lambda: Case(
        after(logistic()), repeats_in_the_majority(), "GS204", "X", "warning"
    ),
    "noise before": lambda: Case(
        logistic(),
        resampled(NoiseSampler(noise_scale=0.05, random_state=0), numbers(n_columns=6)),
        "GS205",
        "X",
    ),
    "noise before, mixed columns": lambda: Case(
        logistic(), shuffled(resampled(NoiseSampler(noise_scale=0.02, random_state=0), MIXED)), "GS205", "X"
    ),
    "SMOTE before": lambda: Case(logistic(), resampled(SMOTE(random_state=0), NUMBERS), "GS206", "X"),
    "SMOTE before, shuffled, single precision": lambda: Case(
        logistic(),
        shuffled(resampled(SMOTE(random_state=0), (NUMBERS[0].astype(np.float32), NUMBERS[1]))),
        "GS206",
        "X",
    ),
    "SMOTE in scaled columns before": lambda: Case(
        logistic(),
        resampled(SMOTE(random_state=0), (NUMBERS[0] * [1, 1e3, 1e-3, 50] + 7, NUMBERS[1])),
        "GS206",
        "X",
    ),
    "borderline SMOTE before": lambda: Case(
        after(logistic()), resampled(BorderlineSMOTE(random_state=0), numbers(share=0.3)), "GS206", "X"
    ),
    "SMOTE-NC before": lambda: Case(
        logistic(), resampled(SMOTENC([3, 4], random_state=0), MIXED), "GS206", "X"
    ),
    "our interpolation before": lambda: Case(
        logistic(), resampled(InterpolationSampler(random_state=0), MIXED), "GS206", "X"
    ),
    "groups that straddle": lambda: grouped(
        after(logistic()), StratifiedKFold(3, shuffle=True, random_state=0), code="GS207", where="groups"
    ),
    "groups that straddle without a word on folds": lambda: grouped(
        after(logistic()), None, code="GS207", where="groups"
    ),
    "a search that does not know the groups": lambda: grouped(
        GridSearchCV(after(logistic()), INNER, cv=3),
        GroupKFold(3),
        code="GS208",
        where="cv",
        severity="warning",
    ),
    "a tuned threshold in a vote that does not know the groups": lambda: grouped(
        VotingClassifier([("a", TunedThresholdClassifierCV(after(logistic())))]),
        GroupKFold(3),
        code="GS208",
        where="a__cv",
        severity="warning",
    ),
    "a sampler that chooses and does not know the groups": lambda: grouped(
        after(logistic(), automatic()), GroupKFold(3), code="GS208", where="sampler__cv", severity="warning"
    ),
    "a sampler inside another one that cannot be told the groups": lambda: grouped(
        after(logistic(), HybridSampler(asked_for_groups(automatic(), "fit_resample"))),
        GroupKFold(3),
        code="GS208",
        where="sampler__over__cv",
        severity="warning",
    ),
    "a classifier that chooses and does not know the groups": lambda: grouped(
        AutoAugmentedClassifier(logistic(), [NoiseSampler()]),
        GroupKFold(3),
        code="GS208",
        where="cv",
        severity="warning",
    ),
    "validation rows that part groups": lambda: grouped(
        AugmentedClassifier(logistic(), NoiseSampler(), validation_fraction=0.2),
        GroupKFold(3),
        code="GS208",
        where="validation_fraction",
        severity="warning",
    ),
    "distillation, which knows no groups": lambda: grouped(
        after(logistic(), DistillationSampler()),
        GroupKFold(3),
        code="GS208",
        where="sampler__cv",
        severity="warning",
    ),
    "hard examples, which know no groups": lambda: grouped(
        after(logistic(), HardExampleSampler()),
        GroupKFold(3),
        code="GS208",
        where="sampler__n_folds",
        severity="warning",
    ),
}


# Codes that the same error may bring too: of rows between others some are near copies.
RELATED = {"GS206": ["GS205"], "GS205": ["GS206"]}


class TestTables:
    @pytest.mark.parametrize("name", CORRECT)
    def test_no_false_alarm(self, name):
        report = CORRECT[name]().audit()
        assert [finding for finding in report.findings if finding.severity != "note"] == [], str(report)
        assert report.ok

    @pytest.mark.parametrize("name", LEAKING)
    def test_found_with_its_place(self, name):
        case = LEAKING[name]()
        report = case.audit()
        found = [(finding.code, finding.where, finding.severity) for finding in report.findings]
        assert (case.code, case.where, case.severity) in found
        assert report.ok == (case.severity != "leak")
        # What else is said concerns the same error.
        assert {code for code, _, severity in found if severity == "leak"} <= {
            case.code,
            *RELATED.get(case.code, ()),
        }

    @pytest.mark.parametrize("name", ["early stopping behind a filter of ours", "SMOTE before"])
    def test_same_seed_same_report(self, name):
        assert LEAKING[name]().audit(random_state=0) == LEAKING[name]().audit(random_state=0)

    def test_nothing_is_changed(self, global_rng_untouched):
        (X, y), pipeline = mixed(), after_with("prep", encoding(TargetEncoder()), NoiseSampler())
        before = X.copy(), y.copy(), repr(pipeline)
        audit_leakage(pipeline, X, y, measure=True)
        pd.testing.assert_frame_equal(X, before[0])
        pd.testing.assert_series_equal(y, before[1])
        assert repr(pipeline) == before[2]
        assert not hasattr(pipeline, "n_features_in_")

    def test_tables_are_wide(self):
        assert min(len(CORRECT), len(LEAKING)) >= 30


def noisy(n_rows: int = 600):
    """Nothing can be learned: any score that is not that of guessing is a leak."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_rows, 5)), (np.arange(n_rows) % 10 == 0).astype(int)


def copying():
    return RandomOverSampler(random_state=0)


def forest(**params):
    return RandomForestClassifier(30, random_state=0, **params)


def only(report: LeakageReport, code: str) -> LeakageFinding:
    (found,) = [finding for finding in report.findings if finding.code == code]
    return found


class TestMeasured:
    """On pure noise with copies, inside scores are near perfect and outside ones those of guessing."""

    @pytest.mark.parametrize(
        ("code", "model"),
        [
            ("GS101", GridSearchCV(forest(), {"max_depth": [None]}, scoring="balanced_accuracy", cv=3)),
            ("GS104", TunedThresholdClassifierCV(forest(), cv=3)),
            ("GS109", forest(oob_score=True)),
            (
                "GS102",
                MLPClassifier(
                    (50,), early_stopping=True, max_iter=300, learning_rate_init=0.01, random_state=0
                ),
            ),
        ],
        ids=["search", "threshold", "out of bag", "network"],
    )
    def test_inside_is_better(self, code, model):
        finding = only(audit_leakage(after(model, copying()), *noisy()), code)
        assert finding.evidence["inside"] > 0.7
        assert 0.4 < finding.evidence["outside"] < 0.6
        assert "600 rows" in finding.sentence

    def test_log_loss_of_early_stopping(self):
        model = stopping(max_iter=200, learning_rate=0.3)
        finding = only(audit_leakage(after(model, copying()), *noisy()), "GS102")
        # Guessing has the entropy of one in ten, .325; a model that is sure of itself has more.
        assert finding.evidence["inside"] < 0.2
        assert finding.evidence["outside"] > 0.325
        assert "log-loss" in finding.sentence

    @pytest.mark.parametrize(
        "model",
        [
            lambda network: AugmentedClassifier(network, copying()),
            lambda network: AutoAugmentedClassifier(
                network, [copying()], ratios=(1.0,), include_none=False, n_repeats=1, random_state=0
            ),
        ],
        ids=["augmented", "chosen"],
    )
    def test_inside_of_classifiers_that_resample(self, model):
        network = MLPClassifier(
            (50,), early_stopping=True, max_iter=100, learning_rate_init=0.01, random_state=0
        )
        finding = only(audit_leakage(model(network), *noisy(), random_state=0), "GS102")
        assert finding.evidence["inside"] > 0.65
        assert 0.4 < finding.evidence["outside"] < 0.6

    def test_search_with_several_scores(self):
        search = GridSearchCV(logistic(), GRID, scoring=["f1", "accuracy"], refit="accuracy", cv=3)
        evidence = only(audit_leakage(after(search, copying()), *noisy()), "GS101").evidence
        assert 0 < evidence["inside"] < 0.75
        assert 0 < evidence["outside"] < 0.75

    def test_calibration_after_the_sampler_keeps_its_shares(self):
        model = CalibratedClassifierCV(GaussianNB(), cv=3)
        evidence = only(audit_leakage(after(model, copying()), *noisy()), "GS105").evidence
        assert evidence["real"] == pytest.approx(0.1, abs=0.02)
        assert evidence["predicted"] > 0.4

    def test_step_in_a_search_around(self):
        search = GridSearchCV(after(forest(oob_score=True), copying()), {"model__max_depth": [None]}, cv=2)
        evidence = only(audit_leakage(search, *noisy()), "GS109").evidence
        assert evidence["inside"] > 0.9 > evidence["outside"]

    def test_step_that_keeps_no_score(self):
        finding = only(audit_leakage(after(SGDClassifier(early_stopping=True)), *NUMBERS), "GS102")
        assert finding.evidence == {}

    @pytest.mark.parametrize("marked", [True, False])
    def test_copies_before_the_split(self, marked):
        X, y = resampled(copying(), noisy())
        options = {"synthetic_mask": np.arange(len(X)) >= 600} if marked else {}
        finding = only(audit_leakage(forest(), X, y, **options), "GS201" if marked else "GS203")
        assert finding.evidence["with them"] > 0.9
        assert 0.4 < finding.evidence["without them"] < 0.6

    def test_scoring_is_used_for_rows(self):
        X, y = shuffled(resampled(copying(), noisy()))
        finding = only(audit_leakage(forest(), X, y, scoring="neg_log_loss"), "GS203")
        assert "neg_log_loss" in finding.sentence
        assert finding.evidence["without them"] < finding.evidence["with them"] < 0

    def test_column_of_marks(self):
        X, y = resampled(copying(), noisy())
        frame = pd.DataFrame(X, columns=list("abcde")).assign(_synthetic=np.arange(len(X)) >= 600)
        finding = only(audit_leakage(forest(), frame, y), "GS202")
        assert finding.evidence["with them"] > 0.9 > finding.evidence["without them"]

    def test_large_tables_are_sampled(self):
        X, y = noisy(7000)
        finding = only(audit_leakage(after(GridSearchCV(GaussianNB(), {}, cv=2), copying()), X, y), "GS101")
        assert "Measured on 5000 rows in 3 folds" in finding.sentence

    def test_jobs_do_not_matter(self):
        case = Case(after(forest(oob_score=True), copying()), noisy())
        assert case.audit(measure=True) == case.audit(measure=True, n_jobs=2)

    @pytest.mark.skipif(
        not has_fit_parameter(HistGradientBoostingClassifier, "X_val"),
        reason="the ColumnTransformer of scikit-learn 1.6 takes no frames of polars",
    )
    def test_polars(self):
        X, y = MIXED
        pipeline = make_pipeline(NoiseSampler(random_state=0), hot(["city", "sex"]), forest(oob_score=True))
        finding = only(audit_leakage(pipeline, pl.from_pandas(X), y), "GS109")
        assert finding.evidence["inside"] > finding.evidence["outside"]

    def test_errors_become_notes(self):
        report = audit_leakage(after(stopping(max_iter=-1)), *NUMBERS)
        assert {finding.code for finding in report.findings} == {"GS102", "GS901"}
        assert only(report, "GS901").severity == "note"
        assert "max_iter" in only(report, "GS901").sentence

    def test_correct_pipelines_are_not_fitted(self):
        # It cannot be: there is no such number of rounds.
        assert audit_leakage(after(HistGradientBoostingClassifier(max_iter=-1)), *NUMBERS).findings == ()


class TestInput:
    @pytest.mark.parametrize("estimator", [None, "model", LogisticRegression, np.zeros(3)])
    def test_no_estimator(self, estimator):
        with pytest.raises(DataError, match="expected an instance with fit"):
            audit_leakage(estimator, *NUMBERS)

    @pytest.mark.parametrize(
        ("X", "y", "message"),
        [
            (NUMBERS[0], NUMBERS[1][:-1], "Got 400 rows in X and 399 labels"),
            (NUMBERS[0][:, 0], NUMBERS[1], "Got X with 1 dimensions"),
            (NUMBERS[0], np.zeros(400), "expected rows of two classes"),
            (NUMBERS[0], np.where(NUMBERS[1], np.nan, 1), "missing labels"),
        ],
    )
    def test_rows_that_cannot_be_used(self, X, y, message):
        with pytest.raises(DataError, match=message):
            audit_leakage(logistic(), X, y)

    @pytest.mark.parametrize("mask", [np.zeros(399, dtype=bool), np.zeros(400), np.arange(400), [[True]]])
    def test_mask_that_is_none(self, mask):
        with pytest.raises(DataError, match="synthetic_mask of shape .* expected one boolean for each row"):
            audit_leakage(logistic(), *NUMBERS, synthetic_mask=mask)

    @pytest.mark.parametrize("scoring", ["balanced_acuracy", 3, ["f1"]])
    def test_scores_that_are_none(self, scoring):
        with pytest.raises(DataError, match="Got scoring=.* expected a name of a scorer"):
            audit_leakage(logistic(), *NUMBERS, scoring=scoring)

    @pytest.mark.parametrize("container", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
    def test_target_by_its_name(self, container):
        X, y = resampled(copying(), NUMBERS)
        table = container(pd.DataFrame(X, columns=list("abcd")).assign(target=y))
        by_name = audit_leakage(logistic(), table, "target", random_state=0)
        labels = audit_leakage(logistic(), pd.DataFrame(X, columns=list("abcd")), y, random_state=0)
        assert by_name == labels
        assert [finding.code for finding in by_name.findings] == ["GS203"]

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (MIXED[0], "Got y='target'; expected labels, or the name of one of"),
            (NUMBERS[0], "Got y='target' and X of type ndarray"),
        ],
    )
    def test_name_of_no_column(self, X, message):
        with pytest.raises(DataError, match=message):
            audit_leakage(logistic(), X, "target")

    def test_quantities_are_no_classes(self):
        with pytest.raises(DataError, match="labels that are no classes .* Cut it into classes"):
            audit_leakage(logistic(), NUMBERS[0], NUMBERS[0][:, 0])

    def test_groups_of_the_wrong_length(self):
        with pytest.raises(DataError, match="expected one for each row"):
            audit_leakage(logistic(), *NUMBERS, groups=np.zeros(3))

    @pytest.mark.parametrize("cv", [[], [(np.arange(3), np.array([400]))]])
    def test_folds_that_are_none(self, cv):
        with pytest.raises(DataError, match="Got"):
            audit_leakage(logistic(), *NUMBERS, cv=cv)

    def test_folds_as_masks(self):
        first = np.arange(400) % 2 == 0
        report = audit_leakage(logistic(), *NUMBERS, cv=[(first, ~first)])
        assert (report.n_folds, report.findings) == (1, ())

    def test_lists_and_text_labels(self):
        X, y = shuffled(resampled(copying(), NUMBERS))
        report = audit_leakage(logistic(), X.tolist(), np.where(y, "yes", "no").tolist(), measure=False)
        assert [finding.code for finding in report.findings] == ["GS203"]

    def test_fewer_rows_than_folds(self):
        X, y = numbers(30, share=0.1)
        assert audit_leakage(logistic(), X, y).n_folds == 3

    def test_mask_and_column_together(self):
        X = pd.DataFrame(NUMBERS[0], columns=list("abcd")).assign(_synthetic=False)
        mask = np.arange(400) < 40
        report = audit_leakage(logistic(), X, NUMBERS[1], synthetic_mask=mask, measure=False)
        assert [finding.code for finding in report.findings] == ["GS201"]


class TestReport:
    @pytest.fixture
    def report(self):
        pipeline = Pipeline(
            [("sampler", SMOTE()), ("a<b>&", RandomForestClassifier(oob_score=True))], memory="cache"
        )
        return audit_leakage(pipeline, *NUMBERS, measure=False)

    def test_gravest_first(self, report):
        assert [(f.code, f.severity) for f in report.findings] == [("GS109", "leak"), ("GS110", "warning")]
        assert not report.ok

    def test_warnings_alone_are_ok(self, report):
        assert LeakageReport(report.findings[1:], 400, 5).ok

    def test_dict_and_frame_hold_the_findings(self, report):
        plain, frame = report.to_dict(), report.to_frame()
        assert plain["ok"] is False
        assert json.loads(json.dumps(plain)) == plain
        assert [row["code"] for row in plain["findings"]] == frame["code"].tolist() == ["GS109", "GS110"]
        assert list(frame.columns) == ["code", "severity", "where", "sentence", "instead", "evidence"]

    def test_figures_are_plain_numbers(self):
        report = audit_leakage(forest(), *resampled(copying(), noisy()))
        plain = report.to_dict()
        assert json.loads(json.dumps(plain)) == plain
        assert plain["findings"][0]["evidence"]["with them"] > 0.9

    def test_text(self, report):
        lines = str(report).splitlines()
        assert lines[0] == "1 leak, 1 warning in 400 rows and 5 folds"
        assert lines[1].startswith("LEAK GS109 a<b>&: ")
        assert max(map(len, lines)) <= 100
        assert repr(report) == str(report)

    def test_html_is_escaped(self, report):
        text = report._repr_html_()
        assert "a&lt;b&gt;&amp;" in text
        assert "a<b>" not in text

    def test_page(self, report, tmp_path):
        path = tmp_path / "page.html"
        text = report.to_html(path, title="Audit <1>")
        assert path.read_text(encoding="utf-8") == text
        assert "<h1>Audit &lt;1&gt;</h1>" in text
        assert "a&lt;b&gt;&amp;" in text
        assert all(finding.code in text for finding in report.findings)
        assert "a<b>" not in text

    def test_nothing_found(self):
        report = audit_leakage(after(logistic()), *NUMBERS)
        assert str(report) == "Nothing found in 400 rows and 5 folds"
        assert len(report.to_frame()) == 0
        assert "Nothing found" in report._repr_html_()

    def test_findings_are_values(self, report):
        assert pickle.loads(pickle.dumps(report)) == report
        assert len(set(report.findings)) == 2
        with pytest.raises(FrozenInstanceError):
            report.findings[0].code = "GS000"

    def test_every_code_is_used_by_the_tables(self):
        shown = {LEAKING[name]().code for name in LEAKING}
        assert shown == set(CODES) - {"GS130", "GS901"}
