"""Write `api/index.rst` from the public catalogue for autosummary to read.

The catalogue is `genesis_sampling.__all__` and the `__all__` of the modules in `DEEPER`.

Also give links of inherited scikit-learn docstrings a target, since their labels live in another manual.
"""

from __future__ import annotations

import importlib
import types
from collections import defaultdict
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

import genesis_sampling

# Subpackage or module -> its heading; the order is the order of the page.
HEADINGS = {
    "functional": "Functions on whole tables",
    "samplers": "Samplers",
    "generators": "Generators",
    "filters": "Constraints and filters",
    "evaluation": "Evaluation",
    "metrics": "Metrics",
    "reports": "Reports",
    "distributed": "Larger than memory",
    "tables": "Tables",
    "datasets": "Data sets",
    "exceptions": "Errors and warnings",
}
# Modules whose names are reached through them.
DEEPER = {
    "metrics": ["fidelity", "manifold", "diversity", "privacy", "utility", "calibration", "bias", "image"],
    "reports": [""],
    "distributed": [""],
}
SCIKIT_LEARN = "https://scikit-learn.org/stable"
SCIKIT_LEARN_LABELS = {
    "accuracy_score": "modules/model_evaluation.html#accuracy-score",
    "metadata_routing": "metadata_routing.html",
    "sphx_glr_auto_examples_miscellaneous_plot_set_output.py": (
        "auto_examples/miscellaneous/plot_set_output.html"
    ),
}


def setup(app: Sphinx) -> dict[str, bool]:
    # Before the list of source files is made, so that autosummary finds the page.
    app.connect("config-inited", write_index)
    app.connect("missing-reference", link_to_scikit_learn)
    return {"parallel_read_safe": True}


def write_index(app: Sphinx, config: Config) -> None:
    path = Path(app.srcdir) / "api" / "index.rst"
    path.parent.mkdir(exist_ok=True)
    text = _index_page(_names_by_room())
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _names_by_room() -> dict[str, list[str]]:
    rooms: dict[str, list[str]] = defaultdict(list)
    for name in genesis_sampling.__all__:
        thing = getattr(genesis_sampling, name)
        if name.startswith("_") or isinstance(thing, types.ModuleType):
            continue
        rooms[_room(thing)].append(name)
    for room, modules in DEEPER.items():
        for path in (f"{room}.{module}".rstrip(".") for module in modules):
            names = importlib.import_module(f"genesis_sampling.{path}").__all__
            rooms[room] += [f"{path}.{name}" for name in names if name not in genesis_sampling.__all__]
    return rooms


def _room(thing: object) -> str:
    """Name the part of the package that an object was defined in; a plain constant has none."""
    parts = getattr(thing, "__module__", "").split(".")
    return parts[1] if parts[0] == "genesis_sampling" and len(parts) > 1 else ""


def _index_page(rooms: dict[str, list[str]]) -> str:
    lines = _heading("API reference", "=")
    lines += ["Names without a dot are importable from `genesis_sampling` itself.", ""]
    lines += [".. currentmodule:: genesis_sampling", ""]
    for room in sorted(rooms, key=_place):
        lines += _heading(HEADINGS.get(room) or room.strip("_").capitalize() or "Other", "-")
        lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in sorted(rooms[room], key=str.lower)]
        lines.append("")
    return "\n".join(lines)


def _heading(text: str, line: str) -> list[str]:
    return [text, line * len(text), ""]


def _place(room: str) -> tuple[int, str]:
    known = list(HEADINGS)
    return (known.index(room) if room in known else len(known), room)


def link_to_scikit_learn(app, env, node, contnode):
    target = node.get("reftarget", "")
    if node.get("reftype") == "term":
        uri = f"{SCIKIT_LEARN}/glossary.html#term-{target.replace(' ', '-')}"
    elif node.get("reftype") == "ref" and target in SCIKIT_LEARN_LABELS:
        uri = f"{SCIKIT_LEARN}/{SCIKIT_LEARN_LABELS[target]}"
    else:
        return None
    return nodes.reference("", node.astext(), refuri=uri, internal=False)
