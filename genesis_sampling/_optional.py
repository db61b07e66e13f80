"""Import an optional package, or say which extra installs it."""

from __future__ import annotations

import importlib
from types import ModuleType

from .exceptions import MissingExtraError

__all__ = ["import_extra"]


def import_extra(module: str, *, extra: str, needed_for: str) -> ModuleType:
    """Return the imported ``module``.

    Parameters
    ----------
    module : str
        Name to import, such as ``"pyarrow"``.
    extra : str
        The extra of this distribution that installs it, such as ``"parquet"``.
    needed_for : str
        What the user asked for, as the beginning of the sentence: ``"Writing Parquet files"``.

    Raises
    ------
    MissingExtraError
        When the package is not installed, or cannot be imported; the message then has the error.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        is_missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        raise MissingExtraError(
            f"{needed_for} needs the package {module!r}, which "
            + (
                "is not installed. Install it with: "
                if is_missing
                else f"cannot be imported ({error}). Repair it: "
            )
            + f"pip install 'genesis-sampling[{extra}]'"
        ) from error
