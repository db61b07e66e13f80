"""The command ``genesis compare``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..exceptions import DataError
from .arguments import check_columns, checked_report, delimiter_of, given, names_of
from .commands import DataPath, Delimiter, Encoding, Force, Quiet, Seed, app
from .session import say, session, title, write_report

EXAMPLES = """\b
Examples:
  genesis compare loans.csv --target default
  genesis compare loans.csv --target default --samplers smote,noise,auto --repeats 3 --output comparison.html
"""


@app.command("compare", epilog=EXAMPLES)
def _compare(
    data: DataPath,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column that holds the classes.")],
    samplers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="What to compare with doing nothing: class weights, tuned threshold, copies, noise, smote, "
            "borderline, adasyn, generative, hybrid, auto; all of these if not given. Known too: distilled, "
            "hard examples.",
        ),
    ] = None,
    folds: Annotated[int, typer.Option(metavar="N", min=2, help="Folds of the cross-validation.")] = 5,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="How often it is repeated with other folds.")
    ] = 1,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Column that says which rows belong together, such as the patient."
        ),
    ] = None,
    max_rows: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Draw so many rows of a larger table.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", help="Folds at a time.")] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write: .html, .json or .md; as text to standard output, if not given.",
        ),
    ] = None,
    seed: Seed = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate samplers against doing nothing, class weights and a tuned threshold."""
    with session(quiet) as step:
        from ..evaluation import compare_samplers
        from ..tables.files import STREAM, read_table

        rows = None if samplers is None else names_of(samplers)
        if rows == []:
            raise typer.BadParameter(
                "got no name; expected some, separated by commas, or no such option for all.",
                param_hint="--samplers",
            )
        if output is not None:
            output = checked_report("--output", output, [data], force)
        step(f"Reading {data}")
        layout = given(delimiter=delimiter_of(delimiter), encoding=encoding)
        frame = read_table(data, **layout).frame
        check_columns([target, *([] if group is None else [group])], frame)
        if max_rows is not None and len(frame) > max_rows:
            frame = frame.sample(max_rows, random_state=seed or 0).sort_index().reset_index(drop=True)
        groups = None if group is None else frame.pop(group)
        result = compare_samplers(
            frame,
            target,
            rows,
            cv=folds if repeats == 1 else _repeated(folds, repeats, frame[target], groups, seed or 0),
            groups=groups,
            n_jobs=jobs,
            progress=lambda done, n_all: step(f"Comparing: {done} of {n_all} done"),
            random_state=seed or 0,
        )
        if output is not None:
            write_report(result, output)
    if output is None:
        typer.echo(str(result))
    elif output != STREAM and not quiet:
        say(f"Comparison written to {title(output)}")


def _repeated(folds: int, repeats: int, labels: Any, groups: Any, seed: int) -> Any:
    """Folds that are made several times; those of groups, for which scikit-learn has no such splitter, one by one."""
    from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold

    if groups is None:
        return RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
    n_groups = len(set(groups))
    if folds > n_groups:
        raise DataError(f"Got --folds {folds} for {n_groups} groups; expected no more than there are groups.")
    splitters = [StratifiedGroupKFold(folds, shuffle=True, random_state=seed + i) for i in range(repeats)]
    return (split for splitter in splitters for split in splitter.split(labels, labels, groups))
