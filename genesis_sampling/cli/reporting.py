"""The command ``genesis report``."""

from __future__ import annotations

from typing import Annotated

import typer

from .arguments import check_columns, checked_report, delimiter_of, given, names_of
from .commands import Delimiter, DiscreteColumns, Encoding, Force, Quiet, Seed, app
from .session import say, session, title, write_report

EXAMPLES = """\b
Examples:
  genesis report loans.csv synthetic.csv --target default
  genesis report train.csv balanced.csv --target default --holdout test.csv --output report.html
"""


@app.command("report", epilog=EXAMPLES)
def _report(
    real: Annotated[str, typer.Argument(metavar="REAL", help="Table of real rows: .csv, .tsv, .parquet.")],
    synthetic: Annotated[
        str,
        typer.Argument(
            metavar="SYNTHETIC",
            help="Table of made rows with the same columns; of a table with a column _synthetic, the rows it marks.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column that holds the classes: rows are compared within them."),
    ] = None,
    holdout: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Table of real rows that nothing was learned from; the figures of privacy and of use need them.",
        ),
    ] = None,
    sensitive: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column such as sex or age: what the made rows change for its groups. Needs --target.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write: .html, .json or .md, - for standard output (markdown); beside SYNTHETIC, as "
            "SYNTHETIC_report.html, if not given.",
        ),
    ] = None,
    discrete_columns: DiscreteColumns = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say and show what a synthetic table is worth: fidelity, diversity, and with --holdout privacy and use."""
    with session(quiet) as step:
        from .. import functional
        from ..tables.files import read_table

        inputs = [synthetic, real, *([] if holdout is None else [holdout])]
        output = checked_report("--output", output, inputs, force)
        layout = given(delimiter=delimiter_of(delimiter), encoding=encoding)
        discrete = names_of(discrete_columns)
        step("Reading")
        tables = {path: read_table(path, **layout, may_mix=discrete).frame for path in inputs}
        named = [name for name in (target, sensitive) if name is not None]
        check_columns([*discrete, *named], tables[real])
        step("Comparing")
        report = functional.quality_report(
            tables[real],
            tables[synthetic],
            target,
            holdout=None if holdout is None else tables[holdout],
            sensitive_column=sensitive,
            **given(discrete_columns=discrete, random_state=seed),
        )
        write_report(report, output)
    if not quiet:
        say(f"Quality score {report.quality_score:.3f}, written to {title(output)}")
