"""Over-sampling of images."""

from __future__ import annotations

from typing import Any

from .. import networks
from .._optional import import_extra
from ..exceptions import DataError
from ..tables.images import as_pixels, check_images, like_images
from .items import OperationsSampler

__all__ = ["ImageSampler"]

# Operation -> the class of kornia.augmentation that does it, and parameters.
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "horizontal_flip": ("RandomHorizontalFlip", {}),
    "vertical_flip": ("RandomVerticalFlip", {}),
    "crop": ("RandomResizedCrop", {"scale": (0.8, 1.0), "ratio": (0.9, 1.1)}),
    "rotation": ("RandomRotation", {"degrees": 10.0}),
    "shift": ("RandomAffine", {"degrees": 0.0, "translate": (0.1, 0.1)}),
    "resize": ("RandomAffine", {"degrees": 0.0, "scale": (0.9, 1.1)}),
    "brightness": ("RandomBrightness", {"brightness": (0.8, 1.2)}),
    "contrast": ("RandomContrast", {"contrast": (0.8, 1.2)}),
    "saturation": ("RandomSaturation", {"saturation": (0.8, 1.2)}),
    "hue": ("RandomHue", {"hue": (-0.05, 0.05)}),
    "blur": ("RandomGaussianBlur", {"kernel_size": (3, 3), "sigma": (0.1, 1.0)}),
    "noise": ("RandomGaussianNoise", {"std": 0.03}),
    "erasing": ("RandomErasing", {"scale": (0.02, 0.1)}),
}
DEFAULTS = ("crop", "rotation", "shift", "brightness", "contrast", "noise")
# Operations that are defined for colours alone.
OF_COLORS = {"saturation", "hue"}


class ImageSampler(OperationsSampler):
    """Over-sample images with changed copies of those of the class.

    Each new image is one of its class, drawn with replacement, to which some operations are applied, drawn anew for
    each, by `kornia` [1]_ (extra `image`):

    - `crop`: a part of .8 to 1 of the area, brought back to the size;
    - `rotation`: up to 10 degrees;
    - `shift`: up to a tenth along and across;
    - `resize`: .9 to 1.1 times as large;
    - `brightness`, `contrast`: .8 to 1.2 times;
    - `saturation`: .8 to 1.2 times; `hue`: up to .05 of the circle; colours only;
    - `noise`: normal, with a standard deviation of .03 of the range;
    - `blur`: a Gaussian of .1 to 1 pixels;
    - `erasing`: a rectangle of .02 to .1 of the area is black;
    - `horizontal_flip`, `vertical_flip`.

    Crop, rotation, shift, brightness, contrast and noise are the default, which suits small images. Flips are off: a
    flipped 2 is no 2.

    Parameters
    ----------
    operations : "default", list of str, or dict of str to dict, default="default"
        Names of operations, or name -> parameters, which are those of the classes of `kornia.augmentation`.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    n_operations : int or None, default=2
        How many of them an image goes through, drawn for each; None for all.
    device : {"auto", "cpu", "cuda", "mps"} or torch.device, default="cpu"
        Where images are changed.
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
        Position in the input of the image that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    TransformSampler : Any function of your own.

    Notes
    -----
    ``X`` has the shape (n_images, height, width) or (n_images, height, width, 1 or 3). Floats lie in [0, 1], integers
    use their range; both stay there.

    References
    ----------
    .. [1] E. Riba, D. Mishkin, D. Ponsa, E. Rublee, G. Bradski, "Kornia: an open source differentiable computer vision
       library for PyTorch", IEEE Winter Conference on Applications of Computer Vision, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import ImageSampler
    >>> images = np.random.default_rng(0).integers(0, 256, size=(12, 16, 16, 3), dtype=np.uint8)
    >>> y = np.repeat(["cat", "dog"], [9, 3])
    >>> X_new, y_new = ImageSampler(random_state=0).fit_resample(images, y)
    >>> X_new.shape, X_new.dtype
    ((18, 16, 16, 3), dtype('uint8'))
    """

    _item_kind = "image"
    _known = {name: params for name, (_, params) in OPERATIONS.items()}
    _defaults = DEFAULTS
    _parameter_constraints: dict = {
        **OperationsSampler._parameter_constraints,
        "device": "no_validation",  # resolve_device says it better, and knows torch's own devices
    }

    def __init__(
        self,
        operations="default",
        sampling_strategy="auto",
        *,
        n_operations=2,
        device="cpu",
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.operations = operations
        self.n_operations = n_operations
        self.device = device
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        check_images(table.items)
        gray = OF_COLORS & set(self._chosen()) if table.items.shape[3:] != (3,) else set()
        if gray:
            raise DataError(
                f"Got {', '.join(sorted(gray))} for images without colours; expected other operations."
            )

    def _load(self):
        return import_extra("kornia.augmentation", extra="image", needed_for="ImageSampler")

    def _transform(self, batch, rng, peers):
        library = self._load()
        images = networks.as_tensor(as_pixels(batch), networks.resolve_device(self.device))
        chosen = self._chosen()

        def apply(name: str, some: Any) -> Any:
            size = {"size": batch.shape[1:3]} if name == "crop" else {}
            return getattr(library, OPERATIONS[name][0])(p=1.0, **size, **chosen[name])(some)

        images = self._applied(images, chosen, rng, apply)
        return like_images(networks.as_arrays(images.clamp(0, 1))[0], batch)
