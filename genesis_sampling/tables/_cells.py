"""The cells of a text file: what a column of texts holds, and new values written in the style of their column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from ..exceptions import DataError, MixedTypesError

__all__ = ["ParsedColumn", "format_cells", "parse_cells"]

# Words that stand for a missing value where every other cell of the column is a number or a date.
MISSING_WORDS = frozenset(
    [
        "",
        "?",
        "NA",
        "N/A",
        "n/a",
        "na",
        "NaN",
        "nan",
        "NAN",
        "null",
        "NULL",
        "Null",
        "None",
        "none",
        "<NA>",
        "#N/A",
    ]
)
# A column with more different numbers than this, and only some other texts, is a damaged column of numbers rather
# than a list of categories such as "2", "3", "4", "5more".
MAX_NUMERIC_CATEGORIES = 20

_INTEGER = r"[+-]?(?:0|[1-9]\d*)"
_NUMBER = rf"(?:{_INTEGER}(?:\.\d*)?|[+-]?\.\d+)(?:[eE][+-]?\d+)?"
_INFINITE = r"[+-]?(?:[iI]nf(?:inity)?|INF)"
_DAY = r"\d{4}-\d\d-\d\d"
# Each with the unit that numpy counts it in; "~" stands for what separates day and hour.
_TIMES = {
    _DAY: "D",
    rf"{_DAY}~\d\d:\d\d": "m",
    rf"{_DAY}~\d\d:\d\d:\d\d": "s",
    rf"{_DAY}~\d\d:\d\d:\d\d\.\d{{3}}": "ms",
    rf"{_DAY}~\d\d:\d\d:\d\d\.\d{{6}}": "us",
}
# Decimal digits that a float64 holds, whatever they are.
_FLOAT_DIGITS = 15


class CellStyle(Protocol):
    """How the values of a column are written."""

    def write(self, known: pd.Series) -> list[str]:
        """Texts of values of which none is missing."""


@dataclass(frozen=True)
class TextStyle:
    """Text as it is."""

    def write(self, known: pd.Series) -> list[str]:
        return known.astype(str).tolist()


@dataclass(frozen=True)
class IntegerStyle:
    """Whole numbers."""

    def write(self, known: pd.Series) -> list[str]:
        return list(map(str, known.astype(np.int64).tolist()))


@dataclass(frozen=True)
class DecimalStyle:
    """Numbers with at least and at most so many decimal places."""

    fewest: int
    most: int

    def write(self, known: pd.Series) -> list[str]:
        # Rounding first, then adding zero, keeps "-0.00" away.
        values = (np.round(known.to_numpy(dtype=np.float64), self.most) + 0.0).tolist()
        texts = [f"{value:.{self.most}f}" for value in values]
        if self.fewest == self.most:
            return texts
        return [self._without_zeros(text) for text in texts]

    def _without_zeros(self, text: str) -> str:
        whole, _, places = text.partition(".")
        places = places[: self.fewest] + places[self.fewest :].rstrip("0")
        return f"{whole}.{places}" if places else whole


@dataclass(frozen=True)
class ShortestStyle:
    """Numbers with as many digits as tell them apart from every other, and at least so many decimal places."""

    fewest: int

    def write(self, known: pd.Series) -> list[str]:
        return [self._text(value) for value in known.to_numpy(dtype=np.float64).tolist()]

    def _text(self, value: float) -> str:
        text = repr(value)
        whole, _, places = (np.format_float_positional(value) if "e" in text else text).partition(".")
        places = places.rstrip("0").ljust(self.fewest, "0")
        return f"{whole}.{places}" if places else whole


@dataclass(frozen=True)
class ScientificStyle:
    """Numbers with so many significant digits, in scientific notation where they are very large or small."""

    digits: int

    def write(self, known: pd.Series) -> list[str]:
        return [f"{value:.{self.digits}g}" for value in known.to_numpy(dtype=np.float64).tolist()]


@dataclass(frozen=True)
class TimeStyle:
    """ISO dates and times: numpy's unit, what stands before the hour, what stands at the end."""

    unit: str
    separator: str
    suffix: str

    def write(self, known: pd.Series) -> list[str]:
        texts = known.to_numpy(dtype=f"M8[{self.unit}]").astype(str).tolist()
        return [text.replace("T", self.separator) + self.suffix for text in texts]


