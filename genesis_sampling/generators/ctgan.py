"""A conditional GAN of rows."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .. import networks
from ._conditioning import Allowed
from ._levels import LevelTable, decode_table
from ._network import NetworkGenerator, draw_from
from ._pair_tables import PairTables
from ._widths import checked_widths

__all__ = ["CTGANGenerator"]

# Rows that are drawn to look at how far training has come.
LOOK_ROWS = 2_000


class CTGANGenerator(NetworkGenerator):
    """Rows from a conditional GAN, CTGAN [1]_.

    A generator makes rows of noise, a critic tells them from real ones, and each learns from the other. Numbers are
    told by the mode of a mixture that they belong to and their place within it; categories, spikes and missing values
    are levels that come out exactly as they went in. In training a level of some column is asked for, rare ones more
    often than they occur, so that they are not lost; drawn rows have the levels and classes as often as the table.

    Slower than :class:`TreeGenerator`, and rarely as good: see the user guide for when it pays.

    Parameters
    ----------
    n_steps : int, default=2000
        Updates of the generator at the most, however many rows there are.
    batch_size : int, default=200
        Rows of an update, at least 2, brought to a multiple of ``pac``.
    n_modes : int, default=10
        Most modes of the mixture of a column.
    n_noise : int, default=128
        Values of the noise that a row is made from.
    generator_widths, critic_widths : sequence of int, default=(128, 128)
        Units of each of one or more hidden layers.
    pac : int, default=1
        Rows that the critic sees at once [2]_; with several it notices when rows are all alike. The paper has 10.
    critic_dropout : float, default=0.0
        Share of the critic's units that are dropped in training. The paper has .5.
    critic_steps : int, default=1
        Updates of the critic for each of the generator.
    learning_rate : float, default=1e-3
    patience : int or None, default=5
        Looks at the two-way tables without an improvement after which training ends; None for all steps. The best
        state is kept in any case.
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
        the mean distance of the two-way tables of drawn rows to those of the table.
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
    TVAEGenerator : The autoencoder of the same paper.
    DiffusionGenerator : A network that meets any conditions natively.
    TreeGenerator : Quicker, and mostly nearer to the table.

    Notes
    -----
    The critic :math:`C` minimises
    :math:`E[C(\\tilde x)] - E[C(x)] + 10\\,E[(\\|\\nabla C(\\hat x)\\| - 1)^2]` over real rows :math:`x`, made ones
    :math:`\\tilde x` and mixtures of both :math:`\\hat x` [3]_; the generator minimises :math:`-E[C(\\tilde x)]` plus
    the cross entropy of the levels that were asked for. Levels are drawn by a Gumbel-softmax, so that gradients pass
    through them. The generator never comes to rest, so rows are drawn with a moving average of its parameters [4]_.

    Labels given to ``fit`` are a condition of every row. Of conditions on columns, one that names values of a column
    of few values is met natively; others are met by rejection.

    References
    ----------
    .. [1] L. Xu, M. Skoularidou, A. Cuesta-Infante, K. Veeramachaneni, "Modeling tabular data using conditional GAN",
       Advances in Neural Information Processing Systems 32, 2019.
    .. [2] Z. Lin, A. Khetan, G. Fanti, S. Oh, "PacGAN: the power of two samples in generative adversarial networks",
       Advances in Neural Information Processing Systems 31, 2018.
    .. [3] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved training of Wasserstein GANs",
       Advances in Neural Information Processing Systems 30, 2017.
    .. [4] Y. Yazici, C.-S. Foo, S. Winkler, K.-H. Yap, G. Piliouras, V. Chandrasekhar, "The unusual effectiveness of
       averaging in GAN training", International Conference on Learning Representations, 2019.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import CTGANGenerator
    >>> frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 100, "degrees": [28.5, 14.0] * 100})
    >>> generator = CTGANGenerator(n_steps=100, random_state=0).fit(frame)
    >>> generator.sample(3, conditions={"city": "Oslo"})["city"].tolist()
    ['Oslo', 'Oslo', 'Oslo']
    """

    _parameter_constraints: dict = {
        **NetworkGenerator._parameter_constraints,
        # The generator scales its units by their spread over the rows of an update.
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "n_modes": [Interval(Integral, 1, None, closed="left")],
        "n_noise": [Interval(Integral, 1, None, closed="left")],
        "generator_widths": ["array-like"],
        "critic_widths": ["array-like"],
        "pac": [Interval(Integral, 1, None, closed="left")],
        "critic_dropout": [Interval(Real, 0, 1, closed="left")],
        "critic_steps": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        n_steps=2000,
        batch_size=200,
        n_modes=10,
        n_noise=128,
        generator_widths=(128, 128),
        critic_widths=(128, 128),
        pac=1,
        critic_dropout=0.0,
        critic_steps=1,
        learning_rate=1e-3,
        patience=5,
        max_seconds=None,
        device="auto",
        warm_start=False,
        verbose=1,
        categorical_features="auto",
        random_state=None,
    ):
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.n_modes = n_modes
        self.n_noise = n_noise
        self.generator_widths = generator_widths
        self.critic_widths = critic_widths
        self.pac = pac
        self.critic_dropout = critic_dropout
        self.critic_steps = critic_steps
        self.learning_rate = learning_rate
        self.patience = patience
        self.max_seconds = max_seconds
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _column_options(self):
        return {"n_modes": self.n_modes}

    def _config(self):
        return networks.GanConfig(
            n_noise=self.n_noise,
            generator_widths=checked_widths("generator_widths", self.generator_widths),
            critic_widths=checked_widths("critic_widths", self.critic_widths),
            pac=self.pac,
            dropout=self.critic_dropout,
            critic_steps=self.critic_steps,
            learning_rate=self.learning_rate,
        )

    def _network(self, config):
        layout = self._layout()
        numbered = {column for column, _ in layout.numbers}
        # Conditions are on the level columns without a number.
        conditioned = tuple(column for column in range(len(layout.sizes)) if column not in numbered)
        return networks.Gan(layout, conditioned, self._n_classes, config)

    def _make_steps(self, table, codes, classes, device, rng):
        levels, numbers, given = (
            networks.as_tensor(part, device) for part in (table.levels, table.numbers, classes)
        )
        steps = networks.GanSteps(self._model, levels, numbers, given, self.batch_size)
        model = steps.average
        discrete = self.encoder_.discrete_ if classes is None else np.append(self.encoder_.discrete_, True)
        tables = PairTables(codes, discrete)

        def measure() -> float:
            drawn, labels, _ = self._draw_with(model, LOOK_ROWS, {}, rng, device)
            found = decode_table(self._columns, drawn, rng)
            return tables.error(found if classes is None else np.column_stack([found, labels]))

        return model, steps, measure

    def _note_conditions(self, table, classes):
        model = self._model
        rows = np.zeros(len(table.levels), dtype=np.int64) if classes is None else classes
        self._counts = []
        for column in model.conditioned:
            counts = np.zeros((max(self._n_classes, 1), model.layout.sizes[column]))
            np.add.at(counts, (rows, table.levels[:, column]), 1)
            self._counts.append(counts)
        # Column of the table -> its place among the conditions, where one level is one code.
        place = {level: place for place, level in enumerate(model.conditioned)}
        starts = self._level_starts()
        self._place_of = {
            position: place[starts[position]]
            for position, column in enumerate(self._columns)
            if column.rest is None and not column.base
        }

    def _joint(self, column: int, allowed: Mapping[int, Allowed]) -> np.ndarray:
        """Rows of each class at each level of a column, as far as both are allowed."""
        counts = self._counts[self._place_of[column]]
        wish = allowed.get(self.n_features_in_)
        if wish is not None:
            counts = counts * wish.contains(np.arange(len(counts)))[:, None]
        return counts * self._columns[column].allowed(allowed[column])[0]

    def _native(self, allowed):
        given = super()._native(allowed)
        rows = {
            column: self._joint(column, given | {column: wish}).sum()
            for column, wish in allowed.items()
            if column in self._place_of
        }
        # One column at a time can be asked for: the one that rejection would wait for longest.
        possible = [column for column in rows if rows[column]]
        if not possible:
            return given
        rarest = min(possible, key=rows.get)
        return given | {rarest: allowed[rarest]}

    def _draw_levels(self, n, allowed, rng, device):
        return self._draw_with(self._model, n, allowed, rng, device)

    def _draw_with(self, model, n, allowed, rng, device):
        place, level, classes = self._draw_conditions(n, allowed, rng)
        drawn = model.draw(
            *(networks.as_tensor(part, device) for part in (place, level, self._given(classes)))
        )
        return LevelTable(*networks.as_arrays(*drawn)), classes, None

    def _draw_conditions(self, n: int, allowed: Mapping[int, Allowed], rng: np.random.Generator):
        """Places among the conditions, levels and classes, as frequent together as they were."""
        asked = [column for column in allowed if column in self._place_of]
        if asked:
            joint = self._joint(asked[0], allowed)
            classes, level = np.unravel_index(draw_from(joint.ravel(), n, rng), joint.shape)
            return np.full(n, self._place_of[asked[0]]), level, classes
        classes = self._draw_classes(n, allowed, rng)
        place = rng.integers(max(len(self._counts) + (self._n_classes > 0), 1), size=n)
        share, level = rng.random(n), np.zeros(n, dtype=np.int64)
        for column, counts in enumerate(self._counts):
            cumulated = np.cumsum(counts, axis=1)
            rows = np.flatnonzero(place == column)
            of_class = cumulated[classes[rows]]
            below = (of_class <= share[rows, None] * of_class[:, -1:]).sum(axis=1)
            level[rows] = np.minimum(below, counts.shape[1] - 1)
        return place, level, classes
