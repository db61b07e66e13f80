"""Bias: what is made of groups, counted by hand and with models whose errors are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from genesis_sampling.datasets import make_transactions
from genesis_sampling.exceptions import DataError
from genesis_sampling.metrics.bias import group_effects


class SaysGroup(ClassifierMixin, BaseEstimator):
    """Positive where the group was mostly positive in training."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.share_ = pd.Series(y == self.classes_[1]).groupby(X["group"].to_numpy()).mean()
        return self

    def predict_proba(self, X):
        p = X["group"].map(self.share_).to_numpy(dtype=float)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


def table(**counts):
    """Rows of groups: ``a=(7, 3)`` is seven negative and three positive ones of group a."""
    rows = [(name, y) for name, both in counts.items() for y in (0, 1) for _ in range(both[y])]
    return pd.DataFrame(rows, columns=["group", "y"])


REAL = table(a=(60, 20), b=(100, 20))
OPTIONS = {"sensitive": "group", "target": "y"}


class TestRepresentation:
    def test_by_hand(self):
        found = group_effects(REAL, table(a=(0, 20), b=(30, 50)), **OPTIONS)
        expected = pd.DataFrame(
            {
                "n_real": [80, 120],
                "n_synthetic": [20, 80],
                "share_real": [0.4, 0.6],
                "share_synthetic": [0.2, 0.8],
                "share_augmented": [1 / 3, 2 / 3],
                "positive_real": [20 / 80, 20 / 120],
                "positive_synthetic": [1.0, 50 / 80],
                "positive_augmented": [40 / 100, 70 / 200],
                "too_small": [False, False],
            },
            index=pd.Index(["a", "b"], name="group"),
        )
        pd.testing.assert_frame_equal(found, expected, check_index_type=False)

    def test_copies_keep_every_share(self):
        found = group_effects(REAL, REAL, **OPTIONS)
        for figure in ("share", "positive"):
            for kind in ("synthetic", "augmented"):
                np.testing.assert_allclose(found[f"{figure}_{kind}"], found[f"{figure}_real"])

    def test_an_erased_group(self):
        found = group_effects(REAL, table(b=(0, 100)), **OPTIONS)
        assert found.loc["a", ["n_synthetic", "share_synthetic"]].eq(0).all()
        assert np.isnan(found.loc["a", "positive_synthetic"])
        assert found.loc["a", "positive_augmented"] == found.loc["a", "positive_real"]
        assert found.loc["a", "share_augmented"] == 80 / 300

    def test_an_invented_group(self):
        found = group_effects(REAL, table(c=(1, 3)), **OPTIONS)
        assert found.loc["c", "share_real"] == 0
        assert np.isnan(found.loc["c", "positive_real"])
        assert found.loc["c", "positive_synthetic"] == 0.75
        assert found.loc["c", "too_small"]

    @pytest.mark.parametrize(("min_rows", "marked"), [(80, []), (81, ["a"]), (121, ["a", "b"])])
    def test_small_groups_are_marked(self, min_rows, marked):
        found = group_effects(REAL, REAL, min_rows=min_rows, **OPTIONS)
        assert found.index[found["too_small"]].tolist() == marked

    def test_the_positive_class_is_the_rarer_or_the_one_named(self):
        default = group_effects(REAL, REAL, **OPTIONS)
        other = group_effects(REAL, REAL, pos_label=0, **OPTIONS)
        np.testing.assert_allclose(default["positive_real"] + other["positive_real"], 1)
        assert default.loc["a", "positive_real"] == 0.25


class TestGroups:
    def frame(self, values):
        return pd.DataFrame({"group": values, "y": np.arange(len(values)) % 4 == 0})

    def test_numbers_are_cut_in_bins_of_equally_many_rows(self):
        numbers = np.random.default_rng(0).lognormal(size=400)
        found = group_effects(self.frame(numbers), self.frame(numbers * 1000), **OPTIONS)
        assert found["n_real"].tolist() == [100] * 4
        # What lies beyond the real rows counts to the outer bin.
        assert found["n_synthetic"].sum() == 400
        assert found["n_synthetic"].iloc[-1] > 300

    def test_few_values_are_groups_as_they_are(self):
        found = group_effects(self.frame([0, 1] * 40), self.frame([0.1, 0.9] * 20), **OPTIONS)
        assert found.index.tolist() == ["0", "1"]
        assert found["n_synthetic"].tolist() == [20, 20]

    def test_times_are_cut(self):
        times = pd.date_range("2020-01-01", periods=100, unit="s")
        found = group_effects(self.frame(times), self.frame(times), n_bins=2, **OPTIONS)
        assert found["n_synthetic"].tolist() == [50, 50]
        assert found.index[0].startswith("[2020-01-01")

    def test_ordered_categories_keep_their_order(self):
        sizes = pd.Categorical(["s", "m", "l"] * 20, categories=["s", "m", "l"], ordered=True)
        assert group_effects(self.frame(sizes), self.frame(sizes), **OPTIONS).index.tolist() == [
            "s",
            "m",
            "l",
        ]

    @pytest.mark.parametrize("values", [["x", None, "y", "y"] * 15, [1.5, np.nan, 2.5, 2.5] * 15])
    def test_missing_values_are_a_group(self, values):
        found = group_effects(self.frame(values), self.frame(values), **OPTIONS)
        assert found["n_real"].tolist() == [15, 30, 15]
        assert found.index[-1] == "(missing)"

    def test_named_codes_are_categories(self):
        codes = np.arange(60) % 12
        named = group_effects(self.frame(codes), self.frame(codes), categorical_features=["group"], **OPTIONS)
        assert named["n_real"].tolist() == [5] * 12
        assert len(group_effects(self.frame(codes), self.frame(codes), **OPTIONS)) == 4


