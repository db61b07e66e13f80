"""Warnings that point at the line of the user, however deep in the package they arise."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn_user"]

# What may stand between the user's line and ours.
PASSED_THROUGH = ("genesis_sampling.", "sklearn.", "imblearn.", "joblib.")


def warn_user(message: str, category: type[Warning]) -> None:
    """Give a warning that names the first line outside the package and the libraries that call it."""
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(PASSED_THROUGH):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)
