"""Made tables: their shape, their classes, and what a model finds in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

from genesis_sampling.datasets import make_fraud, make_transactions

MAKERS = [make_fraud, make_transactions]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("n_rows", "share"), [(400, 0.1), (1000, 0.03), (2000, 0.5)])
def test_so_many_rows_and_so_many_of_them_fraud(make, n_rows, share):
    frame = make(n_rows, fraud_share=share)
    assert len(frame) == n_rows
    assert frame.columns[-1] == "is_fraud"
    assert set(frame["is_fraud"]) == {0, 1}
    assert frame["is_fraud"].sum() == pytest.approx(n_rows * share, abs=2)


@pytest.mark.parametrize("make", MAKERS)
def test_a_seed_gives_the_same_rows_each_time(make, global_rng_untouched):
    pd.testing.assert_frame_equal(make(300, random_state=1), make(300, random_state=1))
    assert not make(300, random_state=1).equals(make(300, random_state=2))


def test_fraud_is_numbers_alone():
    frame = make_fraud(500, n_features=7, n_informative=3)
    assert list(frame) == [*(f"v{number}" for number in range(1, 8)), "is_fraud"]
    assert (frame.dtypes.drop("is_fraud") == np.float64).all()
    assert frame["is_fraud"].dtype.kind == "i"
    assert np.isfinite(frame.to_numpy()).all()


def test_the_usual_fraud_is_that_of_the_example():
    """5,000 rows, 250 of them fraud, of which a forest finds about eight in ten and is nearly always right."""
    frame = make_fraud()
    y = frame.pop("is_fraud")
    assert (len(y), y.sum()) == (5000, 250)
    X, X_test, y, y_test = train_test_split(frame, y, test_size=0.3, stratify=y, random_state=42)
    named = RandomForestClassifier(50, random_state=42).fit(X, y).predict(X_test)
    assert 0.7 < recall_score(y_test, named) < 0.9
    assert precision_score(y_test, named) > 0.85


def test_fraud_that_lies_farther_away_is_easier_to_find():
    scores = []
    for class_sep in (0.5, 2.5):
        frame = make_fraud(1500, class_sep=class_sep, random_state=0)
        y = frame.pop("is_fraud").to_numpy()
        forest = RandomForestClassifier(30, random_state=0).fit(frame[::2], y[::2])
        scores.append(average_precision_score(y[1::2], forest.predict_proba(frame[1::2])[:, 1]))
    assert scores[0] + 0.1 < scores[1]


def test_fraud_needs_room_for_its_columns():
    with pytest.raises(ValueError, match="informative"):
        make_fraud(100, n_features=3)
