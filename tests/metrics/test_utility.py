"""Utility: the same rows give the same scores, made-up rows with no signal give none."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn import metrics as reference
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from genesis_sampling.datasets import make_transactions
from genesis_sampling.exceptions import DataError
from genesis_sampling.metrics._models import TableClassifier
from genesis_sampling.metrics._scores import METRICS, Judged
from genesis_sampling.metrics.utility import (
    generalization_gap,
    robustness,
    train_augmented_test_real,
    train_real_test_synthetic,
    train_synthetic_test_real,
)

EVERY = [
    train_synthetic_test_real,
    train_real_test_synthetic,
    train_augmented_test_real,
    generalization_gap,
    robustness,
]
CHEAP = HistGradientBoostingClassifier(max_iter=20, early_stopping=False)
RANKED = ["average_precision", "roc_auc"]


def two_clouds(n_rows, *, apart=1.5, share=0.3, seed=0):
    """Two normal classes whose means differ by ``apart`` in each of two columns."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n_rows) < share).astype(int)
    return pd.DataFrame(rng.normal(size=(n_rows, 2)) + apart * y[:, None], columns=["a", "b"]).assign(y=y)


def three_classes(seed):
    """A number whose mean rises with the class, and a city that says nothing."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, p=[0.6, 0.3, 0.1], size=300)
    labels = np.array(["low", "middle", "top"])[y]
    return pd.DataFrame({"x": rng.normal(3.0 * y), "city": rng.choice(["Rome", "Oslo"], 300), "y": labels})


@pytest.fixture(scope="module")
def clouds():
    """Real training rows, as many synthetic ones of the same distribution, real test rows."""
    return [two_clouds(1000, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def payments():
    """A mixed table with gaps: training, synthetic and test rows."""
    return [make_transactions(600, fraud_share=0.2, random_state=seed) for seed in range(3)]


class TestScores:
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_are_those_of_scikit_learn(self, n_classes):
        rng = np.random.default_rng(0)
        y = rng.integers(0, n_classes, size=300)
        # Rounded, so that ties occur.
        p = (rng.dirichlet(np.ones(n_classes), size=300) + np.eye(n_classes)[y]).round(1) / 2
        p /= p.sum(axis=1, keepdims=True)
        predicted, weight = p.argmax(axis=1), rng.integers(0, 4, size=300)
        found = dict(zip(METRICS, Judged(y, p, predicted).scores(list(METRICS), weight), strict=True))
        average = {"average": "binary" if n_classes == 2 else "macro", "sample_weight": weight}
        one_hot = np.eye(n_classes)[y]
        sides = [1] if n_classes == 2 else range(n_classes)
        assert found == pytest.approx(
            {
                "average_precision": np.mean(
                    [reference.average_precision_score(y == c, p[:, c], sample_weight=weight) for c in sides]
                ),
                "roc_auc": np.mean(
                    [reference.roc_auc_score(y == c, p[:, c], sample_weight=weight) for c in sides]
                ),
                "f1": reference.f1_score(y, predicted, **average),
                "recall": reference.recall_score(y, predicted, **average),
                "precision": reference.precision_score(y, predicted, **average),
                "balanced_accuracy": reference.balanced_accuracy_score(y, predicted, sample_weight=weight),
                "log_loss": reference.log_loss(y, p, sample_weight=weight),
                "brier": np.average(((p - one_hot) ** 2).mean(axis=1), weights=weight),
            }
        )

    def test_a_weighted_draw_without_positive_rows_has_no_ranking(self):
        judged = Judged(np.array([0, 0, 1]), np.full((3, 2), 0.5), np.array([0, 0, 0]))
        assert np.isnan(judged.scores(RANKED, np.array([1, 2, 0]))).all()
        assert not np.isnan(judged.scores(RANKED)).any()


class TestTrainSyntheticTestReal:
    def test_real_rows_as_synthetic_ones_change_nothing(self, payments):
        real, _, test = payments
        scores = train_synthetic_test_real(real, real, test, target="is_fraud")
        assert list(scores.index) == list(METRICS)
        assert (scores["difference"] == 0).all()
        assert (scores["synthetic"] == scores["real"]).all()

    def test_of_a_known_model(self, clouds):
        real, synthetic, test = clouds
        found = train_synthetic_test_real(real, synthetic, test, target="y", estimator=LogisticRegression())
        for name, rows in (("real", real), ("synthetic", synthetic)):
            model = LogisticRegression().fit(rows[["a", "b"]], rows["y"])
            p = model.predict_proba(test[["a", "b"]])[:, 1]
            assert found.loc["roc_auc", name] == pytest.approx(reference.roc_auc_score(test["y"], p))
            assert found.loc["f1", name] == pytest.approx(reference.f1_score(test["y"], p > 0.5))

    def test_labels_without_relation_to_the_rows_teach_nothing(self, clouds):
        real, synthetic, test = clouds
        # Each row with either label: shuffled ones would by chance point somewhat the right way or the wrong.
        features = synthetic[["a", "b"]]
        synthetic = pd.concat([features.assign(y=0), features.assign(y=1)], ignore_index=True)
        found = train_synthetic_test_real(real, synthetic, test, target="y", scoring="roc_auc")
        assert found.loc["roc_auc", "synthetic"] == 0.5

    def test_shuffled_labels_teach_nothing_on_average(self):
        real, synthetic, test = (two_clouds(1000, seed=seed) for seed in range(3))
        aucs = []
        for seed in range(40):
            labels = np.random.default_rng(seed).permutation(synthetic["y"])
            found = train_synthetic_test_real(
                real,
                synthetic.assign(y=labels),
                test,
                target="y",
                estimator=LogisticRegression(),
                scoring="roc_auc",
            )
            aucs.append(found.loc["roc_auc", "synthetic"])
        # Chance turns the direction of the model anywhere, so the mean of all directions is what is 0.5.
        assert abs(np.mean(aucs) - 0.5) < 4 * np.std(aucs) / np.sqrt(40)
        assert np.mean(aucs) < 0.8
        assert found.loc["roc_auc", "real"] > 0.9

    def test_noise_in_the_labels_harms_as_it_must(self, clouds):
        real, synthetic, test = clouds
        flipped = np.random.default_rng(0).random(len(synthetic)) < 0.3
        noisy = synthetic.assign(y=np.where(flipped, 1 - synthetic["y"], synthetic["y"]))
        found = train_synthetic_test_real(real, noisy, test, target="y", estimator=LogisticRegression())
        assert found.loc["log_loss", "difference"] > 0.05
        assert found.loc["brier", "difference"] > 0.02

    def test_rows_of_one_class_are_refused_with_advice(self, clouds):
        real, synthetic, test = clouds
        with pytest.raises(DataError, match="train_augmented_test_real"):
            train_synthetic_test_real(real, synthetic[synthetic["y"] == 1], test, target="y")


class TestTrainRealTestSynthetic:
    def test_test_rows_as_synthetic_ones_change_nothing(self, payments):
        real, _, test = payments
        found = train_real_test_synthetic(real, test, test, target="is_fraud", estimator=None)
        assert (found["difference"] == 0).all()

    def test_swapped_labels_turn_the_ranking_round(self, clouds):
        real, _, test = clouds
        swapped = test.assign(y=1 - test["y"])
        found = train_real_test_synthetic(
            real, swapped, test, target="y", estimator=LogisticRegression(), scoring="roc_auc"
        ).loc["roc_auc"]
        assert found["synthetic"] == pytest.approx(1 - found["real"])


class TestTrainAugmentedTestReal:
    def test_the_interval_of_no_difference_is_a_point(self, clouds):
        real, _, test = clouds
        # A model of a mean alone, and rows that double each class.
        found = train_augmented_test_real(
            real, real, test, target="y", estimator=TableClassifierOfNothing(), n_bootstrap=20
        )
        assert (found[["difference", "low", "high"]].abs() < 1e-12).all(axis=None)

    def test_the_interval_is_that_of_paired_rows(self):
        """Of a mean over rows, the bootstrap's spread is the standard error of the paired differences."""
        real, test = two_clouds(300, seed=0), two_clouds(2000, seed=1)
        extra = two_clouds(300, seed=2).query("y == 1")
        found = train_augmented_test_real(
            real,
            extra,
            test,
            target="y",
            estimator=LogisticRegression(),
            scoring="brier",
            n_bootstrap=1000,
            pos_label=1,
        ).loc["brier"]
        features = ["a", "b"]
        squares = []
        for rows in (pd.concat([real, extra]), real):
            model = LogisticRegression().fit(rows[features], rows["y"])
            squares.append((model.predict_proba(test[features])[:, 1] - test["y"]) ** 2)
        paired = squares[0] - squares[1]
        error = paired.std(ddof=0) / np.sqrt(len(test))
        assert found["difference"] == pytest.approx(paired.mean())
        # A quantile of 1,000 draws at 2.5 % is off by about 0.085 standard errors, four times that at most.
        assert found["low"] == pytest.approx(paired.mean() - 1.96 * error, abs=0.35 * error)
        assert found["high"] == pytest.approx(paired.mean() + 1.96 * error, abs=0.35 * error)

    def test_a_higher_level_is_a_wider_interval(self, clouds):
        real, synthetic, test = clouds
        wide, narrow = (
            train_augmented_test_real(
                real, synthetic, test, target="y", estimator=LogisticRegression(), confidence=level
            )
            for level in (0.99, 0.5)
        )
        assert (wide["low"] < narrow["low"]).all()
        assert (wide["high"] > narrow["high"]).all()

    def test_rows_of_the_rare_class_raise_recall(self, clouds):
        real, synthetic, test = clouds
        found = train_augmented_test_real(
            real, synthetic[synthetic["y"] == 1], test, target="y", estimator=LogisticRegression()
        )
        assert found.loc["recall", "low"] > 0
        assert found.loc["precision", "high"] < 0

    @pytest.mark.parametrize("options", [{"n_bootstrap": 0}, {"confidence": 1.0}])
    def test_what_is_refused(self, clouds, options):
        with pytest.raises(DataError, match="n_bootstrap"):
            train_augmented_test_real(*clouds, target="y", **options)


