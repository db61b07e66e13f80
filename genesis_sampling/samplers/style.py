"""Over-sampling of images by the style of other images."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .. import networks
from .._optional import import_extra
from ..exceptions import DataError
from ..tables.images import as_pixels, check_images, like_images
from .data import ClassData, ClassSource, ResamplePlan, SamplingData
from .items import ItemSampler

__all__ = ["StyleTransferSampler"]


class StyleTransferSampler(ItemSampler):
    """Over-sample images with images of the class that take on the style of other images.

    Each new image is one of its class, drawn with replacement, and shows what that one shows in the style of another
    image, drawn for each. What a style is depends on `method`:

    - `histogram`: how often each level of each channel occurs, so brightness, contrast and tint [1]_; by `scikit-image`
      (extra `image`);
    - `gatys`: which features of a network occur together, wherever they are, so texture too [2]_; the pixels are
      optimised;
    - `adain`: the mean and the deviation of each feature of an encoder, from which a decoder makes an image [3]_.

    The last two need a network that was trained elsewhere, and the extra `torch`.

    Parameters
    ----------
    method : {"histogram", "gatys", "adain"}, default="histogram"
        What a style is.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    strength : float in [0, 1], default=1.0
        Share of the way to the style: of the pixels, or of the features of the encoder for `adain`. 0 copies images
        (for `adain`, as far as the decoder undoes the encoder).
    style_from : {"class", "all", "others"}, default="class"
        The images given to ``fit_resample`` whose style is taken: those of the same class, of all, of the other
        classes.
    styles : ndarray of shape (n_styles, height, width) or (n_styles, height, width, 1 or 3), default=None
        Images whose style is taken instead, with as many channels as those of ``X``; of any size and in the range that
        their own type has.
    network : torch.nn.Module, or tuple of two, default=None
        For `gatys` a network that takes images; for `adain` ``(encoder, decoder)``. They are given pixels in [0, 1] of
        shape (n, channels, height, width), in evaluation mode, and stay as they are.
    layers : dict, default=None
        For `gatys`: ``{"content": [...], "style": [...]}``, names of modules of the network, as its
        ``named_modules()`` tells them.
    style_weight : float, default=1000.0
        For `gatys`: weight of the style against the content.
    steps : int, default=20
        For `gatys`: iterations of the optimiser.
    optimizer : {"lbfgs", "adam"}, default="lbfgs"
        For `gatys`: L-BFGS with a line search, or Adam with steps of .02.
    batch_size : int, default=32
        For `gatys` and `adain`: images in the memory of the device at once. L-BFGS optimises them together.
    device : {"auto", "cpu", "cuda", "mps"} or torch.device, default="cpu"
        For `gatys` and `adain`: where the network runs.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its images.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class and each batch of images has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of images made of each class.
    synthetic_mask_ : ndarray of bool of shape (n_images_out,)
        Which images of the result were made.
    sample_indices_ : ndarray of int of shape (n_images_out,)
        Position in the input of the image that each is, or whose content it has.
    style_indices_ : ndarray of int of shape (n_images_out,)
        Position of the image whose style each has, in the input, or in ``styles`` where they are given; -1 for images
        that were not made.
    report_ : AugmentationReport
        Counts and seconds.

    Raises
    ------
    DataError
        When there is no network where one is needed, a layer that it lacks, or what comes in is no image.
    TrainingError
        When the loss of `gatys` is not finite.

    See Also
    --------
    ImageSampler : Changed copies, each image by itself.

    Notes
    -----
    ``X`` has the shape (n_images, height, width) or (n_images, height, width, 1 or 3). Floats lie in [0, 1], integers
    use their range; both stay there.

    With the features :math:`F_l` of layer :math:`l`, of shape (:math:`N_l` channels, :math:`M_l` places), those
    :math:`P_l` of the content and the Gram matrices :math:`G_l = F_l F_l^T / M_l` and :math:`A_l` (of the style),
    `gatys` starts at the content and minimises

    .. math:: \\overline{(F_l - P_l)^2} + w \\; \\overline{\\tfrac{1}{4 N_l^2} \\sum_{ij} (G_l - A_l)_{ij}^2}

    where the bars are means over the layers, the first one over features too: a sum in the paper, which would weigh
    more in larger images. With the mean :math:`\\mu` and the standard deviation :math:`\\sigma` of each channel,
    `adain` decodes :math:`\\sigma(s) (c - \\mu(c)) / \\sigma(c) + \\mu(s)` from the features :math:`c` of the content
    and :math:`s` of the style.

    References
    ----------
    .. [1] R. C. Gonzalez, R. E. Woods, "Digital image processing", Pearson, 4th edition, 2018, section 3.3.
    .. [2] L. A. Gatys, A. S. Ecker, M. Bethge, "Image style transfer using convolutional neural networks", IEEE
       Conference on Computer Vision and Pattern Recognition, 2016.
    .. [3] X. Huang, S. Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization", IEEE
       International Conference on Computer Vision, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import StyleTransferSampler
    >>> images = np.random.default_rng(0).integers(0, 256, size=(12, 16, 16, 3), dtype=np.uint8)
    >>> y = np.repeat(["cat", "dog"], [9, 3])
    >>> X_new, y_new = StyleTransferSampler(random_state=0).fit_resample(images, y)
    >>> X_new.shape, X_new.dtype
    ((18, 16, 16, 3), dtype('uint8'))
    """

    _item_kind = "image"
    _parameter_constraints: dict = {
        **ItemSampler._parameter_constraints,
        "method": [StrOptions({"histogram", "gatys", "adain"})],
        "strength": [Interval(Real, 0, 1, closed="both")],
        "style_from": [StrOptions({"class", "all", "others"})],
        "styles": [np.ndarray, None],
        "network": [HasMethods(["forward", "named_modules"]), tuple, list, None],
        "layers": [dict, None],
        "style_weight": [Interval(Real, 0, None, closed="left")],
        "steps": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions({"lbfgs", "adam"})],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": "no_validation",  # resolve_device says it better, and knows torch's own devices
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        method="histogram",
        sampling_strategy="auto",
        *,
        strength=1.0,
        style_from="class",
        styles=None,
        network=None,
        layers=None,
        style_weight=1000.0,
        steps=20,
        optimizer="lbfgs",
        batch_size=32,
        device="cpu",
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.method = method
        self.strength = strength
        self.style_from = style_from
        self.styles = styles
        self.network = network
        self.layers = layers
        self.style_weight = style_weight
        self.steps = steps
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.device = device
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        check_images(table.items)
        if self.styles is not None:
            check_images(self.styles, "styles")
            of_images, of_styles = (_n_channels(images) for images in (table.items, self.styles))
            if of_images != of_styles:
                raise DataError(
                    f"Got styles of {of_styles} channels for images of {of_images}; expected as many. Bring both to "
                    "gray or to colours first."
                )
        if self.method == "gatys":
            _check_layers(self.network, self.layers)
        if self.method == "adain":
            _check_coders(self.network)

    def _fit_class(self, part: ClassData) -> ClassSource:
        # A copy, so that what was drawn for one class is no state of the sampler.
        sampler = copy(self)
        sampler._pool, sampler._pool_positions = self._pool_for(part)
        return super(StyleTransferSampler, sampler)._fit_class(part)

    def _pool_for(self, part: ClassData) -> tuple[np.ndarray, np.ndarray]:
        """The images whose style those of a class may get, shape (n_styles, ...), and where they are."""
        if self.styles is not None:
            return self.styles, np.arange(len(self.styles))
        images: Any = part.data.table.items  # type: ignore[attr-defined]
        of_class = part.data.target.codes == part.code
        if self.style_from == "all":
            return images, np.arange(len(images))
        pool = np.flatnonzero(~of_class if self.style_from == "others" else of_class)
        if not len(pool):
            raise DataError("Got images of one class alone; expected two or more for style_from='others'.")
        if self.style_from == "class" and len(pool) == 1:
            part.warn(
                "has one image, and no other to take a style from, so its new ones are copies; style_from='all' would "
                "give them styles"
            )
        return images[pool], pool

    def _load(self):
        if self.method == "histogram":
            return import_extra(
                "skimage.exposure", extra="image", needed_for="StyleTransferSampler(method='histogram')"
            )
        import_extra("torch", extra="torch", needed_for=f"StyleTransferSampler(method={self.method!r})")
        from ..networks import style

        return style

    def _transform(self, batch, rng, peers):
        return self._changed(batch, rng, peers)[0]

    def _changed(self, batch, rng, peers):
        drawn = _other_images(batch, self._pool, rng)
        return self._in_style(batch, self._pool[drawn]), self._pool_positions[drawn]

    def _in_style(self, batch: np.ndarray, styles: np.ndarray) -> np.ndarray:
        """Each image in the style of another."""
        pixels, looks = as_pixels(batch), as_pixels(styles)
        if self.method == "histogram":
            match = self._load().match_histograms
            pairs = zip(pixels, looks, strict=True)
            made = np.stack([match(image, look, channel_axis=0) for image, look in pairs])
        else:
            parts = [slice(start, start + self.batch_size) for start in range(0, len(batch), self.batch_size)]
            made = np.concatenate([self._through_network(pixels[part], looks[part]) for part in parts])
        made = like_images(made, batch)
        # AdaIN goes a share of the way between features.
        return made if self.method == "adain" else batch + self.strength * (made - batch)

    def _through_network(self, pixels: np.ndarray, looks: np.ndarray) -> np.ndarray:
        style, device = self._load(), networks.resolve_device(self.device)
        given = [networks.as_tensor(images, device) for images in (pixels, looks)]
        if self.method == "adain":
            made = style.match_features(*self.network, *given, strength=self.strength)
        else:
            made = style.optimize_style(
                self.network,
                *given,
                layers=self.layers,
                style_weight=self.style_weight,
                steps=self.steps,
                optimizer=self.optimizer,
            )
        return networks.as_arrays(made)[0]

    def _record(self, data: SamplingData, plan: ResamplePlan, seconds: float) -> None:
        super()._record(data, plan, seconds)
        self.style_indices_ = np.full(len(self.synthetic_mask_), -1)
        self.style_indices_[self.synthetic_mask_] = plan.new.known_partners()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def _n_channels(images: np.ndarray) -> int:
    return images.shape[3] if images.ndim == 4 else 1


def _check_layers(network: Any, layers: Any) -> None:
    if not hasattr(network, "named_modules"):
        raise DataError(
            f"Got network={network!r} for method='gatys'; expected a torch.nn.Module that was trained on images, such "
            "as the convolutions of a VGG network."
        )
    expected = 'expected layers={"content": [...], "style": [...]} with names of its modules'
    if not isinstance(layers, Mapping) or set(layers) != {"content", "style"}:
        raise DataError(f"Got layers={layers!r}; {expected}.")
    known = [name for name, _ in network.named_modules() if name]
    for part, names in layers.items():
        if isinstance(names, str) or not names or not set(names) <= set(known):
            raise DataError(
                f"Got {names!r} as {part} layers of {type(network).__name__}; {expected}, a list of some of "
                f"{', '.join(known[:20])}{', ...' * (len(known) > 20)}."
            )


def _check_coders(network: Any) -> None:
    if (
        not isinstance(network, tuple | list)
        or len(network) != 2
        or not all(hasattr(part, "named_modules") for part in network)
    ):
        raise DataError(
            f"Got network={network!r} for method='adain'; expected (encoder, decoder), two torch.nn.Module, of which "
            "the second makes images of what the first puts out."
        )


def _other_images(batch: np.ndarray, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Position of an image of the pool for each of the batch, another than itself if there is one."""
    drawn = rng.integers(len(pool), size=len(batch))
    for place, image in enumerate(batch):
        for offset in range(len(pool)):
            other = (drawn[place] + offset) % len(pool)
            if not np.array_equal(pool[other], image):
                drawn[place] = other
                break
    return drawn
