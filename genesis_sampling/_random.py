"""One ``random_state`` in, independent named streams out.

Every class, step and column draws from a stream of its own, named by where it is used and not by when. A result
therefore does not depend on the order of the work, on ``n_jobs`` or on the size of another class. The global
generators of numpy and ``random`` are never touched.
"""

from __future__ import annotations

import zlib

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["RandomStreams"]


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
