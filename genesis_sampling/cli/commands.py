"""The commands of ``genesis`` and their options.

An option that is not given is not passed on, so every default is the functional layer's. What takes long to import is
imported inside the commands: ``genesis --help`` is there at once.
"""

from __future__ import annotations

import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import (
    check_columns,
    check_mark,
    check_one_stream,
    checked_output,
    checked_ratio,
    checked_report,
    choice,
    conditions_of,
    constraints_of,
    delimiter_of,
    given,
    majority_count_of,
    names_of,
    target_counts_of,
    test_size_of,
    wanted_values,
)
from .session import say, session, summarise, title, write_report

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..functional import Augmented

__all__ = ["app", "main"]

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

AUGMENT_EXAMPLES = """\b
Examples:
  genesis augment loans.csv --target default --test-size 0.2 --seed 0
  genesis augment loans.csv --target default --output balanced.csv --ratio 0.5 --strategy hybrid
  genesis augment loans.csv --target default --constraint "18 <= age <= 120" --constraint "start <= end"
  cat loans.csv | genesis augment - --target default --output - > balanced.csv

\b
Exit codes: 0 done, 1 the data or the request cannot be used, 2 wrong usage, 130 interrupted.
"""
GENERATE_EXAMPLES = """\b
Examples:
  genesis generate loans.csv --rows 10000 --output synthetic.csv --seed 0
  genesis generate loans.csv --rows 500 --condition region=N --condition age=18..25
"""

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


@app.command("augment", epilog=AUGMENT_EXAMPLES)
def _augment(
    data: DataPath,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column that holds the classes.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write, - for standard output; beside DATA, as DATA_balanced, if not given.",
        ),
    ] = None,
    ratio: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            help="Size of every smaller class as a share of the largest, in (0, 1]; 1.0 if not given.",
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="oversample (default): make rows of the smaller classes; undersample: remove rows of the larger "
            "ones; hybrid: both.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What makes rows: auto (default), tree, gaussian_copula, ctgan, tvae, diffusion, noise, smote or "
            "another kind of the SMOTE family (borderline-1, borderline-2, svm, adasyn, cluster, safe-level, prowsyn, "
            "polynom-fit), mixup, random (duplicates).",
        ),
    ] = None,
    discrete_columns: DiscreteColumns = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE", help='What every new row must satisfy, as in "0 <= age <= 120"; repeatable.'
        ),
    ] = None,
    constraints_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with one constraint per line; # begins a comment."),
    ] = None,
    quality_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            min=0.0,
            max=1.0,
            help="Least score of a new row: 1 if it cannot be told from a real row of its class.",
        ),
    ] = None,
    target_count: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS=N", help="Final rows of a class, instead of a ratio; repeatable."),
    ] = None,
    majority_count: Annotated[
        str | None,
        typer.Option(metavar="N|keep", help="Final rows of the largest class, with --strategy hybrid."),
    ] = None,
    growth: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            help="By how much every class grows after that: 0.3 makes it 30 % larger.",
        ),
    ] = None,
    mark_synthetic: Annotated[
        bool, typer.Option("--mark-synthetic", help="Add a last column _synthetic (True or False).")
    ] = False,
    test_size: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE|N",
            help="Share (0.2) or number (500) of rows to hold back for testing, before anything is learned.",
        ),
    ] = None,
    test_output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Where to write the rows held back; beside DATA, as DATA_test, if not given."
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where to write a report on the new rows: .html, .json or .md, - for standard output (markdown).",
        ),
    ] = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Balance the classes of a table: original rows first and unchanged, then the new ones."""
    with session(quiet) as step:
        from .. import functional
        from ..tables.files import OutputRows, read_table, write_tables

        options = given(
            strategy=choice("--strategy", strategy, functional.STRATEGIES),
            method=choice("--method", method, functional.METHODS),
            ratio=checked_ratio(ratio, target_count),
            target_counts=target_counts_of(target_count or []),
            majority_count=majority_count_of(majority_count, strategy),
            growth=growth,
            test_size=test_size_of(test_size, test_output),
            constraints=constraints_of(constraint or [], constraints_file),
            quality_threshold=quality_threshold,
            random_state=seed,
        )
        layout = given(delimiter=delimiter_of(delimiter), encoding=encoding)
        discrete = names_of(discrete_columns)
        inputs = [data] if constraints_file is None else [data, str(constraints_file)]
        output = checked_output("--output", output, inputs, "_balanced", force)
        if test_size is not None:
            test_output = checked_output("--test-output", test_output, [*inputs, output], "_test", force)
            check_one_stream("--test-output", output, test_output)
        if report is not None:
            others = [*inputs, output, *([] if test_output is None else [test_output])]
            report = checked_report("--report", report, others, force)
            check_one_stream("--report", output, report)
        step(f"Reading {data}")
        table = read_table(data, **layout, may_mix=discrete)
        check_columns(discrete, table.frame)
        check_mark(mark_synthetic, table.frame)
        options |= given(discrete_columns=[name for name in discrete if name != target])
        step("Learning and making rows")
        result = functional.augment(table.frame, target, **options)
        outputs = [OutputRows(output, *_kept_and_new(result), mark=mark_synthetic)]
        if test_output is not None and result.test_indices is not None:
            outputs.append(OutputRows(test_output, result.test_indices))
        step(f"Writing {output}")
        write_tables(table, outputs, **layout)
        if report is not None:
            step(f"Writing {report}")
            write_report(result.report, report)
    if not quiet:
        summarise(result, target, outputs)
        if report is not None:
            say(f"Report written to {title(report)}")


@app.command("generate", epilog=GENERATE_EXAMPLES)
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
        options = given(method=choice("--method", method, functional.GENERATING_METHODS), random_state=seed)
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


def _kept_and_new(result: Augmented) -> tuple[np.ndarray, pd.DataFrame]:
    """Positions of the original rows that are in the result, and the rows that were made."""
    return result.sample_indices[~result.synthetic_mask], result.table[result.synthetic_mask]
