"""Options as texts -> what the functional layer takes; wrong usage is told before any work is done."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from .._hints import did_you_mean, one_of
from ..exceptions import ConstraintParseError, DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "check_columns",
    "check_engine",
    "check_mark",
    "check_one_stream",
    "checked_output",
    "checked_ratio",
    "checked_report",
    "choice",
    "conditions_of",
    "constraints_of",
    "delimiter_of",
    "given",
    "majority_count_of",
    "method_params_of",
    "names_of",
    "target_counts_of",
    "test_size_of",
    "wanted_values",
]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {
        name: value for name, value in options.items() if value is not None and value != [] and value != {}
    }


def _usage_error(option: str, message: str) -> NoReturn:
    raise typer.BadParameter(message, param_hint=option)


def choice(option: str, value: str | None, choices: Iterable[str]) -> str | None:
    """A name when it is one of the choices."""
    if value is not None and value not in choices:
        _usage_error(
            option,
            f"got {value!r}; expected one of {', '.join(choices)}.{did_you_mean(value.lower(), choices)}",
        )
    return value


def method_params_of(max_seconds: float | None, method: str | None) -> dict[str, float] | None:
    """The budget of time for a method that is trained."""
    from .. import functional

    if max_seconds is None:
        return None
    if method not in functional.TRAINED_METHODS:
        _usage_error(
            "--max-seconds", f"expected --method {', '.join(functional.TRAINED_METHODS)}, which train."
        )
    return {"max_seconds": max_seconds}


def checked_ratio(ratio: float | None, target_count: list[str] | None) -> float | None:
    """A ratio in (0, 1] that does not stand beside counts."""
    if ratio is not None and target_count:
        _usage_error("--ratio", "cannot stand beside --target-count; expected one of them.")
    if ratio is not None and not 0 < ratio <= 1:
        _usage_error(
            "--ratio", f"got {ratio:g}; expected a number in (0, 1]. For counts pass --target-count."
        )
    return ratio


def target_counts_of(texts: list[str]) -> dict[str, int]:
    """Final rows of each class, by its label as text."""
    counts = {}
    for text in texts:
        label, sign, count = text.rpartition("=")
        if not sign or not count.isdecimal():
            _usage_error("--target-count", f"got {text!r}; expected CLASS=N such as fraud=500.")
        counts[label] = int(count)
    return counts


def majority_count_of(text: str | None, strategy: str | None) -> int | str | None:
    """A number of rows, or ``keep``."""
    if text is None:
        return None
    if strategy != "hybrid":
        _usage_error("--majority-count", "needs --strategy hybrid; the other strategies do not use it.")
    if text != "keep" and not (text.isdecimal() and int(text) > 0):
        _usage_error("--majority-count", f"got {text!r}; expected a number of rows or keep.")
    return text if text == "keep" else int(text)


def test_size_of(text: str | None, test_output: str | None) -> float | int | None:
    """A share of the rows as float, or a number of rows as int."""
    if text is None:
        if test_output is not None:
            _usage_error("--test-output", "needs --test-size, which says how many rows to hold back.")
        return None
    try:
        size = int(text) if text.isdecimal() else float(text)
    except ValueError:
        size = 0
    if size <= 0 or (isinstance(size, float) and not size < 1):
        _usage_error(
            "--test-size", f"got {text!r}; expected a share such as 0.2 or a number of rows such as 500."
        )
    return size


def constraints_of(texts: list[str], path: Path | None) -> list[str]:
    """Constraints of the options and of a file, in order, when all of them can be parsed."""
    from ..filters import Constraint

    sources = [("--constraint", text) for text in texts]
    if path is not None:
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        rules = ((number, _without_comment(line)) for number, line in lines)
        sources += [(f"{path}, line {number}", rule) for number, rule in rules if rule]
    for source, text in sources:
        try:
            Constraint.parse(text)
        except ConstraintParseError as error:
            _usage_error(source, str(error))
    return [text for _, text in sources]


def _without_comment(line: str) -> str:
    """A line less what follows a # that is not part of a text in quotes."""
    outside = re.match(r"""(?:[^#'"]|'[^']*'|"[^"]*"|['"])*""", line)
    return outside[0].strip() if outside else ""


