"""From a strategy to counts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.utils import check_sampling_strategy

from genesis_sampling import DataError
from genesis_sampling.samplers.strategy import target_counts

COUNTS = {"a": 100, "b": 30, "c": 7}

counts_of_classes = st.lists(st.integers(1, 200), min_size=2, max_size=6, unique=True).map(
    lambda sizes: dict(enumerate(sizes))
)


@given(counts_of_classes, st.sampled_from(["auto", "minority", "not minority", "not majority", "all"]))
def test_named_strategies_are_those_of_imbalanced_learn(counts, strategy):
    y = np.repeat(list(counts), list(counts.values()))
    to_make = check_sampling_strategy(strategy, y, "over-sampling")
    target = target_counts(strategy, counts)
    assert {label: target[label] - count for label, count in counts.items()} == dict.fromkeys(
        counts, 0
    ) | to_make


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 100))
def test_ratio_of_two_classes_is_that_of_imbalanced_learn_where_it_takes_one(few, more, percent):
    if few == more:
        return
    ratio, counts = percent / 100, {0: max(few, more), 1: min(few, more)}
    target = target_counts(ratio, counts)
    exact = percent * counts[0] // 100
    assert target == {0: counts[0], 1: max(counts[1], exact)}


@given(counts_of_classes, st.floats(0.001, 1.0))
def test_no_class_is_below_the_ratio_or_loses_rows(counts, ratio):
    target = target_counts(ratio, counts)
    largest = max(counts.values())
    for label, count in counts.items():
        assert count <= target[label] <= largest
        assert target[label] > ratio * largest - 1


@pytest.mark.parametrize(("ratio", "expected"), [(0.29, 29), (0.07, 7), (0.57, 57), (1.0, 100)])
def test_ratio_is_not_lost_to_floating_point(ratio, expected):
    assert target_counts(ratio, {"a": 100, "b": 1})["b"] == expected


@given(counts_of_classes, st.floats(0, 3))
def test_growth_is_a_share_of_every_balanced_class(counts, growth):
    before, after = target_counts("auto", counts), target_counts("auto", counts, growth=growth)
    for label, count in before.items():
        assert abs(after[label] - count * (1 + growth)) <= 0.5


def test_dict_names_final_counts():
    assert target_counts({"b": 50}, COUNTS) == {"a": 100, "b": 50, "c": 7}


def test_dict_below_the_count_leaves_the_class_alone():
    assert target_counts({"a": 10, "c": 20}, COUNTS) == {"a": 100, "b": 30, "c": 20}


def test_callable_is_given_y():
    y = ["a"] * 100 + ["b"] * 30 + ["c"] * 7

    def double_the_rarest(labels):
        label, count = Counter(labels).most_common()[-1]
        return {label: 2 * count}

    assert target_counts(double_the_rarest, COUNTS, y=y) == {"a": 100, "b": 30, "c": 14}


@pytest.mark.parametrize("count", [-1, 2.5, "ten"])
def test_count_that_is_none_is_refused(count):
    with pytest.raises(DataError, match=r"class 'b' has .*"):
        target_counts({"b": count}, COUNTS)


def test_numpy_integers_are_counts():
    assert target_counts({"b": np.int64(31)}, COUNTS)["b"] == 31


def test_unknown_class_is_refused():
    with pytest.raises(
        DataError, match=r"\['z'\], which are not present in y; expected some of \['a', 'b', 'c'\]"
    ):
        target_counts({"z": 5}, COUNTS)


def test_one_class_is_refused():
    with pytest.raises(DataError, match="one class only \\('a'\\)"):
        target_counts("auto", {"a": 5})
