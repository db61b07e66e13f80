"""Masked diffusion of rows."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .. import networks
from ..exceptions import TargetNotReachedError
from ._conditioning import Allowed
from ._levels import LevelTable
from ._network import NetworkGenerator
from ._training import same_at_each_look

__all__ = ["DiffusionGenerator"]


class DiffusionGenerator(NetworkGenerator):
    """Rows from a diffusion whose noise takes values away [1]_ [2]_.

    Columns of a row are masked in random order until none is left, and a network learns to say what stood there, given
    what is still to be seen. Rows are drawn the other way round. So it knows each column given any others, and meets
    conditions on any columns natively: what a row shall have is there from the start.

    Numbers are levels too: single values where there are few, else bins of equal probability, and equal parts of these.
    Spikes, categories and missing values come out exactly as they went in.

    Parameters
    ----------
    n_steps : int, default=2000
        Updates at the most, however many rows there are.
    batch_size : int, default=500
        Rows of an update.
    n_bins : int, default=32
        Bins of a column of numbers, and parts of each bin where there are rows enough (16 for each bin).
    width : int, default=256
        Units between the blocks of the network, which are residual.
    n_blocks : int, default=3
    n_embedding : int, default=16
        Values that stand for a level of a column.
    dropout : float in [0, 1), default=0.0
    learning_rate : float, default=2e-3
        At its highest; it rises in the first steps and falls to 0 in the end.
    validation_fraction : float in [0, 1), default=0.1
        Share of the rows that is held out to stop early by; none where it is less than 20 rows.
    guidance : float, default=0.0
        How much further than learned the class pulls a row that is drawn of a class [3]_: rows more typical of it, and
        less diverse.
    n_sampling_steps : int or None, default=None
        Steps in which the columns of a row are drawn; those of one step do not know of each other. None for one each.
    patience : int or None, default=5
        Looks at the held-out rows without an improvement after which training ends; None for all steps and no held-out
        rows.
    max_seconds : float or None, default=None
        Budget of time for training. When it is over the best state so far is kept, with a warning.
    device : {"auto", "cpu", "cuda", "mps"} or torch.device, default="auto"
        Where to train and draw; ``"auto"`` takes a GPU where there is one.
    warm_start : bool, default=False
        Whether the next ``fit`` goes on from this one, on a table with the same columns; gaps and categories
        that these did not have are refused.
    verbose : int or bool, default=1
        0 says nothing; 1 says before a training of more than ten seconds what it will cost; 2 tells the losses too.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    random_state : int, RandomState instance or None, default=None
        Seed of training and of ``sample``. On a CPU, with the same number of threads, equal seeds give equal rows.

    Attributes
    ----------
    history_ : list of dict
        One per look at the training: ``step``, the mean of each loss since the look before, and ``held_out``,
        what the network misses of held-out rows, in nats a column.
    n_steps_ : int
        Updates made, all fits of a warm start together.
    fit_seconds_ : float
        Time that they took.
    stop_reason_ : {"steps", "patience", "time", "interrupt"}
        Why training ended.
    acceptance_rate_ : float
        Share of the rows drawn by the last ``sample`` that met its conditions.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    target_ : Target or None
        The labels given to ``fit``.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names.

    See Also
    --------
    TreeGenerator : Quicker; conditions on other columns than the first by rejection.
    GaussianCopulaGenerator : Any conditions natively, in no time, where columns are nearly normal together.

    Notes
    -----
    With the number :math:`m` of masked columns even on :math:`1, \\ldots, d` and the mask :math:`M` random, the
    loss :math:`E\\left[\\frac{1}{m}\\sum_{j \\in M} -\\log p(x_j \\mid x_{\\setminus M})\\right]` is a bound on
    the negative log likelihood divided by :math:`d` [2]_. This is multinomial diffusion with an absorbing state [1]_
    for all columns, where TabDDPM [4]_ takes uniform noise for categories and normal noise for numbers: a number that
    is a level can be a spike or missing, and can be given.

    Conditions that name one value are given. With one further column of several values or a range the row is drawn
    within it; of more of them rows are kept with the probability that makes their law the conditional one, and
    `acceptance_rate_` tells how many were.

    References
    ----------
    .. [1] J. Austin, D. D. Johnson, J. Ho, D. Tarlow, R. van den Berg, "Structured denoising diffusion models in
       discrete state-spaces", Advances in Neural Information Processing Systems 34, 2021.
    .. [2] E. Hoogeboom, A. A. Gritsenko, J. Bastings, B. Poole, R. van den Berg, T. Salimans, "Autoregressive diffusion
       models", International Conference on Learning Representations, 2022.
    .. [3] J. Ho, T. Salimans, "Classifier-free diffusion guidance", arXiv 2207.12598, 2022.
    .. [4] A. Kotelnikov, D. Baranchuk, I. Rubachev, A. Babenko, "TabDDPM: modelling tabular data with diffusion
       models", International Conference on Machine Learning, 2023.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import DiffusionGenerator
    >>> frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 100, "degrees": [28.5, 14.0] * 100})
    >>> generator = DiffusionGenerator(n_steps=100, random_state=0).fit(frame)
    >>> generator.sample(3, conditions={"city": "Oslo"})["city"].tolist()
    ['Oslo', 'Oslo', 'Oslo']
    """

    _parameter_constraints: dict = {
        **NetworkGenerator._parameter_constraints,
        "n_bins": [Interval(Integral, 2, 256, closed="both")],
        "width": [Interval(Integral, 1, None, closed="left")],
        "n_blocks": [Interval(Integral, 1, None, closed="left")],
        "n_embedding": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "guidance": [Interval(Real, 0, None, closed="left")],
        "n_sampling_steps": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        n_steps=2000,
        batch_size=500,
        n_bins=32,
        width=256,
        n_blocks=3,
        n_embedding=16,
        dropout=0.0,
        learning_rate=2e-3,
        validation_fraction=0.1,
        patience=5,
        guidance=0.0,
        n_sampling_steps=None,
        max_seconds=None,
        device="auto",
        warm_start=False,
        verbose=1,
        categorical_features="auto",
        random_state=None,
    ):
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.n_bins = n_bins
        self.width = width
        self.n_blocks = n_blocks
        self.n_embedding = n_embedding
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.guidance = guidance
        self.n_sampling_steps = n_sampling_steps
        self.max_seconds = max_seconds
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _column_options(self):
        # Up to two bins' worth of values are levels of their own.
        return {"n_bins": self.n_bins, "few_values": 2 * self.n_bins}

    def _config(self):
        return networks.MaskedConfig(
            n_embedding=self.n_embedding,
            width=self.width,
            n_blocks=self.n_blocks,
            dropout=self.dropout,
            learning_rate=self.learning_rate,
        )

    def _network(self, config):
        return networks.MaskedDiffusion(self._layout(max(self._n_classes, 1)), config)

    def _make_steps(self, table, codes, classes, device, rng):
        # The class is a column of levels like the others, the first one.
        levels = np.column_stack(
            [np.zeros(len(codes), dtype=np.int64) if classes is None else classes, table.levels]
        )
        rows, out = self._held_out(len(codes), classes, rng)
        seen, unseen = (networks.as_tensor(levels[index], device) for index in (rows, out))
        steps = networks.MaskedSteps(self._model, seen, self.batch_size, self.n_steps)
        model = steps.average
        return model, steps, same_at_each_look(model.bound, [unseen], device) if len(out) else None

    def _native(self, allowed):
        for column, wish in allowed.items():
            if not self._weights(column, wish)[0].any():
                name = "y" if column == self.n_features_in_ else repr(self.feature_names_in_[column])
                raise TargetNotReachedError(
                    f"Got 0 rows that meet the condition on {name}, which no value seen by fit meets (0.00% of them); "
                    "expected one that some do. Widen the condition."
                )
        return allowed

    def _weighed(self, native):
        # Of several restrictions the later ones may not be met as often as they should.
        return native if len(self._restricted(native)[1]) > 1 else ()

    def _weights(self, column: int, wish: Allowed) -> list[np.ndarray]:
        """Which share of the levels of each level column of a column is wished for."""
        if column == self.n_features_in_:
            return [wish.contains(np.arange(self._n_classes)).astype(np.float64)]
        return self._columns[column].allowed(wish)

    def _restricted(
        self, allowed: Mapping[int, Allowed]
    ) -> tuple[dict[int, int], list[tuple[int, np.ndarray, int | None]]]:
        """What conditions leave of the level columns.

        Returns
        -------
        given : dict of int to int
            Level column -> the one level that is left.
        several : list of (int, ndarray, int or None)
            Level columns of which several are left, their weights, and the level column that these depend on.
        """
        starts = self._level_starts()
        given: dict[int, int] = {}
        several: list[tuple[int, np.ndarray, int | None]] = []
        for column, wish in allowed.items():
            first = 0 if column == self.n_features_in_ else 1 + int(starts[column])  # the class is the first
            for place, weights in enumerate(self._weights(column, wish), start=first):
                before = first if place > first else None
                if before in given:
                    weights, before = weights[given[before]], None
                weights = np.atleast_2d(weights)
                if before is None and (weights > 0).sum() == 1:
                    given[place] = int(weights.argmax())
                elif weights.min() < weights.max():
                    several.append((place, weights, before))
        return given, several

    def _draw_levels(self, n, allowed, rng, device):
        single, several = self._restricted(allowed)
        given = np.full((n, len(self._model.layout.sizes)), -1)
        for column, level in single.items():
            given[:, column] = level
        if not set(allowed) - {self.n_features_in_}:
            given[:, 0] = self._draw_classes(n, allowed, rng)
        levels, share = networks.as_arrays(
            *self._model.draw(
                networks.as_tensor(given, device),
                self.n_sampling_steps or given.shape[1],
                [
                    networks.Restriction(column, networks.as_tensor(weights, device), before)
                    for column, weights, before in several
                ],
                (0, self.guidance) if self._n_classes else None,
            )
        )
        return LevelTable(levels[:, 1:], np.empty((n, 0), dtype=np.float32)), levels[:, 0], share
