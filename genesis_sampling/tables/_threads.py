"""How many threads work at a time: ours, those of the linear algebra, and those of boosted trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["linear_algebra", "threads_for_trees", "workers"]

# With fewer rows boosted trees gain little from several threads, which wait for each other at every split: on a busy
# machine a hundred times as long as they work.
MIN_ROWS_FOR_THREADS = 50_000


@contextmanager
def workers(n_threads: int) -> Iterator[Callable[[Callable[[int], Any], Iterable[int]], list]]:
    """Give what calls a function for each of some numbers, on so many threads."""
    # The threads share the work between them; the products are too small for the linear algebra to share them too.
    with linear_algebra().limit(limits=1):
        if n_threads == 1:
            yield lambda function, numbers: list(map(function, numbers))
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                yield lambda function, numbers: list(pool.map(function, numbers))


@cache
def linear_algebra() -> ThreadpoolController:
    """The thread pools that numpy brought along; to find them takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")


def threads_for_trees(n_rows: int) -> AbstractContextManager:
    """Within this, boosted trees of few rows are grown on one thread."""
    return nullcontext() if n_rows >= MIN_ROWS_FOR_THREADS else _open_mp().limit(limits=1)


@cache
def _open_mp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")
