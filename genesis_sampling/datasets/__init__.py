"""Small tables for the demo, the tests and the documentation: made here, or bundled with scikit-learn."""

from .bundled import load_rare_cancer
from .made import make_fraud, make_transactions

__all__ = ["load_rare_cancer", "make_fraud", "make_transactions"]
