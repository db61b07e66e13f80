"""The checks of scikit-learn and imbalanced-learn over every sampler."""

import imblearn.utils.estimator_checks as imblearn_checks
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from sklearn.base import clone

from genesis_sampling import NoiseSampler

SAMPLERS = [NoiseSampler(random_state=0)]


def every_check(*suites):
    """(sampler, check) pairs of the suites, as parameters of a test."""
    pairs = [pair for suite in suites for sampler in SAMPLERS for pair in suite(sampler)]
    names = [f"{type(sampler).__name__}-{check.func.__name__}" for sampler, check in pairs]
    return pytest.mark.parametrize(("sampler", "check"), pairs, ids=names)


@every_check(sklearn_checks.estimator_checks_generator, imblearn_checks.estimator_checks_generator)
def test_published_checks(sampler, check):
    check(sampler)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize(
    "check",
    [imblearn_checks.check_param_validation, imblearn_checks.check_dataframe_column_names_consistency],
)
def test_parameters_and_column_names(sampler, check):
    check(type(sampler).__name__, clone(sampler))
