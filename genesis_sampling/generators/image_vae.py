"""A variational autoencoder of images."""

from __future__ import annotations

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .. import networks
from ._images import ImageGenerator
from ._latents import LatentSpace
from ._training import same_at_each_look

__all__ = ["ImageVAEGenerator"]


class ImageVAEGenerator(LatentSpace, ImageGenerator):
    """Images from a convolutional variational autoencoder [1]_, with its latent space to walk in.

    An encoder says where an image lies in a space of few dimensions, a decoder makes images of places there. So images
    can be varied (:meth:`sample_near`) and mixed (:meth:`interpolate`), as well as drawn anew. Needs the extra
    ``torch``.

    Parameters
    ----------
    n_steps : int, default=2000
        Updates at the most, however many images there are.
    batch_size : int, default=128
        Images of an update.
    n_latent : int, default=16
        Dimensions of the latent space.
    n_filters : int, default=32
        Channels after the first halving of an image, and before its last doubling; each further halving doubles them.
    divergence : float, default=1.0
        Weight of the divergence of the latents against the reconstruction.
    learning_rate : float, default=2e-3
    validation_fraction : float in [0, 1), default=0.1
        Share of the images that is held out to stop early by; none where it is less than 20 images.
    patience : int or None, default=5
        Looks at the held-out images without an improvement after which training ends; None for all steps and no
        held-out images.
    max_seconds : float or None, default=None
        Budget of time for training. When it is over the best state so far is kept, with a warning.
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
        One per look at the training: ``step``, the mean of each loss since the look before, and ``held_out``,
        a bound on the negative log likelihood of held-out images, in nats, but for a constant.
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
    DCGANGenerator : Sharper images, by a discriminator.
    ImageSampler : Changed copies, without a network.

    Notes
    -----
    It maximises :math:`E_{q(z|x)}[\\log p(x|z)] - \\beta\\,KL(q(z|x)\\,\\|\\,N(0, I))` with :math:`\\beta` the
    weight of the divergence. Pixels are normal around what the decoder says, with one spread that is learned [2]_; what
    is drawn is the mean. Where real pixels take at most 256 values, drawn ones take the nearest of these. Labels given
    to ``fit`` are a condition of both parts.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", International Conference on Learning
       Representations, 2014.
    .. [2] O. Rybkin, K. Daniilidis, S. Levine, "Simple and effective VAE training with calibrated decoders",
       International Conference on Machine Learning, 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from genesis_sampling import ImageVAEGenerator
    >>> digits = load_digits()
    >>> generator = ImageVAEGenerator(n_steps=20, random_state=0).fit(digits.images / 16, digits.target)
    >>> generator.sample(5, y=3).shape
    (5, 8, 8)
    """

    _parameter_constraints: dict = {
        **ImageGenerator._parameter_constraints,
        "n_latent": [Interval(Integral, 1, None, closed="left")],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "divergence": [Interval(Real, 0, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        n_steps=2000,
        batch_size=128,
        n_latent=16,
        n_filters=32,
        divergence=1.0,
        learning_rate=2e-3,
        validation_fraction=0.1,
        patience=5,
        max_seconds=None,
        device="auto",
        warm_start=False,
        verbose=1,
        random_state=None,
    ):
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.n_latent = n_latent
        self.n_filters = n_filters
        self.divergence = divergence
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_seconds = max_seconds
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def encode(self, X, y=None):
        """Where images lie in the latent space.

        Parameters
        ----------
        X : ndarray of shape (n_images, ...)
            Images of the shape that was learned.
        y : label or array-like of shape (n_images,), default=None
            Their classes, if ``fit`` was given labels.

        Returns
        -------
        latents : ndarray of shape (n_images, n_latent)
            Mean of each image's latents given the image.
        """
        pixels = self._pixels_of(X)
        classes = self._classes_of(y, len(pixels))
        with self._placed() as device:
            return self._through(lambda *given: self._model.encode(*given)[0], device, pixels, classes)

    def decode(self, latents, y=None, random_state=None):
        """Images of places in the latent space.

        Parameters
        ----------
        latents : array-like of shape (n_images, n_latent)
        y : label or array-like of shape (n_images,), default=None
            Classes of the images, if ``fit`` was given labels.
        random_state : int, RandomState instance or None, default=None
            Without effect: an image is the mean of what the decoder says.

        Returns
        -------
        images : ndarray of shape (n_images, ...)
        """
        check_is_fitted(self)
        latents = self._checked_latents(latents)
        classes = self._classes_of(y, len(latents))
        with self._placed() as device:
            return self._as_images(self._through(self._model.decode, device, latents, classes))

    def _config(self):
        return networks.ImageVaeConfig(
            n_latent=self.n_latent,
            n_filters=self.n_filters,
            learning_rate=self.learning_rate,
            divergence=self.divergence,
        )

    def _network(self, config):
        return networks.ImageVae(self._pixel_shape, self._n_classes, config)

    def _make_steps(self, pixels, classes, device, rng):
        model = self._model
        seen, unseen = (
            [None if part is None else networks.as_tensor(part[rows], device) for part in (pixels, classes)]
            for rows in self._held_out(len(pixels), classes, rng)
        )
        steps = networks.ImageVaeSteps(model, *seen, self.batch_size)
        return model, steps, same_at_each_look(model.bound, unseen, device) if len(unseen[0]) else None

    def _draw_pixels(self, n, classes, rng, device):
        latents = rng.standard_normal((n, self._model.config.n_latent))
        return self._through(self._model.decode, device, latents, classes)
