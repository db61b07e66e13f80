"""The promises of pyproject.toml about versions and extras."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
TESTED_AT_LOWEST = [*PROJECT["dependencies"], *EXTRAS["plots"], *EXTRAS["parquet"]]


def _pins(name: str) -> dict[str, Version]:
    """Read ``name==version ; marker`` lines; the first of several lines for one name counts."""
    pins: dict[str, Version] = {}
    for line in (REPOSITORY / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==([^\s;]+)", line):
            pins.setdefault(canonicalize_name(match[1]), Version(match[2]))
    return pins


def _lower_bound(requirement: Requirement) -> Version:
    (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
    return Version(bound)


@pytest.mark.parametrize("text", TESTED_AT_LOWEST)
def test_lowest_pin_is_the_lower_bound(text):
    requirement = Requirement(text)
    assert _pins("constraints-oldest.txt")[canonicalize_name(requirement.name)] == _lower_bound(requirement)


@pytest.mark.parametrize("text", [*PROJECT["dependencies"], *itertools.chain.from_iterable(EXTRAS.values())])
def test_every_dependency_is_pinned_within_its_bounds(text):
    requirement = Requirement(text)
    if requirement.name == PROJECT["name"]:
        assert requirement.extras <= EXTRAS.keys()
        return
    assert _pins("constraints.txt")[canonicalize_name(requirement.name)] in requirement.specifier


def test_all_names_every_other_extra():
    (everything,) = (Requirement(text) for text in EXTRAS["all"])
    assert everything.extras == EXTRAS.keys() - {"all"}


def test_torch_is_pinned_to_a_cpu_build():
    assert _pins("constraints.txt")["torch"].local == "cpu"
