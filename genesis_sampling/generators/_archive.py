"""A fitted generator as one file that runs no code when it is read: a zip of JSON and arrays.

What may stand in it is listed here: numbers, text, containers of these, arrays, dtypes, indices, devices by name, trees
of scikit-learn, which are checked, and objects of this package, which are made without calling anything and given their
attributes.
"""

from __future__ import annotations

import importlib
import json
import zipfile
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype
from sklearn.tree._tree import Tree

from ..exceptions import DataError

__all__ = ["read_archive", "write_archive"]

PACKAGE = __name__.split(".")[0]
FORMAT = 1
MISSING = {"NaT": pd.NaT, "NA": pd.NA}


def write_archive(path: str | Path, state: Any) -> None:
    """Write ``state`` to one file.

    Raises
    ------
    DataError
        When some part is of a kind that the file does not hold.
    """
    arrays: list[np.ndarray] = []
    text = json.dumps({"format": FORMAT, "state": _pack(state, arrays)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("state.json", text)
        for number, array in enumerate(arrays):
            content = BytesIO()
            np.save(content, array, allow_pickle=False)
            file.writestr(f"{number}.npy", content.getvalue())


def read_archive(path: str | Path) -> Any:
    """What :func:`write_archive` wrote.

    Raises
    ------
    DataError
        When the file is none of ours, or of a newer version.
    """
    try:
        with zipfile.ZipFile(path) as file:
            content = json.loads(file.read("state.json"))
            if content["format"] != FORMAT:
                raise DataError(
                    f"Got {str(path)!r} in format {content['format']}; expected format {FORMAT}. Update the package."
                )
            return _unpack(content["state"], lambda number: _array(file, number))
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError) as error:
        raise DataError(
            f"Got {str(path)!r}, which holds no generator; expected a file made by save()."
        ) from error


def _array(file: zipfile.ZipFile, number: int) -> np.ndarray:
    return np.load(BytesIO(file.read(f"{number}.npy")), allow_pickle=False)


def _pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """``value`` in terms of JSON; arrays are put aside."""
    if isinstance(value, Enum):
        return {"enum": _name(type(value)), "value": value.value}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if (type(value).__module__, type(value).__name__) == ("torch", "device"):
        return str(value)  # as good a parameter, and torch need not be there to read it
    for marker, missing in MISSING.items():
        if value is missing:
            return {"missing": marker}
    if isinstance(value, list | tuple):
        items = [_pack(item, arrays) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[_pack(key, arrays), _pack(item, arrays)] for key, item in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        return _pack_array(value, arrays)
    if isinstance(value, np.dtype | ExtensionDtype):
        return _pack_dtype(value, arrays)
    if isinstance(value, pd.Index):
        # With a zone the instants, which an array can hold.
        values = (value.tz_convert(None) if isinstance(value.dtype, pd.DatetimeTZDtype) else value).to_numpy()
        return {
            "index": _pack(values, arrays),
            "dtype": _pack(value.dtype, arrays),
            "name": _pack(value.name, arrays),
        }
    if isinstance(value, np.random.SeedSequence):
        return {"seed": _pack([value.entropy, list(value.spawn_key)], arrays)}
    if isinstance(value, Tree):
        state = value.__getstate__()
        parts = (
            value.n_features,
            value.n_classes,
            value.n_outputs,
            value.max_depth,
            state["nodes"],
            state["values"],
        )
        return {"tree": [_pack(part, arrays) for part in parts]}
    if type(value).__module__.split(".")[0] == PACKAGE:
        return {"object": _name(type(value)), "state": _pack(dict(vars(value)), arrays)}
    raise DataError(
        f"Got a {type(value).__module__}.{type(value).__name__} in what is to be saved; expected numbers, text, arrays "
        "and parts of this package alone. Use pickle for this one, and open such files only if you trust them."
    )


def _pack_array(value: np.ndarray | np.generic, arrays: list[np.ndarray]) -> dict[str, Any]:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {"objects": [_pack(item, arrays) for item in value.ravel()], "shape": list(value.shape)}
    arrays.append(np.asarray(value))
    return {"array" if isinstance(value, np.ndarray) else "scalar": len(arrays) - 1}


def _pack_dtype(dtype: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": _pack(dtype.categories, arrays), "ordered": dtype.ordered}
    if isinstance(dtype, np.dtype):
        return {"dtype": dtype.str}
    if pd.api.types.pandas_dtype(str(dtype)) != dtype:
        raise DataError(
            f"Got a column of dtype {dtype}, which its name alone does not tell; expected another one."
        )
    return {"pandas": str(dtype)}


def _unpack(value: Any, array: Any) -> Any:
    """The reverse of :func:`_pack`; ``array(number)`` reads an array."""
    if isinstance(value, list):
        return [_unpack(item, array) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value))
    content = value[kind]
    if kind == "enum":
        return _class(content, Enum)(value["value"])
    if kind == "missing":
        return MISSING[content]
    if kind == "tuple":
        return tuple(_unpack(item, array) for item in content)
    if kind == "dict":
        return {_unpack(key, array): _unpack(item, array) for key, item in content}
    if kind == "objects":
        found = np.empty(len(content), dtype=object)
        found[:] = [_unpack(item, array) for item in content]
        return found.reshape(value["shape"])
    if kind in ("array", "scalar"):
        return array(content) if kind == "array" else array(content)[()]
    if kind == "categories":
        return pd.CategoricalDtype(_unpack(content, array), value["ordered"])
    if kind in ("dtype", "pandas"):
        return np.dtype(content) if kind == "dtype" else pd.api.types.pandas_dtype(content)
    if kind == "index":
        dtype = _unpack(value["dtype"], array)
        found = pd.Index(_unpack(content, array), name=_unpack(value["name"], array))
        return (
            found.tz_localize("UTC").tz_convert(dtype.tz)
            if isinstance(dtype, pd.DatetimeTZDtype)
            else found.astype(dtype)
        )
    if kind == "seed":
        entropy, key = _unpack(content, array)
        return np.random.SeedSequence(entropy, spawn_key=key)
    if kind == "tree":
        return _tree(*_unpack(content, array))
    cls = _class(value["object"], object)
    made = object.__new__(cls)
    made.__dict__.update(_unpack(value["state"], array))
    return made


def _tree(
    n_features: int,
    n_classes: np.ndarray,
    n_outputs: int,
    max_depth: int,
    nodes: np.ndarray,
    values: np.ndarray,
) -> Tree:
    """A tree of nodes, once it is known that none leads out of it: scikit-learn follows them unchecked."""
    left, right = nodes["left_child"], nodes["right_child"]
    is_inner, place = left != -1, np.arange(len(nodes))
    leads_on = (left > place) & (left < len(nodes)) & (right > place) & (right < len(nodes))
    is_sound = leads_on & (nodes["feature"] >= 0) & (nodes["feature"] < n_features)
    if not len(nodes) or not (is_sound | ~is_inner).all():
        raise DataError("Got a tree in the file whose nodes lead out of it; do not trust this file.")
    tree = Tree(n_features, n_classes, n_outputs)
    try:
        tree.__setstate__(
            {"max_depth": max_depth, "node_count": len(nodes), "nodes": nodes, "values": values}
        )
    except ValueError as error:
        raise DataError(
            f"Got a tree of another version of scikit-learn in the file ({error}); expected one of this version. Save "
            "the generator with it."
        ) from error
    return tree


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _class(name: str, base: type) -> type:
    """The class of this package that has the name."""
    module, _, qualname = name.partition(":")
    if module.split(".")[0] != PACKAGE:
        raise DataError(
            f"Got a {name} in the file; expected parts of this package alone. Do not trust this file."
        )
    found = getattr(importlib.import_module(module), qualname, None)
    if not isinstance(found, type) or not issubclass(found, base):
        raise DataError(
            f"Got a {name} in the file, which is no class of this version; expected one that it knows."
        )
    return found
