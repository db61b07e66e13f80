import time

import numpy as np
import pandas as pd
import pytest

from genesis_sampling.exceptions import ConstraintError
from genesis_sampling.filters import Constraint


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 2000
    start = rng.integers(0, 1000, n)
    land = rng.choice(["CH", "FR", "IT"], n)
    return pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 400, n),
            "age": np.clip(rng.normal(40, 20, n).round(), 18, 65),
            "score": rng.normal(size=n),
            "price": rng.lognormal(size=n),
            "land": land,
            "money": np.where(land == "CH", "CHF", "EUR"),
            "vat": np.select([land == "CH", land == "FR"], [8, 20], 22),
            "kind": rng.choice(["a", "b"], n),
            "gappy": np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 5, n)),
        }
    )


def test_learned_constraints_are_those_that_were_planted(frame):
    learned = Constraint.learn(frame)
    assert [str(constraint) for constraint in learned] == [
        "whole numbers: age, gappy",
        "not null: start, end, age, score, price, land, money, vat, kind",
        "start >= 0",
        "end > 0",
        "18 <= age <= 65",
        "price > 0",
        "8 <= vat <= 22",
        "1 <= gappy <= 4",
        "start <= end",
        "land determines money",
        "land determines vat",
    ]


def test_learned_constraints_are_fitted_and_hold(frame):
    for constraint in Constraint.learn(frame):
        assert constraint.check(frame).all()
        assert constraint.fit(frame) is constraint


def test_few_rows_teach_nothing(frame):
    assert Constraint.learn(frame.head(99)) == []
    assert Constraint.learn(frame.head(99), min_rows=50) != []
    assert Constraint.learn(frame.iloc[:0]) == []


@pytest.mark.parametrize("n_rows", [100, 300, 2000])
def test_independent_columns_teach_no_relations(n_rows):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = {f"n{i}": rng.integers(0, 3 + 5 * i, n_rows) for i in range(5)}
        columns |= {f"x{i}": rng.normal(3 * i, 1, n_rows) for i in range(5)}
        columns |= {
            f"c{i}": rng.choice(list("abcdef"), n_rows, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02]) for i in range(5)
        }
        learned = Constraint.learn(pd.DataFrame(columns))
        relations = [c for c in learned if len(c.columns) > 1 and not c.name.startswith("not null")]
        assert relations == []


def test_an_ordering_that_the_ranges_imply_is_left_out():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 90, 500), "year": rng.integers(1990, 2020, 500)})
    assert not any("<= year" in str(c) and "age" in str(c) for c in Constraint.learn(frame))


def test_orderings_are_reduced_to_a_chain():
    rng = np.random.default_rng(0)
    steps = rng.integers(1, 50, (500, 3)).cumsum(axis=1)
    orderings = [
        str(c) for c in Constraint.learn(pd.DataFrame(steps, columns=list("abc"))) if " <= " in str(c)
    ]
    assert [text for text in orderings if text in ("a <= b", "b <= c", "a <= c")] == ["a <= b", "b <= c"]


def test_orderings_of_dates_with_gaps():
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, 500), unit="D")
    end = pd.Series(start + pd.to_timedelta(rng.integers(0, 100, 500), unit="D"))
    end[::7] = pd.NaT
    learned = Constraint.learn(pd.DataFrame({"start": start, "end": end}))
    assert [str(c) for c in learned] == ["not null: start", "start <= end"]


def test_one_row_out_of_order_is_enough():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 1000, 3000)
    frame = pd.DataFrame({"start": start, "end": start + 5})
    frame.loc[2500, "end"] = -1
    assert "start <= end" not in [str(c) for c in Constraint.learn(frame)]


def test_bounds_supported_and_observed():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"balance": rng.normal(size=300), "rate": np.clip(rng.normal(1, 1, 300), 0, None)})
    assert [str(c) for c in Constraint.learn(frame)][1:] == ["rate >= 0"]
    observed = [c for c in Constraint.learn(frame, bounds="observed") if c.columns == ("balance",)]
    assert observed == [Constraint.range("balance", frame["balance"].min(), frame["balance"].max())]
    with pytest.raises(ConstraintError, match="'supported' or 'observed'"):
        Constraint.learn(frame, bounds="all")


def test_combinations_that_cannot_be():
    rng = np.random.default_rng(0)
    sex = rng.choice(["m", "f"], 1000)
    pregnant = np.where((sex == "f") & (rng.random(1000) < 0.3), "yes", "no")
    learned = Constraint.learn(pd.DataFrame({"sex": sex, "pregnant": pregnant}))
    assert "observed combinations of sex, pregnant" in [str(c) for c in learned]
    impossible = pd.DataFrame({"sex": ["m"], "pregnant": ["yes"]})
    assert not learned[-1].check(impossible).any()
    # one such row among the real ones and it is no rule
    mixed = pd.concat([pd.DataFrame({"sex": sex, "pregnant": pregnant}), impossible], ignore_index=True)
    assert len(Constraint.learn(mixed)) == len(learned) - 1


def test_implied_combinations_are_left_out():
    rng = np.random.default_rng(0)
    net = rng.choice(["none", "dsl", "fibre"], 3000)
    services = {f"s{i}": np.where(net == "none", "no net", rng.choice(["yes", "no"], 3000)) for i in range(4)}
    learned = Constraint.learn(pd.DataFrame({"net": net, **services}))
    assert [c.columns for c in learned[1:]] == [("net", f"s{i}") for i in range(4)]


def test_integer_column_names_and_odd_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {0: rng.integers(0, 3, 200), 1: [None] * 200, 2: ["x"] * 200, 3: [np.inf] + [1.5] * 199}
    )
    frame[4] = frame[0].astype("category")
    frame[5] = pd.to_timedelta(frame[0], unit="h")
    frame[6] = (frame[0] > 1).astype("boolean")
    for constraint in Constraint.learn(frame):
        assert constraint.check(frame).all()


def test_adult(load_real):
    frame = load_real("adult")
    began = time.perf_counter()
    learned = Constraint.learn(frame)
    assert time.perf_counter() - began < 5  # 0.2 s on one core
    names = [str(constraint) for constraint in learned]
    assert "education determines education-num" in names
    assert "observed combinations of marital-status, relationship" in names
    assert "17 <= age <= 90" in names
    assert not any("fnlwgt <=" in name or "<= fnlwgt" in name for name in names)
    assert all(constraint.check(frame).all() for constraint in learned)
