"""What a person sees of a command: progress, warnings, errors as sentences, a summary. All of it on standard error."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from ..exceptions import GenesisError, GenesisWarning

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..evaluation import ComparisonResult, Diagnosis
    from ..functional import Augmented
    from ..reports import AugmentationReport
    from ..tables.files import OutputRows

__all__ = ["say", "session", "summarise", "tell_counts", "tell_mark", "title", "write_report"]

DATA_ERROR, INTERRUPTED, BROKEN_PIPE = 1, 130, 141


@contextmanager
def session(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Run a command: its errors and warnings become sentences and exit codes; yields what tells the next step.

    A KeyboardInterrupt that comes with a text says by that what is there.
    """
    try:
        with _package_warnings(), _spinner(quiet) as step:
            yield step
    except GenesisError as error:
        _fail(str(error), DATA_ERROR)
    except BrokenPipeError:
        # Whoever read has had enough (`| head`). Python would complain about the rest when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename!r}' if error.filename else ''}.", DATA_ERROR)
    except KeyboardInterrupt as error:
        _fail(f"Interrupted; {str(error) or 'nothing was written'}.", INTERRUPTED)


@contextmanager
def _spinner(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is going on."""
    if quiet or not sys.stderr.isatty():
        yield lambda text: None
        return
    with _console().status("") as status:
        yield lambda text: status.update(f"{text} ...")


@contextmanager
def _package_warnings() -> Iterator[None]:
    """Tell our own warnings in a line each when the work is over; those of other packages mean nothing to a user."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", GenesisWarning)
        try:
            yield
        finally:
            for message in dict.fromkeys(str(warning.message) for warning in caught):
                say(f"Warning: {message}")


def _fail(message: str, code: int) -> NoReturn:
    say(message if code == INTERRUPTED else f"Error: {message}")
    raise typer.Exit(code) from None


def say(text: str) -> None:
    """Print a line to standard error."""
    typer.echo(text, err=True)


def _console() -> Console:
    from rich.console import Console

    # In a file or a pipe a line is as long as it is.
    return Console(stderr=True, width=None if sys.stderr.isatty() else 1000, markup=False, highlight=False)


def summarise(result: Augmented, target: str, outputs: list[OutputRows]) -> None:
    """Tell what was done."""
    tell_counts(result.report, target)
    say(f"Written to {title(outputs[0].path)}")
    if result.test_indices is not None:
        say(f"{len(result.test_indices):,} rows held back for testing, written to {title(outputs[1].path)}")
    else:
        say("Rows to test a model on must have been held back before this; --test-size does it for you.")
    if outputs[0].mark:
        tell_mark()


def tell_mark() -> None:
    """Tell what to do with the column that marks new rows."""
    say("Drop the column _synthetic before training: it gives the class away.")


def tell_counts(report: AugmentationReport, target: str) -> None:
    """Tell how many rows of each class there were and are, what was chosen, and what was turned down."""
    _console().print(_class_table(report, target))
    for name, choice in report.choices.items():
        say(f"{name}: {choice}")
    say(f"{report.n_accepted:,} rows made, {report.n_removed:,} real rows removed, in {report.seconds:.1f} s")
    for reason, count in report.rejected.items():
        say(f"{count:,} made rows rejected, {reason}")


def _class_table(report: AugmentationReport, target: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(Text(target), overflow="fold")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    for label, before in report.counts_before.items():
        table.add_row(Text(str(label)), f"{before:,}", f"{report.counts_after.get(label, 0):,}")
    return table


def title(path: str) -> str:
    """An output as a person calls it."""
    return "standard output" if path == "-" else path


def write_report(report: AugmentationReport | ComparisonResult | Diagnosis, path: str) -> None:
    """Write a report in the format that the ending of a file names."""
    from ..tables.files import STREAM, write_text

    ending = Path(path).suffix.lower()
    if path == STREAM or ending == ".md":
        write_text(path, report.to_markdown())
    elif ending == ".json":
        write_text(path, report.to_json())
    else:
        report.to_html(path)
