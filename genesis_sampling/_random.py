"""One ``random_state`` in, independent named streams out.

Every class, step and column draws from a stream of its own, named by where it is used and not by when. A result
therefore does not depend on the order of the work, on ``n_jobs`` or on the size of another class. The global
generators of numpy and ``random`` are never touched, but by :func:`seeded_globals` for code of others.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["RandomStreams", "seeded_globals"]


class RandomStreams:
    """A node in a tree of independent random streams.

    Parameters
    ----------
    sequence : numpy.random.SeedSequence
        The entropy of this node.

    Examples
    --------
    >>> streams = RandomStreams.from_random_state(0)
    >>> first = streams.child("class", 1).rng().random()
    >>> first == RandomStreams.from_random_state(0).child("class", 1).rng().random()
    True
    >>> first == streams.child("class", 2).rng().random()
    False
    """

    def __init__(self, sequence: np.random.SeedSequence):
        self._sequence = sequence

    @classmethod
    def from_random_state(cls, random_state) -> RandomStreams:
        """Root node for anything that scikit-learn takes as ``random_state``, or a numpy ``Generator``.

        An int always gives the same tree. ``None`` gives fresh entropy. A ``RandomState`` or ``Generator`` is
        advanced, so that a second call with the same instance gives another tree.
        """
        if random_state is None:
            return cls(np.random.SeedSequence())
        if isinstance(random_state, np.random.Generator):
            return cls(np.random.SeedSequence(random_state.integers(2**32, size=4).tolist()))
        if isinstance(random_state, np.random.RandomState):
            entropy = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint64)
            return cls(np.random.SeedSequence(entropy.tolist()))
        return cls(np.random.SeedSequence(int(random_state)))

    def child(self, *key: str | int) -> RandomStreams:
        """The independent stream below this one that bears the name ``key``."""
        name = tuple(zlib.crc32(part.encode()) if isinstance(part, str) else int(part) for part in key)
        return RandomStreams(
            np.random.SeedSequence(self._sequence.entropy, spawn_key=(*self._sequence.spawn_key, *name))
        )

    def rng(self) -> np.random.Generator:
        """A numpy generator at the start of this stream."""
        return np.random.default_rng(self._sequence)

    def integer_seed(self) -> int:
        """A seed in [0, 2**31) for libraries that take an integer ``random_state``."""
        return int(self._sequence.generate_state(1)[0] >> 1)


@contextmanager
def _seeded_torch(torch: Any, seed: int) -> Iterator[None]:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
        return
    # The same for a CPU alone, without the millisecond that torch takes to note it for other devices.
    generator = torch.default_generator
    kept = generator.get_state()
    generator.manual_seed(seed)
    try:
        yield
    finally:
        generator.set_state(kept)


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Within it the global generators of ``random``, numpy and torch stand at ``seed``; after it, where they were.

    For code of others that draws from them. Torch is minded where it has been imported.

    Parameters
    ----------
    seed : int in [0, 2**32)
    """
    torch = sys.modules.get("torch")
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        with nullcontext() if torch is None else _seeded_torch(torch, seed):
            yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
