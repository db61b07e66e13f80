"""Small changes that make a loss large: the fast gradient sign method and projected gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from ..exceptions import DataError

__all__ = ["Attack", "Gradients", "LinearGradients"]

# (values of shape (n, ...), classes of shape (n,)) -> gradients of the loss of these classes, shape (n, ...).
Gradients = Callable[[np.ndarray, np.ndarray], np.ndarray]
# Items that a linear classifier is probed with at once, and real ones that it is compared on.
CHUNK, N_COMPARED = 256, 100
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Attack:
    """Steps up, or down, the gradient of a loss, within a ball around each item and within a range.

    Parameters
    ----------
    epsilon : float
        Radius of the ball.
    step_size : float
        Length of a step.
    steps : int
    norm : float
        2, or infinity.
    starts_anywhere : bool
        Whether the first step begins at a random place in the ball.
    bounds : tuple of two floats
        Smallest and largest value.
    """

    epsilon: float
    step_size: float
    steps: int
    norm: float
    starts_anywhere: bool
    bounds: tuple[float, float]

    def changes(
        self, items: np.ndarray, codes: np.ndarray, gradients: Gradients, sign: int, rng: np.random.Generator
    ) -> np.ndarray:
        """What to add to items.

        Parameters
        ----------
        items : ndarray of shape (n, ...)
        codes : ndarray of int of shape (n,)
            The classes whose loss it is.
        gradients : callable
        sign : int
            1 to make the loss larger, -1 to make it smaller.
        rng : numpy.random.Generator
        """
        flat = items.reshape(len(items), -1)
        change = self._inside(self._start(flat.shape, rng), flat)
        for _ in range(self.steps):
            slope = gradients((flat + change).reshape(items.shape), codes).reshape(flat.shape)
            if not np.isfinite(slope).all():
                raise DataError(
                    "Got a gradient of the estimator that is not finite; expected numbers. Look at its weights."
                )
            change = self._inside(change + sign * self.step_size * self._direction(slope), flat)
        return change.reshape(items.shape)

    def _start(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        if not self.starts_anywhere:
            return np.zeros(shape)
        if self.norm == np.inf:
            return rng.uniform(-self.epsilon, self.epsilon, shape)
        direction = rng.standard_normal(shape)
        radius = self.epsilon * rng.random((shape[0], 1)) ** (1 / shape[1])
        return radius * direction / np.linalg.norm(direction, axis=1, keepdims=True)

    def _direction(self, slope: np.ndarray) -> np.ndarray:
        """Steepest ascent for a step of length 1."""
        if self.norm == np.inf:
            return np.sign(slope)
        # The largest first: squares of small numbers vanish.
        largest = np.abs(slope).max(axis=1, keepdims=True)
        scaled = slope / np.where(largest > 0, largest, 1)
        length = np.linalg.norm(scaled, axis=1, keepdims=True)
        return scaled / np.where(length > 0, length, 1)

    def _inside(self, change: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """The nearest change in the ball, then in the range, which makes no part of it larger."""
        if self.norm == np.inf:
            change = np.clip(change, -self.epsilon, self.epsilon)
        else:
            length = np.linalg.norm(change, axis=1, keepdims=True)
            change = change * np.minimum(1, self.epsilon / np.where(length > 0, length, 1))
        return np.clip(flat + change, *self.bounds) - flat


class LinearGradients:
    """Gradients of the cross entropy of a classifier whose decision function is affine.

    With the decisions :math:`z = W x + b` and the one-hot class :math:`e_c` they are
    :math:`W^T (\\mathrm{softmax}(z) - e_c)`. They are read off the decisions at the mean of the rows, and at
    the places where one value of it is another; so it does not matter which steps the classifier consists of, as long
    as all are affine.

    Parameters
    ----------
    classifier : classifier
        Fitted, with ``decision_function``.
    rows : ndarray of shape (n, n_values)
        On some of which it is compared with what was read off.

    Raises
    ------
    DataError
        When its decisions are not affine.
    """

    def __init__(self, classifier: Any, rows: np.ndarray):
        n_values = rows.shape[1]
        self.centre = rows.mean(axis=0)
        spread = np.ptp(rows, axis=0)
        spread[spread == 0] = 1
        self.offset = _decisions(classifier, self.centre[None])[0]
        rises = [
            _decisions(
                classifier, self.centre + spread * np.eye(min(CHUNK, n_values - start), n_values, k=start)
            )
            - self.offset
            for start in range(0, n_values, CHUNK)
        ]
        self.slopes = np.concatenate(rises) / spread[:, None]
        compared = rows[np.linspace(0, len(rows) - 1, min(len(rows), N_COMPARED)).astype(np.intp)]
        said = _decisions(classifier, compared)
        if not np.abs(self._logits(compared) - said).max() <= TOLERANCE * max(1, np.abs(said).max()):
            raise DataError(
                f"Got {type(classifier).__name__}, whose decisions are not linear in the values of items; expected "
                "a linear classifier such as LogisticRegression or LinearSVC, or a pipeline of linear steps that ends "
                "in one. Give a trained torch.nn.Module for others."
            )

    def __call__(self, values: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """The gradients, shape (n, ...); see :data:`Gradients`."""
        errors = softmax(self._logits(values.reshape(len(values), -1)), axis=1)
        errors[np.arange(len(codes)), codes] -= 1
        return (errors @ self.slopes.T).reshape(values.shape)

    def _logits(self, rows: np.ndarray) -> np.ndarray:
        return (rows - self.centre) @ self.slopes + self.offset


def _decisions(classifier: Any, rows: np.ndarray) -> np.ndarray:
    """Decisions of shape (n, n_classes); of two classes, those of the first are 0."""
    found = classifier.decision_function(rows)
    return np.column_stack([np.zeros(len(found)), found]) if found.ndim == 1 else found
