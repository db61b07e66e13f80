"""All figures in one place: lazily, by class, and as the report shows them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from genesis_sampling import (
    AugmentationMetrics,
    DataError,
    GenerativeOverSampler,
    NoiseSampler,
    augment_imbalanced,
    evaluation,
    quality_report,
)
from genesis_sampling.metrics import fidelity, privacy
from genesis_sampling.metrics.augmentation import BEST, FIGURES


def table(n_rows, seed, share=0.3):
    """Two classes that lie apart in a number and differ in a category."""
    rng = np.random.default_rng(seed)
    y = rng.random(n_rows) < share
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=n_rows) + 3 * y,
            "c": np.where(y, rng.choice(list("xy"), n_rows), rng.choice(list("yz"), n_rows)).astype(object),
            "y": np.where(y, "ill", "well").astype(object),
        }
    )
    frame.loc[rng.random(n_rows) < 0.1, "a"] = np.nan
    return frame


class TestFigures:
    def test_each_is_a_number_where_it_can_be(self):
        metrics = AugmentationMetrics(table(300, 0), table(300, 1), target="y", holdout=table(300, 2))
        summary = metrics.summary()
        assert list(summary) == list(FIGURES)
        assert all(isinstance(value, float) and np.isfinite(value) for value in summary.values())
        assert set(BEST) <= set(FIGURES)
        pd.testing.assert_series_equal(metrics.to_frame()["value"], pd.Series(summary), check_names=False)

    def test_are_those_of_the_functions(self):
        real, synthetic, holdout = table(300, 0), table(300, 1), table(200, 2)
        metrics = AugmentationMetrics(real, synthetic, holdout=holdout)
        assert metrics.figure("shape") == fidelity.column_shapes(real, synthetic).mean()
        assert metrics.figure("quality_score") == fidelity.quality_score(real, synthetic)
        assert metrics.figure("exact_copies") == float(privacy.exact_copies(real, synthetic, holdout))

    def test_privacy_needs_a_holdout(self):
        metrics = AugmentationMetrics(table(100, 0), table(100, 1))
        assert metrics.figure("nearer_to_train") is None
        assert metrics.figure("membership_domias") is None

    def test_nothing_is_computed_twice_or_before_it_is_asked_for(self):
        calls = []

        def real():
            calls.append("real")
            return table(100, 0)

        metrics = AugmentationMetrics(real, lambda: table(100, 1))
        assert not calls
        assert metrics.figure("shape") == metrics.figure("shape")
        metrics.figure("trend")
        assert calls == ["real"]

    def test_few_rows_have_no_figure_rather_than_an_error(self):
        metrics = AugmentationMetrics(table(40, 0), table(3, 1))
        assert metrics.figure("shape") is not None
        assert metrics.figure("coverage") is None
        metrics.summary()

    def test_wrong_requests(self):
        with pytest.raises(DataError, match="figure 'shap'; expected one of"):
            AugmentationMetrics(table(60, 0), table(60, 1)).figure("shap")
        with pytest.raises(DataError, match="target='z'"):
            AugmentationMetrics(table(60, 0), table(60, 1), target="z").figure("shape")
        with pytest.raises(DataError, match="different columns"):
            AugmentationMetrics(table(60, 0), table(60, 1)[["a"]]).figure("coverage")
        with pytest.raises(DataError, match="no real row"):
            AugmentationMetrics(table(60, 0), table(60, 1).assign(y="new"), target="y").figure("shape")

    def test_importable_from_evaluation(self):
        assert evaluation.AugmentationMetrics is AugmentationMetrics


class TestClasses:
    def test_rows_of_a_class_are_compared_with_that_class(self):
        """New ill rows are like ill rows, not like all rows."""
        real, ill = table(1000, 0), table(3000, 1).query("y == 'ill'")
        by_class = AugmentationMetrics(real, ill, target="y")
        assert set(by_class.real["y"]) == {"ill"}
        assert len(by_class.real) == (real["y"] == "ill").sum()
        # A fair draw of 300 against 900 rows differs by about 1.36 sqrt(1/300 + 1/900) = 0.09 at most.
        assert by_class.figure("shape") > 0.9
        assert AugmentationMetrics(real, ill).figure("shape") < 0.75

    def test_proportions(self):
        real, synthetic = table(1000, 0), table(500, 1, share=0.5)
        metrics = AugmentationMetrics(real, synthetic, target="y")
        shares = metrics.real["y"].value_counts(normalize=True)
        expected = synthetic["y"].value_counts(normalize=True)
        assert shares["ill"] == pytest.approx(expected["ill"], abs=1 / len(metrics.real))
        # As many as there can be: one of the classes is used up.
        assert any((metrics.real["y"] == label).sum() == (real["y"] == label).sum() for label in shares.index)


class TestReports:
    def test_of_a_sampler(self):
        frame = table(400, 0)
        X, y = frame[["a", "c"]], frame["y"]
        sampler = GenerativeOverSampler(random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        new = X_new.assign(**{"class": y_new})[sampler.synthetic_mask_]
        expected = AugmentationMetrics(X.assign(**{"class": y}), new, target="class").figure("quality_score")
        assert sampler.report_.quality_score == expected

    def test_of_an_array_and_after_pickling(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 3)), np.repeat([0, 1], [150, 50])
        sampler = NoiseSampler(random_state=0)
        sampler.fit_resample(X, y)
        assert 0.5 < sampler.report_.quality_score < 1
        # Figures stay behind, since rows would come along.
        again = pickle.loads(pickle.dumps(sampler))
        assert again.report_ == sampler.report_
        assert again.report_.quality_score is None

    def test_no_new_rows_no_figures(self):
        X, y = np.random.default_rng(0).normal(size=(60, 2)), np.repeat([0, 1], 30)
        sampler = NoiseSampler(random_state=0)
        sampler.fit_resample(X, y)
        assert sampler.report_.quality_score is None

    def test_of_a_whole_table_with_rows_held_back(self):
        frame = table(600, 0)
        balanced, test, report = augment_imbalanced(
            frame, "y", test_size=0.3, return_report=True, random_state=0
        )
        assert len(report.metrics.synthetic) == len(balanced) - (len(frame) - len(test))
        assert report.metrics.figure("nearer_to_train") is not None
        assert report.to_dict()["metrics"]["quality_score"] == report.quality_score

    def test_of_two_tables(self):
        real, synthetic = table(300, 0), table(200, 1)
        report = quality_report(real, synthetic, "y")
        assert report.counts_before == real["y"].value_counts().to_dict()
        assert sum(report.counts_after.values()) == 500
        marked = pd.concat([real.assign(_synthetic=False), synthetic.assign(_synthetic=True)])
        assert quality_report(real, marked, "y").quality_score == report.quality_score
        with pytest.raises(DataError, match="marks no row"):
            quality_report(real, real.assign(_synthetic=False))


class TestClassShares:
    """Which rows of several classes are compared."""

    @staticmethod
    def of(**counts):
        rng = np.random.default_rng(sum(counts.values()))
        labels = np.repeat(list(counts), list(counts.values()))
        return pd.DataFrame({"a": rng.normal(size=len(labels)), "y": labels.astype(object)})

    def test_a_tiny_class_does_not_make_the_others_few(self):
        """Of each class as many rows are compared as the smaller table has of it."""
        real, synthetic = self.of(a=400, b=200, c=5), self.of(b=200, c=395)
        metrics = AugmentationMetrics(real, synthetic, target="y")
        for rows in (metrics.real, metrics.synthetic):
            assert rows["y"].value_counts().to_dict() == {"b": 200, "c": 5}
        assert len(metrics.all_real) == 605

    def test_copies_are_looked_for_in_all_rows(self):
        real = self.of(a=400, b=200, c=5)
        chosen = real[real["y"] != "a"].sample(400, replace=True, random_state=0)
        metrics = AugmentationMetrics(
            real, chosen.reset_index(drop=True), target="y", holdout=self.of(a=90, b=40)
        )
        assert metrics.figure("exact_copies") == 1
        assert metrics.figure("exact_copies_holdout") == 0

    def test_copies_need_no_holdout(self):
        real = self.of(a=60, b=60)
        assert AugmentationMetrics(real, real.head(60)).figure("exact_copies") == 1
        assert AugmentationMetrics(real, real.head(60)).figure("exact_copies_holdout") is None

    def test_synthetic_rows_without_a_class(self):
        synthetic = self.of(a=60).assign(y=None)
        with pytest.raises(DataError, match="Got no class in the column 'y'"):
            AugmentationMetrics(self.of(a=60, b=60), synthetic, target="y").figure("shape")


class TestUse:
    def test_of_good_and_of_wrong_rows(self):
        """Rows with the labels swapped make a model worse on fresh rows; its interval says so."""
        real, holdout = table(200, 0), table(600, 2)
        wrong = table(400, 1).assign(y=lambda rows: rows["y"].map({"ill": "well", "well": "ill"}))
        scores = AugmentationMetrics(real, wrong, target="y", holdout=holdout).utility()
        assert scores.loc["average_precision", "high"] < 0

    def test_needs_a_target_and_a_holdout(self):
        assert AugmentationMetrics(table(99, 0), table(99, 1), target="y").utility() is None
        assert AugmentationMetrics(table(99, 0), table(99, 1), holdout=table(99, 2)).utility() is None

    def test_groups(self):
        only_x = table(400, 1)
        only_x = only_x[only_x["c"] == "x"]
        effects = AugmentationMetrics(table(400, 0), only_x, target="y", sensitive="c").groups()
        assert effects.loc["x", "share_augmented"] > effects.loc["x", "share_real"]
        assert AugmentationMetrics(table(99, 0), table(99, 1), target="y").groups() is None


class TestQualityReport:
    def test_real_rows_before_the_synthetic_ones_are_left_out(self):
        real, made = table(120, 0), table(80, 1)
        report = quality_report(real, pd.concat([real, made], ignore_index=True), "y")
        assert len(report.metrics.all_synthetic) == 80
        assert "begins with the 120 real rows" in report.warnings[0]
        assert not quality_report(real, made, "y").warnings

    def test_sensitive_column_needs_a_target(self):
        with pytest.raises(DataError, match="sensitive_column='c' without target_column"):
            quality_report(table(60, 0), table(60, 1), sensitive_column="c")

    def test_sections_of_use_and_groups(self):
        report = quality_report(
            table(200, 0), table(200, 1), "y", holdout=table(200, 2), sensitive_column="c"
        )
        text = report.to_markdown()
        for words in ("does it help a model?", "Average precision", "who is affected?", "Groups of c"):
            assert words in text
