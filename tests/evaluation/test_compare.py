"""Comparisons: the rows on the same folds, what fails, the cache, the tests, and several data sets together."""

from __future__ import annotations

import math
import time
import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.combine import SMOTEENN
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from scipy import sparse
from scipy.stats import t as student
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from genesis_sampling import DistillationSampler, HybridSampler, InterpolationSampler, NoiseSampler
from genesis_sampling._folds import Folds, corrected_difference, holm_adjusted, scorer_of
from genesis_sampling.datasets import make_transactions
from genesis_sampling.evaluation._comparison_datasets import over_datasets
from genesis_sampling.evaluation._comparison_models import with_threshold_of_rows
from genesis_sampling.evaluation._comparison_rows import DEFAULT_ROWS
from genesis_sampling.evaluation.compare import (
    ComparisonResult,
    compare_over_datasets,
    compare_samplers,
)
from genesis_sampling.exceptions import DataError
from genesis_sampling.samplers.auto import AutoSampler

FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    return make_classification(240, n_features=6, weights=[0.8], class_sep=0.7, flip_y=0.1, random_state=0)


class Same(BaseEstimator):
    """A sampler that returns its input."""

    def fit_resample(self, X, y):
        return X, y


class Oracle(BaseEstimator):
    """A sampler that knows all rows, those of the test folds too."""

    def __init__(self, X, y):
        self.X = X
        self.y = y

    def fit_resample(self, X, y):
        return self.X, self.y


class Failing(BaseEstimator):
    """A sampler that cannot do it, or only in the folds where a certain row is missing."""

    def __init__(self, row=None):
        self.row = row

    def fit_resample(self, X, y):
        if self.row is None or not np.equal(X, self.row).all(axis=1).any():
            raise RuntimeError("out of <b>paper</b>")
        return X, y


class Recording(BaseEstimator):
    """A sampler that keeps what it is given."""

    def __init__(self, seen, random_state=None):
        self.seen = seen
        self.random_state = random_state

    def fit_resample(self, X, y):
        self.seen.append((np.array(X), np.array(y), self.random_state))
        return X, y


class Seen(list):
    """A list that is shared by clones."""

    def __deepcopy__(self, memo: Any) -> Seen:
        return self


