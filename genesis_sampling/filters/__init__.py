"""What keeps synthetic rows: constraints that they must satisfy."""

from .constraints import Constraint, parse_constraints

__all__ = ["Constraint", "parse_constraints"]
