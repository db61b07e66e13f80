"""What a table from a file offers, whatever the format: typed values, and rows on their way out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import pandas as pd

__all__ = ["SYNTHETIC_COLUMN", "FileTable", "OutputRows", "marked_rows"]

SYNTHETIC_COLUMN = "_synthetic"


def marked_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that a marking column calls synthetic, without that column."""
    is_made = frame[SYNTHETIC_COLUMN].astype(str).str.lower() == "true"
    return frame[is_made].drop(columns=SYNTHETIC_COLUMN)


@dataclass
class OutputRows:
    """What goes into one file.

    Parameters
    ----------
    path : str
        Where, ``"-"`` for standard output.
    kept : ndarray of int, default=()
        Positions of original rows, which come first.
    new : DataFrame or None, default=None
        Rows to put behind them, with the columns and dtypes of the table's frame.
    mark : bool, default=False
        Whether a last column ``_synthetic`` tells the new rows.
    """

    path: str
    kept: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    new: pd.DataFrame | None = None
    mark: bool = False


class FileTable(ABC):
    """A table that was read from a file.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Its typed values.
    """

    frame: pd.DataFrame

    @abstractmethod
    def lines(self, rows: OutputRows, delimiter: str) -> Iterator[str]:
        """The rows as records of a delimited file, header first, without line ends."""

    @abstractmethod
    def write_parquet(self, rows: OutputRows, stream: BinaryIO) -> None:
        """Write the rows as a Parquet file."""

    def merged(self, rows: OutputRows) -> pd.DataFrame:
        """The rows as one typed frame."""
        kept = self.frame.iloc[rows.kept]
        frame = kept if rows.new is None or rows.new.empty else pd.concat([kept, rows.new])
        if rows.mark:
            frame = frame.assign(**{SYNTHETIC_COLUMN: np.arange(len(frame)) >= len(kept)})
        return frame.reset_index(drop=True)
