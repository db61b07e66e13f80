"""New rows of a class of which a part is learned, in several blocks, are as near to it as those made in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from genesis_sampling import GenerativeOverSampler, InterpolationSampler, NoiseSampler
from genesis_sampling.metrics.fidelity import column_pair_trends, column_shapes

dd = pytest.importorskip("dask.dataframe")

from genesis_sampling.distributed import _learned, resample  # noqa: E402

TARGET = "class"
N_BIG, N_FEW, N_LEARNED, N_SEEDS = 3000, 1500, 600, 5


@pytest.fixture(scope="module")
def rows():
    """Two classes, each with columns that hang together in another way."""
    rng = np.random.default_rng(0)
    few = rng.permutation(np.arange(N_BIG + N_FEW) < N_FEW)
    x = rng.normal(np.where(few, 1.0, 0.0), np.where(few, 1.0, 2.0))
    y = np.where(few, 0.9, -0.5) * x + rng.normal(0, 0.5, len(x))
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "skew": rng.exponential(np.where(few, 3.0, 1.0)),
            "kind": np.where(x + rng.normal(0, 0.5, len(x)) > 1, "high", np.where(y > 0, "mid", "low")),
            TARGET: np.where(few, "few", "big"),
        }
    )


def errors(made, real):
    """How far the columns, and pairs of them, are off on average; shape (2,)."""
    made, real = (frame.drop(columns=TARGET) for frame in (made, real))
    return np.array(
        [1 - column_shapes(real, made).mean(), 1 - column_pair_trends(real, made)["score"].mean()]
    )


@pytest.mark.parametrize(
    "sampler",
    [NoiseSampler(), InterpolationSampler("smote"), GenerativeOverSampler("tree")],
    ids=lambda sampler: type(sampler).__name__,
)
def test_as_near_as_in_memory(rows, sampler, monkeypatch):
    """Both errors are averages of distances, for which the triangle inequality holds.

    So the error is at most that of the sampler, as it is in memory, and that of the sample that was learned from.
    """
    monkeypatch.setattr(_learned, "BLOCK_ROWS", 400)
    real = rows[rows[TARGET] == "few"]
    X, y = rows.drop(columns=TARGET), rows[TARGET]
    in_memory = []
    for seed in range(1, 1 + N_SEEDS):
        X_new, y_new = clone(sampler).set_params(random_state=seed).fit_resample(X, y)
        in_memory.append(errors(X_new.assign(**{TARGET: y_new}).iloc[len(rows) :], real))
    of_samples = [errors(real.sample(N_LEARNED, random_state=seed), real) for seed in range(N_SEEDS)]
    spread = np.std(in_memory, axis=0, ddof=1) ** 2 + np.std(of_samples, axis=0, ddof=1) ** 2
    bound = np.mean(in_memory, axis=0) + np.mean(of_samples, axis=0)
    # By chance both means are off as well as what is measured.
    bound += 5 * np.sqrt(spread * (1 + 1 / N_SEEDS))

    ddf = dd.from_pandas(rows, npartitions=5, sort=False)
    new, report = resample(
        clone(sampler).set_params(random_state=0),
        ddf,
        TARGET,
        fit_rows=N_LEARNED,
        npartitions=4,
        return_report=True,
    )
    assert report.choices["rows of class 'few' learned from"] == "600 of 1,500"
    assert new.npartitions == 9
    made = new.partitions[5:].compute()
    assert (made[TARGET] == "few").all()
    assert (errors(made, real) < bound).all()

    # What the bound is there to notice: rows of the other class, and columns that hang together no more.
    assert errors(rows[rows[TARGET] == "big"], real)[0] > 1.5 * bound[0]
    rng = np.random.default_rng(0)
    apart = made.apply(lambda values: rng.permutation(values.to_numpy()))
    assert errors(apart, real)[1] > 1.5 * bound[1]
