"""Delimited text: taken apart into records as they stand, and rows written back in the same style."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import numpy as np
import pandas as pd

from ..exceptions import DataError
from ._cells import ParsedColumn, format_cells
from ._file_table import SYNTHETIC_COLUMN, FileTable, OutputRows
from ._parquet import write_frame

__all__ = ["TextRecords", "TextTable", "split_records"]

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
    title : str
        What messages call the file.
    """

    names: list[str]
    header: str
    rows: list[str]
    delimiter: str
    newline: str
    title: str

    def cells(self) -> pd.DataFrame:
        """The rows as texts, NaN where a field is empty; shape (n_rows, n_columns)."""
        frame = pd.read_csv(
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
        if len(frame) != len(self.rows):
            raise DataError(
                f"Got {self.title}, in which some cell holds a carriage return outside of double quotes; expected line "
                "ends of one kind."
            )
        return frame


class TextTable(FileTable):
    """A table from a delimited text file.

    Parameters
    ----------
    records : TextRecords
        The records as they stand in the file.
    columns : dict of str to ParsedColumn
        Typed values and writing style of each column.
    """

    def __init__(self, records: TextRecords, columns: dict[str, ParsedColumn]):
        self.records = records
        self.columns = columns
        self.frame = pd.DataFrame({name: column.values for name, column in columns.items()})

    def lines(self, rows: OutputRows, delimiter: str) -> Iterator[str]:
        header, records = self.records.header, self.records.rows
        originals: Iterable[str] = (records[position] for position in rows.kept.tolist())
        if delimiter != self.records.delimiter:
            header, *_ = _recast([header], self.records.delimiter, delimiter)
            originals = _recast(originals, self.records.delimiter, delimiter)
        added = () if rows.new is None else self._format(rows.new, delimiter)
        if not rows.mark:
            return chain([header], originals, added)
        return chain(
            [f"{header}{delimiter}{SYNTHETIC_COLUMN}"],
            (f"{record}{delimiter}False" for record in originals),
            (f"{record}{delimiter}True" for record in added),
        )

    def _format(self, new: pd.DataFrame, delimiter: str) -> Iterator[str]:
        """Records of new rows."""
        cells = [format_cells(new[name], column, delimiter) for name, column in self.columns.items()]
        if len(cells) == 1:
            # An empty line would be no record.
            return (cell or '""' for cell in cells[0])
        return map(delimiter.join, zip(*cells, strict=True))

    def write_parquet(self, rows: OutputRows, stream: BinaryIO) -> None:
        write_frame(self.merged(rows), stream)


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
        raise DataError(
            f"Got {title}, which holds only blank lines; expected a table with a header and rows."
        )
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
    return TextRecords(names, records[0], records[1:], delimiter, newline, title)


def _recast(records: Iterable[str], old: str, new: str) -> Iterator[str]:
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
    # A cell that is still open at the end takes in the last line, which is ours.
    last = "the end"
    reader = csv.reader((f"{line}\n" for line in [*lines, last]), delimiter=delimiter)
    blanks = " \t".replace(delimiter, "")
    records, widths, numbers = [], [], []
    start = 0
    try:
        for fields in reader:
            if reader.line_num > len(lines):
                break
            record = "\n".join(lines[start : reader.line_num]).removesuffix("\r")
            if record.strip(blanks):
                records.append(record)
                widths.append(len(fields))
                numbers.append(start + 1)
            start = reader.line_num
    except csv.Error:
        fields = []
    if fields != [last]:
        raise DataError(
            f"Got {title}, in which a double quote in or after line {start + 1} is never closed; "
            "expected quotes in pairs."
        )
    return records, widths, numbers


def _check_names(names: list[str], delimiter: str, title: str) -> None:
    """Refuse a header that shows another delimiter, or names with which columns could not be told apart."""
    if len(names) == 1:
        found = [sign for sign in DELIMITERS if sign in names[0]]
        if found:
            raise DataError(
                f"Got {title}, in which the delimiter {delimiter!r} finds one column, {names[0][:60]!r}; it seems to "
                f"be {found[0]!r}. Pass --delimiter '{DELIMITERS[found[0]]}'."
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"Got {title}, in which the header has the column names {repeated} more than once; expected each name "
            "once. Rename or drop the duplicates."
        )
