"""A delimited text, taken apart into its records as they stand, and into cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..exceptions import DataError

__all__ = ["TextRecords", "recast", "split_records"]

# In the order in which they are looked for in a header that has one column only.
DELIMITERS = {";": ";", "\t": "\\t", "|": "|", ",": ","}


@dataclass
class TextRecords:
    """The records of a delimited text.

    Parameters
    ----------
    names : list of str
        The column names.
    header : str
        The record that they come from, as it stands.
    rows : list of str
        The other records as they stand, without line ends.
    delimiter, newline : str
        What separates cells, and records.
    """

    names: list[str]
    header: str
    rows: list[str]
    delimiter: str
    newline: str

    def cells(self) -> pd.DataFrame:
        """The rows as texts, NaN where a field is empty; shape (n_rows, n_columns)."""
        return pd.read_csv(
            io.StringIO("\n".join(self.rows)),
            sep=self.delimiter,
            header=None,
            names=self.names,
            index_col=False,
            dtype=str,
            # Only an empty field is missing: a category may be called "NA" or "None".
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )


def split_records(text: str, delimiter: str, title: str) -> TextRecords:
    """Take a delimited text apart.

    Parameters
    ----------
    text : str
        The whole file.
    delimiter : str
        What separates the cells.
    title : str
        What messages call the file.

    Raises
    ------
    DataError
        When there are no rows, the delimiter is another one, names repeat, or records differ in length.
    """
    newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    if "\n" not in text:
        # Line ends of old Macintosh files.
        text = text.replace("\r", "\n")
    records, widths, lines = _split(text, delimiter, title)
    if not records:
        raise DataError(f"Got {title}, which holds only blank lines; expected a table with a header and rows.")
    names = next(csv.reader([records[0]], delimiter=delimiter))
    _check_names(names, delimiter, title)
    if len(records) == 1:
        raise DataError(f"Got {title}, which has a header and no rows; expected rows to learn from.")
    uneven = np.flatnonzero(np.array(widths) != widths[0])
    if len(uneven):
        first = int(uneven[0])
        raise DataError(
            f"Got {title}, in which line {lines[first]} has {widths[first]} fields and the header has {widths[0]}; "
            "expected the same number in every line. Correct the line, or put cells that contain the delimiter "
            f"({delimiter!r}) in double quotes."
        )
    return TextRecords(names, records[0], records[1:], delimiter, newline)


def recast(records: Iterable[str], old: str, new: str) -> Iterator[str]:
    """Records with another delimiter, in quotes where that needs them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=new, lineterminator="")
    for record in records:
        writer.writerow(next(csv.reader(io.StringIO(record, newline=""), delimiter=old)))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _split(text: str, delimiter: str, title: str) -> tuple[list[str], list[int], list[int]]:
    """Records that are not blank, how many fields each has, and the line in which each begins."""
    lines = text.replace("\r\n", "\n").split("\n") if '"' not in text else text.split("\n")
    if '"' in text:
        return _split_quoted(lines, delimiter, title)
    blanks = " \t".replace(delimiter, "")
    numbers = [number for number, line in enumerate(lines, 1) if line.strip(blanks)]
    records = lines if len(numbers) == len(lines) else [lines[number - 1] for number in numbers]
    return records, [record.count(delimiter) + 1 for record in records], numbers


def _split_quoted(lines: list[str], delimiter: str, title: str) -> tuple[list[str], list[int], list[int]]:
    """The same where a line end may be part of a cell: only a parser tells."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    blanks = " \t".replace(delimiter, "")
    records, widths, numbers = [], [], []
    start = 0
    try:
        for fields in reader:
            record = "\n".join(lines[start : reader.line_num]).removesuffix("\r")
            if record.strip(blanks):
                records.append(record)
                widths.append(len(fields))
                numbers.append(start + 1)
            start = reader.line_num
    except csv.Error as error:
        raise DataError(
            f"Got {title}, which cannot be taken apart from line {start + 1} on ({error}); expected double quotes in "
            "pairs. Look for one that is not closed."
        ) from error
    return records, widths, numbers


def _check_names(names: list[str], delimiter: str, title: str) -> None:
    """Refuse a header that shows another delimiter, or names with which columns could not be told apart."""
    if len(names) == 1:
        found = [sign for sign in DELIMITERS if sign in names[0]]
        if found:
            raise DataError(
                f"Got {title}, in which the delimiter {delimiter!r} finds one column, {names[0][:60]!r}; it seems to be "
                f"{found[0]!r}. Pass --delimiter '{DELIMITERS[found[0]]}'."
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"Got {title}, in which the header has the column names {repeated} more than once; expected each name once. "
            "Rename or drop the duplicates."
        )
