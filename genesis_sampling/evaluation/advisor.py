"""Should this table be augmented, and how: a diagnosis before any sampler is switched on."""

from __future__ import annotations

from typing import Any

from ..metrics._scores import MAX_ROWS
from ..tables import ColumnKind
from ._case import Case, read_case
from ._diagnosis import Diagnosis
from ._findings import SEVERITIES, Finding, Recommendation
from ._remedies import recommend, setup_code
from ._symptoms_classes import class_symptoms
from ._symptoms_columns import column_symptoms
from ._symptoms_model import judge, model_symptoms
from ._symptoms_rows import duplicate_symptoms, row_symptoms
from ._symptoms_suspects import group_symptoms, suspect_symptoms

__all__ = ["Diagnosis", "Finding", "Recommendation", "diagnose"]


def diagnose(
    X: Any,
    y: Any,
    *,
    estimator: Any = None,
    sensitive: Any = None,
    categorical_features: Any = "auto",
    max_rows: int | None = MAX_ROWS,
    random_state: Any = 0,
) -> Diagnosis:
    """Look at a table before it is augmented: what stands in the way, what would help, and whether to do nothing.

    Parameters
    ----------
    X : {dataframe, array-like, sparse matrix} of shape (n_rows, n_columns)
        Real rows; of a table that will be split, the training part.
    y : array-like of shape (n_rows,), or column name
        Classes, or the name of the column of the dataframe ``X`` that holds them.
    estimator : classifier, default=None
        The model that is in use: anything of scikit-learn with ``predict_proba`` that takes ``X`` as it is, a
        pipeline for instance; it is cloned. None for boosted trees of the rare class against the rest, without early
        stopping.
    sensitive : column name or list of names, default=None
        Columns about people whose groups are compared. None for those whose name sounds so (sex, age, race, ...); an
        empty list for none.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    max_rows : int or None, default=20_000
        Models and neighbours look at no more rows, of which small classes are drawn first; a finding says so. At
        this size and with 20 columns it takes some seconds. At least 100.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of that draw, of the folds and of the models.

    Returns
    -------
    diagnosis : Diagnosis
        ``findings``, each with its code, severity, evidence as numbers, what it means and what to do;
        ``recommendations`` in the order in which to try them, each with code. ``print`` it, or see ``to_html``,
        ``to_markdown``, ``to_json`` and ``to_dict``.

    Raises
    ------
    DataError
        For one class only, missing labels, more different labels than classes can be, a table without rows or
        columns, an unknown column, infinite values, or an estimator that has no ``predict_proba`` or cannot be fitted.

    See Also
    --------
    genesis_sampling.reports.advise : The same for rows that were made.

    Notes
    -----
    Where there are more than two classes, figures of models and neighbours are for the rarest class with ten rows or
    more against the rest. Thresholds are held against 95 % intervals rather than values where few rows decide. Models
    are judged on rows that they were not fitted to, in 5 folds (3 with more than 5,000 rows). Findings about single
    columns are hints: whether a column is a leak, and whether a rule holds by accident, is known by who knows the data.

    A recommendation is made by what is known of many tables [1]_, [2]_: balancing helps weak learners, hardly ever
    boosted trees; at a fixed threshold of 0.5 it looks better than it is, since a tuned threshold does the same.

    References
    ----------
    .. [1] Y. Elor, H. Averbuch-Elor, "To SMOTE, or not to SMOTE?", arXiv 2201.08528, 2022.
    .. [2] R. van den Goorbergh, M. van Smeden, D. Timmerman, B. Van Calster, "The harm of class imbalance corrections
       for risk prediction models", Journal of the American Medical Informatics Association 29(9), 2022.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling import diagnose
    >>> diagnosis = diagnose(make_transactions(1000), "is_fraud", random_state=0)
    >>> "time_columns" in diagnosis.codes
    True
    >>> diagnosis["time_columns"].evidence["times"]
    ['time']
    """
    case = read_case(
        X,
        y,
        estimator=estimator,
        sensitive=sensitive,
        categorical_features=categorical_features,
        max_rows=max_rows,
        random_state=random_state,
    )
    findings = sorted(_findings(case), key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(
        n_rows=case.n_rows,
        n_columns=len(case.names),
        counts=dict(zip(case.target.classes, case.target.counts.tolist())),
        findings=findings,
        recommendations=recommend(case, findings),
        setup=setup_code(case),
    )


def _findings(case: Case) -> list[Finding]:
    model = judge(case) if _has_values(case) else None
    return [
        *suspect_symptoms(case),
        *([] if model is None else model_symptoms(case, model)),
        *class_symptoms(case),
        *duplicate_symptoms(case),
        *(row_symptoms(case, model) if _has_values(case) else []),
        *column_symptoms(case),
        *group_symptoms(case),
    ]


def _has_values(case: Case) -> bool:
    """Whether any column has something in it that a model or a distance could be made of."""
    return any(column.kind is not ColumnKind.MISSING for column in case.encoder.schema_)