@dataclass(frozen=True)
class ParsedColumn:
    """A column of typed values, and how it writes them and its missing values."""

    values: pd.Series
    style: CellStyle
    missing: str = ""


def parse_cells(name: str, cells: pd.Series, *, may_mix: bool = False) -> ParsedColumn:
    """Find out what a column of texts holds.

    Parameters
    ----------
    name : str
        Name of the column, for messages.
    cells : Series of str
        Texts, with NaN where the field is empty.
    may_mix : bool, default=False
        Whether a column in which most cells are numbers and some are not is one of categories, not an error.

    Returns
    -------
    ParsedColumn
        Whole numbers as int64 (``Int64`` with gaps), other numbers as float64, dates as datetime64, else text.

    Raises
    ------
    DataError
        For infinite numbers.
    MixedTypesError
        For text among numbers.
    """
    codes, distinct = pd.factorize(cells)
    texts = [text.strip() for text in distinct.tolist()]
    known = np.ones(len(texts), dtype=bool)
    typed = _typed(name, texts)
    if typed is None and not MISSING_WORDS.isdisjoint(texts):
        known = np.array([text not in MISSING_WORDS for text in texts])
        typed = _typed(name, [text for text in texts if text not in MISSING_WORDS])
    if typed is None:
        if not may_mix:
            _check_mixture(name, dict(zip(texts, np.bincount(codes[codes >= 0]).tolist())))
        return ParsedColumn(cells, TextStyle())
    values, style = typed
    # An empty cell has the code -1, which picks the last entry.
    positions = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)[codes]
    return ParsedColumn(_taken(values, positions), style, _usual_gap(codes[positions < 0], texts))


def format_cells(values: pd.Series, column: ParsedColumn, delimiter: str) -> list[str]:
    """New values as fields of a delimited file, in the style of their column."""
    codes, distinct = pd.factorize(values)
    texts = np.array([*column.style.write(pd.Series(distinct)), column.missing], dtype=object)
    return np.array(_quoted(texts.tolist(), delimiter), dtype=object)[codes].tolist()


def _quoted(cells: list[str], delimiter: str) -> list[str]:
    """Cells as fields of a delimited file: in quotes where they need them."""
    joined = "".join(cells)
    special = [sign for sign in (delimiter, '"', "\n", "\r") if sign in joined]
    if not special:
        return cells
    needs_quotes = re.compile("|".join(map(re.escape, special))).search
    return ['"' + cell.replace('"', '""') + '"' if needs_quotes(cell) else cell for cell in cells]


def _typed(name: str, texts: list[str]) -> tuple[np.ndarray, CellStyle] | None:
    """Values and style of texts that are all numbers or all times; None for others."""
    if not texts:
        return None
    if _all_match(_INTEGER, texts):
        return _integers(texts)
    if _all_match(_NUMBER, texts):
        return _floats(name, texts)
    if _all_match(f"(?:{_NUMBER}|{_INFINITE})", texts):
        raise _infinite(name, next(text for text in texts if re.fullmatch(_INFINITE, text)))
    return _times(texts)


def _all_match(pattern: str, texts: Sequence[str]) -> bool:
    # One match over the joined texts is several times faster than one for each; being possessive (`*+`), it
    # remembers nothing on its way.
    joined = "\n".join(texts) + "\n"
    return re.fullmatch(rf"(?:{pattern}\n)*+", joined, re.ASCII) is not None and joined.count("\n") == len(
        texts
    )


def _integers(texts: list[str]) -> tuple[np.ndarray, CellStyle] | None:
    """Whole numbers; None beyond 64 bits, where numbers are names of things."""
    try:
        return np.fromiter(map(int, texts), dtype=np.int64, count=len(texts)), IntegerStyle()
    except (OverflowError, ValueError):
        return None


