import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError

from genesis_sampling.exceptions import ConstraintError, ConstraintParseError
from genesis_sampling.filters import Constraint, parse_constraints


def is_even(frame):
    return frame["a"] % 2 == 0


def three_rows(frame):
    return [True, True, False]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "a": [1, -2, 3, 4],
            "b": [2.0, 0.5, np.nan, -1.0],
            "total": [3.0, -1.5, 7.0, 0.0],
            "city": ["Bern", "Lyon", None, "Bern"],
            "land": pd.Categorical(["CH", "FR", "CH", "FR"]),
            "start": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-04"]),
            "end": pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-01", "2020-01-04"]),
        },
        index=[3, 3, 1, 0],
    )


CONSTRAINTS = [
    (Constraint.positive("a"), "a > 0", [1, 0, 1, 1]),
    (Constraint.non_negative("b"), "b >= 0", [1, 1, 1, 0]),
    (Constraint.range("a", 0, 3), "0 <= a <= 3", [1, 0, 1, 0]),
    (Constraint.range("a", 1, 3, inclusive="left"), "1 <= a < 3", [1, 0, 0, 0]),
    (Constraint.range("start", "2020-01-02", None), "start >= '2020-01-02'", [0, 1, 1, 1]),
    (Constraint.one_of("city", ["Bern"]), "city in ['Bern']", [1, 0, 1, 1]),
    (Constraint.one_of("land", ["CH"]), "land in ['CH']", [1, 0, 1, 0]),
    (Constraint.not_null("b", "city"), "not null: b, city", [1, 1, 0, 1]),
    (Constraint.integer("a", "b"), "whole numbers: a, b", [1, 0, 1, 1]),
    (Constraint.regex("city", "B.*n"), "city matches 'B.*n'", [1, 0, 1, 1]),
    (Constraint.regex("land", "C"), "land matches 'C'", [0, 0, 0, 0]),
    (Constraint.inequality("start", "end"), "start <= end", [1, 0, 1, 1]),
    (Constraint.less_than("start", "end"), "start < end", [1, 0, 1, 0]),
    (Constraint.sum_of("total", ["a", "b"]), "total == a + b", [1, 1, 1, 0]),
    (Constraint.linear("b", {"a": 2}, intercept=-9), "b == 2 * a - 9", [0, 0, 1, 1]),
    (Constraint.functional_dependency("city", "land", {"Bern": "CH"}), "city determines land", [1, 1, 1, 0]),
    (
        Constraint.fixed_combinations(["city", "land"], [("Bern", "CH"), ("Lyon", "FR")]),
        "observed combinations of city, land",
        [1, 1, 1, 0],
    ),
    (Constraint.unique("city"), "unique: city", [1, 1, 1, 0]),
    (Constraint.expression("start <= end and a > 0"), "start <= end and a > 0", [1, 0, 1, 1]),
    (Constraint.custom(is_even), "is_even", [0, 1, 0, 1]),
    (Constraint.custom(is_even, ["a"], name="even"), "even", [0, 1, 0, 1]),
    (Constraint.positive("a") & Constraint.positive("b"), "(a > 0) and (b > 0)", [1, 0, 1, 0]),
    (Constraint.positive("a") | Constraint.positive("b"), "(a > 0) or (b > 0)", [1, 1, 1, 1]),
    (~Constraint.positive("b"), "not (b > 0)", [0, 0, 1, 1]),
]
NAMES = [str(constraint) for constraint, _, _ in CONSTRAINTS]


@pytest.mark.parametrize(("constraint", "name", "expected"), CONSTRAINTS, ids=NAMES)
def test_check_and_name(frame, constraint, name, expected):
    constraint.validate(frame)
    mask = constraint.check(frame)
    assert mask.dtype == bool
    assert mask.astype(int).tolist() == expected
    assert constraint.name == str(constraint) == name
    assert repr(constraint) == f"<Constraint: {name}>"
    assert constraint.fit(frame) is constraint


@pytest.mark.parametrize(("constraint", "name", "expected"), CONSTRAINTS, ids=NAMES)
def test_constraints_are_values(constraint, name, expected):
    class Holder(BaseEstimator):
        def __init__(self, constraints=()):
            self.constraints = constraints

    for same in (pickle.loads(pickle.dumps(constraint)), copy.deepcopy(constraint)):
        assert same == constraint
        assert hash(same) == hash(constraint)
    assert clone(Holder([constraint])).get_params()["constraints"] == [constraint]
    assert constraint != Constraint.positive("other")


