"""One file for what was learned: everything comes back, and nothing that is not known goes in or out."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KernelDensity
from sklearn.tree import DecisionTreeClassifier

from genesis_sampling import DataError, EstimatorGenerator, TreeGenerator
from genesis_sampling.generators._archive import read_archive, write_archive
from genesis_sampling.tables import ColumnKind


def again(value, folder):
    write_archive(folder / "a.zip", value)
    return read_archive(folder / "a.zip")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2.5, "text", True, (1, [2])],
        {1: "one", ("a", 2): {"deep": None}},
        float("inf"),
        np.dtype("uint8"),
        pd.Int64Dtype(),
        pd.DatetimeTZDtype("ns", "Europe/Rome"),
        pd.CategoricalDtype(["b", "a"], ordered=True),
        ColumnKind.ORDINAL,
    ],
    ids=str,
)
def test_plain_values(value, tmp_path):
    found = again(value, tmp_path)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.array([np.nan, -0.0]),
        np.array(["a", None, 3], dtype=object),
        np.array(["2024-01-01"], dtype="datetime64[D]"),
    ],
)
def test_arrays(array, tmp_path):
    found = again(array, tmp_path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def test_indices_and_missing_values(tmp_path):
    index = pd.Index(["x", "y"], name="names")
    pd.testing.assert_index_equal(again(index, tmp_path), index)
    days = pd.date_range("2024-01-01", periods=3, tz="UTC")
    found = again(days, tmp_path)
    assert found.equals(days)
    assert found.dtype == days.dtype
    assert again(pd.NA, tmp_path) is pd.NA
    assert again(pd.NaT, tmp_path) is pd.NaT


def test_trees(tmp_path):
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    tree = DecisionTreeClassifier(max_leaf_nodes=9).fit(X, X[:, 0] > X[:, 1]).tree_
    found = again(tree, tmp_path)
    np.testing.assert_array_equal(found.apply(X), tree.apply(X))
    np.testing.assert_array_equal(found.predict(X), tree.predict(X))


def test_a_tree_that_leads_out_of_itself_is_refused(tmp_path):
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    tree = DecisionTreeClassifier(max_leaf_nodes=9).fit(X, X[:, 0] > X[:, 1]).tree_
    write_archive(tmp_path / "a.zip", tree)
    for field, value in (("left_child", 10**6), ("right_child", 0), ("feature", 7)):
        with zipfile.ZipFile(tmp_path / "a.zip") as old, zipfile.ZipFile(tmp_path / "b.zip", "w") as new:
            for name in old.namelist():
                if name == "1.npy":
                    with old.open(name) as file:
                        nodes = np.load(file)
                    nodes[field][0] = value
                    with new.open(name, "w") as file:
                        np.save(file, nodes)
                else:
                    new.writestr(name, old.read(name))
        with pytest.raises(DataError, match="lead out of it"):
            read_archive(tmp_path / "b.zip")


def test_what_is_not_known_is_refused(tmp_path):
    fitted = EstimatorGenerator(KernelDensity()).fit(np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(DataError, match=r"Got a sklearn\.neighbors.*KernelDensity.*Use pickle"):
        fitted.save(tmp_path / "g.zip")


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "genesis_sampling._optional:import_extra"])
def test_names_that_are_no_parts_of_the_package_are_refused(name, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        state = {"object": name, "state": {"dict": []}}
        file.writestr("state.json", json.dumps({"format": 1, "state": state}))
    with pytest.raises(DataError, match="in the file"):
        read_archive(tmp_path / "a.zip")


def test_files_that_hold_no_generator(tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(DataError, match="holds no generator"):
        TreeGenerator.load(tmp_path / "text.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("state.json", "{}")
    with pytest.raises(DataError, match="holds no generator"):
        TreeGenerator.load(tmp_path / "other.zip")