class TestGeneralizationGap:
    def test_of_rows_learned_by_heart(self):
        """Of labels without relation to the rows, trees learn the training rows and nothing for others."""
        real, synthetic, test = (two_clouds(500, apart=0, share=0.5, seed=seed) for seed in range(3))
        found = generalization_gap(real, synthetic, test, target="y", scoring=["roc_auc", "log_loss"])
        by_heart = found.loc[("roc_auc", "real")]
        assert by_heart["train"] > 0.95
        # The standard error of an AUC of 0.5 with 250 rows of each class is 0.026.
        assert abs(by_heart["test"] - 0.5) < 4 * np.sqrt(501 / (12 * 250 * 250))
        assert found.loc[("log_loss", "real"), "gap"] < 0
        assert (found["gap"] == found["train"] - found["test"]).all()

    def test_is_smaller_with_more_rows_of_the_same_distribution(self):
        real, synthetic, test = (
            two_clouds(n, apart=0, seed=seed) for seed, n in enumerate([200, 2000, 1000])
        )
        small = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=3, early_stopping=False)
        found = generalization_gap(real, synthetic, test, target="y", estimator=small, scoring="roc_auc")
        assert found.loc[("roc_auc", "augmented"), "gap"] < found.loc[("roc_auc", "real"), "gap"] - 0.1


