"""The one table of samplers that the common checks run over, and tables in every container."""

from __future__ import annotations

import warnings

import imblearn.utils.estimator_checks as imblearn_checks
import numpy as np
import pandas as pd
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from sklearn.base import clone

from genesis_sampling import (
    AdversarialSampler,
    AutoSampler,
    ConstraintFilter,
    DistillationSampler,
    DiversityFilter,
    GenerativeOverSampler,
    HardExampleSampler,
    HybridSampler,
    InterpolationSampler,
    MixupSampler,
    NoiseSampler,
    QualityFilter,
)
from genesis_sampling.metrics._models import TableClassifier
from genesis_sampling.samplers import KINDS


def never_bad(real, candidates):
    """A scorer for classes that are too small for the others."""
    return np.ones(len(candidates))


# Parameters are chosen for speed. A new sampler costs one line here.
OVER_SAMPLERS = {
    "noise": NoiseSampler(random_state=0),
    "copula": GenerativeOverSampler("gaussian_copula", random_state=0),
    "tree": GenerativeOverSampler("tree", random_state=0),
    **{kind: InterpolationSampler(kind, k_neighbors=2, m_neighbors=4, random_state=0) for kind in KINDS},
    "mixup": MixupSampler(random_state=0),
    "distilled": DistillationSampler(
        "auto", teacher=TableClassifier("logistic"), cv=2, growth=0.0, random_state=0
    ),
    "hard": HardExampleSampler(NoiseSampler(), TableClassifier("logistic"), n_folds=3, random_state=0),
    "adversarial": AdversarialSampler(TableClassifier("logistic"), n_folds=3, random_state=0),
}
SAMPLERS = {
    **OVER_SAMPLERS,
    "hybrid": HybridSampler(random_state=0),
    "constrained": ConstraintFilter((), NoiseSampler(), random_state=0),
    "alone": ConstraintFilter(random_state=0),
    "scored": QualityFilter(NoiseSampler(), scorer=never_bad, random_state=0),
    "auto": AutoSampler(
        TableClassifier("logistic"), [NoiseSampler()], ratios=[1.0], cv=2, n_repeats=1, random_state=0
    ),
    "varied": DiversityFilter(NoiseSampler(), min_distance=0, random_state=0),
}
# Published checks that cannot apply: (sampler or None for all, check) -> why.
INAPPLICABLE: dict[tuple[str | None, str], str] = {
    ("alone", "check_samplers_one_label"): "it does not balance classes, so one class is no error",
}


@pytest.fixture(autouse=True)
def falling_back_is_no_error():
    """Small random classes often have no row in danger, no cluster and the like; the kinds' own tests look at that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
        warnings.filterwarnings("ignore", message=".*too few to try anything")
        warnings.filterwarnings("ignore", message=".*on its own side of the boundary")
        warnings.filterwarnings("ignore", message=".*has no column of numbers that could be moved")
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the published checks over the table."""
    if "published_check" in metafunc.fixturenames:
        pairs = [
            pytest.param(sampler, check, id=f"{name}-{_name_of(check)}")
            for name, sampler in SAMPLERS.items()
            for suite in (sklearn_checks, imblearn_checks)
            for _, check in suite.estimator_checks_generator(sampler)
            if not {(name, _name_of(check)), (None, _name_of(check))} & INAPPLICABLE.keys()
        ]
        metafunc.parametrize(("checked_sampler", "published_check"), pairs)


def _name_of(check) -> str:
    return check.func.__name__


@pytest.fixture(params=SAMPLERS.values(), ids=SAMPLERS.keys())
def sampler(request):
    return clone(request.param)


@pytest.fixture(params=OVER_SAMPLERS.values(), ids=OVER_SAMPLERS.keys())
def over_sampler(request):
    return clone(request.param)


@pytest.fixture
def numbers():
    """60 rows of 4 whole-number columns in 100..109 and three classes of 40, 15 and 5 rows."""
    X = np.random.default_rng(0).integers(100, 110, size=(60, 4)).astype(np.float64)
    return X, np.repeat([2, 0, 1], [40, 15, 5])


@pytest.fixture
def mixed():
    """A pandas frame with a column of every dtype, each of which has missing values where it can."""
    rng = np.random.default_rng(1)
    n_rows = 80
    gap = rng.random((n_rows, 12)) < 0.1
    gap[:2] = False
    words = rng.choice(["red", "green", "blue"], n_rows)
    whole = rng.integers(0, 50, n_rows)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n_rows), unit="D")
    X = pd.DataFrame(
        {
            "float": np.where(gap[:, 0], np.nan, rng.normal(size=n_rows)),
            "float32": np.where(gap[:, 1], np.nan, rng.normal(size=n_rows)).astype(np.float32),
            "int8": whole.astype(np.int8),
            "uint16": (whole + 60_000).astype(np.uint16),
            "Int64": pd.array(np.where(gap[:, 2], None, whole.astype(object)), dtype="Int64"),
            "Float64": pd.array(np.where(gap[:, 3], None, (whole / 2).astype(object)), dtype="Float64"),
            "bool": rng.random(n_rows) < 0.3,
            "boolean": pd.array(
                np.where(gap[:, 4], None, (rng.random(n_rows) < 0.5).astype(object)), "boolean"
            ),
            "category": pd.Categorical(
                np.where(gap[:, 5], None, words.astype(object)), categories=["red", "green", "blue", "never"]
            ),
            "ordered": pd.Categorical(
                np.where(gap[:, 6], None, words.astype(object)), ["blue", "green", "red"], ordered=True
            ),
            "string": pd.array(np.where(gap[:, 7], None, words.astype(object)), dtype="string"),
            "object": np.where(gap[:, 8], None, words.astype(object)),
            # Arrays: a series would be aligned with the index below, and lose every value.
            "date": pd.Series(days).mask(gap[:, 9]).array,
            "zoned": pd.Series(days).dt.tz_localize("Europe/Berlin").mask(gap[:, 10]).array,
            "duration": pd.Series(pd.to_timedelta(whole, unit="h")).mask(gap[:, 11]).array,
            "constant": 7,
            "empty": np.full(n_rows, np.nan),
        },
        index=rng.permutation(n_rows) + 1000,
    )
    assert X.drop(columns="empty").notna().any().all()
    return X, pd.Series(np.repeat(["big", "mid", "few"], [50, 20, 10]), name="label", index=X.index)
