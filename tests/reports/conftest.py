"""A mixed, gappy pair of tables, names that mean harm, and a stand-in for the metrics of a report."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot

FIGURES = {
    "quality_score": 0.93,
    "shape": 0.95,
    "trend": 0.91,
    "missing_pattern_distance": 0.02,
    "c2st": 0.61,
    "c2st_logistic": 0.52,
    "alpha_precision": 0.96,
    "beta_recall": 0.9,
    "authenticity": 0.55,
    "density": 1.02,
    "coverage": 0.94,
    "duplicate_share": 0.01,
    "duplicate_share_real": 0.012,
    "nearest_distance_ratio": 0.98,
    "categories_lost": 0.0,
    "modes_lost": 0.0,
    "exact_copies": 0.002,
    "exact_copies_holdout": 0.003,
    "nearer_to_train": 0.51,
    "membership_distance": 0.5,
    "membership_domias": 0.51,
}
HOSTILE = [
    "<script>document.title='taken over'</script>",
    '"><img src=https://outside.example/x.png onerror=document.title=1>',
    "'\"&amp;<b>",
    "$\\frac{$",
    "[press](javascript:alert(1)) | `x`",
    "_hidden",
    "two\nlines\x00\u202edne",
    "a" * 200,
]


class StandIn:
    """What a report asks of its metrics."""

    def __init__(self, real, synthetic, *, target=None, holdout=None, **figures):
        self.real, self.synthetic, self.target, self.holdout = real, synthetic, target, holdout
        self.all_real, self.all_synthetic, self.sensitive = real, synthetic, None
        self.categorical_features = "auto"
        self.figures = {**FIGURES, **figures}

    def summary(self):
        return dict(self.figures)

    def figure(self, name):
        return self.figures[name]

    def interval(self, name):
        return None

    def utility(self):
        return None

    def groups(self):
        return None

    def lost_categories(self):
        return pd.DataFrame({"column": [], "category": []})

    def column_shapes(self):
        return pd.Series(np.linspace(0.7, 1, self.real.shape[1]), index=self.real.columns)

    def column_pair_trends(self):
        names = list(self.real.columns)
        return pd.DataFrame({"first": names[:-1], "second": names[1:], "score": 0.95})


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def stand_in():
    return StandIn


@pytest.fixture(scope="session")
def tables():
    """Real rows of two classes, and synthetic rows of the smaller one; a column of every kind, with gaps."""
    rng = np.random.default_rng(0)

    def rows(n_rows, shift, label):
        gap = rng.random((n_rows, 5)) < 0.1
        days = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 300, n_rows), unit="D")
        colours = rng.choice(["red", "green", "blue"], n_rows).astype(object)
        return pd.DataFrame(
            {
                "amount": np.where(gap[:, 0], np.nan, rng.lognormal(shift, 1, n_rows)),
                "age": rng.integers(18, 90, n_rows),
                "rooms": pd.array(
                    np.where(gap[:, 1], None, rng.integers(1, 5, n_rows).astype(object)), "Int64"
                ),
                "colour": np.where(gap[:, 2], None, colours),
                "town": [f"town {number}" for number in rng.integers(0, 40, n_rows)],
                "size": pd.Categorical(rng.choice(list("SML"), n_rows), list("SML"), ordered=True),
                "online": rng.random(n_rows) < 0.4,
                "day": pd.Series(days).mask(gap[:, 3]),
                "wait": pd.Series(pd.to_timedelta(rng.integers(0, 99, n_rows), unit="h")).mask(gap[:, 4]),
                "constant": 7,
                "empty": np.nan,
                "label": label,
            }
        )

    real = pd.concat([rows(250, 0, "no"), rows(50, 1, "yes")], ignore_index=True)
    return SimpleNamespace(real=real, synthetic=rows(120, 1, "yes"), target="label")


@pytest.fixture(scope="session")
def hostile():
    """Names and values that no page may run, load or fall over; the last column is the target."""
    rng = np.random.default_rng(1)

    def rows(n_rows):
        frame = pd.DataFrame({name: rng.choice(HOSTILE, n_rows) for name in HOSTILE[:4]})
        for name in HOSTILE[4:]:
            frame[name] = rng.normal(size=n_rows)
        return frame.assign(target=rng.choice(HOSTILE[:2], n_rows, p=[0.8, 0.2]))

    return SimpleNamespace(real=rows(120), synthetic=rows(80), target="target", names=HOSTILE)
