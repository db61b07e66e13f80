"""The expression language of constraints: ``"start <= end and 0 <= age < 120"``.

The text is parsed by Python's own parser and then walked through a white list of node types, each translated
into one vectorised operation on columns. Nothing is ever evaluated as Python: a constraint file is data, not
code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import accumulate
from operator import and_, or_
from typing import Any

import pandas as pd

from ..exceptions import ConstraintError, ConstraintParseError
from . import _arithmetic as arithmetic
from .comparisons import (
    Ternary,
    compare,
    is_among,
    is_boolean,
    known_rows,
    operand,
)
from .conditions import Condition

MAX_LENGTH = 5_000  # characters
MAX_NODES = 1_000
MAX_DEPTH = 40

_SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
}
# least and greatest number of arguments
_FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "len": (1, 1),
    "max": (2, 20),
    "min": (2, 20),
    "round": (1, 2),
    "isnull": (1, 1),
    "notnull": (1, 1),
}
_QUOTED = r"'(?:\\.|[^'\\])*'" + r'|"(?:\\.|[^"\\])*"'
# marks that no expression node needs of its own: they stand inside the nodes that are checked
_MARKS = (ast.Load, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
_HINTS: dict[type[ast.AST], str] = {
    ast.Pow: "powers are not part of the language; write x * x",
    ast.BitAnd: "write 'and' instead of '&'",
    ast.BitOr: "write 'or' instead of '|'",
    ast.Invert: "write 'not' instead of '~'",
    ast.Is: "write isnull(column) or notnull(column)",
    ast.IsNot: "write isnull(column) or notnull(column)",
    ast.Attribute: "a dot has no meaning here; quote a column name that has one in backticks",
    ast.Subscript: "square brackets only list values, after 'in'",
}


@dataclass(frozen=True)
class Expression(Condition):
    """A condition written as text.

    Parameters
    ----------
    text : str
        Comparisons (also chained), ``in [...]`` and ``not in [...]``, ``and``, ``or``, ``not``, arithmetic
        with ``+ - * / %``, numbers, quoted text, columns (in backticks where the name is no plain word) and
        the functions ``abs``, ``len``, ``max``, ``min``, ``round``, ``isnull``, ``notnull``. Dates are text
        in ISO form. The columns of an array are ``x0``, ``x1``, ...

    Raises
    ------
    ConstraintParseError
        If the text is anything else, or longer or deeper than the language allows.

    Notes
    -----
    A comparison with a missing value is unknown, as is a division by zero; ``and``, ``or`` and ``not`` follow
    Kleene: ``unknown and false`` is false, ``not unknown`` is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.tables.expressions import Expression
    >>> frame = pd.DataFrame({"age": [30, 200, None], "hours per week": [40, 40, 90]})
    >>> condition = Expression("0 <= age <= 120 and `hours per week` < 80")
    >>> condition.columns
    ('age', 'hours per week')
    >>> condition.mask(frame).tolist()
    [True, False, False]
    """

    text: str

    def __post_init__(self) -> None:
        parse_expression(self.text)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return parse_expression(self.text).columns

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        parsed = parse_expression(self.text)
        try:
            return _Evaluation(frame, parsed.names).truth(parsed.body)
        except (ValueError, TypeError, ArithmeticError) as error:  # dates out of bounds, among others
            raise ConstraintError(f"In {self.text!r}: {error}") from error

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class _Parsed:
    body: ast.expr
    names: dict[str, str]  # identifier in the tree -> column name

    @property
    def columns(self) -> tuple[str, ...]:
        functions = {id(node.func) for node in ast.walk(self.body) if isinstance(node, ast.Call)}
        found = [
            (node.lineno, node.col_offset, self.names.get(node.id, node.id))
            for node in ast.walk(self.body)
            if isinstance(node, ast.Name) and id(node) not in functions
        ]
        return tuple(dict.fromkeys(name for *_, name in sorted(found)))


@lru_cache(maxsize=256)
def parse_expression(text: str) -> _Parsed:
    """Parse and check an expression; see `Expression` for the language."""
    if not isinstance(text, str) or not text.strip():
        raise ConstraintParseError(
            f"Got {text!r}; expected an expression such as 'start <= end and age < 120'."
        )
    if len(text) > MAX_LENGTH:
        raise ConstraintParseError(
            f"Got an expression of {len(text)} characters; expected at most {MAX_LENGTH}."
        )
    source, names = _replace_quoted_names(text)
    _check_brackets(source, text)
    parsed = _Parsed(_parse_python(source, text), names)
    _check_size(parsed.body, text)
    _check_nodes(parsed.body, text)
    _check_states_something(parsed, text)
    return parsed


def _replace_quoted_names(text: str) -> tuple[str, dict[str, str]]:
    """Backtick-quoted column names replaced by identifiers that the text does not have."""
    prefix = "column_"
    while prefix in text:
        prefix += "_"
    names: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        names[f"{prefix}{len(names)}"] = match["name"]
        return f" {prefix}{len(names) - 1} "

    # quoted text is matched first, so that a backtick inside it stays as it is
    source = re.sub(_QUOTED + r"|`(?P<name>[^`]+)`", replace, text)
    # an expression may be broken over lines; Python's parser allows it inside brackets only
    return source.replace("\n", " ").strip(), names


def _check_brackets(source: str, text: str) -> None:
    """Bound the nesting before Python's parser sees it, whose time some nestings make explode."""
    brackets = re.sub(r"[^()\[\]{}]", "", re.sub(_QUOTED, "", source))
    steps = [1 if bracket in "([{" else -1 for bracket in brackets]
    if max(accumulate(steps), default=0) > MAX_DEPTH:
        raise ConstraintParseError(_too_deep(text))


