"""AutoSampler: it takes what gains, leaves what does not, and never looks beyond its rows."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB

from genesis_sampling import (
    AutoSampler,
    DataError,
    GenesisWarning,
    NoiseSampler,
    QualityFilter,
    SmallClassWarning,
)
from genesis_sampling.samplers import _choice
from genesis_sampling.samplers._candidates import Candidate
from genesis_sampling.samplers._choice import Trials


class Oracle(ClassifierMixin, BaseEstimator):
    """Knows the classes if it was trained on many rows of the rare one, and guesses otherwise."""

    def __init__(self, least=30):
        self.least = least

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.knows_ = (y == self.classes_[1]).sum() >= self.least
        return self

    def predict_proba(self, X):
        signal = X[:, 0] if self.knows_ else X[:, 1]
        chance = 1 / (1 + np.exp(-signal))
        return np.column_stack([1 - chance, chance])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


class WithoutChance(NoiseSampler):
    """Fails wherever it is used."""

    def _resample(self, data, **params):
        raise ValueError("no chance")


@pytest.fixture(scope="module")
def table():
    """The first column tells the class, the second one is noise."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [200, 40])
    return np.column_stack([rng.normal(size=240) + 3 * y, rng.normal(size=240)]), y


def auto(estimator, candidates=None, **options):
    options = {"ratios": [0.5], "random_state": 0} | options
    return AutoSampler(estimator, [NoiseSampler()] if candidates is None else candidates, **options)


class TestChoice:
    def test_takes_what_gains(self, table):
        """Only with the made rows does the learner know the classes."""
        sampler = auto(Oracle(least=60))
        _, y_new = sampler.fit_resample(*table)
        assert sampler.best_candidate_ == "NoiseSampler, ratio 0.5"
        assert (y_new == 1).sum() == 100
        assert sampler.report_.choices["candidate"] == sampler.best_candidate_

    def test_leaves_what_does_not(self, table):
        """The learner gives the same answers with and without made rows, so no gain is beyond chance."""
        sampler = auto(Oracle(least=1))
        X_new, _ = sampler.fit_resample(*table)
        assert sampler.best_candidate_ == "nothing"
        assert sampler.best_sampler_ is None
        assert len(X_new) == len(table[0])
        assert sampler.cv_results_["mean_gain"] == [0.0, 0.0]

    def test_takes_the_best_in_any_case_without_nothing(self, table):
        sampler = auto(Oracle(least=1), include_none=False).fit(*table)
        assert sampler.best_candidate_ == "NoiseSampler, ratio 0.5"

    def test_one_that_fails_is_told_and_not_taken(self, table):
        sampler = auto(Oracle(least=60), [WithoutChance(), NoiseSampler()])
        sampler.fit_resample(*table)
        results = pd.DataFrame(sampler.cv_results_).set_index("candidate")
        assert "no chance" in results.loc["WithoutChance, ratio 0.5", "error"]
        assert sampler.best_candidate_ == "NoiseSampler, ratio 0.5"

    def test_samplers_of_others_and_filters(self, table):
        sampler = auto(
            Oracle(least=60), {"smote": SMOTE(), "scored": QualityFilter(NoiseSampler(), scorer="density")}
        )
        sampler.fit_resample(*table)
        assert sampler.best_candidate_.startswith(("smote", "scored"))

    def test_both_learners_must_gain(self):
        """In two of the three folds one learner gains much and the other loses a little."""
        trials = Trials([Candidate("nothing", None), Candidate("a", object())], 2, 3, 1 / 3)
        trials.scores[:] = 0.5
        trials.scores[1, 0], trials.scores[1, 1] = 0.8, 0.49
        assert trials.best(0) == 0
        trials.scores[1, 1] = 0.51
        assert trials.best(0) == 1

    def test_a_gain_within_its_error_is_none(self):
        """The mean gain is 0.1, the folds differ by 0.2 sqrt(2), so one corrected error is 0.2 sqrt(2 (1/2 + 1/2))."""
        trials = Trials([Candidate("nothing", None), Candidate("a", object())], 1, 2, 1 / 2)
        trials.scores[0], trials.scores[1] = 0.5, [0.4, 0.8]
        assert trials.standard_error() == pytest.approx(0.4 / np.sqrt(2) * np.sqrt(1 / 2 + 1))
        assert trials.best(0.1) == 1
        assert trials.best(1.0) == 0


