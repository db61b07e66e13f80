"""A table with everything that metrics have to stand: modes, trends, categories, gaps; and spoiled copies of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

N_ROWS = 1000


def draw(n_rows: int, seed: int) -> pd.DataFrame:
    """Three far modes, each with a city of its own but for a tenth; a number that one mode often lacks."""
    rng = np.random.default_rng(seed)
    mode = rng.integers(3, size=n_rows)
    city = np.where(rng.random(n_rows) < 0.1, rng.integers(3, size=n_rows), mode)
    a = 8.0 * mode + rng.normal(size=n_rows)
    gap = np.where((mode == 0) & (rng.random(n_rows) < 0.5), np.nan, rng.normal(size=n_rows))
    return pd.DataFrame(
        {"a": a, "b": a + rng.normal(size=n_rows), "gap": gap, "city": np.array(["x", "y", "z"])[city]}
    )


def shuffled(real: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame({name: rng.permutation(column) for name, column in real.items()})


def first_two_modes(n_rows: int, seed: int) -> pd.DataFrame:
    rows = draw(4 * n_rows, seed)
    return rows[(rows["a"] < 12) & (rows["city"] != "z")][:n_rows]


SPOILED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "copied": lambda real: real.sample(frac=1, random_state=0),
    "fresh": lambda real: draw(len(real), 1),
    "shuffled": shuffled,
    "constant": lambda real: real.iloc[[1] * len(real)],
    "mode dropped": lambda real: first_two_modes(len(real), 2),
    "far": lambda real: draw(len(real), 3).assign(a=lambda rows: rows["a"] + 500),
}


@pytest.fixture(scope="session")
def real() -> pd.DataFrame:
    return draw(N_ROWS, 0)


@pytest.fixture(scope="session")
def spoiled(real: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What was done to the real rows -> the rows."""
    return {name: make(real).reset_index(drop=True) for name, make in SPOILED.items()}