def _too_deep(text: str) -> str:
    return (
        f"Got {_shorten(text)}, which is too long or too deeply nested; expected at most {MAX_NODES} terms "
        f"and {MAX_DEPTH} levels. Split it into several constraints."
    )


def _parse_python(source: str, text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes such as '\d' are no concern of the language
            return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        equals = re.search(r"(?<![=!<>])=(?!=)", source)
        hint = " Write '==' for equality." if equals else ""
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ConstraintParseError(
            f"Got {_shorten(text)}, which is not an expression{place}; expected a comparison of columns and values, "
            f"such as 'start <= end' or '0 <= age < 120'.{hint}"
        ) from None


def _check_size(body: ast.expr, text: str) -> None:
    """Bound nodes and depth, level by level rather than by recursion."""
    level: list[ast.AST] = [body]
    n_nodes = depth = 0
    while level:
        n_nodes, depth = n_nodes + len(level), depth + 1
        if n_nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ConstraintParseError(_too_deep(text))
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, _MARKS)
        ]


def _check_nodes(node: ast.AST, text: str) -> None:
    if not _is_allowed(node):
        raise _refusal(node, text)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Load) or (isinstance(node, ast.Call) and child is node.func):
            continue
        if isinstance(child, ast.List | ast.Tuple | ast.Set) and not _is_choice(node, child):
            raise ConstraintParseError(f"In {_shorten(text)}: a list of values may only follow 'in'.")
        _check_nodes(child, text)


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float, str, bool)
        case ast.Name(id=name):
            return not (name.startswith("__") and name.endswith("__"))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            least, greatest = _FUNCTIONS.get(name, (1, 0))
            return least <= len(args) <= greatest and not keywords
        case ast.Compare(ops=ops, comparators=comparators):
            return all(map(_is_comparison, ops, comparators))
    return isinstance(node, _PLAIN_NODES)


_PLAIN_NODES = (
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    *_ARITHMETIC,
    *_SYMBOLS,
    ast.In,
    ast.NotIn,
    ast.List,
    ast.Tuple,
    ast.Set,
)


def _is_comparison(symbol: ast.cmpop, right: ast.expr) -> bool:
    if isinstance(symbol, ast.In | ast.NotIn):
        return isinstance(right, ast.List | ast.Tuple | ast.Set) and all(map(_is_literal, right.elts))
    return type(symbol) in _SYMBOLS


def _is_choice(parent: ast.AST, child: ast.AST) -> bool:
    if not isinstance(parent, ast.Compare):
        return False
    pairs = zip(parent.ops, parent.comparators, strict=True)
    return any(right is child and isinstance(symbol, ast.In | ast.NotIn) for symbol, right in pairs)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)
    return isinstance(node, ast.Constant)