class TestRules:
    def test_the_half_that_gains_goes_on(self, table):
        candidates = {f"n{place}": NoiseSampler(noise_scale=0.1 + place) for place in range(9)}
        sampler = auto(GaussianNB(), candidates, n_repeats=1)
        sampler.fit_resample(*table)
        assert sorted(sampler.cv_results_["n_folds"], reverse=True) == [3, 3, 3, 3, 2, 2, 1, 1, 1, 1]

    def test_same_result_for_any_n_jobs(self, table):
        one, two = (
            auto(LogisticRegression(), [NoiseSampler(), SMOTE()], n_jobs=n_jobs).fit(*table).cv_results_
            for n_jobs in (1, 2)
        )
        for name in ("mean_gain", "mean_score", "n_folds"):
            assert one[name] == two[name]

    def test_budget_of_time(self, table):
        """When it is over, what is known decides: here nothing is."""
        begun = time.perf_counter()
        sampler = auto(GaussianNB(), "default", time_budget=1e-9).fit(*table)
        assert sampler.best_candidate_ == "nothing"
        assert set(sampler.cv_results_["n_folds"]) == {0}
        assert time.perf_counter() - begun < 60

    def test_in_a_short_time_few_candidates_see_all_folds(self, table, monkeypatch):
        """A fit takes a second of a clock that only fits move; there are 11 seconds for 10, 6 and 4 planned fits."""
        clock = [0.0]
        monkeypatch.setattr(_choice, "perf_counter", lambda: clock[0])

        class Slow(Oracle):
            def fit(self, X, y):
                clock[0] += 1
                return super().fit(X, y)

        candidates = {f"n{place}": NoiseSampler(noise_scale=0.1 + place) for place in range(9)}
        sampler = auto(Slow(least=60), candidates, n_repeats=1, time_budget=11).fit(*table)
        # The folds end at 5.5, 8.8 and 11. In the first one the fits of six begin, in the others those of three.
        assert sampler.cv_results_["n_folds"] == [3, 3, 3, 1, 1, 1, 0, 0, 0, 0]
        assert sampler.best_candidate_ == "n0, ratio 0.5"

    def test_ratios_that_are_there_already_are_left_out(self, table):
        sampler = auto(GaussianNB(), ratios=[0.1, 0.2, 1.0]).fit(*table)
        assert sampler.cv_results_["ratio"][1:] == [1.0]

    def test_tiny_classes_get_no_rows(self):
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [27, 3])
        sampler = auto(GaussianNB())
        with pytest.warns(SmallClassWarning, match="Class 1 has 3 rows, too few to try anything"):
            X_new, _ = sampler.fit_resample(X, y)
        assert len(X_new) == 30
        assert "too few" in sampler.report_.warnings[0]

    def test_that_all_candidates_failed_is_told(self, table):
        sampler = auto(GaussianNB(), [WithoutChance()])
        with pytest.warns(GenesisWarning, match="All candidates failed, the first one with: .*no chance"):
            sampler.fit_resample(*table)
        assert sampler.best_candidate_ == "nothing"

    def test_estimator_that_cannot_take_gaps_gets_a_hint(self):
        X = np.where(np.arange(80) % 7, 1.0, np.nan)[:, None]
        with pytest.raises(DataError, match="(?s)NaN.*Put steps that prepare the columns before it"):
            auto(LogisticRegression()).fit_resample(X, np.repeat([0, 1], [60, 20]))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"candidates": []}, "expected one at least"),
            ({"candidates": {}}, "expected one at least"),
            ({"candidates": [SMOTE]}, "the class SMOTE as a candidate"),
            ({"candidates": [GaussianNB()]}, "with fit_resample"),
            ({"ratios": [1.5]}, "above 0 and up to 1"),
            ({"ratios": []}, "above 0 and up to 1"),
            ({"ratios": ["a"]}, "above 0 and up to 1"),
            ({"estimator": IsolationForest()}, "a outlier detector; expected a classifier"),
            ({"estimator": LinearRegression()}, "a regressor; expected a classifier"),
            ({"estimator": GaussianNB}, "expected a classifier, GaussianNB()"),
        ],
    )
    def test_what_cannot_be_tried_is_refused(self, table, options, told):
        with pytest.raises(DataError, match=re.escape(told)):
            AutoSampler(**({"estimator": GaussianNB()} | options)).fit_resample(*table)

    def test_the_best_candidate_is_scored_even_where_a_fold_is_late(self, table, monkeypatch):
        """A fit that takes longer than the time of a fold costs other candidates their turn, not the choice."""
        clock = [0.0]
        monkeypatch.setattr(_choice, "perf_counter", lambda: clock[0])

        class Slow(Oracle):
            def fit(self, X, y):
                clock[0] += 6
                return super().fit(X, y)

        candidates = {f"n{place}": NoiseSampler(noise_scale=0.1 + place) for place in range(9)}
        sampler = auto(Slow(least=60), candidates, n_repeats=1, time_budget=22).fit(*table)
        # The folds end at 11, 17.6 and 22. The second one begins at 12, and its second fit at 18.
        assert sampler.cv_results_["n_folds"] == [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]
        assert sampler.best_candidate_ == "n0, ratio 0.5"

    def test_labels_of_text_and_more_than_two_classes(self):
        X, y = make_classification(300, n_classes=3, n_informative=4, weights=[0.7, 0.2], random_state=0)
        sampler = auto(GaussianNB(), ratios=[0.5, 1.0], scoring="balanced_accuracy")
        _, y_new = sampler.fit_resample(X, np.array(["a", "b", "c"])[y])
        assert set(y_new) == {"a", "b", "c"}

    def test_mixed_table_by_default(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [100, 30])
        X = pd.DataFrame({"a": rng.normal(size=130) + y, "c": rng.choice(list("xyz"), 130)})
        X.loc[3, "a"] = None
        sampler = auto(None, cv=2, n_repeats=1).fit(X, y)
        assert sampler.cv_results_["n_folds"] == [2, 2]

    def test_estimator_that_cannot_take_the_table(self):
        X = pd.DataFrame({"c": list("xyzx") * 20})
        with pytest.raises(
            DataError, match="could not be trained or scored on the rows as they are: ValueError"
        ):
            auto(LogisticRegression()).fit_resample(X, np.repeat([0, 1], [60, 20]))


class TestLeakage:
    def test_it_sees_the_rows_of_its_fold_alone(self, table):
        """The learner inside never meets a validation row of the outer folds."""
        seen = []

        class Recorder(GaussianNB):
            def fit(self, X, y):
                seen.append(X[:, 1])
                return super().fit(X, y)

        X, y = table
        outer = [(np.arange(0, 240, 2), np.arange(1, 240, 2))]
        cross_val_score(make_pipeline(auto(Recorder()), GaussianNB()), X, y, cv=outer)
        held_back = X[outer[0][1], 1]
        assert seen
        assert not np.isin(np.concatenate(seen), held_back).any()