@pytest.mark.parametrize(("constraint", "name", "expected"), CONSTRAINTS, ids=NAMES)
def test_repair_mends_what_is_broken_and_nothing_else(frame, constraint, name, expected):
    before = frame.copy(deep=True)
    if not constraint.can_repair:
        with pytest.raises(ConstraintError, match="which has none"):
            constraint.repair(frame)
        return
    repaired = constraint.repair(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert constraint.check(repaired).all()
    kept = constraint.check(frame)
    pd.testing.assert_frame_equal(repaired[kept], frame[kept])
    assert repaired.dtypes.equals(frame.dtypes)


def test_repair_gives_the_caller_a_copy(frame):
    repaired = Constraint.range("a", -9, 9).repair(frame)
    repaired.loc[:, "a"] = 0
    assert frame["a"].tolist() == [1, -2, 3, 4]


# ---------------------------------------------------------------- missing cells


def test_a_missing_cell_violates_nothing_but_not_null():
    frame = pd.DataFrame({"a": [None, None], "b": [None, 3.0], "c": ["x", None]}).astype({"a": "float64"})
    for constraint in (
        Constraint.positive("a"),
        ~Constraint.positive("a"),
        Constraint.one_of("a", [1]),
        Constraint.inequality("a", "b"),
        Constraint.sum_of("a", ["b"]),
        Constraint.unique("a"),
        Constraint.integer("a"),
        Constraint.expression("not (a < 5)"),
        Constraint.functional_dependency("c", "a", {"x": 1}),
    ):
        assert constraint.check(frame).all(), constraint
        if constraint.can_repair:
            pd.testing.assert_frame_equal(constraint.repair(frame), frame)
    assert Constraint.not_null("b").check(frame).tolist() == [False, True]
    assert (~Constraint.not_null("b")).check(frame).tolist() == [True, False]


def test_a_gap_in_a_combination_passes_where_some_combination_fills_it():
    constraint = Constraint.fixed_combinations(
        ["a", "b", "c"], [("x", 1, "u"), ("x", 2, "v"), ("y", None, "w")]
    )
    frame = pd.DataFrame(
        {
            "a": ["x", "x", "x", None, "y", "y", None, "z"],
            "b": pd.array([1, 2, None, None, None, 1, None, None], dtype="Int64"),
            "c": ["u", "u", "v", "w", "w", "w", None, None],
        }
    )
    assert constraint.check(frame).tolist() == [True, False, True, True, True, False, True, False]


# ---------------------------------------------------------------- repair


@given(
    st.sampled_from(["int8", "uint8", "int64", "Int16", "float32", "float64", "Float64"]),
    st.sampled_from(["both", "left", "right", "neither"]),
    st.sampled_from([(2, 9), (2, None), (None, 9), (1.5, 8.5)]),
    st.lists(st.integers(0, 100), min_size=1, max_size=8),
)
@settings(max_examples=200)
def test_range_repair_keeps_dtype_and_satisfies(dtype, inclusive, bounds, values):
    frame = pd.DataFrame({"a": pd.Series(values, dtype=dtype)})
    constraint = Constraint.range("a", *bounds, inclusive=inclusive)
    repaired = constraint.repair(frame)
    assert constraint.check(repaired).all()
    assert repaired["a"].dtype == frame["a"].dtype
    kept = constraint.check(frame)
    assert repaired["a"][kept].equals(frame["a"][kept])


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1))
def test_positive_repair_of_floats(values):
    frame = pd.DataFrame({"a": pd.Series(values, dtype="float64")})
    repaired = Constraint.positive("a").repair(frame)["a"]
    assert (repaired[repaired.notna()] > 0).all()
    valid = frame["a"][frame["a"] > 0]
    changed = repaired[(frame["a"] <= 0)]
    assert (changed == (valid.min() if len(valid) else 1)).all()


def test_range_repair_of_dates():
    zone = "Europe/Berlin"
    start = pd.to_datetime(["2019-01-01", "2020-05-05", None, "2023-01-01"]).tz_localize(zone)
    frame = pd.DataFrame({"a": start})
    repaired = Constraint.range("a", "2020-01-01", "2022-01-01").repair(frame)
    assert repaired["a"].dtype == frame["a"].dtype
    assert repaired["a"].dt.year.tolist()[:2] == [2020, 2020]
    assert repaired["a"][3] == pd.Timestamp("2022-01-01", tz=zone)
    later = Constraint.range("a", "2030-01-01", None, inclusive="neither")
    assert later.check(later.repair(frame)).all()


