"""The calls of one step, for all partitions, as one layer of a task graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from dask._task_spec import Task, TaskRef
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

__all__ = ["in_one_layer"]


def in_one_layer(name: str, calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Delayed]:
    """Lazy results of calls that share one graph.

    ``dask.delayed`` makes a layer of every call. Before anything is computed Dask looks for every key in every layer,
    which takes time that grows with the square of the number of partitions.

    Parameters
    ----------
    name : str
        What the keys begin with.
    calls : sequence of (callable, tuple)
        Functions, each with its arguments. Of these a Delayed stands for what it gives; inside of other objects none is
        looked for.

    Returns
    -------
    results : list of Delayed
    """
    name = f"{name}-{uuid4().hex}"
    # One of the Delayed of a layer brings all of it.
    needed: dict[str, Any] = {}

    def referred(value: Any) -> Any:
        if not isinstance(value, Delayed):
            return value
        needed.setdefault(value.__dask_layers__()[0], value)
        return TaskRef(value.key)

    layer: dict[Any, Task] = {
        f"{name}-{i}": Task(f"{name}-{i}", function, *map(referred, arguments))
        for i, (function, arguments) in enumerate(calls)
    }
    graph = HighLevelGraph.from_collections(name, layer, dependencies=list(needed.values()))
    return [Delayed(key, graph, layer=name) for key in layer]
