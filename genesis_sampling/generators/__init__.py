"""Generators: learn a distribution, draw rows."""

from .adapter import EstimatorGenerator, as_generator
from .base import BaseGenerator
from .ctgan import CTGANGenerator
from .diffusion import DiffusionGenerator
from .gaussian_copula import GaussianCopulaGenerator
from .tree import TreeGenerator
from .tvae import TVAEGenerator

__all__ = [
    "BaseGenerator",
    "CTGANGenerator",
    "DiffusionGenerator",
    "EstimatorGenerator",
    "GaussianCopulaGenerator",
    "TVAEGenerator",
    "TreeGenerator",
    "as_generator",
]