class CountingNB(GaussianNB):
    """Naive Bayes that counts how often it is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        return super().fit(X, y, sample_weight)


class Plain(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities or weights, that orders no rows."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(np.asarray(X)[:, 0] > 0).astype(int)]


def compare(data: tuple[Any, Any], samplers: Any, estimators: Any = None, **options: Any) -> ComparisonResult:
    given = {"cv": FOLDS, "rows_metrics": False, "random_state": 0} | options
    return compare_samplers(*data, samplers, GaussianNB() if estimators is None else estimators, **given)


def without_seconds(result: ComparisonResult) -> pd.DataFrame:
    return result.scores[result.scores["metric"] != "fit_seconds"].reset_index(drop=True)


def values(result: ComparisonResult, sampler: str, estimator: str = "GaussianNB") -> pd.DataFrame:
    found = without_seconds(result)
    kept = found[(found["sampler"] == sampler) & (found["estimator"] == estimator)]
    return kept.pivot(index="metric", columns="fold", values="value")


# The rows.


def test_a_sampler_that_changes_nothing_equals_nothing_exactly(data):
    result = compare(data, {"same": Same()}, DecisionTreeClassifier(max_features=2))
    nothing, same = (values(result, name, "DecisionTreeClassifier") for name in ("nothing", "same"))
    pd.testing.assert_frame_equal(nothing, same, check_exact=True)
    row = result.to_frame("average_precision").loc[("DecisionTreeClassifier", "same")]
    assert row["difference"] == 0
    assert row["p_value"] == row["p_holm"] == 1
    assert row["rank"] == 1.5
    assert result.best() == "nothing"


def test_a_sampler_that_knows_the_test_rows_wins(data):
    result = compare(data, {"oracle": Oracle(*data), "noise": NoiseSampler()}, KNeighborsClassifier(1))
    assert result.best() == "oracle"
    assert result.to_frame("log_loss")["rank"].idxmin() == ("KNeighborsClassifier", "oracle")
    frame = result.to_frame("average_precision").loc["KNeighborsClassifier"]
    assert frame.loc["oracle", "mean"] == 1
    assert frame["rank"].idxmin() == "oracle"
    assert frame.loc["oracle", "difference_low"] > 0


def test_scores_are_those_of_a_pipeline_under_cross_validation(data):
    X, y = data
    sampler, model = NoiseSampler(random_state=3), DecisionTreeClassifier(max_depth=4, random_state=0)
    found = values(compare(data, {"noise": sampler}, {"tree": model}), "noise", "tree")
    names = {
        "average_precision": "average_precision",
        "roc_auc": "roc_auc",
        "f1": "f1",
        "recall": "recall",
        "precision": "precision",
        "balanced_accuracy": "balanced_accuracy",
        "log_loss": "neg_log_loss",
        "brier": "neg_brier_score",
        "geometric_mean": make_scorer(geometric_mean_score),
    }
    theirs = cross_validate(make_pipeline(sampler, model), X, y, scoring=names, cv=FOLDS)
    for name in names:
        sign = -1 if name in ("log_loss", "brier") else 1
        np.testing.assert_allclose(found.loc[name], sign * theirs[f"test_{name}"], rtol=1e-10, err_msg=name)


def test_all_rows_meet_the_same_folds_and_no_test_row(data):
    X, y = data
    seen = {name: Seen() for name in "ab"}
    compare(
        data, {name: Recording(kept) for name, kept in seen.items()}, [GaussianNB(), KNeighborsClassifier()]
    )
    # Once for each fold, whatever the number of estimators.
    assert len(seen["a"]) == 3
    for (train, _), first, second in zip(FOLDS.split(X, y), seen["a"], seen["b"], strict=True):
        np.testing.assert_array_equal(first[0], X[train])
        np.testing.assert_array_equal(second[0], X[train])
        np.testing.assert_array_equal(first[1], y[train])


def test_seeds_are_the_same_in_each_fold_and_differ_between_samplers(data):
    seen = {name: Seen() for name in "ab"}
    compare(data, {name: Recording(kept) for name, kept in seen.items()})
    seeds = {name: {one[2] for one in kept} for name, kept in seen.items()}
    assert all(len(found) == 1 for found in seeds.values())
    assert seeds["a"] != seeds["b"]
    fixed = Seen()
    compare(data, {"fixed": Recording(fixed, random_state=5)})
    assert {one[2] for one in fixed} == {5}


def test_a_row_does_not_depend_on_the_others(data):
    tree = DecisionTreeClassifier(max_features=2)
    alone = compare(data, ["noise"], tree)
    among = compare(data, ["smote", "copies", "noise"], [KNeighborsClassifier(), tree])
    name = "DecisionTreeClassifier"
    pd.testing.assert_frame_equal(values(alone, "noise", name), values(among, "noise", name))


def test_another_random_state_gives_other_rows(data):
    first, again, other = (
        without_seconds(compare(data, ["noise"], cv=3, random_state=seed)) for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (first["value"] != other["value"]).any()


@pytest.mark.usefixtures("global_rng_untouched")
def test_results_do_not_depend_on_the_number_of_jobs(data):
    one, two = (compare(data, ["noise"], rows_metrics=True, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(without_seconds(one), without_seconds(two))


def test_default_rows_all_stand(data):
    X, y = data
    result = compare((X[:150], y[:150]), None, cv=2, rows_metrics=True)
    assert result.samplers == list(DEFAULT_ROWS)
    assert result.errors.empty
    assert result.scores.loc[result.scores["metric"] == "average_precision", "value"].between(0, 1).all()
    made = result.to_frame("new_rows")["mean"]
    assert made[("GaussianNB", "copies")] > 0
    assert math.isnan(made[("GaussianNB", "class weights")])


def test_auto_is_made_for_each_estimator():
    from genesis_sampling._random import RandomStreams
    from genesis_sampling.evaluation._comparison_rows import read_rows

    row = read_rows(["auto"], None, RandomStreams.from_random_state(0))[1]
    sampler = row.sampler_for(GaussianNB(var_smoothing=0.5))
    assert isinstance(sampler, AutoSampler)
    assert sampler.estimator.var_smoothing == 0.5
    assert sampler.random_state == row.sampler_for(GaussianNB()).random_state


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("noise", ["nothing", "noise"]),
        (["noise", "nothing"], ["nothing", "noise"]),
        (SMOTE(), ["nothing", "SMOTE"]),
        ([SMOTE(), "copies", SMOTE(k_neighbors=3)], ["nothing", "SMOTE", "copies", "SMOTE 2"]),
        ({"mine": NoiseSampler(), "theirs": "copies"}, ["nothing", "mine", "theirs"]),
        ([], ["nothing"]),
    ],
)
def test_samplers_come_by_name_in_lists_and_mappings(data, given, names):
    assert compare(data, given, cv=2, scoring="roc_auc").samplers == names


def test_estimators_come_in_lists_and_mappings(data):
    assert compare(data, [], [GaussianNB(), GaussianNB()], scoring="f1").estimators == [
        "GaussianNB",
        "GaussianNB 2",
    ]
    assert compare(data, [], {"a": GaussianNB()}, scoring="f1").estimators == ["a"]


def test_more_rows_are_known_than_stand_by_default(data):
    result = compare(data, ["distilled", "hard examples"], rows_metrics=True, cv=2)
    assert result.samplers == ["nothing", "distilled", "hard examples"]
    assert result.errors.empty
    made = result.to_frame("new_rows")["mean"]["GaussianNB"]
    assert made["distilled"] > made["hard examples"] > 0
    assert not {"distilled", "hard examples"} & {*DEFAULT_ROWS}


def test_ratios_leave_samplers_alone_that_keep_the_shares(data):
    given = {"distilled": DistillationSampler(), "half": DistillationSampler(0.5, growth=0.0)}
    result = compare(data, given, ratios=(0.5, 1.0), cv=2)
    assert result.samplers == ["nothing", "distilled", "half, ratio 0.5", "half, ratio 1"]


def test_intervals_stay_where_scores_can_be():
    # Three rows of the rare class in each test part: folds differ by more than the scale has room for.
    X, y = make_classification(300, weights=[0.97], flip_y=0, class_sep=2, random_state=1)
    result = compare((X, y), ["copies"], scoring=["recall", "log_loss", "average_precision"], cv=3)
    for metric in ("recall", "average_precision"):
        frame = result.to_frame(metric)
        assert frame["low"].min() >= 0
        assert frame["high"].max() <= 1
        assert ((frame["low"] <= frame["mean"]) & (frame["mean"] <= frame["high"])).all()
    assert result.to_frame("log_loss")["low"].min() >= 0


def test_scores_of_other_ranges_under_a_known_name_are_not_clipped(data):
    def recall(estimator, X, y):
        return -5.0 - len(X) % 2

    frame = compare(data, [], scoring=recall, cv=3).to_frame("recall")
    assert (frame["high"] < 0).all()


def test_the_picture_has_the_order_of_the_tables(data):
    result = compare(data, ["copies", "noise", "smote"], cv=3)
    drawn = list(result._display("average_precision").means.index)
    ranks = result.to_frame("average_precision").loc["GaussianNB", "rank"]
    assert ranks[drawn].is_monotonic_increasing
    assert {*drawn} == {*result.samplers}


def test_ratios_make_a_row_each(data):
    given = {
        "noise": NoiseSampler(),
        "mix": HybridSampler(),
        "auto": AutoSampler(GaussianNB(), [NoiseSampler()]),
    }
    result = compare(data, given, ratios=(0.5, 1.0), scoring="f1", rows_metrics=True, cv=2)
    assert result.samplers == [
        "nothing",
        "noise, ratio 0.5",
        "noise, ratio 1",
        "mix, ratio 0.5",
        "mix, ratio 1",
        "auto",
    ]
    made = result.to_frame("new_rows")["mean"]["GaussianNB"]
    assert 0 < made["noise, ratio 0.5"] < made["noise, ratio 1"]


# The rivals of samplers.


def test_a_tuned_threshold_moves_labels_and_nothing_else(data):
    result = compare(data, ["tuned threshold"])
    nothing, tuned = values(result, "nothing"), values(result, "tuned threshold")
    same = ["average_precision", "roc_auc", "log_loss", "brier", "calibration_slope"]
    np.testing.assert_allclose(tuned.loc[same], nothing.loc[same])
    assert tuned.loc["recall"].mean() > nothing.loc["recall"].mean()


def test_a_threshold_is_tuned_on_folds_that_keep_groups_together(data):
    _, y = data
    groups = np.arange(len(y)) // 4
    tuner = with_threshold_of_rows(GaussianNB(), y, groups, 0)
    assert len(tuner.cv) == 5
    assert not any(np.intersect1d(groups[train], groups[test]).size for train, test in tuner.cv)
    few = with_threshold_of_rows(GaussianNB(), np.repeat([0, 1], [17, 3]), None, 0)
    assert len(few.cv) == 3


@pytest.mark.parametrize(
    ("model", "weighted"),
    [
        (LogisticRegression(), LogisticRegression(class_weight="balanced")),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")),
        ),
    ],
)
def test_class_weights_by_parameter(data, model, weighted):
    scores = compare(data, ["class weights"], {"m": model})
    direct = compare(data, [], {"m": weighted})
    pd.testing.assert_frame_equal(values(scores, "class weights", "m"), values(direct, "nothing", "m"))
    assert (values(scores, "class weights", "m") != values(scores, "nothing", "m")).any(axis=None)


@pytest.mark.parametrize("model", [GaussianNB(), make_pipeline(StandardScaler(), GaussianNB())])
def test_class_weights_through_fit_are_those_of_priors(data, model):
    found = compare(data, ["class weights"], {"m": model})
    # Naive Bayes with balanced weights has even priors, and the same means and variances.
    even = clone(model).set_params(
        **{next(name for name in model.get_params() if "priors" in name): [0.5, 0.5]}
    )
    direct = compare(data, [], {"m": even})
    assert found.errors.empty
    np.testing.assert_allclose(
        values(found, "class weights", "m").loc["roc_auc"], values(direct, "nothing", "m").loc["roc_auc"]
    )
    np.testing.assert_allclose(
        values(found, "class weights", "m").loc["recall"], values(direct, "nothing", "m").loc["recall"]
    )


def test_no_class_weights_are_nan_with_the_reason(data):
    result = compare(data, ["class weights"], KNeighborsClassifier())
    assert values(result, "class weights", "KNeighborsClassifier").isna().all(axis=None)
    assert result.errors["error"].str.contains("KNeighborsClassifier takes no class weights").all()
    assert len(result.errors) == 3


def test_a_detector_stands_in_the_place_of_the_estimator():
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(270, 3)), rng.normal(scale=6, size=(30, 3))]
    y = np.repeat(["usual", "odd"], [270, 30])
    found = compare((X, y), [IsolationForest(n_estimators=30)], [GaussianNB(), KNeighborsClassifier()])
    scores = values(found, "IsolationForest")
    assert scores.loc["roc_auc"].min() > 0.85
    # As many rows are named as the rare class has, so precision and recall are alike.
    assert (scores.loc["recall"] - scores.loc["precision"]).abs().max() < 0.35
    assert scores.loc[["log_loss", "brier", "calibration_slope"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(scores, values(found, "IsolationForest", "KNeighborsClassifier"))
    assert set(found.errors["metric"]) == {"log_loss", "brier", "calibration_slope"}
    # Whichever label comes first in the alphabet.
    other = compare((X, np.where(y == "odd", "z", "a")), [IsolationForest(n_estimators=30)])
    pd.testing.assert_frame_equal(scores, values(other, "IsolationForest"))


def test_a_detector_sees_mixed_tables_and_tells_two_classes_apart():
    frame = make_transactions(200, fraud_share=0.2)
    result = compare(
        (frame, "is_fraud"), [IsolationForest(n_estimators=20)], Plain(), scoring="roc_auc", cv=2
    )
    assert values(result, "IsolationForest", "Plain").loc["roc_auc"].notna().all()
    three = make_classification(90, n_informative=4, n_classes=3, random_state=0)
    result = compare(three, [IsolationForest(n_estimators=20)])
    assert result.errors["error"].str.contains("tells two classes apart").all()


# What kinds of data there are.


def test_three_classes_have_means_over_classes():
    data = make_classification(300, n_informative=5, n_classes=3, weights=[0.7, 0.2], random_state=0)
    result = compare(data, ["noise", "tuned threshold"], rows_metrics=True)
    assert result.positive is None
    assert values(result, "noise").notna().all(axis=None)
    assert values(result, "tuned threshold").loc["f1"].isna().all()
    assert result.errors["error"].str.contains("binary").all()
    theirs = cross_validate(
        GaussianNB(), *data, cv=FOLDS, scoring=["f1_macro", "roc_auc_ovr", "recall_macro"]
    )
    found = values(result, "nothing")
    for ours, name in (("f1", "f1_macro"), ("roc_auc", "roc_auc_ovr"), ("recall", "recall_macro")):
        np.testing.assert_allclose(found.loc[ours], theirs[f"test_{name}"])


def test_labels_may_be_text_and_the_rare_class_may_come_first(data):
    X, y = data
    rows = ["noise", "class weights", "tuned threshold"]
    plain = compare((X, y), rows)
    text = compare((X, np.where(y == 1, "a rare one", "usual")), rows)
    assert text.positive == "a rare one"
    assert text.errors.empty
    for name in ("nothing", "class weights"):
        np.testing.assert_allclose(values(text, name), values(plain, name), rtol=1e-9)


def test_mixed_tables_with_gaps_go_to_the_estimators_of_this_package(tmp_path):
    frame = make_transactions(160, fraud_share=0.15)
    options = {"cv": 2, "random_state": 0, "scoring": ["average_precision", "brier"], "memory": tmp_path}
    result = compare_samplers(frame, "is_fraud", ["copies", "noise", SMOTE()], **options)
    assert result.estimators == ["boosting", "logistic"]
    for name in ("nothing", "copies", "noise"):
        assert result.to_frame().loc[(slice(None), name), "brier"].between(0, 0.25).all()
    assert set(result.errors["sampler"]) == {"SMOTE"}
    again = compare_samplers(frame.copy(), "is_fraud", ["copies", "noise", SMOTE()], **options)
    pd.testing.assert_frame_equal(
        result.scores[result.scores["sampler"] != "SMOTE"], again.scores[again.scores["sampler"] != "SMOTE"]
    )


@pytest.mark.parametrize("kind", ["frame", "polars", "sparse", "list"])
def test_containers_give_the_same_scores(data, kind, tmp_path):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcdef"), index=np.arange(len(y))[::-1])
    given = {
        "frame": (frame.assign(target=y), "target"),
        "polars": (pl.DataFrame(frame.assign(target=y)), "target"),
        "sparse": (sparse.csr_matrix(X), y.tolist()),
        "list": (X.tolist(), y.tolist()),
    }[kind]
    model = KNeighborsClassifier()
    plain = compare(data, ["copies"], {"m": model}, rows_metrics=True)
    found = compare(given, ["copies"], {"m": model}, rows_metrics=True, memory=tmp_path)
    np.testing.assert_allclose(values(found, "copies", "m"), values(plain, "copies", "m"))


def test_groups_stay_together(data):
    X, y = data
    groups, seen = np.repeat(np.arange(60), 4), Seen()
    result = compare((X, y), {"seen": Recording(seen)}, cv=4, groups=groups)
    known = {tuple(row): group for row, group in zip(X, groups)}
    assert result.n_folds == 4
    for train, _, _ in seen:
        assert all(np.bincount([known[tuple(row)] for row in train], minlength=60) % 4 == 0)
    splits = list(StratifiedGroupKFold(3).split(X, y, groups))
    assert compare((X, y), [], cv=splits, scoring="f1").n_folds == 3


# What fails.


def test_a_failing_sampler_is_visible_and_the_others_stand(data):
    result = compare(data, {"failing": Failing(), "noise": NoiseSampler()}, rows_metrics=True)
    assert values(result, "failing").isna().all(axis=None)
    assert values(result, "noise").notna().all(axis=None)
    assert set(result.errors["error"]) == {"in the sampler: RuntimeError: out of <b>paper</b>"}
    assert list(result.errors["fold"]) == [0, 1, 2]
    assert result.to_frame("f1").loc[("GaussianNB", "failing"), "n_folds"] == 0
    assert "out of <b>paper</b>" in str(result)


def test_a_sampler_that_fails_in_one_fold_is_never_the_best(data):
    X, y = data
    result = compare(data, {"failing": Failing(X[0]), "oracle": Oracle(X, y)}, KNeighborsClassifier(1))
    row = result.to_frame("roc_auc").loc[("KNeighborsClassifier", "failing")]
    assert row["n_folds"] == 2
    assert row["difference"] == 0
    assert len(result.errors) == 1
    assert result.best() == "oracle"


def test_a_failing_estimator_is_visible(data):
    result = compare(data, ["noise"], [GaussianNB(priors=[1.0]), GaussianNB()])
    assert values(result, "noise").isna().all(axis=None)
    assert values(result, "noise", "GaussianNB 2").notna().all(axis=None)
    assert result.errors["error"].str.startswith("in fit: ").all()


def test_scores_that_a_model_cannot_have_are_nan_alone(data):
    machine = values(compare(data, [], LinearSVC()), "nothing", "LinearSVC")
    assert machine.loc[["log_loss", "brier", "calibration_slope"]].isna().all(axis=None)
    assert machine.drop(["log_loss", "brier", "calibration_slope"]).notna().all(axis=None)
    result = compare(data, [], Plain())
    plain = values(result, "nothing", "Plain")
    assert (
        plain.loc[["f1", "recall", "precision", "balanced_accuracy", "geometric_mean"]].notna().all(axis=None)
    )
    assert plain.loc[["average_precision", "roc_auc"]].isna().all(axis=None)
    assert result.errors.set_index("metric")["error"]["roc_auc"].str.contains("order rows by").all()


def test_scorers_of_scikit_learn_and_of_the_user(data):
    def share(model, X, y):
        return np.mean(model.predict(X) == 1)

    def broken(model, X, y):
        raise KeyError("no such thing")

    scoring = ["f1", "neg_log_loss", "matthews_corrcoef", share, broken]
    result = compare(data, [], scoring=scoring)
    found = values(result, "nothing")
    theirs = cross_validate(GaussianNB(), *data, cv=FOLDS, scoring=["neg_log_loss", "matthews_corrcoef"])
    for name in ("neg_log_loss", "matthews_corrcoef"):
        np.testing.assert_allclose(found.loc[name], theirs[f"test_{name}"])
    assert found.loc["share"].between(0, 1).all()
    assert found.loc["broken"].isna().all()
    assert set(result.errors["metric"]) == {"broken"}
    named = compare(data, [], scoring={"mine": share, "f1": "f1"})
    assert list(named.metrics) == ["mine", "f1", "fit_seconds"]


def test_a_fold_of_one_class_has_no_score(data):
    y = data[1]
    order = np.argsort(y, kind="stable")
    splits = [(order[::2], order[1:40:2]), (order[::2], order[1::2])]
    result = compare(data, [], cv=splits)
    assert values(result, "nothing")[0].isna().all()
    assert values(result, "nothing")[1].notna().all()
    assert result.errors["error"].str.contains("one class").all()


def test_warnings_are_kept_and_not_shown(data):
    class Loud(Same):
        def fit_resample(self, X, y):
            warnings.warn("it is late", UserWarning, stacklevel=2)
            return X, y

    result = compare(data, {"loud": Loud()})
    assert list(result.warnings["warning"]) == ["it is late"] * 3
    assert "it is late" in result.to_markdown()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"samplers": ["smoot"]}, "Got 'smoot' in samplers; expected"),
        ({"samplers": [SMOTE]}, "Got the class SMOTE"),
        ({"samplers": [3]}, "Got 3 in samplers"),
        ({"samplers": {"nothing": SMOTE()}}, "kept for doing nothing"),
        ({"samplers": {"nothing": "noise"}}, "kept for doing nothing"),
        ({"samplers": ["noise", "noise"]}, r"\['noise'\] more than once"),
        ({"estimators": []}, "Got no estimator"),
        ({"estimators": GaussianNB}, "Got the class GaussianNB"),
        ({"estimators": "forest"}, "expected a classifier"),
        ({"scoring": "f2"}, "Got scoring='f2'; expected one of"),
        ({"scoring": []}, "expected at least one score"),
        ({"scoring": ["f1", "f1"]}, "a name of its own"),
        ({"scoring": [1.5]}, "Got scoring=1.5"),
        ({"scoring": {"coverage": "f1", "x": make_scorer(geometric_mean_score)}, "ratios": [2]}, "ratios"),
        ({"scoring": {"coverage": make_scorer(geometric_mean_score)}}, "always there"),
        ({"cv": 1}, "Got cv=1"),
        ({"cv": 1000}, "rows of class 1.* Merge the class"),
        ({"cv": 3, "groups": np.arange(240) % 2}, r"Got cv=3 for 2 group\(s\)"),
        (
            {"cv": StratifiedGroupKFold(3), "groups": np.arange(240) % 2},
            "cannot be split into|which gives no fold",
        ),
        ({"cv": 2.5}, "Got cv=2.5"),
        ({"cv": []}, "gives no fold"),
        ({"cv": [([0, 1], [1, 2])]}, "rows on both sides"),
        ({"cv": [([0, 1], [999])]}, "position 999"),
        ({"groups": [1, 2]}, "Got groups of shape"),
        ({"ratios": [0.5, 2]}, "Got ratios="),
        ({"ratios": "all"}, "Got ratios="),
        ({"memory": 3}, "Got memory=3"),
        ({"memory": "here", "random_state": None}, "without a random_state"),
    ],
)
def test_bad_input_is_said(data, options, words):
    given = {"samplers": ["noise"], "estimators": GaussianNB(), "random_state": 0} | options
    with pytest.raises(DataError, match=words):
        compare_samplers(*data, **given)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (pd.DataFrame({"a": [1, 2]}), "b", "Got y='b'"),
        (np.zeros((4, 2)), [0, 1], "2 labels for 4 rows"),
        (np.zeros((4, 2)), [0, 0, 0, 0], "one class only"),
        (np.zeros((4, 2)), [0, 1, None, 0], "missing labels"),
        (np.zeros((4, 2)), [0.5, 1.5, 2.5, 0.1], "labels that are no classes .* Cut it into classes"),
        (
            pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
            "b",
            "Got the target 'b' of labels that are no classes",
        ),
    ],
)
def test_tables_that_cannot_be_compared_are_said(X, y, words):
    with pytest.raises(DataError, match=words):
        compare_samplers(X, y, ["noise"], GaussianNB())


# The cache and the progress.


def test_an_interrupted_comparison_goes_on_where_it_was(data, tmp_path):
    class Enough(Exception):
        pass

    def stop(n_done, n_all):
        assert n_all == 9
        if n_done == 5:
            raise Enough

    rows = ["noise", "copies"]
    CountingNB.fits = 0
    with pytest.raises(Enough):
        compare(data, rows, CountingNB(), memory=tmp_path, progress=stop)
    assert CountingNB.fits == 5
    whole = compare(data, rows, CountingNB(), memory=tmp_path)
    assert CountingNB.fits == 9
    again = compare(data, rows, CountingNB(), memory=joblib.Memory(tmp_path, verbose=0))
    assert CountingNB.fits == 9
    # The seconds too are those of the only fit.
    pd.testing.assert_frame_equal(whole.scores, again.scores)
    pd.testing.assert_frame_equal(without_seconds(whole), without_seconds(compare(data, rows, CountingNB())))


def test_the_cache_knows_what_changed(data, tmp_path):
    X, y = data
    CountingNB.fits = 0
    seen: list[int] = []

    def fits(**options):
        before = CountingNB.fits
        compare((X, y), options.pop("samplers", ["noise"]), CountingNB(), memory=tmp_path, **options)
        seen.append(CountingNB.fits - before)
        return seen[-1]

    assert fits() == 6
    assert fits(samplers=["noise", "copies"]) == 3
    assert fits(samplers=[NoiseSampler(noise_scale=0.7)]) == 3
    assert fits(scoring="f1") == 6
    assert fits(cv=StratifiedKFold(3, shuffle=True, random_state=1)) == 6
    # Labels of one row are others.
    y = np.where(np.arange(len(y)) == 0, 1 - y, y)
    assert fits() == 6
    assert fits() == 0


def test_failures_are_tried_again(data, tmp_path):
    CountingNB.fits = 0
    for n_fits in (3, 3):
        result = compare(data, {"failing": Failing()}, CountingNB(), memory=tmp_path, rows_metrics=True)
        assert CountingNB.fits == n_fits
        assert len(result.errors) == 3


def test_what_has_no_name_cannot_be_kept(data, tmp_path):
    with pytest.raises(DataError, match="can be pickled"):
        compare(data, [], scoring={"f": lambda model, X, y: 1.0}, memory=tmp_path)


def test_progress_is_told(data, capsys):
    told: list[tuple[int, int]] = []
    compare(data, ["noise"], progress=lambda *counts: told.append(counts))
    assert told == [(done, 6) for done in range(7)]
    assert capsys.readouterr().err == ""
    compare(data, ["noise"], progress=True)
    assert capsys.readouterr().err.endswith("6 of 6\n")


# The rows that were made.


def test_figures_of_rows_tell_copies_from_noise_from_nonsense(data):
    class Nonsense(BaseEstimator):
        def fit_resample(self, X, y):
            rng = np.random.default_rng(0)
            return np.r_[X, rng.normal(50, 1, size=(60, X.shape[1]))], np.r_[y, np.ones(60, dtype=int)]

    rows = {"copies": RandomOverSampler(), "noise": NoiseSampler(), "nonsense": Nonsense(), "same": Same()}
    figures = compare(data, rows, cv=2, scoring="f1", rows_metrics=True).to_frame().loc["GaussianNB"]
    assert figures.loc["copies", "quality_score"] > 0.9
    assert figures.loc["nonsense", "quality_score"] < 0.6
    assert figures.loc["nonsense", "coverage"] == 0
    assert figures.loc["noise", "coverage"] > 0.8
    assert figures.loc["same", "new_rows"] == 0
    assert figures.loc[["same", "nothing"], ["quality_score", "coverage"]].isna().all(axis=None)


def test_new_rows_of_foreign_samplers_are_found(data):
    X, y = data
    rows = {
        "smote": SMOTE(),
        "cleaned": SMOTEENN(),
        "ours": InterpolationSampler(),
        "copies": RandomOverSampler(),
    }
    result = compare(data, rows, scoring="f1", rows_metrics=True)
    made = result.to_frame("new_rows")["mean"]["GaussianNB"]
    expected = np.mean([np.diff(np.bincount(y[train])) for train, _ in FOLDS.split(X, y)])
    for name in ("smote", "ours", "copies"):
        assert made[name] == -expected
    # What the cleaning step left of them.
    assert 0 < made["cleaned"] <= -expected


# What the result says.


def result_of(
    table: dict[str, list[float]], metric: str = "average_precision", better: str = "more", **options
):
    """A result with these values by sampler, as if from as many folds that tested a fifth."""
    tables = {"m": table} | options.pop("more_estimators", {})
    scores = [
        (sampler, estimator, fold, metric, value)
        for estimator, rows in tables.items()
        for sampler, row in rows.items()
        for fold, value in enumerate(row)
    ]
    empty = pd.DataFrame(columns=["sampler", "estimator", "fold", "metric", "error"])
    return ComparisonResult(
        scores=pd.DataFrame(scores, columns=["sampler", "estimator", "fold", "metric", "value"]),
        errors=empty,
        warnings=empty.rename(columns={"error": "warning"}).drop(columns="metric"),
        metrics={metric: better},
        test_share=0.2,
        counts={"a": 10, "b": 5},
        positive="b",
    )


def test_the_corrected_test_is_that_of_nadeau_and_bengio():
    nothing, better = [0.50, 0.60, 0.55, 0.65, 0.60], [0.55, 0.63, 0.62, 0.66, 0.70]
    row = result_of({"nothing": nothing, "x": better}).to_frame("average_precision").loc[("m", "x")]
    differences = np.subtract(better, nothing)
    error = math.sqrt((1 / 5 + 0.2 / 0.8) * differences.var(ddof=1))
    assert row["difference"] == pytest.approx(differences.mean())
    assert row["p_value"] == pytest.approx(2 * student.sf(differences.mean() / error, 4))
    assert row["difference_high"] - row["difference"] == pytest.approx(student.ppf(0.975, 4) * error)
    assert row["low"] < row["mean"] < row["high"]
    # The usual test, which takes folds for independent, would find more.
    assert error > differences.std(ddof=1) / math.sqrt(5)


def test_false_alarms_of_the_corrected_test_are_rare():
    rng = np.random.default_rng(0)
    # Folds that share 80 % of their training rows: differences correlated by about the share of the test rows.
    noise = rng.normal(size=(2000, 1)) * math.sqrt(0.2) + rng.normal(size=(2000, 5)) * math.sqrt(0.8)
    alarms = np.mean([corrected_difference(row, 0.2).p_value < 0.05 for row in noise])
    assert alarms < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_holm_adjusts_as_by_hand():
    adjusted = holm_adjusted([0.01, 0.04, np.nan, 0.03, 0.005])
    np.testing.assert_allclose(adjusted, [0.03, 0.06, np.nan, 0.06, 0.02])
    assert holm_adjusted([0.9, 0.8]).tolist() == [1, 1]
    assert np.isnan(holm_adjusted([np.nan])).all()


def test_the_best_row_is_nothing_unless_another_is_better_beyond_chance():
    nothing, much = [0.50, 0.51, 0.52, 0.50, 0.51], [0.70, 0.72, 0.71, 0.70, 0.72]
    lucky = [0.50, 0.51, 0.52, 0.50, 0.95]
    assert result_of({"nothing": nothing, "lucky": lucky}).best() == "nothing"
    assert result_of({"nothing": nothing, "lucky": lucky, "much": much}).best() == "much"
    assert result_of({"nothing": much, "worse": nothing}).best() == "nothing"
    gone = [*much[:4], math.nan]
    assert result_of({"nothing": nothing, "gone": gone}).best() == "nothing"
    assert result_of({"nothing": nothing}).best() == "nothing"


def test_the_best_row_loses_with_no_estimator():
    nothing, much = [0.50, 0.51, 0.52, 0.50, 0.51], [0.70, 0.72, 0.71, 0.70, 0.72]
    other = {"nothing": nothing, "x": [value - 0.01 for value in nothing]}
    result = result_of({"nothing": nothing, "x": much}, more_estimators={"other": other})
    assert result.best(estimator="m") == "x"
    assert result.best(estimator="other") == result.best() == "nothing"


@pytest.mark.parametrize(("better", "good"), [("less", 0.3), ("one", 0.9), ("more", 1.8)])
def test_which_way_is_better_counts_for_ranks_and_the_best(better, good):
    nothing = [1.50, 1.52, 1.51, 1.49, 1.50]
    table = {
        "nothing": nothing,
        "good": [good + 0.01 * fold for fold in range(5)],
        "bad": [1.2, 2.2, 0.2, 1.9, 1.1],
    }
    result = result_of(table, "x", better)
    assert result.best("x") == "good"
    assert result.to_frame("x").loc[("m", "good"), "rank"] == 1


def test_infinite_values_are_left_out():
    table = {"nothing": [1.0, math.inf, 0.9], "x": [math.inf, 0.8, 1.1]}
    row = result_of(table, "calibration_slope", "one").to_frame("calibration_slope").loc[("m", "x")]
    assert row["n_folds"] == 2
    assert row["mean"] == pytest.approx(0.95)
    assert row["difference"] == pytest.approx(0.2)


def test_means_stand_side_by_side(data):
    result = compare(data, ["noise"], rows_metrics=True)
    frame = result.to_frame()
    assert list(frame.index.names) == ["estimator", "sampler"]
    assert {"average_precision", "brier", "fit_seconds", "quality_score", "coverage"} <= set(frame.columns)
    assert frame.loc[("GaussianNB", "noise"), "f1"] == pytest.approx(
        result.by_fold("f1", "GaussianNB").loc["noise"].mean()
    )
    with pytest.raises(DataError, match="Got metric='f2'"):
        result.to_frame("f2")
    with pytest.raises(DataError, match="Got estimator='tree'"):
        result.best(estimator="tree")
    with pytest.raises(DataError, match="Got metric='new_rows'"):
        result.best("new_rows")


def test_pages_hold_everything_and_escape_it(data, tmp_path):
    pytest.importorskip("matplotlib")
    rows = {"<script>x</script>|": NoiseSampler(), "failing": Failing(), "copies": "copies"}
    result = compare(data, rows, {"<i>nb</i>": GaussianNB()}, rows_metrics=True)
    text = result.to_html(tmp_path / "page.html", title="<u>Mine</u>")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
    for page in (text, result._repr_html_()):
        assert "<script>" not in page
        assert "<i>nb</i>" not in page
        assert "<b>paper</b>" not in page
        assert "&lt;script&gt;" in page
        assert "Brier score (less is better)" in page
        assert "&lt;b&gt;paper&lt;/b&gt;" in page
    assert "data:image/png" in text
    markdown = result.to_markdown()
    assert "<script>" not in markdown
    assert "Quality of new rows" in markdown
    shown = str(result)
    assert "no row is better than doing nothing" in shown or "is better than doing nothing" in shown
    assert all(len(line) <= 150 for line in shown.splitlines())


def test_a_page_says_when_a_row_helps():
    nothing, much = [0.50, 0.51, 0.52, 0.50, 0.51], [0.70, 0.72, 0.71, 0.70, 0.72]
    result = result_of({"nothing": nothing, "x": much})
    assert "m: x is better than doing nothing. Average precision: +0.202 (" in str(result)
    assert "Good" in result.to_markdown()


def test_the_picture_shows_means_or_differences(data):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    result = compare(data, {"noise": "noise", "copies": "copies", "failing": Failing()}, cv=2)
    display = result.plot("roc_auc")
    ranks = result.to_frame("roc_auc").loc["GaussianNB", "rank"].dropna()
    assert list(display.means.index) == list(ranks.sort_values(kind="stable").index)
    assert {*display.means.index} == {"nothing", "noise", "copies"}
    expected = result.to_frame("roc_auc")["mean"]["GaussianNB"]
    np.testing.assert_allclose(display.means["GaussianNB"], expected[display.means.index])
    assert display.ax_.get_ylabel() == "ROC AUC"
    ax = pyplot.figure().add_subplot()
    others = [name for name in display.means.index if name != "nothing"]
    assert list(result.plot("roc_auc", difference=True, ax=ax).means.index) == others
    pyplot.close("all")
    with pytest.raises(DataError, match="no value"):
        compare(data, [], cv=2).plot(difference=True)
    assert "not drawn" in compare(data, [], cv=2).to_html()


# Several data sets.

# J. Demšar, "Statistical comparisons of classifiers over multiple data sets", 2006, table 6: AUC of C4.5
# with m, cf and both. For "voting" it ranks .975 above .975, so digits that it does not show decided.
DEMSAR = """
.763 .768 .771 .798
.599 .591 .590 .569
.954 .971 .968 .967
.628 .661 .654 .657
.882 .888 .886 .898
.936 .931 .916 .931
.661 .668 .609 .685
.583 .583 .563 .625
.775 .838 .866 .875
1.000 1.000 1.000 1.000
.940 .962 .965 .962
.619 .666 .614 .669
.972 .981 .9755 .975
.957 .978 .946 .970
"""


def test_the_example_of_demsar():
    numbers = np.array(DEMSAR.split(), dtype=float).reshape(-1, 4)
    scores = pd.DataFrame(numbers, columns=["nothing", "m", "cf", "both"])
    found = over_datasets(scores, scores.sub(scores["nothing"], axis=0), metric="roc_auc")
    frame = found.to_frame()
    assert frame["mean_rank"].round(3).to_dict() == {"both": 1.964, "m": 2.0, "cf": 2.893, "nothing": 3.143}
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    # The article's 9.28 and 3.69 leave out the correction for ties, which makes both larger.
    assert 9.28 < found.friedman_statistic < 10.5
    assert found.f_statistic > 3.69
    assert found.friedman_p_value < 0.05
    # C4.5 with m against C4.5, by the signed-rank test of the article's table 2 on other ranks: significant.
    assert frame.loc["m", "p_value"] < 0.05
    assert frame.loc["m", "p_holm"] == pytest.approx(2 * frame.loc["m", "p_value"], rel=0.6)


def test_friedman_without_ties_is_the_formula():
    ranks = np.array([[1, 2, 3], [1, 3, 2], [2, 1, 3], [1, 2, 3], [1, 2, 3]], dtype=float)
    gains = pd.DataFrame(-ranks, columns=["x", "nothing", "y"])
    found = over_datasets(gains, gains, metric="f1")
    means = ranks.mean(axis=0)
    expected = 12 * 5 / (3 * 4) * ((means**2).sum() - 3 * 4**2 / 4)
    assert found.friedman_statistic == pytest.approx(expected)
    assert found.f_statistic == pytest.approx(4 * expected / (5 * 2 - expected))


def test_results_of_several_tables_together(data):
    X, y = data
    rows = {"oracle": Oracle(X, y), "same": Same(), "failing": Failing()}
    model = KNeighborsClassifier(1)
    results = {str(seed): compare(data, rows, model, cv=3, random_state=seed) for seed in range(6)}
    found = compare_over_datasets(results, "log_loss")
    frame = found.to_frame()
    assert frame.index[0] == "oracle"
    assert frame.loc["oracle", "mean_rank"] == 1
    assert frame.loc["oracle", ["wins", "losses"]].tolist() == [6, 0]
    assert frame.loc["same", "p_value"] == 1
    assert frame.loc["nothing", "mean_rank"] == frame.loc["same", "mean_rank"] == 2.5
    # The least p-value of six signed ranks.
    assert frame.loc["oracle", "p_value"] == pytest.approx(2 / 2**6)
    assert set(found.left_out) == {"failing"}
    assert "failing is left out" in str(found)
    assert "oracle" in found._repr_html_()
    assert found.scores.shape == found.ranks.shape == (6, 3)


def test_two_samplers_need_no_test_of_friedman():
    gains = pd.DataFrame({"nothing": [0.0] * 5, "x": [0.1, 0.2, 0.1, 0.3, 0.2]})
    found = over_datasets(gains, gains, metric="f1")
    assert math.isnan(found.friedman_statistic)
    assert found.to_frame().loc["x", "wins"] == 5


def test_results_that_do_not_fit_together_are_said(data):
    one, other = compare(data, [], cv=2, scoring="f1"), compare(data, [], LinearSVC(), cv=2, scoring="f1")
    with pytest.raises(DataError, match="expected those of 2 data sets"):
        compare_over_datasets({"a": one}, "f1")
    with pytest.raises(DataError, match="no mapping"):
        compare_over_datasets([one, other], "f1")
    with pytest.raises(DataError, match="different estimators"):
        compare_over_datasets({"a": one, "b": other}, "f1")
    with pytest.raises(DataError, match="no sampler beside nothing"):
        compare_over_datasets({"a": one, "b": one}, "f1")
    with pytest.raises(DataError, match="Got metric="):
        compare_over_datasets({"a": one, "b": one}, "roc_auc")
    with pytest.raises(DataError, match="alpha=2"):
        compare_over_datasets({"a": one, "b": one}, "f1", alpha=2)


# What the comparison shares with the sampler that chooses.


def test_folds_score_each_scorer_by_itself(data):
    X, y = data

    def broken(model, X, y):
        raise KeyError("no such thing")

    folds = Folds(X, y, list(FOLDS.split(X, y)), {"f1": scorer_of("f1", y), "broken": broken})
    found = folds.score(GaussianNB(), 0)
    assert found.scores["f1"] > 0
    assert math.isnan(found.scores["broken"])
    assert found.error == found.errors["broken"] == "KeyError: 'no such thing'"
    begun = time.perf_counter()
    assert 0 < folds.score(GaussianNB(), 1).seconds < time.perf_counter() - begun + 1


def test_of_equally_rare_classes_the_last_one_is_scored():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array(["a", "a", "b", "b"])
    always_b = GaussianNB(priors=[0, 1]).fit(X, y)
    with np.errstate(divide="ignore"):
        assert scorer_of("recall", y)(always_b, X, y) == 1