def test_range_repair_of_text():
    frame = pd.DataFrame({"a": ["a", "z"]})
    assert Constraint.range("a", "b", "m").repair(frame)["a"].tolist() == ["b", "m"]
    exclusive = Constraint.range("a", "b", "m", inclusive="neither")
    assert exclusive.check(exclusive.repair(frame)).tolist() == [False, False]
    with_one = pd.DataFrame({"a": ["a", "c", "z"]})
    assert exclusive.repair(with_one)["a"].tolist() == ["c", "c", "c"]


def test_range_of_ordered_categories():
    sizes = pd.Categorical(["S", "L", None, "M"], categories=["S", "M", "L"], ordered=True)
    frame = pd.DataFrame({"a": sizes})
    constraint = Constraint.range("a", "M", None)
    assert constraint.check(frame).tolist() == [False, True, True, True]
    repaired = constraint.repair(frame)
    assert repaired["a"].tolist()[0] == "M"
    assert repaired["a"].dtype == frame["a"].dtype


def test_what_the_dtype_cannot_hold_stays_and_goes_on_violating():
    frame = pd.DataFrame({"total": np.array([1, 2], "int8"), "a": [100, 1], "b": [100, 1]})
    constraint = Constraint.sum_of("total", ["a", "b"])
    repaired = constraint.repair(frame)
    pd.testing.assert_frame_equal(repaired, frame)
    assert constraint.check(repaired).tolist() == [False, True]
    frame = pd.DataFrame({"a": [1], "b": pd.Categorical(["x"])})
    constraint = Constraint.functional_dependency("a", "b", {1: "y"})
    assert not constraint.check(constraint.repair(frame)).any()
    frame = pd.DataFrame({"low": [300], "high": np.array([5], "int8")})
    constraint = Constraint.inequality("low", "high")
    pd.testing.assert_frame_equal(constraint.repair(frame), frame)


NUMBERS = ["int8", "int64", "Int32", "float32", "float64", "Float64"]


@given(
    st.lists(st.tuples(st.integers(-100, 100), st.integers(-100, 100)), min_size=1),
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS),
    st.booleans(),
)
def test_inequality_repair(rows, low, high, strict):
    frame = pd.DataFrame(rows, columns=["low", "high"]).astype({"low": low, "high": high})
    for name in ("low", "high"):
        if frame[name].dtype.kind == "f":
            frame[name] += 0.25
    constraint = Constraint.inequality("low", "high", strict=strict)
    repaired = constraint.repair(frame)
    assert constraint.check(repaired).all()
    assert repaired.dtypes.equals(frame.dtypes)
    kept = constraint.check(frame)
    pd.testing.assert_frame_equal(repaired[kept], frame[kept])


def test_strict_ties_at_the_end_of_the_dtype_move_down():
    frame = pd.DataFrame({"low": np.array([127], "int8"), "high": np.array([127], "int8")})
    repaired = Constraint.less_than("low", "high").repair(frame)
    assert repaired.iloc[0].tolist() == [126, 127]


@given(
    st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 3), min_size=1),
    st.sampled_from(["float64", "float32", "int64", "Float64"]),
)
def test_derived_sums_hold(rows, dtype):
    frame = pd.DataFrame(rows, columns=["total", "a", "b"])
    frame["total"] = frame["total"].round().astype(dtype)
    for constraint in (
        Constraint.sum_of("total", ["a", "b"]),
        Constraint.linear("total", {"a": 0.5, "b": -3}),
    ):
        repaired = constraint.repair(frame)
        assert constraint.check(repaired).all()
        assert repaired.dtypes.equals(frame.dtypes)


def test_sums_of_cents_pass_and_a_cent_more_does_not():
    frame = pd.DataFrame({"total": [0.3, 0.31], "a": [0.1, 0.1], "b": [0.2, 0.2]})
    assert Constraint.sum_of("total", ["a", "b"]).check(frame).tolist() == [True, False]
    assert Constraint.sum_of("total", ["a", "b"], tolerance=0.011).check(frame).all()


def test_a_whole_total_is_the_rounded_sum():
    frame = pd.DataFrame({"total": [3, 5], "a": [1.4, 1.4], "b": [1.7, 1.7]})
    constraint = Constraint.sum_of("total", ["a", "b"])
    assert constraint.check(frame).tolist() == [True, False]
    assert constraint.repair(frame)["total"].tolist() == [3, 3]