class TestErrors:
    def test_by_hand(self):
        """Group a becomes positive by the synthetic rows: every error turns round; b stays negative."""
        test = table(a=(40, 60), b=(70, 30))
        found = group_effects(REAL, table(a=(0, 60)), test=test, estimator=SaysGroup(), **OPTIONS)
        assert found.loc["a", ["false_positive_real", "false_negative_real"]].tolist() == [0, 1]
        assert found.loc["a", ["false_positive_augmented", "false_negative_augmented"]].tolist() == [1, 0]
        for model in ("real", "augmented"):
            assert found.loc["b", [f"false_positive_{model}", f"false_negative_{model}"]].tolist() == [0, 1]
        # Wilson's interval of 0 of n ends at z^2 / (n + z^2).
        z_squared = 1.959964**2
        assert found.loc["a", "false_positive_real_low"] == 0
        assert found.loc["a", "false_positive_real_high"] == pytest.approx(
            z_squared / (40 + z_squared), rel=1e-5
        )
        assert found.loc["b", "false_negative_real_low"] == pytest.approx(30 / (30 + z_squared), rel=1e-5)

    def test_copies_of_all_rows_change_no_error(self):
        real, test = (make_transactions(400, fraud_share=0.2, random_state=seed) for seed in range(2))
        model = SaysGroup()
        options = {"sensitive": "group", "target": "is_fraud", "estimator": model}
        real, test = (frame.rename(columns={"merchant": "group"}) for frame in (real, test))
        found = group_effects(real, real, test=test, **options)
        for error in ("false_positive", "false_negative"):
            pd.testing.assert_series_equal(
                found[f"{error}_real"], found[f"{error}_augmented"], check_names=False
            )

    def test_boosted_trees_on_a_mixed_table(self):
        real, test = (make_transactions(600, fraud_share=0.2, random_state=seed) for seed in range(2))
        found = group_effects(
            real, real[real["is_fraud"] == 1], sensitive="merchant", target="is_fraud", test=test
        )
        rates = found.filter(like="false_").dropna()
        assert ((rates >= 0) & (rates <= 1)).all(axis=None)
        for name in ("false_positive_real", "false_negative_augmented"):
            assert (rates[f"{name}_low"] <= rates[name]).all()
            assert (rates[name] <= rates[f"{name}_high"]).all()

    def test_groups_with_few_test_rows_are_marked(self):
        test = table(a=(40, 29), b=(70, 30))
        found = group_effects(REAL, REAL, test=test, estimator=SaysGroup(), **OPTIONS)
        assert found["too_small"].tolist() == [True, False]

    def test_a_group_without_test_rows(self):
        found = group_effects(REAL, REAL, test=table(b=(50, 50)), estimator=SaysGroup(), **OPTIONS)
        assert found.loc["a"].filter(like="false_").isna().all()
        assert found.loc["a", "too_small"]

    def test_at_most_so_many_rows_are_drawn_for_the_models_alone(self):
        test = table(a=(40, 60), b=(70, 30))
        options = {"test": test, "estimator": SaysGroup(), "random_state": 1, **OPTIONS}
        found = group_effects(REAL, REAL, max_rows=50, **options)
        assert found["n_real"].sum() == len(REAL)
        assert found["false_negative_real"].notna().all()
        pd.testing.assert_frame_equal(found, group_effects(REAL, REAL, max_rows=50, **options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sensitive": "sex"}, "sensitive='sex'"),
        ({"sensitive": "y"}, "two columns"),
        ({"target": "ill"}, "target='ill'"),
        ({"confidence": 1.0}, "level in"),
        ({"n_bins": 1}, "n_bins=1"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        group_effects(REAL, REAL, **{**OPTIONS, **options})


def test_several_classes():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"group": rng.choice(["a", "b"], 300), "y": np.repeat(["u", "v", "w"], [150, 120, 30])}
    )
    found = group_effects(frame, frame, **OPTIONS)
    counts = frame.groupby("group")["y"].apply(lambda labels: (labels == "w").mean())
    assert found["positive_real"].to_numpy() == pytest.approx(counts.to_numpy())
