"""The diagnosis: each symptom in made data that have it and in data that do not, and pages that hold anything."""

from __future__ import annotations

import builtins
import json
import re
from html.parser import HTMLParser
from unittest import mock

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import genesis_sampling
from genesis_sampling import AutoSampler, NoiseSampler
from genesis_sampling.datasets import make_transactions
from genesis_sampling.evaluation._case import read_case
from genesis_sampling.evaluation._findings import SEVERITIES, named, percent, plain
from genesis_sampling.evaluation.advisor import Diagnosis, diagnose
from genesis_sampling.exceptions import DataError, MixedTypesError

HOSTILE = "<script>alert('x')</script> | `b` \x1b[31m\u202e\n\"q\""
# What is said of any table.
ALWAYS = {
    "class_counts",
    "balanced",
    "constraints_hold",
    "found_already",
    "simple_model_as_good",
    "enough_rare_rows",
}


def clean(n=600, *, share=0.25, shift=2.0, n_columns=5, seed=0):
    """Two normal classes that lie apart in every column."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < share * n).astype(int)
    X = rng.normal(size=(n, n_columns)) + shift * y[:, None]
    return pd.DataFrame(X, columns=[f"x{place}" for place in range(n_columns)]), y


def noise(n=600, *, share=0.2, n_columns=5, seed=0):
    """Two classes that nothing tells apart."""
    X, y = clean(n, share=share, shift=0.0, n_columns=n_columns, seed=seed)
    return X, y


def look(X, y, **options):
    return diagnose(X, y, **{"random_state": 0, **options})


def quick(X, y, **options):
    """The same where the model does not matter."""
    return look(X, y, estimator=DummyClassifier(), **options)


def case_of(X, y, **options):
    defaults = {"estimator": None, "sensitive": None, "categorical_features": "auto", "max_rows": None}
    return read_case(X, y, **{**defaults, "random_state": 0, **options})


class TestClean:
    """No alarm where there is nothing."""

    @pytest.mark.parametrize("share", [0.5, 0.3, 0.15])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_apart(self, share, seed):
        found = look(*clean(share=share, shift=2.3, seed=seed))
        assert not [finding for finding in found.findings if finding.severity == "act"]
        assert set(found.codes) <= ALWAYS | {"poor_calibration", "duplicates", "strong_imbalance"}
        assert found.recommendations[0].title.startswith("Do nothing")

    def test_far_apart(self):
        # Each column alone tells the classes: an easy task rather than a leak.
        found = look(*clean(share=0.3, shift=6.0))
        assert not [finding for finding in found.findings if finding.severity == "act"]
        assert found["leak_suspect"].severity == "consider"
        assert found["found_already"].evidence["recall"][1] > 0.9

    def test_balanced(self):
        found = look(*clean(share=0.5))
        assert "class_counts" not in found.codes
        assert found["balanced"].severity == "note"
        assert "Tune the decision threshold" not in [tip.title for tip in found.recommendations]


class TestClasses:
    def test_counts(self):
        X, y = clean(500, share=0.1)
        found = quick(X, np.where(y, "yes", "no"))
        assert found.counts == {"no": 450, "yes": 50}
        assert found["class_counts"].evidence == {
            "counts": {"no": 450, "yes": 50},
            "ratio": 9.0,
            "rarest": "yes",
        }
        assert "strong_imbalance" not in found.codes
        assert "few_rare_rows" not in found.codes

    def test_strong_and_few(self):
        found = quick(*clean(500, share=0.08))
        assert found["strong_imbalance"].evidence["ratio"] == 11.5
        low, high = found["few_rare_rows"].evidence["recall_interval"]
        assert 0.3 < low < 0.5 < high < 0.7
        assert "too_few_rare_rows" not in found.codes

    @pytest.mark.parametrize("n_rare", [1, 2, 9])
    def test_too_few(self, n_rare):
        found = look(*clean(200, share=n_rare / 200))
        assert found["too_few_rare_rows"].severity == "act"
        low, high = found["too_few_rare_rows"].evidence["recall_interval"]
        assert high - low > 0.5
        # Nothing is said of a model of so few rows.
        assert not {"memorises", "biased_to_majority", "overlap", "no_signal"} & set(found.codes)

    def test_several(self):
        X, y = clean(600, share=0.5)
        y[:4], y[4:40] = 3, 2
        found = quick(X, y)
        assert found["many_classes"].evidence == {"n_classes": 4, "judged": 2}
        assert found["too_few_rare_rows"].evidence["counts"] == {"3": 4}
        assert found["few_rare_rows"].evidence["counts"] == {"2": 36}
        assert "Tune the decision threshold" not in [tip.title for tip in found.recommendations]

    def test_enough(self):
        found = look(*clean(12_000, share=0.45, n_columns=2, shift=1.0), max_rows=1_000)
        assert found["enough_rare_rows"].evidence["n_rare"] == 5_400
        assert found.recommendations[0].title.startswith("Do nothing")
        assert not [tip for tip in found.recommendations if "genesis_sampling" in tip.code]

    def test_a_draw_is_said_and_keeps_small_classes(self):
        X, y = clean(3_000, share=0.02, shift=1.0)
        found = quick(X, y, max_rows=300)
        evidence = found["rows_drawn"].evidence
        assert evidence["n_drawn"] <= 300
        assert evidence["counts"]["1"] == 60
        assert found.counts == {0: 2940, 1: 60}
        assert "rows_drawn" not in quick(X, y, max_rows=None).codes

    def test_a_draw_keeps_the_shares_of_probabilities(self):
        X, y = clean(6_000, share=0.05, shift=0.7, n_columns=2)
        model = LogisticRegression()
        whole, part = (look(X, y, estimator=model, max_rows=n) for n in (None, 1_500))
        # Without the shares of the table the draw, half of which is rare, would name rare rows by the hundred.
        for found in (whole, part):
            assert "biased_to_majority" in found.codes
            assert "poor_calibration" not in found.codes
        ratios = [found["biased_to_majority"].evidence["named_for_each_real"] for found in (whole, part)]
        assert abs(ratios[0] - ratios[1]) < 0.15


class TestModel:
    def test_memory(self):
        X, y = clean(600, share=0.2, shift=0.3)
        found = look(X, y, estimator=DecisionTreeClassifier(random_state=0))["memorises"]
        assert found.severity == "act"
        assert found.evidence["recall_train"] == 1
        assert found.evidence["recall"][2] < 0.75

    def test_no_memory(self):
        found = look(*clean(600, share=0.2, shift=0.5), estimator=LogisticRegression())
        assert "memorises" not in found.codes

    def test_bias(self):
        X, y = clean(3_000, share=0.05, shift=0.8, n_columns=3)
        found = look(X, y, estimator=LogisticRegression())
        evidence = found["biased_to_majority"].evidence
        assert found["biased_to_majority"].severity == "act"
        assert evidence["named_for_each_real"] < 0.5
        assert evidence["recall"][2] < evidence["recall_tuned"][1]
        assert evidence["roc_auc"][1] > 0.7
        assert found.recommendations[0].title == "Tune the decision threshold"

    def test_weights_are_no_bias(self):
        X, y = clean(3_000, share=0.05, shift=0.8, n_columns=3)
        found = look(X, y, estimator=LogisticRegression(class_weight="balanced"))
        assert "biased_to_majority" not in found.codes
        # What weights do to probabilities: too large by log(19), about 2.9.
        assert -3.5 < found["poor_calibration"].evidence["intercept"] < -2.3

    def test_calibration(self):
        found = look(*clean(3_000, share=0.2, shift=0.7), estimator=LogisticRegression())
        assert "poor_calibration" not in found.codes

    def test_no_signal(self):
        found = look(*noise(2_000), estimator=LogisticRegression())
        assert found["no_signal"].severity == "act"
        assert found["no_signal"].evidence["roc_auc"][0] == pytest.approx(0.5, abs=0.06)
        assert "biased_to_majority" not in found.codes
        assert not [tip for tip in found.recommendations if "Sampler" in tip.code]

    def test_too_few_rows_to_see_a_signal(self):
        found = look(*noise(60, share=0.2, seed=3))
        assert found["no_signal"].severity == "consider"

    def test_a_model_that_misses_the_signal(self):
        found = look(*two_groups(3.0), estimator=DummyClassifier())
        assert found["estimator_misses_signal"].evidence["roc_auc_boosted"][1] > 0.9
        assert "no_signal" not in found.codes
        assert "estimator_misses_signal" not in look(*noise(600), estimator=DummyClassifier()).codes

    def test_linear(self):
        X, y = clean(1_500, share=0.2, shift=0.5)
        assert "simple_model_as_good" in look(X, y).codes
        X = np.random.default_rng(0).normal(size=(1_500, 2))
        y = (np.abs(X).min(axis=1) > 0.7).astype(int)
        assert "simple_model_as_good" not in look(X, y).codes

    def test_an_estimator_sees_rows_as_they_came(self):
        X, y = clean()
        seen = []

        class Spy(LogisticRegression):
            def fit(self, X, y):
                seen.append((type(X), set(np.unique(y))))
                return super().fit(X, y)

        look(X, np.where(y, "b", "a"), estimator=Spy())
        look(X.to_numpy(), y, estimator=Spy())
        assert {kind for kind, _ in seen} == {pd.DataFrame, np.ndarray}
        assert seen[0][1] == {"a", "b"}

    def test_an_estimator_of_several_classes(self):
        X, y = clean(600, share=0.5)
        y[:100] = 2
        X.iloc[:100, 0] += 4
        found = look(X, y, estimator=make_pipeline(StandardScaler(), LogisticRegression()))
        assert found["many_classes"].evidence["judged"] == 2
        assert found["found_already"].evidence["model"] == "the estimator"


def two_groups(gap, seed=0):
    """A rare class of two clouds at +-gap, and the others around 0."""
    rng = np.random.default_rng(seed)
    rare = rng.normal(scale=0.3, size=(80, 2)) + np.where(np.arange(80) % 2, gap, -gap)[:, None]
    return np.vstack([rng.normal(size=(800, 2)), rare]), np.repeat([0, 1], [800, 80])


class TestRows:
    def test_overlap(self):
        found = quick(*clean(1_000, share=0.2, shift=0.4))["overlap"]
        share, low, high = found.evidence["share"]
        assert 0.3 < low < share < high
        assert share < found.evidence["by_chance"]

    def test_overlap_by_chance(self):
        found = quick(*noise(1_000))["overlap"]
        # P(at most 2 of 5 at a share of .2) = .942
        assert found.evidence["by_chance"] == pytest.approx(0.942, abs=0.001)
        assert found.evidence["share"][2] > found.evidence["by_chance"] - 0.03

    def test_no_overlap(self):
        assert "overlap" not in quick(*clean(shift=3.0)).codes

    def test_label_noise(self):
        X, y = clean(1_000, share=0.2, shift=4.0, n_columns=3)
        wrong = np.random.default_rng(1).permutation(np.flatnonzero(y == 0))[:30]
        y[wrong] = 1
        found = quick(X, y)["label_noise"]
        assert 25 <= found.evidence["n_alone"] <= 35
        assert found.evidence["p_value"] < 0.01

    @pytest.mark.parametrize("shift", [0.0, 1.0, 2.0, 4.0])
    def test_overlap_is_no_label_noise(self, shift):
        assert "label_noise" not in quick(*clean(1_000, share=0.2, shift=shift, n_columns=2)).codes

    def test_subgroups(self):
        found = quick(*two_groups(3.0))
        evidence = found["subgroups"].evidence
        assert evidence["sizes"] == [40, 40]
        assert evidence["share_of_midpoints_among_others_between_groups"][0] > 0.9
        assert evidence["share_of_midpoints_among_others_within_groups"][0] < 0.3
        assert any('kind="cluster"' in tip.code for tip in found.recommendations)

    def test_one_group(self):
        X, y = clean(900, share=0.1, shift=3.0, n_columns=2)
        assert "subgroups" not in quick(X, y).codes
        assert "subgroups" not in quick(*noise(900, n_columns=2)).codes

    def test_groups_with_nothing_in_between(self):
        X, y = two_groups(3.0)
        X[y == 0] += [20, -20]
        assert "subgroups" not in quick(X, y).codes

    def test_outliers(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [950, 50])
        X = rng.normal(size=(1_000, 3)) * np.where(y, 6, 1)[:, None]
        evidence = look(X, y)["outlier_like"].evidence
        assert evidence["roc_auc_forest"][1] > 0.8

    def test_inliers(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [950, 50])
        X = rng.normal(size=(1_000, 3)) * np.where(y, 0.2, 2)[:, None]
        assert "outlier_like" not in quick(X, y).codes


class TestDuplicates:
    def test_twins(self):
        X, y = clean(600, share=0.3)
        X, y = pd.concat([X, X[-60:]]), np.r_[y, y[-60:]]
        found = quick(X, y)["duplicates"]
        assert found.severity == "consider"
        assert found.evidence["share"][0] == 120 / 660
        # A twin of two is in one of the four other folds.
        assert found.evidence["share_with_twin_in_another_fold"] == pytest.approx(120 / 660 * 0.8)
        assert found.evidence["n_distinct"] == 600

    def test_none(self):
        assert not {"duplicates", "conflicting_labels", "over_sampled_already"} & set(quick(*clean()).codes)

    def test_natural_in_few_values(self):
        rng = np.random.default_rng(0)
        X = pd.DataFrame(rng.choice(list("ab"), size=(600, 4)), columns=list("wxyz"))
        found = quick(X, (np.arange(600) < 200).astype(int))["duplicates"]
        assert found.severity == "note"
        assert "natural" in found.meaning

    def test_conflicts(self):
        X, y = clean(600, share=0.3)
        X.iloc[-20:] = X.iloc[:20].to_numpy()
        evidence = quick(X, y)["conflicting_labels"].evidence
        assert evidence["n_rows"] == 40
        assert evidence["share_rare"][0] == pytest.approx(20 / 180)

    def test_over_sampled_already(self):
        X, y = clean(600, share=0.1)
        again = np.random.default_rng(0).choice(60, 400)
        found = quick(pd.concat([X, X.iloc[again]]), np.r_[y, y[again]])
        assert found["over_sampled_already"].severity == "act"
        assert "duplicated" in found.recommendations[0].code

    def test_gaps_and_signed_zeros_are_equal(self):
        X, y = clean(300, share=0.3)
        X.iloc[0] = [np.nan, 0.0, 1, 2, 3]
        X.iloc[1] = [np.nan, -0.0, 1, 2, 3]
        assert quick(X, y)["duplicates"].evidence["n_distinct"] == 299

    def test_identifiers_hide_no_twins(self):
        X, y = clean(600, share=0.3)
        X, y = pd.concat([X, X[-60:]], ignore_index=True), np.r_[y, y[-60:]]
        assert quick(X.assign(row_id=np.arange(660)), y)["duplicates"].evidence["share"][0] == 120 / 660


class TestColumns:
    @pytest.mark.parametrize(
        "values",
        [
            np.arange(600),
            np.random.default_rng(0).permutation(600) + 10_000,
            np.sort(np.random.default_rng(0).choice(10**9, 600, replace=False)),
            [f"c-{place}" for place in range(600)],
        ],
        ids=["count", "shuffled", "rising", "text"],
    )
    def test_identifiers(self, values):
        X, y = clean()
        found = quick(X.assign(q=values), y)
        assert found["identifier_columns"].evidence["columns"] == ["q"]
        assert found["identifier_columns"].severity == "act"
        assert found.recommendations[0].code == "X = X.drop(columns=['q'])"

    @pytest.mark.parametrize(
        "values",
        [
            np.random.default_rng(0).choice(10**9, 600, replace=False),
            np.random.default_rng(0).integers(2**60, 2**62, 600),
            np.arange(600) // 2,
            np.linspace(0, 1, 600),
            [f"c-{place // 4}" for place in range(600)],
        ],
        ids=["amounts", "large", "pairs", "floats", "names of four"],
    )
    def test_no_identifiers(self, values):
        X, y = clean()
        assert "identifier_columns" not in quick(X.assign(q=values), y).codes

    def test_a_name_makes_an_identifier(self):
        X, y = clean()
        amounts = np.random.default_rng(0).choice(10**9, 600, replace=False)
        for name, is_one in {
            "customer_id": True, "ID": True, "customerId": True, "order no": True, "paid": False, "notes": False
        }.items():  # fmt: skip
            assert case_of(X.assign(**{name: amounts}), y).is_identifier[-1] == is_one

    def test_constants(self):
        X, y = clean()
        found = quick(X.assign(one=1, none=np.nan, word="x"), y)["constant_columns"]
        assert found.evidence == {"constant": ["one", "word"], "empty": ["none"]}
        # A gap in a constant column says something.
        X["flag"] = np.where(np.arange(600) % 3, np.nan, 1.0)
        assert "constant_columns" not in quick(X, y).codes

    def test_width(self):
        wide = quick(*clean(200, share=0.1, shift=0.5, n_columns=30))["wide_table"]
        assert wide.severity == "consider"
        assert wide.evidence == {"n_columns": 30, "n_encoded": 30, "n_rare": 20}
        assert quick(*clean(200, share=0.1, n_columns=10))["wide_table"].severity == "note"
        assert "wide_table" not in quick(*clean(200, share=0.25, n_columns=5)).codes

    def test_kinds(self):
        X, y = clean()
        assert not {"mixed_types", "categories_only"} & set(quick(X, y).codes)
        mixed = quick(X.assign(c=np.array(["a", "b"])[np.arange(600) % 2]), y)
        assert mixed["mixed_types"].evidence["categories"] == ["c"]
        forced = quick(X.round().astype(int), y, categorical_features=list(X))
        assert "categories_only" in forced.codes

    def test_many_categories(self):
        X, y = clean()
        found = quick(X.assign(c=[f"c{place % 100}" for place in range(600)]), y)
        assert found["many_categories"].evidence["n_categories"] == {"c": 100}
        assert "many_categories" not in quick(X.assign(c=[f"c{place % 20}" for place in range(600)]), y).codes

    def test_times(self):
        X, y = clean()
        days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(600), unit="D")
        found = quick(X.assign(at=days, told=days.strftime("%Y-%m-%d")), y)
        assert found["time_columns"].evidence == {"times": ["at"], "dates_as_text": ["told"]}
        assert "identifier_columns" not in found.codes
        assert "time_columns" not in quick(X, y).codes

    def test_gaps(self):
        X, y = clean()
        rng = np.random.default_rng(0)
        X.loc[rng.random(600) < 0.2, "x0"] = np.nan
        found = quick(X, y)
        assert found["missing_values"].evidence["share_missing"]["x0"] == pytest.approx(0.2, abs=0.06)
        assert "telling_gaps" not in found.codes
        X.loc[(rng.random(600) < 0.4) & (y == 1), "x1"] = np.nan
        found = quick(X, y)["telling_gaps"].evidence["share_missing_inside_and_outside"]
        assert list(found) == ["x1"]
        assert found["x1"][0] > 0.3
        assert found["x1"][1] == 0

    def test_constraints(self):
        X, y = clean()
        rng = np.random.default_rng(0)
        start = rng.integers(0, 100, 600)
        found = quick(X.assign(start=start, end=start + rng.integers(0, 50, 600)), y)["constraints_hold"]
        assert "start <= end" in found.evidence["constraints"]
        assert found.severity == "consider"
        assert quick(X, y)["constraints_hold"].evidence["n_between_columns"] == 0

    def test_constraints_of_very_many_columns(self):
        rows = np.random.default_rng(0).normal(size=(30, 301))
        found = quick(rows, np.arange(30) % 5 == 0)
        assert "constraints_hold" not in found.codes
        assert found["constraints_not_sought"].evidence["n_columns"] == 301

    def test_constraints_hold_in_all_rows_and_not_in_those_drawn_alone(self):
        X, y = clean(2_000)
        rng = np.random.default_rng(0)
        start = rng.integers(0, 100, 2_000)
        X = X.assign(start=start, end=start + rng.integers(0, 50, 2_000))
        drawn = set(case_of(X, y, max_rows=400).drawn.tolist())
        outside = min(set(range(2_000)) - drawn)
        X.loc[outside, ["start", "end"]] = [50, 10]
        assert "start <= end" not in quick(X, y, max_rows=400)["constraints_hold"].evidence["constraints"]


class TestSuspects:
    def test_leak(self):
        X, y = clean(shift=0.5)
        leak = y + np.random.default_rng(0).normal(scale=0.1, size=600)
        found = quick(X.assign(paid_back=leak), y)
        assert found["leak_suspect"].severity == "act"
        assert list(found["leak_suspect"].evidence["auc"]) == ["paid_back"]
        assert found.recommendations[0].code == "X = X.drop(columns=['paid_back'])"

    def test_a_category_leaks(self):
        X, y = clean(shift=0.5)
        codes = np.where(y, "r", "k").astype(object) + (np.arange(600) % 3).astype(str)
        assert list(quick(X.assign(code=codes), y)["leak_suspect"].evidence["auc"]) == ["code"]

    def test_a_leak_that_no_order_shows(self):
        X, y = clean(shift=0.5)
        rng = np.random.default_rng(0)
        middle = np.where(y, rng.uniform(0.4, 0.6, 600), rng.choice([0.1, 0.9], 600))
        assert list(quick(X.assign(m=middle), y)["leak_suspect"].evidence["auc"]) == ["m"]

    @pytest.mark.parametrize("seed", range(3))
    def test_no_leak(self, seed):
        X, y = clean(200, share=0.1, shift=1.0, n_columns=20, seed=seed)
        assert "leak_suspect" not in quick(X, y).codes

    def test_marker(self):
        X, y = clean()
        for name in ("_synthetic", "is_synthetic", "augmented"):
            found = quick(X.assign(**{name: np.arange(600) % 2 == 0}), y)
            assert found["marker_column"].severity == "act"
        # Of a hundred values, or of another meaning.
        X = X.assign(synthetic=np.arange(600) % 100, synthetic_rubber=np.arange(600) % 2)
        assert "marker_column" not in quick(X, y).codes

    def test_named_like_the_target(self):
        X, y = clean()
        y = pd.Series(y, name="is_fraud")
        found = quick(X.assign(fraud_reason=X["x0"] * 2, label=X["x1"] * 2), y)["named_like_target"]
        assert found.evidence == {"columns": ["fraud_reason", "label"], "target": "is_fraud"}
        assert "named_like_target" not in quick(X.assign(country=1, classic=2), y).codes

    def test_groups(self):
        X, y = clean(shift=0.0, share=0.5)
        rng = np.random.default_rng(0)
        sex = np.where(rng.random(600) < np.where(y, 0.7, 0.3), "f", "m")
        found = quick(X.assign(Sex=sex), y)["sensitive_column"]
        assert found.severity == "consider"
        assert found.evidence["p_value"] < 0.01
        assert found.evidence["rates"]["f"][1] > found.evidence["rates"]["m"][2]
        for group, (rate, low, high) in found.evidence["rates"].items():
            assert rate == pytest.approx(y[sex == group].mean())
            assert low < rate < high

    def test_groups_alike(self):
        X, y = clean(shift=0.0)
        found = quick(X.assign(gender=np.array(["f", "m"])[np.arange(600) % 2]), y)["sensitive_column"]
        assert found.severity == "note"

    def test_which_columns_are_about_people(self):
        X, y = clean(300)
        people = ["age", "PatientAge", "RACE", "native-country", "ethnicity", "marital_status"]
        things = ["account_age", "page", "message", "trace", "sextant", "storage"]
        X = X.assign(**dict.fromkeys([*people, *things], np.arange(300) % 3))
        found = [f.evidence["column"] for f in quick(X, y).findings if f.code == "sensitive_column"]
        assert found == people

    def test_named_by_the_caller(self):
        X, y = clean(300)
        X = X.assign(sex=np.arange(300) % 2, club=np.arange(300) % 3)
        assert quick(X, y, sensitive="club")["sensitive_column"].evidence["column"] == "club"
        assert "sensitive_column" not in quick(X, y, sensitive=[]).codes


class TestContainers:
    def test_name_of_the_target(self):
        frame = make_transactions(600)
        whole = quick(frame, "is_fraud")
        apart = quick(frame.drop(columns="is_fraud"), frame["is_fraud"])
        assert whole.to_dict()["findings"] == apart.to_dict()["findings"]
        assert whole.n_columns == 8

    def test_polars(self):
        frame = make_transactions(600)
        assert quick(pl.from_pandas(frame), "is_fraud").codes == quick(frame, "is_fraud").codes

    def test_arrays(self):
        X, y = clean()
        codes = quick(X, y).codes
        for table in (
            X.to_numpy(),
            X.to_numpy().tolist(),
            sparse.csr_matrix(X.to_numpy()),
            pl.from_pandas(X),
        ):
            assert quick(table, y).codes == codes
        assert quick(X, y.tolist()).codes == codes
        assert quick(X, pl.Series(y)).codes == codes

    def test_index_of_the_caller(self):
        X, y = clean()
        moved = X.set_axis(np.random.default_rng(0).integers(9, size=600))
        assert quick(moved, y).to_dict() == quick(X, y).to_dict()

    def test_mixed_gappy_rows(self):
        frame = make_transactions(500)
        frame.loc[:20, "merchant"] = None
        frame["online"] = frame["online"].astype("boolean")
        frame.loc[:5, "online"] = pd.NA
        frame["level"] = pd.Categorical(np.array(list("abc"))[np.arange(500) % 3], ordered=True)
        frame["waited"] = pd.to_timedelta(np.arange(500) % 60, unit="min")
        frame["nothing"] = None
        assert "missing_values" in quick(frame, "is_fraud").codes

    @pytest.mark.parametrize("content", [None, 1.0, "x"])
    def test_columns_that_say_nothing(self, content):
        X = pd.DataFrame({"a": [content] * 60, "b": [content] * 60})
        assert "constant_columns" in quick(X, np.arange(60) % 3 == 0).codes

    def test_identifiers_alone(self):
        X = pd.DataFrame({"id": [f"p{place}" for place in range(200)]})
        assert "identifier_columns" in quick(X, np.arange(200) % 4 == 0).codes

    @pytest.mark.parametrize("labels", [[0, 1], [0, 0, 0, 1, 1], ["b"] * 30 + ["a"]])
    def test_very_small_tables(self, labels):
        found = look(np.random.default_rng(0).normal(size=(len(labels), 2)), labels)
        assert "too_few_rare_rows" in found.codes
        assert found.to_html()

    def test_all_rows_alike(self):
        found = look(np.repeat(np.eye(3), 60, axis=0), np.arange(180) % 4 == 0)
        assert found["conflicting_labels"].evidence["n_rows"] == 180

    def test_input_is_left_alone(self, global_rng_untouched):
        frame = make_transactions(400)
        before = frame.copy()
        quick(frame, "is_fraud")
        pd.testing.assert_frame_equal(frame, before)

    def test_seeds(self):
        frame = make_transactions(600)
        assert quick(frame, "is_fraud").to_dict() == quick(frame, "is_fraud").to_dict()
        for state in (None, np.random.RandomState(0), np.random.default_rng(0)):
            assert diagnose(frame, "is_fraud", random_state=state).codes


class TestErrors:
    @pytest.mark.parametrize(
        ("X", "y", "message"),
        [
            (pd.DataFrame({"a": [1, 2]}), [1, 1], "one class only \\(1\\) in y"),
            (pd.DataFrame({"a": [1, 2], "t": [0, 0]}), "t", "one class only \\(0\\) in the target 't'"),
            (pd.DataFrame({"fraud": [1, 2], "b": [0, 1]}), "frau", "Did you mean 'fraud'"),
            (pd.DataFrame({"t": [0, 1]}), "t", "without columns"),
            (np.zeros((4, 2)), "t", "an array of labels"),
            (np.zeros((4, 2)), [0, 1], "2 labels for 4 rows"),
            (np.zeros(4), [0, 1, 0, 1], "rows and columns"),
            (np.zeros((2, 2, 2)), [0, 1], "rows and columns"),
            (7, [0, 1], "rows and columns"),
            (pd.DataFrame({"a": [1.0, np.inf]}), [0, 1], "infinite"),
            (pd.DataFrame({"a": [1, 2, 3]}), [0, 1, None], "missing labels"),
            (pd.DataFrame({"a": range(300)}), list(range(300)), "expected classes"),
        ],
    )
    def test_tables(self, X, y, message):
        with pytest.raises(DataError, match=message):
            diagnose(X, y)

    def test_rows(self):
        with pytest.raises(DataError, match="without rows"):
            diagnose(pd.DataFrame({"a": []}), np.array([], dtype=int))

    def test_mixed_column(self):
        with pytest.raises(MixedTypesError, match="'a'"):
            diagnose(pd.DataFrame({"a": [1, "x", 2, "y"]}), [0, 1, 0, 1])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_rows": 10}, "max_rows=10"),
            ({"max_rows": 1e4}, "max_rows=10000"),
            ({"sensitive": "sec"}, "sensitive=\\['sec'\\]"),
            ({"estimator": RidgeClassifier()}, "no predict_proba"),
            ({"estimator": LogisticRegression}, "expected an instance"),
            ({"categorical_features": ["q"]}, "'q' as a categorical column"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(DataError, match=message):
            diagnose(*clean(100), **options)

    def test_an_estimator_that_cannot_take_the_table(self):
        X, y = clean(100)
        with pytest.raises(DataError, match="could not be fitted"):
            diagnose(X.assign(c="text"), y, estimator=LogisticRegression())


class Reader(HTMLParser):
    """Collects tags and text, and refuses what a page of ours never holds."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def hostile():
    X, y = clean(300, share=0.1, shift=0.5)
    X = X.rename(columns={"x0": HOSTILE})
    X["sex " + HOSTILE] = np.where(np.arange(300) % 2, HOSTILE, "m")
    X["id"] = [f"{HOSTILE}{place}" for place in range(300)]
    return look(X, np.where(y, f"yes{HOSTILE}", "no"))