def _floats(name: str, texts: list[str]) -> tuple[np.ndarray, CellStyle]:
    values = np.fromiter(map(float, texts), dtype=np.float64, count=len(texts))
    largest = np.abs(values).max()
    if np.isinf(largest):
        raise _infinite(name, texts[int(np.argmax(np.isinf(values)))])
    if any("e" in text or "E" in text for text in texts):
        return _scientific(values, texts)
    places = {len(text.partition(".")[2]) for text in texts}
    if max(places) + len(str(int(largest))) > _FLOAT_DIGITS:
        # So many digits are those of a float64, not of a measurement.
        return values, ShortestStyle(min(places))
    return values, DecimalStyle(min(places), max(places))


def _scientific(values: np.ndarray, texts: list[str]) -> tuple[np.ndarray, CellStyle]:
    """Numbers some of which are in scientific notation, as spreadsheets do with 5.00E+05."""
    if np.abs(values).max() < 2**53 and (values == np.rint(values)).all():
        return values.astype(np.int64), IntegerStyle()
    digits = max(len(re.sub(r"[eE].*|\D", "", text).lstrip("0")) for text in texts)
    return values, ScientificStyle(min(max(digits, 1), _FLOAT_DIGITS + 2))


def _infinite(name: str, text: str) -> DataError:
    return DataError(
        f"Column {name!r} holds an infinite value ({text[:30]!r}); expected finite numbers. Replace such cells, or "
        "leave them empty."
    )


def _times(texts: list[str]) -> tuple[np.ndarray, CellStyle] | None:
    """Dates or times of one format; None for other texts and for days that no calendar has."""
    suffix = "Z" if texts[0].endswith("Z") else ""
    separator = texts[0][10:11] if texts[0][10:11] in ("T", " ") else "T"
    for pattern, unit in _TIMES.items():
        if not _all_match(pattern.replace("~", separator) + suffix, texts):
            continue
        try:
            # pandas counts in seconds at the coarsest.
            values = np.array([text.removesuffix("Z") for text in texts], dtype=f"M8[{unit}]")
        except ValueError:
            return None
        return values.astype("M8[s]") if unit in "Dm" else values, TimeStyle(unit, separator, suffix)
    return None


def _taken(values: np.ndarray, positions: np.ndarray) -> pd.Series:
    """A column of the values at ``positions``, missing where that is -1."""
    missing = positions < 0
    taken = values[np.where(missing, 0, positions)]
    if not missing.any():
        return pd.Series(taken)
    if values.dtype.kind == "i":
        return pd.Series(pd.arrays.IntegerArray(taken, missing))
    taken[missing] = np.nan if values.dtype.kind == "f" else np.datetime64("NaT")
    return pd.Series(taken)


def _usual_gap(codes: np.ndarray, texts: list[str]) -> str:
    """The most frequent text of missing cells; -1 is the code of an empty one."""
    return ["", *texts][int(np.bincount(codes + 1).argmax())] if len(codes) else ""


def _check_mixture(name: str, counts: dict[str, int]) -> None:
    """Refuse numbers among which some cells are not: as categories they would be worthless."""
    numbers = [text for text in counts if re.fullmatch(_NUMBER, text)]
    others = [
        text
        for text in counts
        if not re.fullmatch(rf"{_NUMBER}|[+-]?\d+", text) and text not in MISSING_WORDS
    ]
    n_numbers = sum(counts[text] for text in numbers)
    if not others or len(numbers) <= MAX_NUMERIC_CATEGORIES or 2 * n_numbers < sum(counts.values()):
        return
    if any(re.match(r"[+-]?0\d", text) for text in counts):
        # Codes such as 007.
        return
    raise MixedTypesError(
        f"Column {name!r} mixes {n_numbers} numbers with {sum(counts[text] for text in others)} other texts such as "
        f"{others[0][:30]!r}; expected one kind. Correct or empty those cells, or say that the column holds categories "
        f"(--discrete-columns {name})."
    )
