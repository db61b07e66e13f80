"""Generators: learn a distribution, draw rows."""

from .adapter import EstimatorGenerator, as_generator
from .base import BaseGenerator
from .gaussian_copula import GaussianCopulaGenerator
from .tree import TreeGenerator

__all__ = ["BaseGenerator", "EstimatorGenerator", "GaussianCopulaGenerator", "TreeGenerator", "as_generator"]