class TestPages:
    def test_html(self, hostile, tmp_path):
        text = hostile.to_html(tmp_path / "page.html", title=HOSTILE)
        assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
        reader = Reader()
        reader.feed(text)
        assert not {"script", "img", "iframe", "link"} & set(reader.tags)
        assert "alert" in "".join(reader.text)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "prefers-color-scheme: dark" in text
        assert "http" not in re.sub(r"http-equiv", "", text)
        for finding in hostile.findings:
            assert finding.code in "".join(reader.text)

    def test_notebook(self, hostile):
        text = hostile._repr_html_()
        assert "<script" not in text
        assert "<style" not in text

    def test_markdown(self, hostile):
        text = hostile.to_markdown()
        prose = re.sub(r"^(`{3,})python$.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "<script" not in prose
        assert "\x1b" not in text
        tables = [line for line in text.splitlines() if line.startswith("|")]
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
        assert widths <= {4, 5}  # a hostile bar opens no cell: all tables have three columns

    def test_terminal(self, hostile):
        lines = str(hostile).splitlines()
        assert max(map(len, lines)) <= 88
        assert "\x1b" not in str(hostile)
        assert "\u202e" not in str(hostile)
        for heading in ("ACT ON THIS FIRST", "CONSIDER", "GOOD TO KNOW", "WHAT TO TRY, IN THIS ORDER"):
            assert heading in lines

    def test_json(self, hostile):
        assert json.loads(hostile.to_json()) == hostile.to_dict()
        codes = [finding["code"] for finding in hostile.to_dict()["findings"]]
        assert codes == hostile.codes
        assert set(hostile.to_dict()) == {
            "n_rows", "n_columns", "counts", "findings", "recommendations", "setup"
        }  # fmt: skip

    def test_findings(self, hostile):
        order = [SEVERITIES.index(finding.severity) for finding in hostile.findings]
        assert order == sorted(order)
        for finding in hostile.findings:
            assert finding.evidence
            assert finding.title[-1] != "."
            assert finding.meaning[-1] in ".…"
            assert finding.remedy[-1] == "."

    def test_unknown_code(self, hostile):
        with pytest.raises(KeyError, match="nonsense"):
            hostile["nonsense"]

    def test_nothing_found_has_pages_too(self):
        empty = Diagnosis(3, 1, {"a": 2, "b": 1}, [], [], "")
        assert "3 rows" in str(empty)
        assert empty.to_html()
        assert empty.to_markdown()


class TestWords:
    def test_names(self):
        assert named("a") == "'a'"
        assert named(3) == "3"
        assert named("\x1b") == "'\\x1b'"
        assert len(named("x" * 500)) <= 40

    @pytest.mark.parametrize(
        ("share", "text"), [(0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.051, "5.1 %"), (1e-5, "under 0.1 %")]
    )
    def test_percent(self, share, text):
        assert percent(share) == text

    def test_plain(self):
        value = {1: np.float64("nan"), "b": {2: (np.int64(3), {4})}, "1": pd.Timestamp("2024-01-01")}
        assert plain(value) == {"1": None, "'b'": {"2": [3, [4]]}, "'1'": "2024-01-01 00:00:00"}


def quick_auto(estimator, random_state):
    """A choice among little."""
    return AutoSampler(
        estimator, [NoiseSampler()], ratios=[1.0], cv=2, n_repeats=1, random_state=random_state
    )


def run(diagnosis, X, y, estimator=None):
    """Run the setup and each recommendation, apart from the others; those of names that are not there yet are left."""
    names = {"X": X, "y": y, "print": lambda *values: None}
    exec(diagnosis.setup, names)
    if estimator is not None:
        names["model"] = estimator
    # Every line runs; how good the model is does not matter.
    few = {name: 5 for name in names["model"].get_params() if name.endswith("max_iter")}
    names["model"].set_params(**few)
    n_run = 0
    for tip in diagnosis.recommendations:
        wanted = re.findall(r"from genesis_sampling import (.*)", tip.code)
        missing = [
            name for line in wanted for name in line.split(", ") if name not in genesis_sampling.__all__
        ]
        assert set(missing) <= {"AutoSampler", "compare_samplers", "audit_leakage"}
        if not missing and "compare_samplers" not in tip.code:
            with mock.patch.object(genesis_sampling, "AutoSampler", quick_auto):
                exec(tip.code, {**names, "__builtins__": {**vars(builtins), "print": lambda *values: None}})
            n_run += 1
    assert n_run
    return n_run


class TestCode:
    """The code of every recommendation runs as it stands."""

    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize(
        "kind",
        [
            "array",
            "grouped",
            *(pytest.param(name, marks=pytest.mark.slow) for name in ("mixed", "polars", "words", "wide")),
        ],
    )
    def test_runs(self, kind):
        if kind in ("mixed", "polars"):
            X, y = make_transactions(300, fraud_share=0.1), "is_fraud"
            X["member_id"] = np.arange(300)
            X = X if kind == "mixed" else pl.from_pandas(X)
        elif kind == "array":
            X, y = clean(300, share=0.1, shift=0.8)
            X, y = np.c_[X, np.arange(300)], np.where(y, "ill", "well")
        elif kind == "words":
            X, y = clean(300, share=0.1, shift=0.5)
            X = X.assign(c=np.array(list("abc"))[np.arange(300) % 3]).to_numpy().tolist()
        elif kind == "grouped":
            X, y = two_groups(1.5)
            X = pd.DataFrame(np.vstack([X, X[-60:], X[:60]])).set_axis(["a", "b"], axis=1)
            y = np.r_[y, y[-60:], y[:60]]
        else:
            X, y = clean(200, share=0.1, shift=0.4, n_columns=30)
            y = 1 - y
        assert run(look(X, y), X, y) >= 2

    @pytest.mark.filterwarnings("ignore")
    def test_runs_with_the_callers_model(self):
        X, y = clean(400, share=0.1, shift=0.6)
        model = make_pipeline(StandardScaler(), LogisticRegression())
        found = look(X, y, estimator=model)
        assert any('logisticregression__class_weight="balanced"' in tip.code for tip in found.recommendations)
        assert run(found, X, y, model) >= 3


SETS = [
    "adult",
    "arrhythmia",
    "car_evaluation",
    "cervical_cancer",
    "mammography",
    "nursery",
    "stroke",
    "yeast",
]


class TestReal:
    @pytest.mark.parametrize("name", SETS)
    def test_any_table(self, name, load_real):
        found = look(load_real(name), "target", max_rows=2_000)
        assert str(found)
        assert found.to_html()
        assert json.loads(found.to_json())["n_rows"] == found.n_rows
        assert found.recommendations

    def test_what_is_known_of_some(self, load_real):
        kdd = look(load_real("kddcup_buffer_overflow_vs_back"), "target")
        assert "service" in kdd["leak_suspect"].evidence["auc"]
        assert kdd["constant_columns"].evidence["constant"]
        nursery = look(load_real("nursery"), "target")
        assert nursery["too_few_rare_rows"].evidence["counts"] == {"recommend": 2}
        adult = look(load_real("adult"), "target", max_rows=3_000)
        assert "occupation" in adult["telling_gaps"].evidence["share_missing_inside_and_outside"]
        assert {"enough_rare_rows", "mixed_types", "missing_values", "rows_drawn"} <= set(adult.codes)
        about = [f.evidence["column"] for f in adult.findings if f.code == "sensitive_column"]
        assert {"sex", "race", "age"} <= set(about)
