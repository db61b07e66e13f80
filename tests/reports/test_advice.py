"""Advice: each finding follows from its figures, names its columns, and is silent otherwise."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from genesis_sampling.reports import advise
from genesis_sampling.reports._figures import DIVERSITY, FIDELITY, PRIVACY, ideal_text, value_text

GOOD = {
    "quality_score": 0.97,
    "shape": 0.98,
    "trend": 0.96,
    "missing_pattern_distance": 0.01,
    "c2st": 0.55,
    "alpha_precision": 0.97,
    "beta_recall": 0.93,
    "authenticity": 0.52,
    "density": 1.0,
    "coverage": 0.96,
    "duplicate_share": 0.02,
    "duplicate_share_real": 0.02,
    "nearest_distance_ratio": 1.02,
    "categories_lost": 0.0,
    "modes_lost": 0.0,
    "exact_copies": 0.01,
    "exact_copies_holdout": 0.012,
    "nearer_to_train": 0.51,
    "membership_distance": 0.5,
    "membership_domias": 0.52,
}
# What one figure does to a report in which all others are good: (figures, kind, words).
FINDINGS = [
    ({"exact_copies": 0.4}, "privacy", ["copy training rows", "40 %", "1.2 %"]),
    ({"exact_copies": 0.4, "exact_copies_holdout": None}, "privacy", ["40 %", "chance", "holdout"]),
    ({"exact_copies_holdout": 0.9}, "privacy", ["90 %", "seems to hold training rows"]),
    ({"c2st": 0.2}, "fidelity", ["0.20", "copies"]),
    ({"nearer_to_train": 0.7}, "privacy", ["70 %", "single training rows"]),
    ({"authenticity": 0.1}, "privacy", ["10 %", "neighbour"]),
    ({"membership_distance": 0.8}, "privacy", ["from distances", "0.80"]),
    ({"membership_distance": 0.7, "membership_domias": 0.9}, "privacy", ["from densities", "0.90"]),
    ({"shape": 0.6}, "fidelity", ["shape 0.60"]),
    ({"trend": 0.5}, "fidelity", ["trend 0.50"]),
    ({"c2st": 0.97}, "fidelity", ["Boosted trees", "though single columns and pairs look right", "0.97"]),
    ({"missing_pattern_distance": 0.3}, "fidelity", ["missing together", "0.30"]),
    ({"alpha_precision": 0.5}, "fidelity", ["where real rows are rare"]),
    ({"density": 0.3}, "fidelity", ["where real rows are rare"]),
    ({"categories_lost": 3.0}, "diversity", ["lost categories: 3 "]),
    ({"modes_lost": 0.25}, "diversity", ["25 %"]),
    ({"duplicate_share": 0.5}, "diversity", ["50 % are duplicates", "48 %"]),
    ({"nearest_distance_ratio": 0.2}, "diversity", ["too near: 0.20"]),
    ({"nearest_distance_ratio": 3.0}, "diversity", ["too far: 3.00"]),
    ({"coverage": 0.4}, "diversity", ["coverage 0.40", "beta-recall 0.93"]),
    ({"beta_recall": 0.4, "coverage": None}, "diversity", ["coverage unknown", "beta-recall 0.40"]),
]


def test_all_is_well():
    (only,) = advise(GOOD, counts={"a": 100, "b": 90}, n_generated=100, rejected={"quality": 10})
    assert only.kind == "fine"
    assert f"{len(GOOD)} figures" in only.text


@pytest.mark.parametrize(("change", "kind", "words"), FINDINGS, ids=lambda value: str(value)[:40])
def test_a_finding_follows_from_its_figure(change, kind, words):
    (only,) = advise({**GOOD, **change})
    assert only.kind == kind
    for word in words:
        assert word in only.text


@pytest.mark.parametrize("nothing", [{}, dict.fromkeys(GOOD), dict.fromkeys(GOOD, math.nan)])
def test_nothing_is_said_about_nothing(nothing):
    assert advise(nothing) == []


def test_privacy_comes_first():
    kinds = [
        advice.kind for advice in advise({**GOOD, "categories_lost": 1, "shape": 0.1, "nearer_to_train": 0.9})
    ]
    assert kinds == ["privacy", "fidelity", "diversity"]


def test_an_attack_that_may_be_chance_is_no_finding():
    figures = {**GOOD, "membership_distance": 0.75}
    assert advise(figures, intervals={"membership_distance": (0.4, 0.93)})[0].kind == "fine"
    assert advise(figures, intervals={"membership_distance": (0.7, 0.8)})[0].kind == "privacy"


def test_real_rows_under_new_labels_copy_on_purpose():
    """What finds copies says nothing then; what else is found is told."""
    copied = {"exact_copies": 0.7, "authenticity": 0.1, "c2st": 0.2, "duplicate_share": 0.5}
    (only,) = advise({**GOOD, **copied, "nearest_distance_ratio": 0.4}, relabelled=True)
    assert only.kind == "privacy"
    assert "on purpose" in only.text
    found = advise({**GOOD, **copied, "exact_copies_holdout": 0.9, "shape": 0.1}, relabelled=True)
    assert [advice.kind for advice in found] == ["privacy", "privacy", "fidelity"]


def test_authenticity_of_narrow_tables_and_of_repeated_rows():
    """One number has a third by chance; rows that repeat each other none."""
    low = {**GOOD, "authenticity": 0.33}
    assert advise(low, n_columns=20)[0].kind == "privacy"
    assert advise(low, n_columns=1)[0].kind == "fine"
    assert advise({**low, "duplicate_share_real": 0.4}, n_columns=20)[0].kind == "fine"


@pytest.mark.parametrize(
    ("real", "augmented", "interval", "words"),
    [
        (0.6, 0.5, (-0.15, -0.05), "does worse"),
        (0.5, 0.51, (-0.02, 0.04), "not clearly better"),
        (0.5, 0.6, (0.05, 0.15), None),
        (0.999, 0.998, (-0.002, 0.001), None),
    ],
)
def test_use(real, augmented, interval, words):
    row = {"real": real, "augmented": augmented, "low": interval[0], "high": interval[1]}
    found = advise(GOOD, utility=pd.DataFrame([row], index=["average_precision"]))[0]
    assert found.kind == ("fine" if words is None else "use")
    assert words is None or words in found.text


def test_lost_categories_are_named():
    lost = pd.DataFrame({"column": ["city", "city"], "category": ["Oslo", None]})
    text = advise({**GOOD, "categories_lost": 2.0}, lost=lost)[0].text
    assert "'Oslo' in 'city' and missing in 'city'" in text


class TestColumns:
    def test_columns_that_are_off_are_named_the_worst_first(self):
        shapes = pd.Series({"a": 0.99, "b": 0.5, "c": 0.8, "d": math.nan})
        (only,) = advise({**GOOD, "shape": 0.76}, column_shapes=shapes)
        assert "columns 'b' (0.50) and 'c' (0.80) are off" in only.text

    def test_one_column(self):
        (only,) = advise({}, column_shapes=pd.Series({"a": 0.99, 7: 0.5}))
        assert "because the column '7' (0.50) is off" in only.text

    def test_many_columns_are_counted(self):
        shapes = pd.Series({f"c{number}": number / 10 for number in range(8)})
        assert (
            "'c0' (0.00), 'c1' (0.10), 'c2' (0.20) and 5 more are off"
            in advise({}, column_shapes=shapes)[0].text
        )

    def test_pairs_are_named_where_the_columns_are_right(self):
        trends = pd.DataFrame(
            {"first": ["a", "a", "b"], "second": ["b", "c", "c"], "score": [0.95, 0.4, math.nan]}
        )
        (only,) = advise({**GOOD, "trend": 0.7}, pair_trends=trends)
        assert "'a' with 'c' (0.40)" in only.text
        assert "'b'" not in only.text
        shapes = pd.Series({"a": 0.3})
        (only,) = advise({**GOOD, "trend": 0.7}, pair_trends=trends, column_shapes=shapes)
        assert "the column 'a'" in only.text

    def test_few_rows_may_be_off_by_chance(self):
        shapes = pd.Series({"a": 0.8})
        assert advise({**GOOD, "shape": 0.8}, column_shapes=shapes, n_rows=(1000, 1000))[0].kind == "fidelity"
        assert advise({**GOOD, "shape": 0.8}, column_shapes=shapes, n_rows=(40, 40))[0].kind == "fine"

    def test_tables_of_two_columns_need_more_rows(self):
        trends = pd.DataFrame({"first": ["a"], "second": ["b"], "score": [0.85]})
        assert advise(GOOD, pair_trends=trends, n_rows=(250, 4000))[0].kind == "fine"
        assert advise(GOOD, pair_trends=trends, n_rows=(2500, 4000))[0].kind == "fidelity"

    def test_few_synthetic_rows_cannot_cover_many(self):
        assert advise({**GOOD, "coverage": 0.3}, n_rows=(1000, 100))[0].kind == "fine"
        assert advise({**GOOD, "coverage": 0.3}, n_rows=(100, 1000))[0].kind == "diversity"


class TestCounts:
    def test_classes_that_are_still_apart(self):
        (only,) = advise({}, counts={"no": 900, "yes": 100, "never": 0})
        assert only.kind == "balance"
        assert "still biased to class 'no', which has 9.0 times the rows of class 'yes'" in only.text
        assert advise({}, counts={"no": 400, "yes": 100}) == []
        assert advise({}, counts={"no": 400}) == []

    def test_rejections(self):
        (only,) = advise({}, rejected={"quality": 60, "constraint": 20}, n_generated=100)
        assert only.kind == "acceptance"
        assert "80 % of the candidates" in only.text
        assert "by quality" in only.text
        assert advise({}, rejected={"quality": 40}, n_generated=100) == []


class TestTexts:
    def test_every_figure_is_explained(self):
        explained = {**FIDELITY, **DIVERSITY, **PRIVACY}.keys()
        assert GOOD.keys() - explained == {
            "duplicate_share_real",
            "exact_copies_holdout",
        }  # within the ideals

    @pytest.mark.parametrize(
        ("value", "style", "text"),
        [
            (None, "number", "–"),
            (math.nan, "share", "–"),
            (math.inf, "number", "–"),
            (0.5, "number", "0.500"),
            (0.5, "share", "50 %"),
            (0.012, "share", "1.2 %"),
            (0.0, "share", "0 %"),
            (3.0, "count", "3"),
            (0.25, "count", "0.250"),
        ],
    )
    def test_values(self, value, style, text):
        assert value_text(value, style) == text

    def test_ideals(self):
        copies = PRIVACY["exact_copies"]
        assert ideal_text(copies, {"exact_copies_holdout": 0.014}) == "1.4 %, as in fresh rows"
        assert ideal_text(copies, {}) == "as in fresh rows"
        assert ideal_text(FIDELITY["c2st"], {}) == "0.5"
