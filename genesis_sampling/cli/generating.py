"""The command ``genesis generate``."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

import typer

from .arguments import (
    check_columns,
    checked_output,
    choice,
    conditions_of,
    delimiter_of,
    given,
    method_params_of,
    names_of,
    wanted_values,
)
from .commands import DataPath, Delimiter, DiscreteColumns, Encoding, Force, MaxSeconds, Quiet, Seed, app
from .session import say, session, title

EXAMPLES = """\b
Examples:
  genesis generate loans.csv --rows 10000 --output synthetic.csv --seed 0
  genesis generate loans.csv --rows 500 --condition region=N --condition age=18..25
"""


@app.command("generate", epilog=EXAMPLES)
def _generate(
    data: DataPath,
    rows: Annotated[int, typer.Option(metavar="N", min=1, help="Rows to make.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write, - for standard output; beside DATA, as DATA_synthetic, if not given.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What learns and draws the rows: auto (default), tree, gaussian_copula, ctgan, tvae, diffusion.",
        ),
    ] = None,
    discrete_columns: DiscreteColumns = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What every row shall have, as in region=N or age=18..25; repeatable, several values of one column "
            "are a choice.",
        ),
    ] = None,
    max_seconds: MaxSeconds = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Make a wholly synthetic table with the distribution of a real one."""
    with session(quiet) as step:
        from .. import functional
        from ..tables.files import OutputRows, read_table, write_tables

        started = perf_counter()
        options = given(
            method=choice("--method", method, functional.GENERATING_METHODS),
            method_params=method_params_of(max_seconds, method),
            random_state=seed,
        )
        layout = given(delimiter=delimiter_of(delimiter), encoding=encoding)
        discrete, wanted = names_of(discrete_columns), wanted_values(condition or [])
        output = checked_output("--output", output, [data], "_synthetic", force)

        step(f"Reading {data}")
        table = read_table(data, **layout, may_mix=discrete)
        check_columns([*discrete, *wanted], table.frame)
        options |= given(discrete_columns=discrete, conditions=conditions_of(wanted, table.frame))
        step("Learning and making rows")
        made = functional.generate(table.frame, rows, **options)
        step(f"Writing {output}")
        write_tables(table, [OutputRows(output, new=made)], **layout)
    if not quiet:
        say(f"{len(made):,} rows made in {perf_counter() - started:.1f} s, written to {title(output)}")
