"""What the commands of ``genesis`` have in common: the app that they add themselves to, and options.

An option that is not given is not passed on, so every default is the functional layer's. What takes long to import is
imported inside the commands: ``genesis --help`` is there at once.
"""

from __future__ import annotations

import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

__all__ = [
    "DataPath",
    "Delimiter",
    "DiscreteColumns",
    "Encoding",
    "Force",
    "MaxSeconds",
    "Quiet",
    "Seed",
    "app",
    "main",
]

TERMINATED = 143

app = typer.Typer(
    name="genesis",
    help="Balance the classes of a table with synthetic rows, or make a wholly synthetic table.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DataPath = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="Table: .csv, .csv.gz, .tsv, .tsv.gz, .parquet, or - for standard input."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file of the default name if it exists.")]
DiscreteColumns = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME", help="Columns that hold categories, beside the text columns: numeric codes."
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        metavar="S", help="Seconds that ctgan, tvae or diffusion train at the most; the best state is kept."
    ),
]
Seed = Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed: the same one gives the same rows.")]
Delimiter = Annotated[
    str | None,
    typer.Option(metavar="SIGN", help="What separates the cells: comma (.csv) or tab (.tsv) if not given."),
]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of text files: UTF-8 if not given.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but warnings and errors.")]


def main() -> None:
    """Run the command line."""
    # An exception, unlike a signal, leaves through the code that removes unfinished files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    app(prog_name="genesis")


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"genesis-sampling {version('genesis-sampling')}")
        except PackageNotFoundError:
            typer.echo("genesis-sampling (not installed)")
        raise typer.Exit


@app.callback()
def _genesis(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
) -> None:
    pass
