"""The command ``genesis diagnose``."""

from __future__ import annotations

from typing import Annotated

import typer

from .arguments import check_columns, checked_report, delimiter_of, given, names_of
from .commands import DataPath, Delimiter, DiscreteColumns, Encoding, Force, Quiet, Seed, app
from .session import say, session, title, write_report

EXAMPLES = """\b
Examples:
  genesis diagnose loans.csv --target default
  genesis diagnose loans.csv --target default --sensitive sex,age --output diagnosis.html
"""


@app.command("diagnose", epilog=EXAMPLES)
def _diagnose(
    data: DataPath,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column that holds the classes.")],
    sensitive: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Columns whose groups to look at; those that sound like it if not given.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write: .html, .json or .md; as text to standard output, if not given.",
        ),
    ] = None,
    discrete_columns: DiscreteColumns = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say what a table needs before anything is augmented, and what to try first."""
    with session(quiet) as step:
        from ..evaluation import diagnose
        from ..tables.files import STREAM, read_table

        if output is not None:
            output = checked_report("--output", output, [data], force)
        discrete, groups = names_of(discrete_columns), names_of(sensitive)
        step(f"Reading {data}")
        layout = given(delimiter=delimiter_of(delimiter), encoding=encoding)
        frame = read_table(data, **layout, may_mix=discrete).frame
        check_columns([target, *discrete, *groups], frame)
        step("Looking")
        diagnosis = diagnose(
            frame,
            target,
            **given(categorical_features=discrete or None, sensitive=groups or None, random_state=seed),
        )
        if output is not None:
            write_report(diagnosis, output)
    if output is None:
        typer.echo(str(diagnosis))
    elif output != STREAM and not quiet:
        say(f"Diagnosis written to {title(output)}")