class TestRobustness:
    def test_no_disturbance_is_the_plain_score(self, payments):
        found = robustness(*payments, target="is_fraud", noise=(0.0,), missing=(0.0,), estimator=None)
        for name in METRICS:
            assert (found.loc[(name, "noise 0.0")] == found.loc[(name, "none")]).all()
            assert (found.loc[(name, "missing 0.0")] == found.loc[(name, "none")]).all()
        plain = train_augmented_test_real(*payments, target="is_fraud", n_bootstrap=1)
        pd.testing.assert_frame_equal(
            found.xs("none", level="disturbance"), plain[["augmented", "real", "difference"]]
        )

    def test_noise_takes_away_what_it_must(self):
        """Noise of s standard deviations shrinks the distance of two normal classes; the AUC has a closed form."""
        real, synthetic, test = (two_clouds(4000, share=0.5, seed=seed) for seed in range(3))
        # In units that are not the standard deviation.
        real, synthetic, test = (
            frame.assign(a=frame["a"] * 10, b=frame["b"] * 10) for frame in (real, synthetic, test)
        )
        found = robustness(
            real,
            synthetic,
            test,
            target="y",
            noise=(1.0,),
            missing=(),
            scoring="roc_auc",
            estimator=LogisticRegression(),
        )
        for disturbance, level in (("none", 0.0), ("noise 1.0", 1.0)):
            # The sum of both columns has means 3 apart, and twice the variance of a column and of its noise.
            noise = level**2 * 2 * (1 + 1.5**2 / 4)
            expected = norm.cdf(3 / np.sqrt(2 * (2 + noise)))
            assert found.loc[("roc_auc", disturbance), "real"] == pytest.approx(expected, abs=4 * 0.009)

    def test_all_cells_missing_leave_a_coin(self, payments):
        found = robustness(*payments, target="is_fraud", noise=(), missing=(1.0,), scoring="roc_auc")
        assert (found.loc[("roc_auc", "missing 1.0"), ["augmented", "real"]] == 0.5).all()

    def test_categories_are_not_moved(self):
        real = two_clouds(400).assign(code=lambda frame: frame["y"] + 3)[["code", "y"]]
        found = robustness(
            real,
            real,
            real,
            target="y",
            noise=(9.0,),
            missing=(),
            scoring="roc_auc",
            categorical_features=["code"],
        )
        assert (found["real"] == 1).all()
        moved = robustness(real, real, real, target="y", noise=(9.0,), missing=(), scoring="roc_auc")
        assert moved.loc[("roc_auc", "noise 9.0"), "real"] < 0.7

    @pytest.mark.parametrize("options", [{"noise": (-0.1,)}, {"missing": (1.1,)}])
    def test_what_is_refused(self, clouds, options):
        with pytest.raises(DataError, match="shares in"):
            robustness(*clouds, target="y", **options)


