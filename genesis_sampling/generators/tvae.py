"""A variational autoencoder of rows."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .. import networks
from ..tables.containers import wrap_table
from ._latents import LatentSpace
from ._levels import LevelTable, decode_table, encode_table
from ._network import NetworkGenerator
from ._training import same_at_each_look
from ._widths import checked_widths

__all__ = ["TVAEGenerator"]


class TVAEGenerator(LatentSpace, NetworkGenerator):
    """Rows from a variational autoencoder, TVAE [1]_ [2]_, with its latent space to walk in.

    An encoder says where a row lies in a space of few dimensions, a decoder makes rows of places there. So rows can be
    varied (:meth:`sample_near`) and mixed (:meth:`interpolate`), as well as drawn anew.

    Parameters
    ----------
    n_steps : int, default=2000
        Updates at the most, however many rows there are.
    batch_size : int, default=500
        Rows of an update.
    n_modes : int, default=10
        Most modes of the mixture by which a column of numbers is told.
    n_latent : int, default=32
        Dimensions of the latent space.
    widths : sequence of int, default=(128, 128)
        Units of each of one or more hidden layers of the encoder, and in reverse order of the decoder.
    reconstruction : float, default=2.0
        Weight of the reconstruction against the divergence of the latents.
    learning_rate : float, default=2e-3
    validation_fraction : float in [0, 1), default=0.1
        Share of the rows that is held out to stop early by; none where it is less than 20 rows.
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
        a bound on the negative log likelihood of held-out rows, in nats, but for a constant.
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
    CTGANGenerator : The GAN of the same paper.
    MixupSampler : Mixtures of rows without a network.

    Notes
    -----
    It maximises :math:`\\beta\\,E_{q(z|x)}[\\log p(x|z)] - KL(q(z|x)\\,\\|\\,N(0, I))`, with :math:`\\beta` the weight
    of the reconstruction. Numbers are normal around what the decoder says, with a spread that is learned for each
    column; levels are drawn. Labels given to ``fit`` are a condition of both parts; conditions on columns are met by
    rejection.

    References
    ----------
    .. [1] L. Xu, M. Skoularidou, A. Cuesta-Infante, K. Veeramachaneni, "Modeling tabular data using conditional GAN",
       Advances in Neural Information Processing Systems 32, 2019.
    .. [2] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", International Conference on Learning
       Representations, 2014.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import TVAEGenerator
    >>> frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 100, "degrees": [28.5, 14.0] * 100})
    >>> generator = TVAEGenerator(n_steps=100, random_state=0).fit(frame)
    >>> generator.sample(3, conditions={"city": "Oslo"})["city"].tolist()
    ['Oslo', 'Oslo', 'Oslo']
    """

    _parameter_constraints: dict = {
        **NetworkGenerator._parameter_constraints,
        "n_modes": [Interval(Integral, 1, None, closed="left")],
        "n_latent": [Interval(Integral, 1, None, closed="left")],
        "widths": ["array-like"],
        "reconstruction": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        *,
        n_steps=2000,
        batch_size=500,
        n_modes=10,
        n_latent=32,
        widths=(128, 128),
        reconstruction=2.0,
        learning_rate=2e-3,
        validation_fraction=0.1,
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
        self.n_latent = n_latent
        self.widths = widths
        self.reconstruction = reconstruction
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_seconds = max_seconds
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.random_state = random_state

    def encode(self, X, y=None):
        """Where rows lie in the latent space.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_rows, n_columns)
            Rows with the columns of the table that was learned. Missing values in a column that had none are refused;
            a new number in a column of few numbers counts as the nearest of them.
        y : label or array-like of shape (n_rows,), default=None
            Their classes, if ``fit`` was given labels.

        Returns
        -------
        latents : ndarray of shape (n_rows, n_latent)
            Mean of each row's latents given the row.
        """
        check_is_fitted(self)
        table, classes = self._table_of(X, y)
        with self._placed() as device:
            parts = (networks.as_tensor(part, device) for part in (table.levels, table.numbers, classes))
            return networks.as_arrays(self._model.encode(*parts)[0])[0]

    def decode(self, latents, y=None, random_state=None):
        """Rows of places in the latent space.

        Parameters
        ----------
        latents : array-like of shape (n_rows, n_latent)
        y : label or array-like of shape (n_rows,), default=None
            Classes of the rows, if ``fit`` was given labels.
        random_state : int, RandomState instance or None, default=None
            Seed of what the decoder leaves open.

        Returns
        -------
        rows : DataFrame of shape (n_rows, n_columns)
        """
        check_is_fitted(self)
        latents = self._checked_latents(latents)
        classes = self._classes_of(y, len(latents))
        streams = self._sample_streams(random_state)
        seed = streams.child("network").integer_seed()
        with self._placed() as device, networks.seeded(seed, device):
            drawn = self._model.draw(networks.as_tensor(latents, device), networks.as_tensor(classes, device))
            table = LevelTable(*networks.as_arrays(*drawn))
        return self.encoder_.inverse_transform(
            decode_table(self._columns, table, streams.child("places").rng())
        )

    def _table_of(self, X, y) -> tuple[LevelTable, np.ndarray | None]:
        """Rows as levels and numbers, and their classes."""
        frame = wrap_table(X).frame
        codes = self.encoder_.transform(frame)
        rng = np.random.default_rng(0)
        table = encode_table(self._columns, codes, rng, self.feature_names_in_)
        return table, self._classes_of(y, len(frame))

    def _column_options(self):
        return {"n_modes": self.n_modes}

    def _config(self):
        return networks.VaeConfig(
            n_latent=self.n_latent,
            widths=checked_widths("widths", self.widths),
            learning_rate=self.learning_rate,
            reconstruction=self.reconstruction,
        )

    def _network(self, config):
        return networks.Vae(self._layout(), self._n_classes, config)

    def _make_steps(self, table, codes, classes, device, rng):
        rows, out = self._held_out(len(codes), classes, rng)
        parts = [networks.as_tensor(part, device) for part in (table.levels, table.numbers, classes)]
        seen, unseen = ([None if part is None else part[index] for part in parts] for index in (rows, out))
        steps = networks.VaeSteps(self._model, *seen, self.batch_size)
        model = steps.average
        return model, steps, same_at_each_look(model.bound, unseen, device) if len(out) else None

    def _draw_levels(self, n, allowed, rng, device):
        classes = self._draw_classes(n, allowed, rng)
        latents = networks.as_tensor(rng.standard_normal((n, self._model.config.n_latent)), device)
        drawn = self._model.draw(latents, networks.as_tensor(self._given(classes), device))
        return LevelTable(*networks.as_arrays(*drawn)), classes, None
