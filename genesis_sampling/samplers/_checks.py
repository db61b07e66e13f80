"""What is refused alike wherever an estimator is taken."""

from __future__ import annotations

from typing import Any

from ..exceptions import DataError

__all__ = ["cannot_take_rows", "check_is_instance"]


def check_is_instance(given: Any, expected: str, where: str = "") -> None:
    """Refuse a class where an instance of it is meant, which cannot be cloned.

    Parameters
    ----------
    given : object
    expected : str
        What is meant, with its article.
    where : str, default=""
        For what it was given, such as ``"as teacher"``.
    """
    if isinstance(given, type):
        name, place = given.__name__, f" {where}" if where else ""
        raise DataError(f"Got the class {name}{place}; expected {expected}, {name}().")


def cannot_take_rows(what: str, said: str) -> DataError:
    """The error that tells what an estimator said of rows, and what helps where columns are of a kind it cannot take.

    Parameters
    ----------
    what : str
        What could not be done, up to "the rows".
    said : str
        Message of the estimator.
    """
    unfit = "convert" in said or "NaN" in said
    hint = " Put steps that prepare the columns before it, as a pipeline." if unfit else ""
    return DataError(f"{what} the rows as they are: {said.strip().rstrip('.')}.{hint}")
