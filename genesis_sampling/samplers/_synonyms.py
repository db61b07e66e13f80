"""Synonyms from a mapping, a function, or the files of a thesaurus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..exceptions import DataError

__all__ = ["read_synonyms"]

WORDNET_PARTS = ("data.noun", "data.verb", "data.adj", "data.adv")


def read_synonyms(source: Any) -> Callable[[str], Sequence[str]]:
    """A function that gives the synonyms of a word in lower case.

    Parameters
    ----------
    source : mapping of str to str or list of str, callable, or path
        A path is that of a folder with the `data.*` files of WordNet, or of a thesaurus in the MyThes format
        (`th_*.dat`, as office suites have it).

    Raises
    ------
    DataError
        When it is none of these.
    """
    if callable(source):
        return source
    if isinstance(source, Mapping):
        known = {
            str(word).lower(): [others] if isinstance(others, str) else list(others)
            for word, others in source.items()
        }
    else:
        path = Path(source)
        if path.is_dir() and any((path / part).is_file() for part in WORDNET_PARTS):
            known = _wordnet(path)
        elif path.is_file():
            known = _mythes(path)
        else:
            raise DataError(
                f"Got synonyms={str(source)!r}; expected a folder with the files of WordNet (data.noun, ...), a "
                "thesaurus in the MyThes format (th_*.dat), a mapping or a function."
            )
    return _Lookup(known)


class _Lookup:
    """Synonyms by word; a class, since processes are not given functions from within functions."""

    def __init__(self, known: Mapping[str, Sequence[str]]):
        self.known = known

    def __call__(self, word: str) -> Sequence[str]:
        return self.known.get(word, ())


def _wordnet(folder: Path) -> dict[str, list[str]]:
    """Words that share a set of synonyms; lines as in `wndb(5WN)`."""
    known: dict[str, list[str]] = {}
    for part in WORDNET_PARTS:
        path = folder / part
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            if line.startswith(" "):  # the licence
                continue
            fields = line.split()
            # Of an adjective the place in the sentence may follow in brackets.
            words = [
                word.split("(")[0].replace("_", " ") for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            ]
            for word in words:
                _note(known, word, words)
    return known


def _mythes(path: Path) -> dict[str, list[str]]:
    """Entries ``word|n``, each followed by n lines ``(part of speech)|synonym|synonym (hint)|...``."""
    raw = path.read_bytes()
    encoding = raw.split(b"\n", 1)[0].decode("ascii", "replace").strip()
    try:
        lines = raw.decode(encoding).splitlines()[1:]
    except (LookupError, UnicodeDecodeError) as error:
        raise DataError(
            f"Got {path.name}, whose first line {encoding[:40]!r} names no encoding that fits; expected a thesaurus "
            "in the MyThes format."
        ) from error
    known: dict[str, list[str]] = {}
    place = 0
    while place < len(lines):
        word, _, count = lines[place].partition("|")
        if not count.strip().isdigit():
            raise DataError(
                f"Got {lines[place][:40]!r} in line {place + 2} of {path.name}; expected word|number."
            )
        for line in lines[place + 1 : place + 1 + int(count)]:
            _note(known, word, [other.split("(")[0].strip() for other in line.split("|")[1:]])
        place += 1 + int(count)
    return known


def _note(known: dict[str, list[str]], word: str, others: Sequence[str]) -> None:
    found = known.setdefault(word.lower(), [])
    found.extend(other for other in others if other and other.lower() != word.lower() and other not in found)
