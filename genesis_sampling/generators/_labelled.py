"""What every generator has, whatever it draws: labels, seeds, one file."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target, wrap_target
from ._archive import read_archive, write_archive

__all__ = ["LabelledGenerator"]


class LabelledGenerator(BaseEstimator, ABC):
    """Base of all generators: seeds of draws, labels that ``fit`` was given, one file to save to.

    Attributes
    ----------
    target_ : Target or None
        The labels given to ``fit``.
    """

    target_: Target | None

    @contextmanager
    def _as_before_if_it_fails(self) -> Iterator[None]:
        """A fit that fails leaves the generator as it was: unfitted, or with what it had learned."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _begin_draws(self) -> RandomStreams:
        """The streams of a fit, from which draws without a seed go on."""
        self._streams = RandomStreams.from_random_state(self.random_state)
        self._n_draws = 0
        return self._streams

    def _learn_labels(self, y: Any, n_rows: int) -> None:
        """Set ``target_``."""
        self.target_ = None if y is None else wrap_target(y)
        if self.target_ is not None and len(self.target_.codes) != n_rows:
            raise DataError(
                f"Got {len(self.target_.codes)} labels for {n_rows} rows; expected one label per row."
            )

    @property
    def _labels(self) -> list | None:
        """The classes, in the order of their codes; None without labels."""
        return None if self.target_ is None else list(self.target_.classes)

    def _begin_sample(self, n: Any, random_state: Any) -> RandomStreams:
        """The streams of a draw of ``n``, once it is known that there can be one."""
        check_is_fitted(self)
        if not isinstance(n, Integral) or n < 0:
            raise DataError(f"Got n={n!r}; expected a whole number that is not negative.")
        return self._sample_streams(random_state)

    def _sample_streams(self, random_state: Any) -> RandomStreams:
        if random_state is not None:
            return RandomStreams.from_random_state(random_state).child("sample")
        self._n_draws += 1
        return self._streams.child("sample", self._n_draws)

    def _label_codes(self, y: Any, n: int) -> np.ndarray:
        """Position among the classes of each of ``n`` labels, or ``n`` times that of one."""
        if np.ndim(y) == 0:
            return np.full(n, self._label_code(y))
        labels = np.asarray(y)
        if labels.shape != (n,):
            raise DataError(
                f"Got y of shape {labels.shape} for n={n} rows; expected one label, or one per row."
            )
        positions, distinct = pd.factorize(labels, use_na_sentinel=False)
        return np.array([self._label_code(label) for label in distinct], dtype=np.int64)[positions]

    def _label_code(self, label: Any) -> int:
        if self.target_ is None:
            raise DataError(
                f"Got y={label!r}, but fit was given no labels; expected fit(X, y) before sample(n, y=...)."
            )
        label = label.item() if isinstance(label, np.generic | np.ndarray) else label
        if label not in self.target_.classes:
            raise DataError(f"Got y={label!r}; expected one of the classes {self.target_.classes}.")
        return self.target_.classes.index(label)

    def save(self, path):
        """Write the fitted generator to one file, from which :meth:`load` reads it.

        The file is a zip of JSON and arrays. Other than a pickle it runs no code when it is read. It holds what was
        learned, which may be values of single rows: treat it as you treat the table.

        Parameters
        ----------
        path : str or path-like
            Where to; an existing file is replaced.

        Raises
        ------
        DataError
            When a part of the generator, such as an estimator of another package, cannot be written that way.
        """
        check_is_fitted(self)
        write_archive(path, {"class": type(self).__name__, "attributes": self._saved()})

    @classmethod
    def load(cls, path):
        """A fitted generator from a file that :meth:`save` wrote.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        generator : object
            Of this class.
        """
        found = read_archive(path)
        if found["class"] != cls.__name__:
            raise DataError(
                f"Got a file with a {found['class']}; expected a {cls.__name__}. Call {found['class']}.load."
            )
        generator = cls()
        generator._restore(found["attributes"])
        return generator

    def _saved(self) -> dict[str, Any]:
        """Parameters and attributes, without the labels of the single rows."""
        return vars(self) | {"target_": self._labels}

    def _restore(self, attributes: dict[str, Any]) -> None:
        """Take over what :meth:`_saved` gave."""
        classes = attributes["target_"]
        self.__dict__.update(attributes | {"target_": None if classes is None else wrap_target(classes)})