def _refusal(node: ast.AST, text: str) -> ConstraintParseError:
    marks = [type(mark) for mark in getattr(node, "ops", [])]
    hint = next((_HINTS[mark] for mark in [type(node), *marks] if mark in _HINTS), None)
    if isinstance(node, ast.Call):
        signatures = ", ".join(f"{name}()" for name in _FUNCTIONS)
        hint = f"the functions are {signatures}, each with its own number of plain arguments"
    elif isinstance(node, ast.Compare) and hint is None:
        hint = "'in' must be followed by a list of literal values"
    elif isinstance(node, ast.Constant):
        hint = f"{node.value!r} is no number, text or truth value; for missing cells write isnull(column)"
    found = type(node).__name__
    return ConstraintParseError(f"In {_shorten(text)}: {hint or f'{found} is not part of the language'}.")


def _check_states_something(parsed: _Parsed, text: str) -> None:
    if not parsed.columns:
        raise ConstraintParseError(f"Got {_shorten(text)}, which names no column.")
    body = parsed.body
    is_test = isinstance(body, ast.Call) and body.func.id in ("isnull", "notnull")  # type: ignore[attr-defined]
    is_negation = isinstance(body, ast.UnaryOp) and isinstance(body.op, ast.Not)
    if not (is_test or is_negation or isinstance(body, ast.Compare | ast.BoolOp | ast.Name)):
        raise ConstraintParseError(
            f"Got {_shorten(text)}, which compares nothing; expected a true-or-false statement."
        )


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:97] + "...")


class _Evaluation:
    """One walk over a checked tree, for one table."""

    def __init__(self, frame: pd.DataFrame, names: dict[str, str]) -> None:
        self.frame = frame
        self.names = names
        self.n_rows = len(frame)

    def truth(self, node: ast.expr) -> Ternary:
        """The three-valued truth of a node that states something."""
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return reduce(and_, map(self.truth, parts))
            case ast.BoolOp(op=ast.Or(), values=parts):
                return reduce(or_, map(self.truth, parts))
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return ~self.truth(part)
            case ast.Compare():
                return self._comparison(node)
            case ast.Call(func=ast.Name(id="isnull" | "notnull" as name), args=[part]):
                known = Ternary.of(known_rows(self.value(part), self.n_rows))
                return known if name == "notnull" else ~known
        return self._truth_of_column(self.value(node), node)

    def value(self, node: ast.expr) -> Any:
        """A column or scalar."""
        match node:
            case ast.Constant(value=value):
                # an integer beyond 64 bits has no place in a column
                return float(value) if type(value) is int and abs(value) >= 2**63 else value
            case ast.Name(id=name):
                return operand(self.frame, self.names.get(name, name))
            case ast.BinOp(left=left, op=op, right=right):
                return arithmetic.combine(self.value(left), _ARITHMETIC[type(op)], self.value(right))
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return arithmetic.negative(self.value(part))
            case ast.UnaryOp(op=ast.UAdd(), operand=part):
                return self.value(part)
            case ast.Call(func=ast.Name(id=name), args=args) if name in _VECTORISED:
                return _VECTORISED[name](*map(self.value, args))
        return self.truth(node).to_series()

    def _comparison(self, node: ast.Compare) -> Ternary:
        """``a < b <= c`` is ``a < b and b <= c``."""
        links, left = [], self.value(node.left)
        for symbol, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(symbol, ast.In | ast.NotIn):
                values = [self.value(element) for element in comparator.elts]  # type: ignore[attr-defined]
                link = is_among(left, values, self.n_rows)
                links.append(~link if isinstance(symbol, ast.NotIn) else link)
                continue
            right = self.value(comparator)
            links.append(compare(left, _SYMBOLS[type(symbol)], right, self.n_rows))
            left = right
        return reduce(and_, links)

    def _truth_of_column(self, value: Any, node: ast.expr) -> Ternary:
        if not is_boolean(value):
            raise ConstraintError(
                f"'{ast.unparse(node)}' is not a true-or-false statement; compare it with something."
            )
        return compare(value, "==", True, self.n_rows)


_VECTORISED: dict[str, Callable[..., Any]] = {
    "abs": arithmetic.absolute,
    "len": arithmetic.length,
    "max": arithmetic.greatest,
    "min": arithmetic.least,
    "round": arithmetic.rounded,
}
