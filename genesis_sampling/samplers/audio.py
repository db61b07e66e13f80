"""Over-sampling of recordings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .._optional import import_extra
from ..exceptions import DataError
from ..tables.images import full_scale
from .items import OperationsSampler

__all__ = ["AudioSampler"]

# Operation -> the class of audiomentations that does it, and parameters.
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "noise": ("AddGaussianSNR", {"min_snr_db": 10.0, "max_snr_db": 40.0}),
    "time_mask": ("TimeMask", {"min_band_part": 0.01, "max_band_part": 0.1}),
    "speed": ("TimeStretch", {"min_rate": 0.9, "max_rate": 1.1}),
    "shift": ("Shift", {"min_shift": -0.1, "max_shift": 0.1, "rollover": False}),
    "gain": ("Gain", {"min_gain_db": -6.0, "max_gain_db": 6.0}),
    "pitch": ("PitchShift", {"min_semitones": -2.0, "max_semitones": 2.0}),
    "fast_forward": ("", {"min_rate": 1.1, "max_rate": 1.3}),
}
DEFAULTS = ("noise", "time_mask", "speed", "shift", "gain")
MIN_SAMPLES = 64


class AudioSampler(OperationsSampler):
    """Over-sample recordings with changed copies of those of the class.

    Each new recording is one of its class, drawn with replacement, to which some operations are applied, drawn anew for
    each, by `audiomentations` (extra `audio`):

    - `noise`: normal noise, 10 to 40 dB below the signal;
    - `time_mask`: up to a tenth is silent;
    - `speed`: .9 to 1.1 times as fast, at the same pitch;
    - `shift`: up to a tenth earlier or later;
    - `gain`: up to 6 dB louder or quieter;
    - `pitch`: up to two semitones higher or lower;
    - `fast_forward`: 1.1 to 1.3 times as fast, as a tape that runs too quickly, so higher too.

    The first five are the default. The last two are off, since a pitch may be what tells the class.

    Parameters
    ----------
    operations : "default", list of str, or dict of str to dict, default="default"
        Names of operations, or name -> parameters, which are those of the classes of `audiomentations`.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    sample_rate : int or None, default=None
        Samples per second. There is no default that would be right: ``fit_resample`` needs it.
    n_operations : int or None, default=2
        How many of them a recording goes through, drawn for each; None for all.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its recordings.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class and each batch of recordings has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of recordings made of each class.
    n_features_in_ : int
        Number of samples, for a matrix.
    synthetic_mask_ : ndarray of bool of shape (n_recordings_out,)
        Which recordings of the result were made.
    sample_indices_ : ndarray of int of shape (n_recordings_out,)
        Position in the input of the recording that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    TimeSeriesSampler : Changes of series that are no sound.

    Notes
    -----
    ``X`` is an array of shape (n_recordings, t), or a list of arrays that may differ in length, which `speed` and
    `fast_forward` then change. Floats lie in [-1, 1], integers use their range; both stay there.

    References
    ----------
    .. [1] J. Salamon, J. P. Bello, "Deep convolutional neural networks and data augmentation for environmental sound
       classification", IEEE Signal Processing Letters 24(3), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import AudioSampler
    >>> time = np.arange(2000) / 8000
    >>> X = np.array([np.sin(2 * np.pi * pitch * time) for pitch in (200, 210, 220, 800)]) / 2
    >>> y = ["low", "low", "low", "high"]
    >>> X_new, y_new = AudioSampler(sample_rate=8000, random_state=0).fit_resample(X, y)
    >>> X_new.shape
    (6, 2000)
    """

    _item_kind = "audio"
    _known = {name: params for name, (_, params) in OPERATIONS.items()}
    _defaults = DEFAULTS
    _parameter_constraints: dict = {
        **OperationsSampler._parameter_constraints,
        "sample_rate": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        operations="default",
        sampling_strategy="auto",
        *,
        sample_rate=None,
        n_operations=2,
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.operations = operations
        self.sample_rate = sample_rate
        self.n_operations = n_operations
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        self._chosen()
        if self.sample_rate is None:
            raise DataError(
                "Got no sample_rate; expected the samples per second of the recordings, such as 16000."
            )
        for place, item in enumerate(table.items):
            _check_recording(item, place)

    def _load(self):
        return import_extra("audiomentations", extra="audio", needed_for="AudioSampler")

    def _transform(self, batch, rng, peers):
        keeps_length = isinstance(batch, np.ndarray)
        changes = self._changes(keeps_length)
        made = []
        for recording in batch:
            scale = full_scale(recording.dtype)
            samples = (recording / scale).astype(np.float32)
            drawn = self._drawn(changes, rng)
            for name, change in changes.items():
                if name in drawn:
                    samples = change(samples)
            made.append(np.clip(samples, -1, 1) * scale)
        return np.stack(made) if keeps_length else made

    def _changes(self, keeps_length: bool) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        """Operation -> a function of samples in [-1, 1]; they draw from the global generators, which are seeded."""
        library = self._load()
        changes: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
        for name, params in self._chosen().items():
            if name == "fast_forward":
                changes[name] = _FastForward(**params, keeps_length=keeps_length)
                continue
            length = {"leave_length_unchanged": keeps_length} if name == "speed" else {}
            transform = getattr(library, OPERATIONS[name][0])(p=1.0, **length, **params)
            changes[name] = partial(transform, sample_rate=int(self.sample_rate))
        return changes


class _FastForward:
    """Reads samples at a higher rate than they were taken at; what is missing at the end is silent."""

    def __init__(self, min_rate: float, max_rate: float, keeps_length: bool):
        self.min_rate, self.max_rate, self.keeps_length = min_rate, max_rate, keeps_length

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        rate = np.random.uniform(self.min_rate, self.max_rate)  # noqa: NPY002 (as the others do)
        place = np.arange(0, len(samples) - 1, rate)
        played = np.interp(place, np.arange(len(samples)), samples).astype(np.float32)
        return np.pad(played, (0, len(samples) - len(played))) if self.keeps_length else played


def _check_recording(item: Any, place: int) -> None:
    if not isinstance(item, np.ndarray) or item.ndim != 1 or item.dtype.kind not in "if":
        shape = f"shape {np.shape(item)}" if isinstance(item, np.ndarray) else type(item).__name__
        raise DataError(
            f"Got {shape} as recording {place}; expected samples of shape (t,), floats in [-1, 1] or signed integers. "
            "Mix channels to one first."
        )
    if len(item) < MIN_SAMPLES:
        raise DataError(f"Got {len(item)} samples in recording {place}; expected at least {MIN_SAMPLES}.")
    if not np.isfinite(item).all():
        raise DataError(f"Got NaN or infinity in recording {place}; expected numbers alone.")
    if not item.any():
        raise DataError(f"Got silence as recording {place}; expected a sound. Leave it out.")
    if item.dtype.kind == "f" and np.abs(item).max() > 1:
        raise DataError(
            f"Got samples up to {np.abs(item).max():.3g} in recording {place}; expected floats in [-1, 1]. Divide "
            "by the largest value that the format allows."
        )