def test_derive_touches_dependent_columns_alone(frame):
    both = Constraint.sum_of("total", ["a", "b"]) & Constraint.positive("a")
    derived = both.derive(frame)
    assert derived["total"].tolist() == [3.0, -1.5, 7.0, 3.0]
    pd.testing.assert_frame_equal(derived.drop(columns="total"), frame.drop(columns="total"))
    pd.testing.assert_frame_equal((~both).derive(frame), frame)


def test_repair_of_combinations():
    frame = pd.DataFrame({"a": [-5, 500, 7], "b": [3, 3, 2]})
    constraint = Constraint.range("a", 0, 10) & Constraint.inequality("b", "a")
    repaired = constraint.repair(frame)
    assert constraint.check(repaired).all()
    either = Constraint.one_of("b", [3]) | Constraint.range("a", 0, 3)
    assert either.repair(frame).iloc[2].tolist() == [3, 2]
    assert not (Constraint.one_of("b", [3]) & Constraint.positive("a")).can_repair


# ---------------------------------------------------------------- fitted ones


def test_functional_dependency_is_learned_and_derived():
    real = pd.DataFrame(
        {
            "city": ["Bern", "Lyon", "Bern", None],
            "year": [1, 1, 2, 1],
            "tax": pd.array([7, 8, 9, 1], dtype="Int8"),
        }
    )
    constraint = Constraint.functional_dependency(["city", "year"], "tax")
    with pytest.raises(NotFittedError, match="city, year determines tax"):
        constraint.check(real)
    fitted = constraint.fit(real)
    assert fitted != constraint
    assert fitted.check(real).all()
    new = real.assign(tax=pd.array([9, 9, None, 3], dtype="Int8"))
    assert fitted.check(new).tolist() == [False, False, True, True]
    assert fitted.repair(new)["tax"].tolist()[:2] == [7, 8]
    assert fitted.repair(new)["tax"].dtype == "Int8"
    unseen = pd.DataFrame({"city": ["Rome"], "year": [1], "tax": [5]})
    assert fitted.check(unseen).all()
    assert pickle.loads(pickle.dumps(fitted)) == fitted


def test_a_dependency_that_real_rows_contradict_is_refused():
    real = pd.DataFrame({"a": ["x", "x"], "b": [1, 2]})
    with pytest.raises(ConstraintError, match="both 1 and 2 in column 'b'"):
        Constraint.functional_dependency("a", "b").fit(real)


@pytest.mark.parametrize("dtype", [None, "object", "string", "category"])
def test_fixed_combinations_are_learned(dtype):
    real = pd.DataFrame({"a": ["x", "x", "y", None], "b": [True, False, True, True]}).astype(
        {"a": dtype} if dtype else {}
    )
    constraint = Constraint.fixed_combinations(["a", "b"])
    with pytest.raises(NotFittedError):
        constraint.check(real)
    fitted = constraint.fit(real)
    assert fitted.check(real).all()
    new = pd.DataFrame({"a": ["y", "x", "z"], "b": [False, False, True]})
    assert fitted.check(new).tolist() == [False, True, False]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 3) | st.none()), min_size=1))
def test_learned_combinations_hold_where_learned(rows):
    real = pd.DataFrame(rows, columns=["a", "b"])
    fitted = Constraint.fixed_combinations(["a", "b"]).fit(real)
    assert fitted.check(real).all()
    seen = {(a, b) for a, b in rows}
    new = pd.DataFrame([(a, b) for a in "xyz" for b in range(4)], columns=["a", "b"])
    expected = [pair in seen for pair in new.itertuples(index=False, name=None)]
    assert fitted.check(new).tolist() == expected


def test_fit_reaches_into_combined_constraints():
    real = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    combined = ~(Constraint.fixed_combinations(["a", "b"]) & Constraint.positive("b")) | Constraint.not_null(
        "a"
    )
    assert combined.fit(real).check(real).all()


# ---------------------------------------------------------------- unique