def delimiter_of(text: str | None) -> str | None:
    """One sign, which may be written as ``\\t`` or ``tab``."""
    delimiter = {r"\t": "\t", "tab": "\t"}.get(text, text) if text is not None else None
    if delimiter is not None and (len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n.+-'):
        _usage_error("--delimiter", f"got {text!r}; expected one sign such as ';', '|' or '\\t'.")
    return delimiter


def names_of(text: str | None) -> list[str]:
    """Names separated by commas, where a name that holds a comma is in double quotes."""
    return (
        [] if text is None else [name for name in next(csv.reader([text], skipinitialspace=True), []) if name]
    )


def checked_output(option: str, path: str | None, others: list[str], suffix: str, force: bool) -> str:
    """Where to write, refused before any work if that is not possible."""
    from ..tables.files import STREAM, beside, check_output

    if path is None and others[0] == STREAM and option == "--test-output":
        _usage_error(option, "missing; the table comes from standard input, so there is no name to go by.")
    target = beside(others[0], suffix) if path is None else path
    check_output(target, others=others, may_exist=path is not None or force, option=option)
    return target


def checked_report(option: str, path: str | None, others: list[str], force: bool) -> str:
    """Where to write a report, refused before any work if that is not possible; beside the first table by default."""
    from ..tables.files import REPORT_ENDINGS, STREAM, beside, check_output

    if path is None and others[0] == STREAM:
        _usage_error(option, "missing; the table comes from standard input, so there is no name to go by.")
    target = beside(others[0], "_report", ".html") if path is None else path
    check_output(
        target, others=others, may_exist=path is not None or force, option=option, endings=REPORT_ENDINGS
    )
    return target


def check_one_stream(option: str, output: str, other: str) -> None:
    """Refuse to write two things one after the other into one stream."""
    from ..tables.files import STREAM

    if output == other == STREAM:
        _usage_error(option, "standard output takes one thing; expected a file for one of the two.")


def check_engine(
    on_dask: bool,
    streams: list[str | None],
    scheduler: str | None,
    memory_limit: str | None,
    test_size: str | None,
) -> None:
    """Refuse options that the engine has no use for."""
    from ..tables.files import STREAM

    if not on_dask:
        for option, value in {"--scheduler": scheduler, "--memory-limit": memory_limit}.items():
            if value is not None:
                _usage_error(option, "needs --engine dask; in memory nothing is distributed.")
        return
    if STREAM in streams:
        _usage_error(
            "--engine", "dask reads files and writes a folder; expected no standard input or output."
        )
    if scheduler is not None and memory_limit is not None:
        _usage_error(
            "--memory-limit", "cannot stand beside --scheduler, whose workers have limits of their own."
        )
    if test_size is not None:
        _usage_error(
            "--test-size", "does not go with --engine dask; hold rows back before, by time or by file."
        )


def check_columns(names: Iterable[str], frame: pd.DataFrame) -> None:
    """Refuse names that the table does not have."""
    for name in names:
        if name not in frame.columns:
            raise DataError(f"Got the column {name!r}; expected {one_of(name, frame.columns)}")


def check_mark(mark: bool, frame: pd.DataFrame) -> None:
    """Refuse to mark the new rows of a table that has such a column already."""
    from ..tables.files import SYNTHETIC_COLUMN

    if mark and SYNTHETIC_COLUMN in frame.columns:
        raise DataError(
            f"Got a table that has a column {SYNTHETIC_COLUMN!r} already; expected none. Rename it, or leave out "
            "--mark-synthetic."
        )


def wanted_values(texts: list[str]) -> dict[str, list[str]]:
    """Wanted values of each column, as they were typed."""
    wanted: dict[str, list[str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            _usage_error("--condition", f"got {text!r}; expected NAME=VALUE such as region=N or age=18..25.")
        wanted.setdefault(name, []).append(value)
    return wanted


def conditions_of(wanted: dict[str, list[str]], frame: pd.DataFrame) -> dict[str, Any]:
    """Conditions with values of the columns' types."""
    return {name: _condition(frame[name], texts) for name, texts in wanted.items()}


def _condition(values: pd.Series, texts: list[str]) -> Any:
    """A value, a list to choose from, or a range ``(low, high)``."""
    from pandas.api import types

    is_time = types.is_datetime64_any_dtype(values)
    is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    if not is_time and not is_number:
        choices = [_known_value(values, text) for text in texts]
    elif len(texts) == 1 and ".." in texts[0]:
        low, _, high = texts[0].partition("..")
        return tuple(_as_quantity(values, bound, is_time) if bound else None for bound in (low, high))
    else:
        choices = [_as_quantity(values, text, is_time) for text in texts]
    return choices[0] if len(choices) == 1 else choices


def _known_value(values: pd.Series, text: str) -> Any:
    """The category that a text stands for."""
    known = {str(value): value for value in values.dropna().unique()}
    if text not in known:
        raise DataError(f"Got {text!r} for the column {values.name!r}; expected {one_of(text, known)}")
    return known[text]


def _as_quantity(values: pd.Series, text: str, is_time: bool) -> Any:
    """A text as a time or number."""
    import pandas as pd

    try:
        return pd.Timestamp(text) if is_time else pd.to_numeric(text)
    except ValueError:
        raise DataError(
            f"Got {text!r} for the column {values.name!r}; expected a {'time' if is_time else 'number'}, or a range "
            "such as low..high."
        ) from None
