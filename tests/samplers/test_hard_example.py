"""Hard examples: near the boundary and on the right side of it, judged by models that know nothing of the parents."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.utils._param_validation import InvalidParameterError

from genesis_sampling import (
    AdversarialSampler,
    ConstraintFilter,
    DataError,
    DistillationSampler,
    GenerativeOverSampler,
    HardExampleSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
    QualityFilter,
    SmallClassWarning,
)
from genesis_sampling._random import RandomStreams
from genesis_sampling.samplers._hard_models import fit_boundary
from genesis_sampling.samplers.data import SamplingData
from genesis_sampling.tables.containers import wrap_table, wrap_target

N_COMMON, N_RARE = 900, 100
# Between normal clouds at 0 and at SHIFT, classes of equal weight meet half way, however rare one of them is.
SHIFT = 2.0
BOUNDARY = SHIFT / 2


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(N_COMMON, 2)), rng.normal((SHIFT, 0), 1, size=(N_RARE, 2))]
    return X, np.repeat([0, 1], [N_COMMON, N_RARE])


def noise():
    """Candidates that lie where the class does, a little farther out."""
    return NoiseSampler(noise_scale=0.3)


def made(sampler, table):
    X_new, _ = sampler.fit_resample(*table)
    return np.asarray(X_new)[sampler.synthetic_mask_]


class TestChoice:
    @pytest.mark.parametrize("inner", [None, noise(), GenerativeOverSampler(), SMOTE()], ids=repr)
    def test_rows_lie_near_the_true_boundary_and_not_across(self, clouds, inner):
        plain = made(
            HybridSampler(inner or InterpolationSampler(), majority_count="keep", random_state=0), clouds
        )
        hard = made(HardExampleSampler(inner, LogisticRegression(), hardness=0.8, random_state=0), clouds)
        assert len(hard) == len(plain) == N_COMMON - N_RARE
        # The boundary that was learned from some hundred rows is not the true one to the hundredth.
        across = [(rows[:, 0] < BOUNDARY - 0.3).mean() for rows in (plain, hard)]
        assert across[1] < 0.02 < 0.05 < across[0]
        distance = [np.abs(rows[:, 0] - BOUNDARY).mean() for rows in (plain, hard)]
        assert distance[1] < distance[0] / 2

    def test_default_estimator(self, clouds):
        """Trees and a line find the same boundary less precisely."""
        hard = made(HardExampleSampler(noise(), hardness=0.7, random_state=0), clouds)
        assert (hard[:, 0] < BOUNDARY - 0.5).mean() < 0.05
        assert np.abs(hard[:, 0] - BOUNDARY).mean() < np.abs(made(noise(), clouds)[:, 0] - BOUNDARY).mean()

    def test_harder_means_nearer(self, clouds):
        means = []
        for hardness in (0.0, 0.3, 0.6, 0.9):
            sampler = HardExampleSampler(noise(), GaussianNB(), hardness=hardness, random_state=0)
            sampler.fit_resample(*clouds)
            assert sampler.margins_.min() >= 0
            assert sampler.margins_.shape == (N_COMMON - N_RARE,)
            means.append(sampler.margins_.mean())
        assert (np.diff(means) < 0).all()

    @pytest.mark.parametrize("hardness", [0.25, 0.75])
    def test_hardness_is_the_share_that_is_too_easy(self, clouds, hardness):
        sampler = HardExampleSampler(
            noise(), GaussianNB(), hardness=hardness, sampling_strategy={1: 4000}, random_state=0
        )
        sampler.fit_resample(*clouds)
        easy, kept = sampler.report_.rejected["too easy"], sampler.report_.n_accepted
        # The share is learned from some 400 candidates.
        assert abs(easy / (easy + kept) - hardness) < 4 * np.sqrt(hardness * (1 - hardness) / 400)

    def test_hardness_0_turns_down_what_is_across_alone(self, clouds):
        sampler = HardExampleSampler(noise(), GaussianNB(), hardness=0.0, random_state=0)
        sampler.fit_resample(*clouds)
        assert sampler.report_.rejected.keys() == {"across the boundary"}

    def test_rare_class_has_a_side_of_its_own(self):
        """Where its probability never reaches 1/2."""
        rng = np.random.default_rng(0)
        X = np.r_[rng.normal(size=4000), rng.normal(1, 1, size=40)][:, None]
        y = np.repeat([0, 1], [4000, 40])
        assert LogisticRegression().fit(X, y).predict_proba(X)[:, 1].max() < 0.5
        sampler = HardExampleSampler(
            noise(), LogisticRegression(), hardness=0.0, sampling_strategy=0.1, random_state=0
        )
        new = made(sampler, (X, y))
        assert len(new) == 360
        assert new.min() > 0
        choices = sampler.report_.choices
        assert 0.5 < choices["real rows on their own side of the boundary of class 1"] < 0.9

    def test_several_classes(self):
        rng = np.random.default_rng(0)
        centres = np.array([[0, 0], [3, 0], [0, 3]])
        y = np.repeat([0, 1, 2], [300, 60, 40])
        X = centres[y] + rng.normal(size=(400, 2))
        sampler = HardExampleSampler(noise(), GaussianNB(), hardness=0.7, random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 300, 1: 300, 2: 300}
        nearest = ((X_new[400:, None] - centres) ** 2).sum(axis=2).argsort(axis=1)
        assert (nearest[:, 0] == y_new[400:]).mean() > 0.95
        assert "candidates on their own side of the boundary of class 2" in sampler.report_.choices

    def test_margins_follow_the_rows(self, clouds):
        """The nearer to the boundary a row is, the less its margin."""
        sampler = HardExampleSampler(noise(), LogisticRegression(), hardness=0.0, random_state=0)
        new = made(sampler, clouds)
        assert np.corrcoef(pd.Series(new[:, 0]).rank(), pd.Series(sampler.margins_).rank())[0, 1] > 0.95


class Stranger(ClassifierMixin, BaseEstimator):
    """Knows the first column of its rows, and refuses to judge a row in which one of these occurs."""

    def fit(self, X, y):
        self.known_ = set(np.asarray(X)[:, 0])
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        assert not self.known_ & set(np.asarray(X).ravel())
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


class TestModels:
    @pytest.mark.parametrize("n_folds", [3, 5])
    def test_parents_are_unknown(self, n_folds):
        rng = np.random.default_rng(0)
        ids, y = np.arange(60.0), np.repeat([0, 1], [45, 15])
        data = SamplingData(
            wrap_table(np.column_stack([ids, ids])), wrap_target(y), RandomStreams.from_random_state(0)
        )
        boundary = fit_boundary(Stranger(), n_folds, data)
        first, second = rng.integers(60, size=(2, 500))
        margins = boundary.margins(pd.DataFrame(ids[np.column_stack([first, second])]), 1, first, second)
        assert not np.isnan(margins).any()
        assert np.abs(margins).max() <= 1

    def test_samplers_ask_nobody_who_knows_the_row(self):
        X, y = np.arange(60.0)[:, None], np.repeat([0, 1], [45, 15])
        sampler = HardExampleSampler(RandomOverSampler(), Stranger(), hardness=0.0, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        np.testing.assert_array_equal(X_new, X[sampler.sample_indices_])

    def test_models_are_fitted_once_for_all_classes(self):
        fits = []

        class Counted(GaussianNB):
            def fit(self, X, y):
                fits.append(len(y))
                return super().fit(X, y)

        X, y = np.random.default_rng(0).normal(size=(60, 2)), np.repeat([0, 1, 2], [30, 20, 10])
        X[:, 0] += 3 * y
        HardExampleSampler(noise(), Counted(), n_folds=4, random_state=0).fit_resample(X, y)
        assert len(fits) == 6

    def test_estimator_is_given_the_container(self):
        """One that chooses columns by name can be used."""

        class ByName(GaussianNB):
            def fit(self, X, y):
                return super().fit(X[["a"]], y)

            def predict_proba(self, X):
                return super().predict_proba(X[["a"]])

        rng = np.random.default_rng(0)
        X = pd.DataFrame({"a": rng.normal(size=90), "b": rng.choice(["x", "y"], 90)})
        y = np.repeat([0, 1], [60, 30])
        X["a"] += 3 * y
        for sampler in (HardExampleSampler(noise(), ByName()), AdversarialSampler(ByName())):
            assert len(sampler.fit_resample(X, y)[0]) == 120

    def test_estimator_without_probabilities_is_refused(self, clouds):
        for sampler in (HardExampleSampler(estimator=LinearSVC()), AdversarialSampler(LinearSVC())):
            with pytest.raises(InvalidParameterError, match="'predict_proba'"):
                sampler.fit_resample(*clouds)

    @pytest.mark.parametrize(
        ("sampler", "message"),
        [
            (HardExampleSampler(NoiseSampler), r"class NoiseSampler; expected a sampler, NoiseSampler\(\)"),
            (
                HardExampleSampler(estimator=GaussianNB),
                r"class GaussianNB; expected a classifier, GaussianNB\(\)",
            ),
            (AdversarialSampler(GaussianNB), r"class GaussianNB; expected a classifier, GaussianNB\(\)"),
        ],
        ids=["inner", "judge", "moved"],
    )
    def test_class_for_an_instance_is_refused(self, clouds, sampler, message):
        with pytest.raises(DataError, match=f"Got the {message}"):
            sampler.fit_resample(*clouds)

    @pytest.mark.parametrize("column", [["a", "b"] * 60, [np.nan, 1.0] * 60], ids=["text", "gaps"])
    def test_estimator_that_cannot_take_the_columns(self, column):
        X = pd.DataFrame({"a": np.arange(120.0), "b": column})
        for sampler in (
            HardExampleSampler(noise(), LogisticRegression()),
            AdversarialSampler(LogisticRegression()),
        ):
            with pytest.raises(DataError, match="LogisticRegression could not be fitted") as caught:
                sampler.fit_resample(X, np.repeat([0, 1], [90, 30]))
            assert isinstance(caught.value.__cause__, ValueError)
            assert str(caught.value).endswith("Put steps that prepare the columns before it, as a pipeline.")

    def test_error_of_another_kind_has_no_hint(self, clouds):
        with pytest.raises(DataError, match=r"GaussianNB could not be fitted .* priors") as caught:
            AdversarialSampler(GaussianNB(priors=[1.0])).fit_resample(*clouds)
        assert "pipeline" not in str(caught.value)

    @pytest.mark.parametrize("n_folds", [2, 11])
    def test_number_of_folds_is_bounded(self, clouds, n_folds):
        for sampler in (HardExampleSampler(n_folds=n_folds), AdversarialSampler(n_folds=n_folds)):
            with pytest.raises(InvalidParameterError, match=r"\[3, 10\]"):
                sampler.fit_resample(*clouds)


class TestTooFew:
    def test_next_to_no_candidate_on_its_own_side(self, clouds):
        """Then the nearest across are taken, and the count is met."""
        sampler = HardExampleSampler(
            Elsewhere(), LogisticRegression(), sampling_strategy={1: 300}, random_state=0
        )
        with pytest.warns(SmallClassWarning, match="Class 1 has next to no candidates on its own side"):
            X_new, y_new = sampler.fit_resample(*clouds)
        assert Counter(y_new.tolist()) == {0: N_COMMON, 1: 300}
        # Of candidates between -3 and -1 the nearest 2 %, as far as a sample tells these.
        assert X_new[1000:, 0].mean() > -1.2
        assert any("next to no candidates" in text for text in sampler.report_.warnings)

    def test_harder_than_can_be_had(self, clouds):
        sampler = HardExampleSampler(noise(), GaussianNB(), hardness=0.99, random_state=0)
        with pytest.warns(SmallClassWarning, match="easier ones are taken than hardness=0.99 asks for"):
            sampler.fit_resample(*clouds)
        assert sampler.margins_.min() >= 0
        assert len(sampler.margins_) == N_COMMON - N_RARE

    def test_class_of_two_rows(self):
        X, y = np.random.default_rng(0).normal(size=(22, 2)), np.repeat([0, 1], [20, 2])
        for sampler in (HardExampleSampler(noise(), random_state=0), AdversarialSampler(random_state=0)):
            with pytest.warns(
                SmallClassWarning, match="Class 1 has 2 rows: too few to find the boundary"
            ) as caught:
                X_new, _ = sampler.fit_resample(X, y)
            assert len(caught) == 1
            assert len(X_new) == 40
        assert (sampler.sample_indices_[22:] >= 20).all()

    def test_other_classes_are_too_small(self):
        X, y = np.random.default_rng(0).normal(size=(22, 2)), np.repeat([0, 1], [20, 2])
        sampler = HardExampleSampler(noise(), sampling_strategy={0: 30}, random_state=0)
        with pytest.warns(SmallClassWarning, match="Class 0 stands against classes that are too small"):
            sampler.fit_resample(X, y)
        assert np.isnan(sampler.margins_).all()


class Elsewhere(BaseEstimator):
    """An over-sampler whose rows have little to do with their class."""

    _parameter_constraints: dict = {}

    def __init__(self, sampling_strategy="auto", random_state=None):
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(self, X, y):
        ((label, count),) = self.sampling_strategy.items()
        n_new = count - int((y == label).sum())
        new = np.random.default_rng(self.random_state).uniform(-3, -1, size=(n_new, X.shape[1]))
        return np.r_[X, new], np.r_[y, np.full(n_new, label)]


class TestTogether:
    def test_default_is_smote(self, clouds):
        first = made(HardExampleSampler(estimator=GaussianNB(), random_state=0), clouds)
        second = made(HardExampleSampler(InterpolationSampler(), GaussianNB(), random_state=0), clouds)
        np.testing.assert_array_equal(first, second)

    @pytest.mark.parametrize(
        ("inner", "name"),
        [
            (NoiseSampler(0.5), "sampling_strategy=0.5"),
            (SMOTE(sampling_strategy="all"), "sampling_strategy='all'"),
            (NoiseSampler(growth=0.2), "growth=0.2"),
            (QualityFilter(NoiseSampler(0.5)), "sampling_strategy=0.5"),
        ],
        ids=repr,
    )
    def test_targets_of_the_inner_sampler_are_refused(self, clouds, inner, name):
        with pytest.raises(DataError, match=f"Got {name} of the sampler inside"):
            HardExampleSampler(inner).fit_resample(*clouds)

    def test_refusal_says_what_works(self, clouds):
        inside = r"DistillationSampler\(growth=0.0, sampling_strategy='auto'\) inside"
        outside = r"HardExampleSampler\(..., growth=4.0, sampling_strategy={}\)"
        with pytest.raises(DataError, match=f"{inside}.*{outside}"):
            HardExampleSampler(DistillationSampler()).fit_resample(*clouds)
        # The growth that a sampler has by default is named, too, where it was not what was wrong.
        with pytest.raises(DataError, match=f"Got sampling_strategy=None of.*{inside}"):
            HardExampleSampler(DistillationSampler(growth=0.0)).fit_resample(*clouds)
        sampler = HardExampleSampler(
            DistillationSampler(teacher=GaussianNB(), growth=0.0, sampling_strategy="auto"),
            GaussianNB(),
            growth=4.0,
            sampling_strategy={},
        )
        _, y_new = sampler.fit_resample(*clouds)
        assert Counter(y_new.tolist()) == {0: 5 * N_COMMON, 1: 5 * N_RARE}

    def test_categories_are_passed_on(self):
        rng = np.random.default_rng(0)
        X = np.column_stack([rng.choice([1.0, 5.0, 9.0], 120), rng.normal(size=120)])
        y = np.repeat([0, 1], [90, 30])
        X[:, 1] += 2 * y
        for inner in (noise(), ConstraintFilter((), noise())):
            for categories, is_category in (([0], True), ("auto", False)):
                sampler = HardExampleSampler(
                    inner, GaussianNB(), categorical_features=categories, random_state=0
                )
                assert (set(made(sampler, (X, y))[:, 0]) <= {1.0, 5.0, 9.0}) == is_category

    @pytest.mark.parametrize("outside", [True, False])
    def test_rules_hold_inside_and_outside(self, clouds, outside):
        rule = "`1` > 0"
        if outside:
            sampler = ConstraintFilter(rule, HardExampleSampler(noise(), GaussianNB()), random_state=0)
        else:
            sampler = HardExampleSampler(ConstraintFilter(rule, noise()), GaussianNB(), random_state=0)
        new = made(sampler, clouds)
        assert len(new) == N_COMMON - N_RARE
        assert new[:, 1].min() > 0
        assert (new[:, 0] < BOUNDARY - 0.4).mean() < 0.02
        assert {"too easy", "across the boundary"} < sampler.report_.rejected.keys()

    def test_moved_rows_as_candidates(self, clouds):
        inner = AdversarialSampler(GaussianNB(), reach=0.0)
        sampler = HardExampleSampler(inner, LogisticRegression(), hardness=0.6, random_state=0)
        assert len(made(sampler, clouds)) == N_COMMON - N_RARE

    def test_in_a_search(self, clouds):
        pipeline = make_pipeline(HardExampleSampler(noise(), GaussianNB(), random_state=0), GaussianNB())
        grid = {
            "hardexamplesampler__hardness": [0.0, 0.8],
            "hardexamplesampler__sampler__noise_scale": [0.1, 0.3],
        }
        search = GridSearchCV(pipeline, grid, cv=2).fit(*clouds)
        assert len(set(search.cv_results_["mean_test_score"])) > 1


class TestAdversarial:
    def test_rows_lie_between_row_and_boundary(self, clouds):
        X, y = clouds
        sampler = AdversarialSampler(LogisticRegression(), random_state=0)
        new = made(sampler, clouds)
        first, second = sampler.parent_indices_[len(X) :].T
        assert (y[first] == 1).all()
        assert (y[second] == 0).all()
        np.testing.assert_array_equal(first, sampler.sample_indices_[len(X) :])
        step = X[second] - X[first]
        place = ((new - X[first]) * step).sum(axis=1) / (step**2).sum(axis=1)
        np.testing.assert_allclose(new, X[first] + place[:, None] * step, atol=1e-9)
        assert place.min() >= 0
        assert place.max() <= 1 + 1e-9
        assert (new[:, 0] < BOUNDARY - 0.3).mean() < 0.02
        assert np.abs(new[:, 0] - BOUNDARY).mean() < np.abs(X[first, 0] - BOUNDARY).mean()

    def test_farther_reach_is_nearer_to_the_boundary(self, clouds):
        X, _ = clouds
        moves = []
        for reach in (0.0, 0.5, 1.0):
            sampler = AdversarialSampler(GaussianNB(), reach=reach, random_state=0)
            new = made(sampler, clouds)
            moves.append(np.linalg.norm(new - X[sampler.sample_indices_[len(X) :]], axis=1).mean())
        assert (np.diff(moves) > 0).all()

    @pytest.mark.parametrize("estimator", [LogisticRegression(), None], ids=repr)
    def test_last_place_is_at_the_boundary(self, clouds, estimator):
        """With the whole way gone, a hundredth of it farther is across for the models that know neither end."""
        X, y = clouds
        sampler = AdversarialSampler(estimator, reach=1.0, n_folds=3, sampling_strategy=0.2, random_state=0)
        new = made(sampler, clouds)
        streams = RandomStreams.from_random_state(0)
        boundary = fit_boundary(estimator, 3, SamplingData(wrap_table(X), wrap_target(y), streams))
        first, second = sampler.parent_indices_[len(X) :].T
        here = boundary.margins(pd.DataFrame(new), 1, first, second)
        assert (new != X[first]).any(axis=1).mean() > 0.9
        assert here.min() >= 0
        # It was led there by rows that lie across.
        assert boundary.margins(pd.DataFrame(X[second]), 1, first, second).max() < 0
        beyond = boundary.margins(pd.DataFrame(new + 0.01 * (X[second] - X[first])), 1, first, second)
        assert (beyond < 0).mean() > 0.8
        parents = boundary.margins(pd.DataFrame(X[first]), 1, first, second)
        assert here.mean() < parents.mean() / 3

    @pytest.mark.parametrize("estimator", [LogisticRegression(), None], ids=repr)
    @pytest.mark.parametrize("whole", [False, True])
    def test_no_new_row_is_one_of_another_class(self, estimator, whole):
        """Where classes overlap, so that most near rows of the other one lie on the own side, or even are equal."""
        rng = np.random.default_rng(0)
        X = np.r_[rng.normal(size=(300, 2)), rng.normal(1.5, 1, size=(60, 2))]
        X = np.rint(2 * X).astype(np.int64) if whole else X
        y = np.repeat([0, 1], [300, 60])
        theirs = set(map(tuple, X[:300]))
        assert bool(theirs & set(map(tuple, X[300:]))) == whole
        new = made(AdversarialSampler(estimator, reach=1.0, n_folds=3, random_state=0), (X, y))
        assert not theirs & set(map(tuple, new))

    def test_rows_without_a_way_across_are_not_moved(self):
        """Of two columns one is a category, which stays, and without it no number is across for half of the class."""

        class ByCategory(ClassifierMixin, BaseEstimator):
            """The class 1 is where b is 1, and where a is large."""

            def fit(self, X, y):
                self.classes_ = np.unique(y)
                return self

            def predict_proba(self, X):
                is_one = (X["b"] == "yes") | (X["a"] > 1)
                return np.column_stack([~is_one, is_one]).astype(float)

        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [100, 40])
        b = np.where(y == 1, np.where(np.arange(140) % 2, "yes", "no"), "no")
        X = pd.DataFrame({"a": rng.uniform(0, 0.9, 140) + 2 * y, "b": b})
        sampler = AdversarialSampler(ByCategory(), reach=1.0, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        assert (X_new["b"][140:] == "no").all()
        assert X_new["a"][140:].between(1, 1.1).all()
        assert sampler.report_.choices == {
            "real rows on their own side of the boundary of class 1": 1.0,
            "rows of other classes across the boundary of class 1": 1.0,
            "real rows with a way across the boundary of class 1": 0.5,
        }

    def test_mixed_columns(self, mixed):
        X, y = mixed
        sampler = AdversarialSampler(n_folds=3, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        new, source = X_new[80:], X.iloc[sampler.sample_indices_[80:]]
        for name in ("bool", "boolean", "category", "string", "object", "constant"):
            np.testing.assert_array_equal(
                *(side[name].astype(object).where(side[name].notna(), "gap") for side in (new, source))
            )
        for name in ("float", "int8", "uint16", "Int64", "Float64", "date", "zoned", "duration"):
            known = new[name].dropna()
            assert known.between(X[name].min(), X[name].max()).all(), name
            # A gap stays a gap.
            assert new[name].isna().tolist() == source[name].isna().tolist(), name

    def test_without_numbers(self):
        X = pd.DataFrame({"a": list("xyz") * 10})
        with pytest.warns(SmallClassWarning, match="no column of numbers"):
            X_new, _ = AdversarialSampler(random_state=0).fit_resample(X, [0] * 20 + [1] * 10)
        assert len(X_new) == 40

    def test_no_row_on_its_own_side(self):
        """Equal classes, of which the estimator says that all rows are of the other."""
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [20, 10])
        with pytest.warns(SmallClassWarning, match="no row on its own side"):
            X_new, _ = AdversarialSampler(Sceptic(), random_state=0).fit_resample(X, y)
        assert set(map(tuple, X_new[30:])) <= set(map(tuple, X[20:]))

    def test_nothing_lies_across(self):
        """The class that the estimator takes all rows for."""
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [20, 10])
        sampler = AdversarialSampler(Sceptic(), sampling_strategy={0: 40}, random_state=0)
        with pytest.warns(SmallClassWarning, match="Class 0 has no row .* with a way across it"):
            X_new, _ = sampler.fit_resample(X, y)
        assert set(map(tuple, X_new[30:])) <= set(map(tuple, X[:20]))
        assert sampler.report_.choices["rows of other classes across the boundary of class 0"] == 0


class Sceptic(ClassifierMixin, BaseEstimator):
    """Always says that a row is of the first class."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile(np.eye(len(self.classes_))[0], (len(X), 1))
