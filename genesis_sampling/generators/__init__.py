"""Generators: learn a distribution, draw rows."""

from .adapter import EstimatorGenerator, as_generator
from .base import BaseGenerator
from .ctgan import CTGANGenerator
from .dcgan import DCGANGenerator
from .diffusion import DiffusionGenerator
from .gaussian_copula import GaussianCopulaGenerator
from .image_vae import ImageVAEGenerator
from .tree import TreeGenerator
from .tvae import TVAEGenerator

__all__ = [
    "BaseGenerator",
    "CTGANGenerator",
    "DCGANGenerator",
    "DiffusionGenerator",
    "EstimatorGenerator",
    "GaussianCopulaGenerator",
    "ImageVAEGenerator",
    "TVAEGenerator",
    "TreeGenerator",
    "as_generator",
]
