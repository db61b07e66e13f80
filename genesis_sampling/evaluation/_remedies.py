"""What to try, in which order, as code that runs: the cheap and honest things first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ..tables import ColumnKind
from ..tables.containers import is_frame
from ._case import Case
from ._findings import Finding, Recommendation
from ._symptoms_classes import BALANCED_RATIO, FEW_ROWS

__all__ = ["recommend", "setup_code"]

# Moderate ratios: so many times the present one, within these bounds.
RATIO_STEP, LEAST_RATIO, MOST_RATIO = 5, 0.1, 0.5
MAX_SAMPLERS = 3
NOT_NUMBERS = 'make_column_selector(dtype_exclude=["number", "datetime", "timedelta"])'
NUMBERS = 'make_column_selector(dtype_include="number")'
FOLDS = "StratifiedKFold(5, shuffle=True, random_state=0)"

Found = Mapping[str, Finding]


def setup_code(case: Case) -> str:
    """Lines that define ``model``, and make ``X`` and ``y`` what the recommendations work with."""
    lines = []
    if case.had_target:
        name = repr(case.target_name)
        lines += [
            f"X, y = X.drop(columns=[{name}]), X[{name}]"
            if isinstance(case.given, pd.DataFrame)
            else f"X, y = X.drop([{name}]), X[{name}]"
        ]
    if case.estimator is not None:
        return "\n".join([*lines, "# model is the estimator that was given to diagnose"])
    lines += _readable(case)
    if not _needs_encoding(case):
        return "\n".join(
            [
                *lines,
                "from sklearn.ensemble import HistGradientBoostingClassifier",
                "model = HistGradientBoostingClassifier(random_state=0)",
            ]
        )
    return "\n".join(
        [
            *lines,
            "from sklearn.compose import make_column_selector, make_column_transformer",
            "from sklearn.ensemble import HistGradientBoostingClassifier",
            "from sklearn.pipeline import make_pipeline",
            "from sklearn.preprocessing import OrdinalEncoder, StandardScaler",
            'encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)',
            f"columns = make_column_transformer((encoder, {NOT_NUMBERS}), (StandardScaler(), {NUMBERS}))",
            "model = make_pipeline(columns, HistGradientBoostingClassifier(random_state=0))",
        ]
    )


def _readable(case: Case) -> list[str]:
    """Lines that make of the table one that every model of scikit-learn takes: another container, no empty columns."""
    native, empty = case.native, _empty(case)
    places = [case.column(name) for name in empty]
    if sparse.issparse(native):
        return ["X = X.toarray()"]
    if not is_frame(native) and native.dtype != object:
        drop = [f"X = np.delete(X, {places!r}, axis=1)"] if empty else []
        return ["import numpy as np", "X = np.asarray(X)", *drop]
    lines = []
    if not is_frame(native):
        lines = ["import pandas as pd", "X = pd.DataFrame(X).infer_objects()"]
    elif not isinstance(native, pd.DataFrame):
        lines = ["X = X.to_pandas()"]
    if empty:
        lines.append(f"X = X.drop(columns={empty!r})")
    return [*lines, "X = X.set_axis(X.columns.astype(str), axis=1)"] if _renames(case) else lines


def _empty(case: Case) -> list:
    return case.kinds(ColumnKind.MISSING)


def _renames(case: Case) -> bool:
    """Whether columns are called by numbers, which scikit-learn would take for positions."""
    return _needs_encoding(case) and not all(isinstance(name, str) for name in case.names)


def _needs_encoding(case: Case) -> bool:
    """Whether a column is more than plain numbers."""
    return any(not isinstance(dtype, np.dtype) or dtype.kind not in "iuf" for dtype in case.frame.dtypes)


def recommend(case: Case, findings: list[Finding]) -> list[Recommendation]:
    """Things to try, the first first."""
    found = {finding.code: finding for finding in findings}
    rules = (_repair, _evaluate, _leave, _threshold, _weights, _simple, _choose, _samplers, _outliers, _audit)
    return [recommendation for rule in rules for recommendation in rule(case, found)]


def _repair(case: Case, found: Found) -> Iterator[Recommendation]:
    """What spoils every score comes before everything else."""
    dropped: list = []
    for code in ("marker_column", "identifier_columns", "leak_suspect"):
        if code in found and found[code].severity == "act":
            finding = found[code]
            dropped += finding.evidence["columns" if "columns" in finding.evidence else "auc"]
    if dropped:
        wanted = {str(name) for name in dropped}
        names = [name for name in case.names if str(name) in wanted]
        yield Recommendation(
            "Drop the columns that name rows or give the class away",
            "With them no score says anything about new rows. A suspect may stay if its value is there before the "
            "class is known.",
            _drop_code(case, names),
        )
    if "over_sampled_already" in found:
        yield Recommendation(
            "Drop duplicates before you split",
            "The rare rows have been copied already.",
            "import numpy as np\nimport pandas as pd\n"
            "keep = ~pd.DataFrame(X).assign(_y=np.asarray(y)).duplicated().to_numpy()\n"
            "X, y = X[keep], np.asarray(y)[keep]",
        )
    elif "duplicates" in found and found["duplicates"].severity != "note":
        yield Recommendation(
            "Keep equal rows in one fold",
            "Otherwise the score counts rows that the model has seen.",
            "import pandas as pd\nfrom sklearn.model_selection import StratifiedGroupKFold, cross_val_score\n"
            "groups = pd.util.hash_pandas_object(pd.DataFrame(X), index=False)\n"
            f"{_score('model', case, cv='StratifiedGroupKFold(5)', extra=', groups=groups')}",
        )


def _drop_code(case: Case, names: list) -> str:
    if is_frame(case.native) or case.native.dtype == object:
        renamed = case.estimator is None and _renames(case)
        if case.estimator is None or isinstance(case.native, pd.DataFrame):
            return f"X = X.drop(columns={[str(name) if renamed else name for name in names]!r})"
        return f"X = X.drop({names!r})"
    left = case.names if case.estimator is not None else [n for n in case.names if n not in _empty(case)]
    return f"import numpy as np\nX = np.delete(X, {[left.index(name) for name in names]!r}, axis=1)"


def _evaluate(case: Case, found: Found) -> Iterator[Recommendation]:
    if "too_few_rare_rows" in found or "few_rare_rows" in found:
        n_folds = max(2, min(5, case.n_rare))
        if case.n_rare < 2:
            return
        yield Recommendation(
            "Repeat the cross-validation, and look for more real rows",
            "With so few rare rows one split says next to nothing.",
            "from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score\n"
            f"{_score('model', case, cv=f'RepeatedStratifiedKFold(n_splits={n_folds}, n_repeats=5, random_state=0)')}",
        )


def _leave(case: Case, found: Found) -> Iterator[Recommendation]:
    reasons = [
        ("balanced", "The classes are balanced."),
        ("found_already", "The rare class is found already."),
        ("enough_rare_rows", "There are rare rows enough."),
        ("no_signal", "There is nothing that a sampler could repeat."),
    ]
    told = [text for code, text in reasons if code in found]
    if told:
        yield Recommendation(
            "Do nothing: leave the rows as they are",
            f"{' '.join(told)} No sampler is known to help every model on every table: anything else has to beat this "
            "score.",
            f"from sklearn.model_selection import StratifiedKFold, cross_val_score\n{_score('model', case)}",
        )


def _threshold(case: Case, found: Found) -> Iterator[Recommendation]:
    if len(case.target.classes) == 2 and ("biased_to_majority" in found or case.ratio >= BALANCED_RATIO):
        if "no_signal" in found or ("found_already" in found and "biased_to_majority" not in found):
            return
        sure = "biased_to_majority" in found
        yield Recommendation(
            "Tune the decision threshold",
            (
                "The model ranks the rare class well and names it too seldom. "
                if sure
                else "It costs nothing, and gives most of what over-sampling gives at a fixed threshold. "
            )
            + "Ranking and probabilities stay as they are.",
            f"{_f1_imports(case)}from sklearn.model_selection import TunedThresholdClassifierCV\n"
            f"tuned = TunedThresholdClassifierCV(model, scoring={_f1(case)}).fit(X, y)",
        )


def _weights(case: Case, found: Found) -> Iterator[Recommendation]:
    name = _weight_parameter(case)
    if name is None or case.ratio < BALANCED_RATIO or "no_signal" in found or "found_already" in found:
        return
    yield Recommendation(
        "Weigh the classes",
        "It does what duplicates of the rare rows do, without making any; probabilities are shifted.",
        "from sklearn.base import clone\nfrom sklearn.model_selection import StratifiedKFold, cross_val_score\n"
        f'weighted = clone(model).set_params({name}="balanced")\n{_score("weighted", case)}',
    )


def _weight_parameter(case: Case) -> str | None:
    if case.estimator is None:
        nested = "histgradientboostingclassifier__" if _needs_encoding(case) else ""
        return f"{nested}class_weight"
    if not hasattr(case.estimator, "get_params"):
        return None
    names = [name for name in case.estimator.get_params() if name.split("__")[-1] == "class_weight"]
    return min(names, key=len) if names else None


def _simple(case: Case, found: Found) -> Iterator[Recommendation]:
    if not {"few_rare_rows", "simple_model_as_good", "memorises"} & set(found) or "found_already" in found:
        return
    if not (is_frame(case.native) or not _needs_encoding(case)) and case.estimator is not None:
        return
    few = "few_rare_rows" in found
    yield Recommendation(
        "Compare with plain logistic regression",
        (
            "With some dozens of rare rows it is hard to beat, by samplers as by heavier models."
            if few
            else "What a sampler gives to a heavier model has to be more than this."
        ),
        _logistic_code(case),
    )


def _logistic_code(case: Case) -> str:
    imports = (
        "from sklearn.impute import SimpleImputer\nfrom sklearn.linear_model import LogisticRegression\n"
        "from sklearn.model_selection import StratifiedKFold, cross_val_score\n"
        "from sklearn.pipeline import make_pipeline\n"
    )
    numbers = "SimpleImputer(), StandardScaler()"
    if not _needs_encoding(case):
        return (
            f"{imports}from sklearn.preprocessing import StandardScaler\n"
            f"simple = make_pipeline({numbers}, LogisticRegression(max_iter=1000))\n{_score('simple', case)}"
        )
    return (
        f"{imports}from sklearn.compose import make_column_selector, make_column_transformer\n"
        "from sklearn.preprocessing import OneHotEncoder, StandardScaler\n"
        f'categories = (OneHotEncoder(handle_unknown="ignore"), {NOT_NUMBERS})\n'
        f"numbers = (make_pipeline({numbers}), {NUMBERS})\n"
        "simple = make_pipeline(make_column_transformer(categories, numbers), LogisticRegression(max_iter=1000))\n"
        f"{_score('simple', case)}"
    )


def _choose(case: Case, found: Found) -> Iterator[Recommendation]:
    if not _worth_a_sampler(case, found):
        return
    yield Recommendation(
        "Let the choice be made in each training fold",
        "AutoSampler tries methods, ratios and doing nothing by cross-validation of the training rows, and makes rows "
        "only where their gain is beyond chance.",
        _pipeline_code("AutoSampler(model, random_state=0)", ["AutoSampler"], case),
    )
    yield Recommendation(
        "Compare samplers with doing nothing",
        "Which one helps, if any, differs from table to table: look at the differences with their intervals.",
        "from genesis_sampling import compare_samplers\nprint(compare_samplers(X, y))",
    )


def _worth_a_sampler(case: Case, found: Found) -> bool:
    needless = {"found_already", "no_signal", "enough_rare_rows", "balanced"} & set(found)
    return not needless and 1 / case.ratio < MOST_RATIO and case.n_rare > 1


def _samplers(case: Case, found: Found) -> Iterator[Recommendation]:
    """Those that the symptoms speak for, each to be measured."""
    if _worth_a_sampler(case, found):
        candidates = [*_by_symptom(case, found)]
        yield from candidates[:MAX_SAMPLERS]


def _by_symptom(case: Case, found: Found) -> Iterator[Recommendation]:
    common = f"sampling_strategy={_ratio(case)}, random_state=0"
    has_categories = bool({"mixed_types", "categories_only"} & set(found))
    if "constraints_hold" in found and found["constraints_hold"].severity != "note":
        frame = "X" if is_frame(case.native) or case.native.dtype == object else "pd.DataFrame(X)"
        learned = f"ConstraintFilter(Constraint.learn({frame}), sampler=NoiseSampler({common}))"
        yield Recommendation(
            "Keep the rules of the table in made rows",
            "Rules between columns hold in every row, and noise and generators do not know them. Learn them from "
            "training rows once you are past exploring.",
            "import pandas as pd\n"
            + _pipeline_code(learned, ["Constraint", "ConstraintFilter", "NoiseSampler"], case),
        )
    if "subgroups" in found and not has_categories:
        yield Recommendation(
            "Interpolate within clusters",
            "The rare rows form groups, with others in between.",
            _pipeline_code(f'InterpolationSampler(kind="cluster", {common})', ["InterpolationSampler"], case),
        )
    elif "subgroups" in found or (has_categories and case.n_rare >= FEW_ROWS):
        why = "The rare rows form groups" if "subgroups" in found else "Columns are mixed or categorical"
        yield Recommendation(
            "Draw from trees that have learned the class",
            f"{why}: trees learn which values go together.",
            _pipeline_code(f'GenerativeOverSampler("tree", {common})', ["GenerativeOverSampler"], case),
        )
    if "overlap" in found and not has_categories and "wide_table" not in found:
        yield Recommendation(
            "Interpolate at the border only",
            "The classes overlap, and points inside the other class would be wrong.",
            _pipeline_code(
                f'InterpolationSampler(kind="borderline-1", {common})', ["InterpolationSampler"], case
            ),
        )
    few = case.n_rare < FEW_ROWS
    yield Recommendation(
        "Add noisy copies",
        (
            "With so few rows little else can be learned from them."
            if few
            else "The most cautious variation: each new row lies near a real one."
        ),
        _pipeline_code(f"NoiseSampler({common})", ["NoiseSampler"], case),
    )
    if case.ratio >= 20:
        yield Recommendation(
            "Meet half way",
            "At this ratio balance alone would need more made rows than real ones.",
            _pipeline_code("HybridSampler(sampling_strategy=0.5, random_state=0)", ["HybridSampler"], case),
        )


def _outliers(case: Case, found: Found) -> Iterator[Recommendation]:
    if "outlier_like" not in found or (_needs_encoding(case) and case.estimator is not None):
        return
    points = "clone(columns).fit_transform(X)" if _needs_encoding(case) else "X"
    yield Recommendation(
        "Score how unusual a row is",
        "A forest without labels ranks the rare class about as well as the model, and may catch new kinds of it.",
        "from sklearn.base import clone\nfrom sklearn.ensemble import IsolationForest\n"
        f"points = {points}\nunusual = -IsolationForest(random_state=0).fit(points).score_samples(points)",
    )


def _audit(case: Case, found: Found) -> Iterator[Recommendation]:
    if _worth_a_sampler(case, found):
        yield Recommendation(
            "Check the pipeline for leaks before you trust its score",
            "A split behind the sampler, such as early stopping or a tuned threshold, lets made rows judge themselves.",
            "from genesis_sampling import NoiseSampler, audit_leakage\nfrom imblearn.pipeline import make_pipeline\n"
            "print(audit_leakage(make_pipeline(NoiseSampler(), model), X, y))",
        )


def _pipeline_code(sampler: str, names: list[str], case: Case) -> str:
    return (
        f"from genesis_sampling import {', '.join(names)}\nfrom imblearn.pipeline import make_pipeline\n"
        "from sklearn.model_selection import StratifiedKFold, cross_val_score\n"
        f"pipeline = make_pipeline({sampler}, model)\n{_score('pipeline', case)}"
    )


def _score(model: str, case: Case, *, cv: str = FOLDS, extra: str = "") -> str:
    return f"print(cross_val_score({model}, X, y, cv={cv}, scoring={_scoring(case)}{extra}).mean())"


def _scoring(case: Case) -> str:
    """Average precision where scikit-learn takes the rare class for the positive one; else what needs none."""
    if len(case.target.classes) > 2:
        return '"balanced_accuracy"'
    return '"average_precision"' if _is_usual(case) else '"roc_auc"'


def _is_usual(case: Case) -> bool:
    label = case.target.classes[case.rare]
    return not isinstance(label, str) and label == 1 and case.rare == 1


def _f1(case: Case) -> str:
    label: Any = case.target.classes[case.rare]
    return '"f1"' if _is_usual(case) else f"make_scorer(f1_score, pos_label={label!r})"


def _f1_imports(case: Case) -> str:
    return "" if _is_usual(case) else "from sklearn.metrics import f1_score, make_scorer\n"


def _ratio(case: Case) -> float:
    """A moderate ratio of the rarest class to the largest, above the present one."""
    wanted = min(MOST_RATIO, max(LEAST_RATIO, RATIO_STEP / case.ratio))
    return round(wanted, 2)
