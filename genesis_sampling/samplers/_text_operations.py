"""Changes of texts that leave them readable: functions of a :class:`Text` and a generator."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np

__all__ = ["OPERATIONS", "Text", "TextOperation"]

# A word: letters and digits, with what holds them together inside.
WORD = re.compile(r"\w+(?:['’-]\w+)*")
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
KEYBOARDS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}

Synonyms = Callable[[str], Sequence[str]]
TextOperation = Callable[..., str]


class Text:
    """A text as words and what stands between them.

    Words change places, go and come; what stands between them stays, and so does the case of a place: the first word of
    a sentence has a capital, and one that leaves that place loses it, unless it has one elsewhere.

    Parameters
    ----------
    text : str
    protected : collection of str
        Words, in lower case, that no operation touches.
    """

    def __init__(self, text: str, protected: Collection[str] = ()):
        found = list(WORD.finditer(text))
        ends = [match.end() for match in found]
        starts = [match.start() for match in found]
        self.words = [match.group() for match in found]
        # gaps[i] stands before words[i], the last one behind all.
        self.gaps = [text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True)]
        self._is_first = [
            place == 0 or bool(re.search(r"[.!?…]\s", gap)) for place, gap in enumerate(self.gaps[:-1])
        ]
        self._names = {
            word
            for word, first in zip(self.words, self._is_first, strict=True)
            if not first and word[:1].isupper()
        }
        self.free = np.array(
            [place for place, word in enumerate(self.words) if word.lower() not in protected], dtype=np.intp
        )

    def fitted(self, word: str, place: int) -> str:
        """A word as it is written at a place."""
        is_capital = self._is_first[place] and self.words[place][:1].isupper()
        return word[:1].upper() + word[1:] if is_capital else word

    def moved(self, place: int) -> str:
        """The word at a place as it is written elsewhere."""
        word = self.words[place]
        is_capital = self._is_first[place] and word[:1].isupper() and not word.isupper()
        return word[:1].lower() + word[1:] if is_capital and word not in self._names else word

    def joined(self, words: Sequence[str | None]) -> str:
        """The text with other words. None takes a word away, and one of the gaps beside it."""
        parts: list[str] = []
        gap, is_capital_due = "", False
        for place, word in enumerate(words):
            if place == 0 or words[place - 1] is not None or self._is_first[place]:
                gap = self.gaps[place]
            if word is None:
                # The next word begins the sentence instead.
                is_capital_due |= self._is_first[place] and self.words[place][:1].isupper()
                continue
            parts += [gap, word[:1].upper() + word[1:] if is_capital_due else word]
            is_capital_due = False
        return "".join([*parts, self.gaps[-1]])


def sentence_shuffle(text: str, rng: np.random.Generator, **others) -> str:
    """Sentences in another order."""
    sentences = SENTENCE_END.split(text.strip())
    return " ".join(sentences[place] for place in rng.permutation(len(sentences)))


def word_swap(text: str, rng: np.random.Generator, *, rate: float = 0.1, protected=(), **others) -> str:
    """Pairs of words change places, one pair for this share of the words, and one at least; no word twice."""
    parsed = Text(text, protected)
    if len(parsed.free) < 2:
        return text
    words = list(parsed.words)
    n_pairs = min(_count(rate, len(parsed.free)), len(parsed.free) // 2)
    for one, other in rng.choice(parsed.free, (n_pairs, 2), replace=False):
        moved = parsed.moved(one), parsed.moved(other)
        words[one], words[other] = parsed.fitted(moved[1], one), parsed.fitted(moved[0], other)
    return parsed.joined(words)


def random_deletion(text: str, rng: np.random.Generator, *, rate: float = 0.1, protected=(), **others) -> str:
    """A share of the words goes, one at least; of a text of one word none."""
    parsed = Text(text, protected)
    n_gone = min(_count(rate, len(parsed.free)), len(parsed.words) - 1)
    words: list[str | None] = list(parsed.words)
    for place in rng.choice(parsed.free, n_gone, replace=False) if n_gone > 0 else ():
        words[place] = None
    return parsed.joined(words)


def random_insertion(
    text: str,
    rng: np.random.Generator,
    *,
    rate: float = 0.1,
    synonyms: Synonyms | None = None,
    vocabulary: Sequence[str] = (),
    **others,
) -> str:
    """Words come in, one for this share of the words: synonyms of words that are there, else words of the class."""
    parsed = Text(text)
    words: list[str | None] = list(parsed.words)
    if synonyms:
        vocabulary = [near for word in parsed.words for near in synonyms(word.lower())]
    for _ in range(_count(rate, len(words))) if vocabulary else ():
        place = int(rng.integers(len(words)))
        words[place] = f"{words[place]} {vocabulary[int(rng.integers(len(vocabulary)))]}"
    return parsed.joined(words)


def synonym_replacement(
    text: str,
    rng: np.random.Generator,
    *,
    rate: float = 0.1,
    synonyms: Synonyms | None = None,
    protected=(),
    **others,
) -> str:
    """A share of the words, one at least, gives way to synonyms, as far as there are some."""
    parsed = Text(text, protected)
    words, left = list(parsed.words), _count(rate, len(parsed.free))
    for place in rng.permutation(parsed.free):
        word = parsed.words[place]
        known = [
            other for other in (synonyms(word.lower()) if synonyms else ()) if other.lower() != word.lower()
        ]
        if known and left:
            near = known[int(rng.integers(len(known)))]
            words[place] = parsed.fitted(near.upper() if word.isupper() and len(word) > 1 else near, place)
            left -= 1
    return parsed.joined(words)


def typos(
    text: str,
    rng: np.random.Generator,
    *,
    rate: float = 0.02,
    keyboard: str = "qwerty",
    protected=(),
    **others,
) -> str:
    """Slips of the fingers, one for this share of the letters, and one at least; first letters stay.

    A slip is a neighbouring key, two letters in the wrong order, one left out, or one twice.
    """
    parsed = Text(text, protected)
    words = list(parsed.words)
    able = [place for place in parsed.free if len(words[place]) > 3 and words[place].isalpha()]
    n_letters = sum(len(words[place]) for place in able)
    for _ in range(_count(rate, n_letters)) if able else ():
        place = able[int(rng.integers(len(able)))]
        words[place] = _mistyped(words[place], rng, NEIGHBOURS[keyboard])
    return parsed.joined(words)


OPERATIONS: dict[str, TextOperation] = {
    function.__name__: function
    for function in (
        sentence_shuffle,
        synonym_replacement,
        random_insertion,
        word_swap,
        random_deletion,
        typos,
    )
}


def _count(rate: float, n: int) -> int:
    return min(max(1, round(rate * n)), n)


def _mistyped(word: str, rng: np.random.Generator, neighbours: dict[str, str]) -> str:
    """A word with one slip, not at its first letter."""
    place, kind = int(rng.integers(1, len(word))), rng.integers(4)
    letter = word[place]
    if kind == 0 and letter.lower() in neighbours:
        near = neighbours[letter.lower()]
        other = near[rng.integers(len(near))]
        return word[:place] + (other.upper() if letter.isupper() else other) + word[place + 1 :]
    if kind == 1 and place > 1 and word[place - 1] != letter:
        return word[: place - 1] + letter + word[place - 1] + word[place + 1 :]
    if kind == 2:
        return word[:place] + word[place + 1 :]
    return word[:place] + letter + word[place:]


def _neighbours(rows: Sequence[str]) -> dict[str, str]:
    """Letter -> the letters on the keys around it."""
    found: dict[str, str] = {}
    for number, row in enumerate(rows):
        for place, letter in enumerate(row):
            around = [row[max(place - 1, 0) : place], row[place + 1 : place + 2]]
            # A row lies half a key to the right of the one above.
            around += [rows[number - 1][place : place + 2]] if number else []
            around += [rows[number + 1][max(place - 1, 0) : place + 1]] if number + 1 < len(rows) else []
            found[letter] = "".join(around)
    return found


NEIGHBOURS = {name: _neighbours(rows) for name, rows in KEYBOARDS.items()}
