"""Errors and warnings of the package.

Each error is also the built-in that scikit-learn users expect (``ValueError``, ``ImportError``), so existing
``except`` clauses go on working.
"""


class GenesisError(Exception):
    """Base of every error that the package raises on purpose."""


class DataError(GenesisError, ValueError):
    """The data cannot be used as they are: the message says which column, what came and what to do."""


class MixedTypesError(DataError, TypeError):
    """A column (or the column names) mixes types that cannot be handled together, such as text and numbers."""


class ConstraintError(GenesisError, ValueError):
    """A constraint is malformed, names something that is not there, or cannot be met."""


class ConstraintParseError(ConstraintError):
    """The text of a constraint is not an expression of the constraint language."""


class TargetNotReachedError(GenesisError, ValueError):
    """The requested number of rows cannot be made; the message has the counts that were reached and why."""


class TrainingError(GenesisError, RuntimeError):
    """Training a network came to nothing: the message names the step and what to change."""


class MissingExtraError(GenesisError, ImportError):
    """An optional package is needed; the message has the command that installs it."""


class GenesisWarning(UserWarning):
    """Base of every warning of the package."""


class SmallClassWarning(GenesisWarning):
    """A class has fewer rows, or fewer different ones, than the method would like, so the method was adapted to it."""


class IdentifierWarning(GenesisWarning):
    """A text column looks like an identifier: nearly every row has a value of its own."""


class NeighborsWarning(GenesisWarning):
    """Neighbours say little, since all rows are about equally far from each other."""
