"""Calibration: closed forms, and simulated models whose calibration is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from genesis_sampling.exceptions import DataError
from genesis_sampling.metrics.calibration import (
    brier_score,
    calibration_intercept_and_slope,
    expected_calibration_error,
)

N_ROWS = 20_000
EVERY = [brier_score, expected_calibration_error, calibration_intercept_and_slope]


@pytest.fixture(scope="module")
def simulated():
    """Log odds of rows, and classes drawn with them."""
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 1.5, size=N_ROWS)
    return odds, (rng.random(N_ROWS) < expit(odds)).astype(int)


def standard_errors(odds):
    """Of the intercept with the slope fixed and of the slope, from the information of the model."""
    variance = expit(odds) * (1 - expit(odds))
    points = np.column_stack([np.ones_like(odds), odds])
    information = points.T @ (points * variance[:, None])
    return 1 / np.sqrt(information[0, 0]), np.sqrt(np.linalg.inv(information)[1, 1])


class TestInterceptAndSlope:
    def test_true_probabilities(self, simulated):
        odds, y = simulated
        found = calibration_intercept_and_slope(y, expit(odds))
        of_intercept, of_slope = standard_errors(odds)
        assert abs(found.intercept) < 4 * of_intercept
        assert abs(found.slope - 1) < 4 * of_slope

    @pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
    def test_odds_blown_up_by_a_factor_have_its_inverse_as_slope(self, simulated, factor):
        odds, y = simulated
        slope = calibration_intercept_and_slope(y, expit(odds)).slope
        found = calibration_intercept_and_slope(y, expit(factor * odds)).slope
        # Where probabilities are cut off near 0 and 1 the two differ, with the factor 4 in a few rows.
        assert found == pytest.approx(slope / factor, rel=0.01)

    def test_shifted_odds_have_the_opposite_shift_as_intercept(self, simulated):
        odds, y = simulated
        before = calibration_intercept_and_slope(y, expit(odds))
        after = calibration_intercept_and_slope(y, expit(odds + np.log(10)))
        assert after.intercept == pytest.approx(before.intercept - np.log(10), abs=1e-6)
        assert after.slope == pytest.approx(before.slope, abs=1e-6)

    def test_closed_form_of_two_probabilities(self):
        # Of 8 rows said to be 0.2 one is positive, of 8 said to be 0.8 seven.
        p, y = np.repeat([0.2, 0.8], 8), [1] + 7 * [0] + 7 * [1] + [0]
        found = calibration_intercept_and_slope(y, p)
        assert found.slope == pytest.approx(np.log(7) / np.log(4), rel=1e-6)
        assert found.intercept == pytest.approx(0, abs=1e-9)

    def test_constant_probability(self):
        found = calibration_intercept_and_slope([1, 0, 0, 0], [0.5] * 4)
        assert found.intercept == pytest.approx(logit(0.25))
        assert np.isnan(found.slope)

    @pytest.mark.parametrize(("p", "slope"), [([0, 0.1, 0.9, 1], np.inf), ([1, 0.9, 0.1, 0], -np.inf)])
    def test_separated_classes(self, p, slope):
        assert calibration_intercept_and_slope([0, 0, 1, 1], p).slope == slope

    def test_certain_and_wrong_is_finite(self):
        found = calibration_intercept_and_slope([0, 1, 0, 1, 1], [0.0, 0.0, 1.0, 1.0, 1.0])
        # A half and two thirds are positive, the odds are cut off at one in a million.
        assert found.slope == pytest.approx(np.log(2) / (2 * logit(1 - 1e-6)), rel=1e-4)

    def test_one_class(self):
        assert np.isnan(calibration_intercept_and_slope([0, 0], [0.2, 0.3])).all()


class TestExpectedCalibrationError:
    def test_of_a_true_model_is_what_chance_gives(self, simulated):
        odds, y = simulated
        p = expit(odds)
        # Each bin adds |N(0, s_b)|, where s_b^2 is the variance of its share of the positive rows.
        ordered = np.sort(p).reshape(10, -1)
        spread = np.sqrt((ordered * (1 - ordered)).sum(axis=1)) / N_ROWS
        error = expected_calibration_error(y, p)
        assert error < np.sqrt(2 / np.pi) * spread.sum() + 4 * np.sqrt((spread**2).sum())

    def test_equals_a_constant_shift(self, simulated):
        rng = np.random.default_rng(1)
        p = rng.uniform(0.1, 0.5, size=N_ROWS)
        y = rng.random(N_ROWS) < p
        # Every bin is off by 0.3, give or take the standard error of the mean of all rows.
        assert expected_calibration_error(y, p + 0.3) == pytest.approx(0.3, abs=4 * 0.5 / np.sqrt(N_ROWS))

    def test_label_noise(self):
        rng = np.random.default_rng(2)
        sure = rng.integers(0, 2, size=N_ROWS)
        flipped = rng.random(N_ROWS) < 0.2
        y = np.where(flipped, 1 - sure, sure)
        # A fifth of what is said for certain is wrong, in both bins.
        assert expected_calibration_error(y, sure) == pytest.approx(flipped.mean(), abs=1e-12)

    def test_bins_hold_equally_many_rows(self):
        # With bins of equal width all rows would be in one, and the errors of its halves cancel.
        p = np.r_[np.full(50, 0.01), np.full(50, 0.03)]
        y = np.r_[np.repeat([1, 0], [2, 48]), np.zeros(50, dtype=int)]
        assert expected_calibration_error(y, p, n_bins=2) == pytest.approx((0.03 + 0.03) / 2)
        assert expected_calibration_error(y, p, n_bins=1) == pytest.approx(0)

    def test_perfect_and_worst(self):
        assert expected_calibration_error([0, 1], [0.0, 1.0]) == 0
        assert expected_calibration_error([0, 1], [1.0, 0.0]) == 1


class TestBrierScore:
    def test_is_that_of_scikit_learn(self, simulated):
        odds, y = simulated
        weight = np.random.default_rng(0).random(N_ROWS)
        assert brier_score(y, expit(odds), sample_weight=weight) == pytest.approx(
            brier_score_loss(y, expit(odds), sample_weight=weight)
        )

    def test_several_classes(self):
        p = [[0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
        # (.25 + .09 + .04) + 0 + (1 + 0 + 1), over three rows and three classes
        assert brier_score(["a", "b", "c"], p) == pytest.approx(2.38 / 9)


class TestEveryFigure:
    @pytest.mark.parametrize("figure", EVERY)
    def test_weights_are_repetitions(self, figure, simulated):
        odds, y = (values[:500] for values in simulated)
        p = expit(1.5 * odds).round(1)
        weight = np.random.default_rng(0).integers(0, 4, size=500)
        repeated = np.repeat(np.arange(500), weight)
        assert figure(y, p, sample_weight=weight) == pytest.approx(figure(y[repeated], p[repeated]), rel=1e-5)

    @pytest.mark.parametrize("figure", EVERY)
    def test_several_classes_are_a_mean_of_one_against_the_rest(self, figure):
        rng = np.random.default_rng(0)
        p = rng.dirichlet([1, 1, 1], size=400)
        y = (rng.random(400)[:, None] > p.cumsum(axis=1)).sum(axis=1)
        each = [figure(y == code, p[:, code]) for code in range(3)]
        labels = np.array(["low", "middle", "top"])
        assert figure(labels[y], p) == pytest.approx(np.mean(each, axis=0))

    @pytest.mark.parametrize("figure", EVERY)
    def test_two_columns_are_the_second(self, figure, simulated):
        odds, y = (values[:500] for values in simulated)
        p = expit(odds)
        assert figure(y, np.column_stack([1 - p, p])) == figure(y, p)

    @pytest.mark.parametrize("figure", EVERY)
    def test_the_second_class_is_positive(self, figure, simulated):
        odds, y = (values[:500] for values in simulated)
        labels = np.where(y == 1, "ill", "well")
        assert figure(labels, expit(odds), classes=["well", "ill"]) == figure(y, expit(odds))
        assert figure(labels, expit(odds)) != figure(y, expit(odds))  # sorted, "well" is the second

    @pytest.mark.parametrize("figure", EVERY)
    @pytest.mark.parametrize(
        ("y", "p", "options", "message"),
        [
            ([0, 1], [0.5, 1.5], {}, "outside"),
            ([0, 1], [0.5, np.nan], {}, "outside"),
            ([0, 1], [0.5], {}, "same number of rows"),
            ([], [], {}, "at least one"),
            ([0, 2], [0.5, 0.5], {"classes": [0, 1]}, "classes="),
            (["a", "a"], [0.5, 0.5], {}, "classes="),
            ([0, 1], [0.5, 0.5], {"sample_weight": [0, 0]}, "weights"),
            ([0, 1], [0.5, 0.5], {"sample_weight": [-1, 2]}, "weights"),
        ],
    )
    def test_what_is_refused(self, figure, y, p, options, message):
        with pytest.raises(DataError, match=message):
            figure(y, p, **options)

    def test_bins_below_one_are_refused(self):
        with pytest.raises(DataError, match="n_bins"):
            expected_calibration_error([0, 1], [0.5, 0.5], n_bins=0)