def test_unique_counts_existing_rows_too():
    new = pd.DataFrame({"a": [1, 2, 2, 3, None, None], "b": ["x"] * 6})
    existing = pd.DataFrame({"b": ["x", "y"], "a": [3, 1]})
    unique = Constraint.unique("a", "b")
    assert unique.check(new).tolist() == [True, True, False, True, True, True]
    assert unique.check(new, existing).tolist() == [True, True, False, False, True, True]
    assert (unique & Constraint.range("a", 2)).check(new, existing).tolist() == [
        False,
        True,
        False,
        False,
        True,
        True,
    ]
    assert unique.check(new, existing.iloc[:0]).tolist() == unique.check(new).tolist()
    assert unique.check(new.iloc[:0], existing).tolist() == []


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constraint.range("a", 3, 1), "holds no value"),
        (lambda: Constraint.range("a", 1, 1, inclusive="left"), "holds no value"),
        (lambda: Constraint.range("a"), "no bound"),
        (lambda: Constraint.range("a", 1, inclusive="yes"), "expected one of both"),
        (lambda: Constraint.one_of("a", []), "at least one"),
        (lambda: Constraint.one_of("a", "xyz"), "expected a list"),
        (lambda: Constraint.unique(), "one or more names"),
        (lambda: Constraint.not_null(["a", "b"]), "each as an argument"),
        (lambda: Constraint.sum_of("a", []), "one or more"),
        (lambda: Constraint.sum_of("a", ["a", "b"]), "other columns"),
        (lambda: Constraint.sum_of("a", "bcd"), "a list of columns"),
        (lambda: Constraint.regex("a", "("), "no regular expression"),
        (lambda: Constraint.fixed_combinations(["a", "b"], [("x",)]), "expected 2 values"),
        (lambda: Constraint.custom("a > 1"), "expected a callable"),
        (lambda: Constraint.parse(3), "expected a Constraint"),
        (lambda: Constraint.parse("a >"), "not an expression"),
    ],
)
def test_malformed_constraints_are_refused(make, message):
    with pytest.raises(ConstraintError, match=message):
        make()


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Constraint.positive("aa"), "Did you mean 'a'"),
        (Constraint.positive("city"), "numbers.*text"),
        (Constraint.sum_of("total", ["a", "city"]), "expected numbers"),
        (Constraint.regex("a", "x"), "expected text"),
        (Constraint.one_of("a", ["x"]), "numbers.*text"),
        (Constraint.inequality("a", "start"), "numbers.*dates"),
        (Constraint.custom(three_rows), "expected one boolean for each of 4 rows"),
        (Constraint.functional_dependency("land", "nowhere"), "unknown column 'nowhere'"),
    ],
)
def test_validate_says_what_does_not_fit(frame, constraint, message):
    with pytest.raises(ConstraintError, match=message):
        constraint.validate(frame)


def test_an_array_has_no_names():
    frame = pd.DataFrame(np.array([[1.0, 2.0], [-1.0, 5.0]]))
    assert Constraint.positive(0).check(frame).tolist() == [True, False]
    assert Constraint.parse("x0 < x1").check(frame).all()
    assert Constraint.sum_of(1, [0]).repair(frame)[1].tolist() == [1.0, -1.0]
    with pytest.raises(ConstraintError, match="set_output"):
        Constraint.positive("age").check(frame)


def test_parse_constraints_takes_one_or_several():
    positive, even = Constraint.positive("a"), Constraint.custom(is_even)
    assert parse_constraints(None) == parse_constraints(()) == ()
    assert parse_constraints("a > 0") == (Constraint.expression("a > 0"),)
    assert parse_constraints([positive & even, is_even]) == (positive, even, even)
    with pytest.raises(ConstraintParseError):
        parse_constraints(["a > 0", "a >"])
    with pytest.raises(TypeError):
        positive & "a > 0"


def test_double_negation_and_flat_joins():
    a, b, c = (Constraint.positive(name) for name in "abc")
    assert ~~a == a
    assert (a & b) & c == a & (b & c)
    assert (a & b & c).parts == (a, b, c)
    assert a.parts == (a,)
    assert (a | b).columns == ("a", "b")


@given(st.lists(st.tuples(*[st.integers(-3, 3) | st.none()] * 2), min_size=1))
def test_a_row_fails_a_constraint_or_its_negation_never_both_when_unknown(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="Int64")
    for constraint in (
        Constraint.positive("a"),
        Constraint.inequality("a", "b"),
        Constraint.sum_of("a", ["b"]),
    ):
        passes, fails = constraint.check(frame), (~constraint).check(frame)
        known = frame[list(constraint.columns)].notna().all(axis=1).to_numpy()
        assert np.array_equal(passes ^ fails, known)
        assert (passes & fails)[~known].all()
