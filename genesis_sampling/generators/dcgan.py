"""A generative adversarial network of images."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from scipy.special import expit
from sklearn.utils._param_validation import Interval

from .. import networks
from ._images import ImageGenerator

__all__ = ["DCGANGenerator"]


class DCGANGenerator(ImageGenerator):
    """Images from a deep convolutional generative adversarial network [1]_, given the class if there is one.

    A generator makes images of noise, a discriminator learns to tell them from real ones, and each learns from the
    other. Needs the extra ``torch``.

    Parameters
    ----------
    n_steps : int, default=1000
        Updates of both, however many images there are.
    batch_size : int, default=128
        Images of an update.
    n_noise : int, default=32
        Numbers of which an image is made.
    n_filters : int, default=32
        Channels after the first halving of an image, and before its last doubling; each further halving doubles them.
    learning_rate : float, default=1e-3
    max_seconds : float or None, default=None
        Budget of time for training. When it is over the last state is kept, with a warning.
    device : {"auto", "cpu", "cuda", "mps"} or torch.device, default="auto"
        Where to train and draw; ``"auto"`` takes a GPU where there is one.
    warm_start : bool, default=False
        Whether the next ``fit`` goes on from this one, on images of the same shape.
    verbose : int or bool, default=1
        0 says nothing; 1 says before a training of more than ten seconds what it will cost; 2 tells the losses too.
    random_state : int, RandomState instance or None, default=None
        Seed of training and of ``sample``. On a CPU, with the same number of threads, equal seeds give equal images.

    Attributes
    ----------
    history_ : list of dict
        One per look at the training: ``step`` and the mean of each loss since the look before.
    n_steps_ : int
        Updates made, all fits of a warm start together.
    fit_seconds_ : float
        Time that they took.
    stop_reason_ : {"steps", "patience", "time", "interrupt"}
        Why training ended.
    image_shape_ : tuple of int
        Of an image: (height, width) or (height, width, channels).
    target_ : Target or None
        The labels given to ``fit``.

    See Also
    --------
    ImageVAEGenerator : Smoother images, steadier training, a latent space.
    ImageSampler : Changed copies, without a network.

    Notes
    -----
    The discriminator :math:`D(x, y) = a^T f(x) + b_y^T f(x) + c_y` of the features :math:`f` [2]_, whose layers are
    held to a slope of one [3]_, minimises :math:`E[\\max(0, 1 - D(x))] + E[\\max(0, 1 + D(G(z)))]`, the generator
    :math:`-E[D(G(z))]`. Images are drawn by a moving average of the generator. Where real pixels take at most 256
    values, drawn ones take the nearest of these. Classes are equally frequent in the updates.

    References
    ----------
    .. [1] A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep convolutional generative
       adversarial networks", International Conference on Learning Representations, 2016.
    .. [2] T. Miyato, M. Koyama, "cGANs with projection discriminator", International Conference on Learning
       Representations, 2018.
    .. [3] T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
       International Conference on Learning Representations, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from genesis_sampling import DCGANGenerator
    >>> digits = load_digits()
    >>> generator = DCGANGenerator(n_steps=20, random_state=0).fit(digits.images / 16, digits.target)
    >>> generator.sample(5, y=3).shape
    (5, 8, 8)
    """

    _parameter_constraints: dict = {
        **ImageGenerator._parameter_constraints,
        "n_noise": [Interval(Integral, 1, None, closed="left")],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        n_steps=1000,
        batch_size=128,
        n_noise=32,
        n_filters=32,
        learning_rate=1e-3,
        max_seconds=None,
        device="auto",
        warm_start=False,
        verbose=1,
        random_state=None,
    ):
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.n_noise = n_noise
        self.n_filters = n_filters
        self.learning_rate = learning_rate
        self.max_seconds = max_seconds
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def score(self, X, y=None):
        """How far images pass for real ones with the discriminator.

        Parameters
        ----------
        X : ndarray of shape (n_images, ...)
            Images of the shape that was learned.
        y : label or array-like of shape (n_images,), default=None
            Their classes, if ``fit`` was given labels.

        Returns
        -------
        score : ndarray of shape (n_images,)
            :math:`1 / (1 + e^{-D(x, y)})`: above one half for what it takes for real.
        """
        pixels = self._pixels_of(X)
        classes = self._classes_of(y, len(pixels))
        with self._placed() as device:
            return expit(self._through(self._model.judge, device, pixels, classes).astype(np.float64))

    def _config(self):
        return networks.ImageGanConfig(
            n_noise=self.n_noise, n_filters=self.n_filters, learning_rate=self.learning_rate
        )

    def _network(self, config):
        return networks.ImageGan(self._pixel_shape, self._n_classes, config)

    def _make_steps(self, pixels, classes, device, rng):
        given = (networks.as_tensor(part, device) for part in (pixels, classes))
        return self._model, networks.ImageGanSteps(self._model, *given, self.batch_size), None

    def _draw_pixels(self, n, classes, rng, device):
        noise = rng.standard_normal((n, self._model.config.n_noise))
        return self._through(self._model.draw, device, noise, classes)