class TestEveryFunction:
    @pytest.mark.parametrize("function", EVERY)
    def test_several_classes_as_text_and_a_pipeline(self, function, global_rng_untouched):
        columns = make_column_transformer(
            (StandardScaler(), ["x"]), (OneHotEncoder(handle_unknown="ignore"), ["city"])
        )
        model = make_pipeline(columns, LogisticRegression())
        options = {"missing": ()} if function is robustness else {}
        tables = [three_classes(seed) for seed in range(3)]
        found = function(*tables, target="y", estimator=model, **options)
        assert found.notna().all(axis=None)
        rows = [row for row in found.index if "roc_auc" in row]
        scores = found.loc[rows[0]].drop(["difference", "gap", "low", "high"], errors="ignore")
        # The middle class is hard to tell from the others, the other two have an AUC near 1.
        assert (scores > 0.8).all()
        assert not hasattr(model, "classes_")

    @pytest.mark.parametrize("function", EVERY)
    def test_the_same_seed_gives_the_same_figures(self, function, clouds):
        first, second = (
            function(*clouds, target="y", estimator=CHEAP, max_rows=200, random_state=3) for _ in range(2)
        )
        pd.testing.assert_frame_equal(first, second)
        other = function(*clouds, target="y", estimator=CHEAP, max_rows=200, random_state=4)
        assert not first.equals(other)

    @pytest.mark.parametrize("function", EVERY)
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda frame: frame.drop(columns="a"), "differs"),
            (lambda frame: frame.iloc[:0], "without rows"),
            (lambda frame: frame.assign(y=7), "7"),
            (lambda frame: frame.assign(y=np.nan), "without a value"),
        ],
    )
    @pytest.mark.parametrize("position", [1, 2])
    def test_what_is_refused(self, function, clouds, change, message, position):
        tables = list(clouds)
        tables[position] = change(tables[position])
        with pytest.raises(DataError, match=message):
            function(*tables, target="y")

    @pytest.mark.parametrize("function", EVERY)
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"target": "z"}, "target='z'"),
            ({"target": "y", "scoring": "accuracy"}, "accuracy"),
            ({"target": "y", "pos_label": 5}, "pos_label=5"),
            ({"target": "y", "estimator": LinearSVC()}, "predict_proba"),
        ],
    )
    def test_what_is_asked_for_is_refused(self, function, clouds, options, message):
        with pytest.raises(DataError, match=message):
            function(*clouds, **options)

    def test_the_rarer_class_is_positive(self, clouds):
        real, synthetic, test = clouds
        options = {
            "target": "y",
            "estimator": LogisticRegression(),
            "scoring": ["recall", "average_precision"],
        }
        default = train_synthetic_test_real(real, synthetic, test, **options)
        pd.testing.assert_frame_equal(
            default, train_synthetic_test_real(real, synthetic, test, pos_label=1, **options)
        )
        other = train_synthetic_test_real(real, synthetic, test, pos_label=0, **options)
        assert (other["real"] > default["real"]).all()

    def test_arrays_and_other_dtypes(self, clouds):
        arrays = [frame.to_numpy() for frame in clouds]
        real, synthetic, test = clouds
        options = {"estimator": LogisticRegression(), "scoring": "brier"}
        as_arrays = train_synthetic_test_real(*arrays, target=2, **options)
        reordered = synthetic.astype("float32").astype({"y": float})[["y", "b", "a"]]
        as_frames = train_synthetic_test_real(real, reordered, test, target="y", **options)
        assert as_frames["synthetic"].to_numpy() == pytest.approx(as_arrays["synthetic"].to_numpy(), rel=1e-5)

    @pytest.mark.parametrize(
        "labels",
        [
            lambda y: y.astype(bool),
            lambda y: y.astype("Int64"),
            lambda y: y.map({0: "well", 1: "ill"}),
            lambda y: y.map({0: "well", 1: "ill"}).astype("category"),
        ],
    )
    def test_labels_of_every_type(self, clouds, labels):
        options = {"target": "y", "estimator": LogisticRegression()}
        plain = train_synthetic_test_real(*clouds, **options)
        typed = [frame.assign(y=labels(frame["y"])) for frame in clouds]
        found = train_synthetic_test_real(*typed, **options)
        np.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-6)

    def test_numbers_that_came_as_text_or_other_classes_are_told_apart(self, clouds):
        real, synthetic, test = clouds
        with pytest.raises(DataError, match="expected those of the real training rows"):
            train_synthetic_test_real(real, synthetic.assign(y=synthetic["y"].astype(str)), test, target="y")


