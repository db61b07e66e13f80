"""The command ``genesis augment``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..exceptions import DataError
from .arguments import (
    check_columns,
    check_engine,
    check_mark,
    check_one_stream,
    checked_output,
    checked_ratio,
    checked_report,
    choice,
    constraints_of,
    delimiter_of,
    given,
    majority_count_of,
    method_params_of,
    names_of,
    target_counts_of,
    test_size_of,
)
from .commands import Delimiter, DiscreteColumns, Encoding, MaxSeconds, Quiet, Seed, app
from .distributing import augment_folder
from .session import say, session, summarise, title, write_report

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..functional import Augmented

__all__ = ["AugmentJob"]

ENGINES = ("memory", "dask")
# A table in a file of this size takes several times as much in memory.
LARGE_BYTES = 10**9

EXAMPLES = """\b
Examples:
  genesis augment loans.csv --target default --test-size 0.2 --seed 0
  genesis augment loans.csv --target default --output balanced.csv --ratio 0.5 --strategy hybrid
  genesis augment loans.csv --target default --constraint "18 <= age <= 120" --constraint "start <= end"
  cat loans.csv | genesis augment - --target default --output - > balanced.csv
  genesis augment loans/ --target default --output balanced/ --engine dask --memory-limit 4GB

\b
Exit codes: 0 done, 1 the data or the request cannot be used, 2 wrong usage, 130 interrupted.
"""

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Table: .csv, .csv.gz, .tsv, .tsv.gz, .parquet, or - for standard input; with --engine dask also a folder "
        "of such files, or a pattern such as 'loans/*.csv'.",
    ),
]
Target = Annotated[str, typer.Option(metavar="COLUMN", help="Column that holds the classes.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write, - for standard output; beside DATA, as DATA_balanced, if not given. With --engine dask a "
        "folder, for Parquet files.",
    ),
]
Ratio = Annotated[
    float | None,
    typer.Option(
        metavar="R",
        help="Size of every smaller class as a share of the largest, in (0, 1]; 1.0 if not given.",
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="oversample (default): make rows of the smaller classes; undersample: remove rows of the larger ones; "
        "hybrid: both.",
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What makes rows: auto (default), tree, gaussian_copula, ctgan, tvae, diffusion, noise, smote or another "
        "kind of the SMOTE family (borderline-1, borderline-2, svm, adasyn, cluster, safe-level, prowsyn, "
        "polynom-fit), mixup, random (duplicates).",
    ),
]
Constraints = Annotated[
    list[str] | None,
    typer.Option(
        "--constraint",
        metavar="RULE",
        help='What every new row must satisfy, as in "0 <= age <= 120"; repeatable.',
    ),
]
ConstraintsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File with one constraint per line; # begins a comment."),
]
QualityThreshold = Annotated[
    float | None,
    typer.Option(
        metavar="S",
        min=0.0,
        max=1.0,
        help="Least score of a new row: 1 if it cannot be told from a real row of its class.",
    ),
]
TargetCounts = Annotated[
    list[str] | None,
    typer.Option(
        "--target-count",
        metavar="CLASS=N",
        help="Final rows of a class, instead of a ratio; repeatable.",
    ),
]
MajorityCount = Annotated[
    str | None,
    typer.Option(metavar="N|keep", help="Final rows of the largest class, with --strategy hybrid."),
]
Growth = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", min=0.0, help="By how much every class grows after that: 0.3 makes it 30 % larger."
    ),
]
MarkSynthetic = Annotated[
    bool, typer.Option("--mark-synthetic", help="Add a last column _synthetic (True or False).")
]
TestSize = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|N",
        help="Share (0.2) or number (500) of rows to hold back for testing, before anything is learned.",
    ),
]
TestOutput = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Where to write the rows held back; beside DATA, as DATA_test, if not given."
    ),
]
Report = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Where to write a report on the new rows: .html, .json or .md, - for standard output (markdown).",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="memory (default): the whole table at once; dask: file by file, for tables larger than memory.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Dask scheduler such as tcp://10.0.0.5:8786; if not given, workers on this machine, closed at the end.",
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Memory of this process and the workers that --engine dask starts, such as 2GB; all if not given.",
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace the file of the default name, or the folder that --engine dask wrote, if it exists.",
    ),
]


@dataclass(frozen=True)
class AugmentJob:
    """A request whose texts have been understood.

    Parameters
    ----------
    data, target : str
        The table and its column of classes.
    inputs : list of str
        All that is read.
    output, test_output, report : str or None
        What is written.
    discrete : list of str
        Columns that hold categories.
    options : dict
        What the functional layer is called with.
    layout : dict
        Delimiter and encoding where they were given.
    mark : bool
        Whether new rows are marked.
    force, quiet : bool
    step : callable
        Tells what is being done.
    """

    data: str
    target: str
    inputs: list[str]
    output: str | None
    test_output: str | None
    report: str | None
    discrete: list[str]
    options: dict[str, Any]
    layout: dict[str, Any]
    mark: bool
    force: bool
    quiet: bool
    step: Callable[[str], None]


@app.command("augment", epilog=EXAMPLES)
def _augment(
    data: Data,
    target: Target,
    output: Output = None,
    ratio: Ratio = None,
    strategy: Strategy = None,
    method: Method = None,
    discrete_columns: DiscreteColumns = None,
    constraint: Constraints = None,
    constraints_file: ConstraintsFile = None,
    quality_threshold: QualityThreshold = None,
    target_count: TargetCounts = None,
    majority_count: MajorityCount = None,
    growth: Growth = None,
    mark_synthetic: MarkSynthetic = False,
    test_size: TestSize = None,
    test_output: TestOutput = None,
    report: Report = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    memory_limit: MemoryLimit = None,
    max_seconds: MaxSeconds = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Replace = False,
    quiet: Quiet = False,
) -> None:
    """Balance the classes of a table: original rows first and unchanged, then the new ones."""
    with session(quiet) as step:
        from .. import functional

        on_dask = choice("--engine", engine, ENGINES) == "dask"
        check_engine(on_dask, [data, output], scheduler, memory_limit, test_size)
        options = given(
            strategy=choice("--strategy", strategy, functional.STRATEGIES),
            method=choice("--method", method, functional.METHODS),
            method_params=method_params_of(max_seconds, method),
            ratio=checked_ratio(ratio, target_count),
            target_counts=target_counts_of(target_count or []),
            majority_count=majority_count_of(majority_count, strategy),
            growth=growth,
            test_size=test_size_of(test_size, test_output),
            constraints=constraints_of(constraint or [], constraints_file),
            quality_threshold=quality_threshold,
            random_state=seed,
        )
        job = AugmentJob(
            data=data,
            target=target,
            inputs=[data, *([] if constraints_file is None else [str(constraints_file)])],
            output=output,
            test_output=test_output,
            report=report,
            discrete=names_of(discrete_columns),
            options=options,
            layout=given(delimiter=delimiter_of(delimiter), encoding=encoding),
            mark=mark_synthetic,
            force=force,
            quiet=quiet,
            step=step,
        )
        tell = augment_folder(job, scheduler, memory_limit) if on_dask else _augment_file(job)
    if not quiet:
        tell()


def _augment_file(job: AugmentJob) -> Callable[[], None]:
    """Do it in memory; gives what tells of it."""
    from .. import functional
    from ..tables.files import OutputRows, read_table, write_tables

    _check_one_file(job.data)
    output, test_output, report = _checked_outputs(job)
    if not job.quiet:
        _suggest_dask(job.data)
    job.step(f"Reading {job.data}")
    table = read_table(job.data, **job.layout, may_mix=job.discrete)
    check_columns(job.discrete, table.frame)
    check_mark(job.mark, table.frame)
    job.step("Learning and making rows")
    discrete = given(discrete_columns=[name for name in job.discrete if name != job.target])
    result = functional.augment(table.frame, job.target, **job.options, **discrete)
    outputs = [OutputRows(output, *_kept_and_new(result), mark=job.mark)]
    if test_output is not None and result.test_indices is not None:
        outputs.append(OutputRows(test_output, result.test_indices))
    job.step(f"Writing {output}")
    write_tables(table, outputs, **job.layout)
    if report is not None:
        job.step(f"Writing {report}")
        write_report(result.report, report)

    def tell() -> None:
        summarise(result, job.target, outputs)
        if report is not None:
            say(f"Report written to {title(report)}")

    return tell


def _checked_outputs(job: AugmentJob) -> tuple[str, str | None, str | None]:
    """Where table, test rows and report go, refused before any work where that is not possible."""
    output = checked_output("--output", job.output, job.inputs, "_balanced", job.force)
    test_output, report = job.test_output, job.report
    if "test_size" in job.options:
        others = [*job.inputs, output]
        test_output = checked_output("--test-output", test_output, others, "_test", job.force)
        check_one_stream("--test-output", output, test_output)
    if report is not None:
        others = [*job.inputs, output, *([] if test_output is None else [test_output])]
        report = checked_report("--report", report, others, job.force)
        check_one_stream("--report", output, report)
    return output, test_output, report


def _check_one_file(data: str) -> None:
    """Refuse what only Dask reads."""
    kind = "a folder" if os.path.isdir(data) else "a pattern"
    if os.path.isdir(data) or (any(sign in data for sign in "*?[") and not os.path.exists(data)):
        raise DataError(
            f"Got {data!r}, {kind}; expected one file. For a table in many files pass --engine dask."
        )


def _suggest_dask(data: str) -> None:
    """Say of a large file that there is another way."""
    size = os.path.getsize(data) if os.path.isfile(data) else 0
    if size > LARGE_BYTES:
        say(
            f"{data} has {size / 1e9:.1f} GB and takes several times as much in memory; --engine dask reads it in "
            "parts."
        )


def _kept_and_new(result: Augmented) -> tuple[np.ndarray, pd.DataFrame]:
    """Positions of the original rows that are in the result, and the rows that were made."""
    return result.sample_indices[~result.synthetic_mask], result.table[result.synthetic_mask]
