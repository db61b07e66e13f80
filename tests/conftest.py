"""What all tests share: the folder of real data sets, hypothesis profiles, a guard on global random state."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

hypothesis.settings.register_profile("default", deadline=None, max_examples=50)
hypothesis.settings.register_profile(
    "ci", deadline=None, max_examples=50, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data-dir",
        type=Path,
        default=REPOSITORY.parent / "shared" / "data",
        help="folder of the real data sets; tests that need one that is not there are skipped",
    )


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("--data-dir")


@pytest.fixture(scope="session")
def load_real(data_dir: Path) -> Callable[[str], pd.DataFrame]:
    """Give a loader: ``load_real("adult")`` is a frame, class in column ``target``; without data, a skip."""

    def load(name: str) -> pd.DataFrame:
        for path in (data_dir / f"{name}.csv", data_dir / f"{name}.csv.gz"):
            if path.is_file():
                return _read_exactly(path).copy()
        pytest.skip(f"no data set {name!r} in {data_dir}; give the folder with --data-dir")

    return load


@lru_cache(maxsize=4)
def _read_exactly(path: Path) -> pd.DataFrame:
    # Only an empty field is missing: a category may be called "NA" or "None".
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


@pytest.fixture
def global_rng_untouched() -> Iterator[None]:
    """Fail the test if it draws from, or seeds, the global generators of numpy or the standard library."""
    before = np.random.get_state(legacy=True), random.getstate()  # noqa: NPY002
    yield
    after = np.random.get_state(legacy=True), random.getstate()  # noqa: NPY002
    for old, new in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(old, new, err_msg="numpy's global random state was changed")
    assert before[1] == after[1], "the global state of `random` was changed"