class TestTableClassifier:
    def test_several_classes(self):
        real, test = three_classes(0), three_classes(1)
        found = train_real_test_synthetic(real, test, test, target="y", scoring="balanced_accuracy")
        # Halfway between means 3 apart, each side errs with a probability of 0.067.
        assert found.loc["balanced_accuracy", "real"] > 0.75

    def test_unknown_and_too_many_categories(self):
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, size=600)
        frame = pd.DataFrame({"code": np.where(y, "x", "z"), "name": [f"id {place}" for place in range(600)]})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = TableClassifier().fit(frame, y)
            assert (model.predict(frame) == y).all()
            unknown = model.predict_proba(frame.assign(code="never seen"))
            missing = model.predict_proba(frame.assign(code=None))
        np.testing.assert_array_equal(unknown, missing)

    def test_category_dtypes_whose_categories_differ(self):
        real = two_clouds(200).assign(city=lambda f: pd.Categorical(np.where(f["a"] > 0, "Rome", "Oslo")))
        synthetic = real.assign(city=pd.Categorical(["Rome", "Bern"] * 100))
        found = train_augmented_test_real(real, synthetic, real, target="y", n_bootstrap=2)
        assert found.notna().all(axis=None)


class TableClassifierOfNothing(LogisticRegression):
    """Says the share of the classes in the training rows."""

    def fit(self, X, y):
        return super().fit(X * 0, y)
