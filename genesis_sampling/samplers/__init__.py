"""The samplers: everything with ``fit_resample``."""

from .noise import NoiseSampler

__all__ = ["NoiseSampler"]
