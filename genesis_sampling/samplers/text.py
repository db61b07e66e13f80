"""Over-sampling of texts."""

from __future__ import annotations

import os

from ..exceptions import DataError
from ._synonyms import read_synonyms
from ._text_operations import KEYBOARDS, OPERATIONS, WORD
from .items import OperationsSampler

__all__ = ["TextSampler"]

DEFAULTS = ("sentence_shuffle", "word_swap", "random_deletion", "typos")
WITH_SYNONYMS = ("synonym_replacement", "random_insertion")


class TextSampler(OperationsSampler):
    """Over-sample texts with changed copies of those of the class.

    Each new text is one of its class, drawn with replacement, to which some operations [1]_ are applied, drawn anew for
    each:

    - `sentence_shuffle`: sentences in another order;
    - `word_swap`: pairs of words change places (`rate` .1 of the words);
    - `random_deletion`: words go (`rate` .1);
    - `typos`: a neighbouring key, letters in the wrong order, left out or doubled [2]_ (`rate` .02 of the letters,
      `keyboard` "qwerty", "qwertz" or "azerty");
    - `synonym_replacement`: words give way to synonyms (`rate` .1);
    - `random_insertion`: synonyms of words of the text come in, or without ``synonyms`` words of the class (`rate` .1).

    The first four are the default, with ``synonyms`` all of them. Punctuation stays in its place, and so do capitals at
    the beginning of sentences. Meant for models of words, in front of a vectoriser. Where single words or their order
    decide (negations, names, quotations), say so by ``protected``, or choose operations.

    Parameters
    ----------
    operations : "default", list of str, or dict of str to dict, default="default"
        Names of operations, or name -> parameters.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    n_operations : int or None, default=2
        How many of them a text goes through, drawn for each; None for all.
    synonyms : dict, callable, path or None, default=None
        Word -> synonyms; a function of a word in lower case that gives a list; a folder with the files of WordNet
        (`data.noun`, ...); or a thesaurus in the MyThes format (`th_*.dat`).
    protected : collection of str, default=()
        Words that are not changed, moved or taken away, in any case.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its texts.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class and each batch of texts has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of texts made of each class.
    synthetic_mask_ : ndarray of bool of shape (n_texts_out,)
        Which texts of the result were made.
    sample_indices_ : ndarray of int of shape (n_texts_out,)
        Position in the input of the text that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    TransformSampler : Any function of your own.

    References
    ----------
    .. [1] J. Wei, K. Zou, "EDA: easy data augmentation techniques for boosting performance on text classification
       tasks", Conference on Empirical Methods in Natural Language Processing, 2019.
    .. [2] Y. Belinkov, Y. Bisk, "Synthetic and natural noise both break neural machine translation", International
       Conference on Learning Representations, 2018.

    Examples
    --------
    >>> from genesis_sampling import TextSampler
    >>> texts = [
    ...     "Lunch tomorrow?",
    ...     "See you at eight. Bring the keys!",
    ...     "Call me back.",
    ...     "Win a prize now. Text WIN to us!",
    ... ]
    >>> y = ["ham", "ham", "ham", "spam"]
    >>> X_new, y_new = TextSampler(["sentence_shuffle"], random_state=0).fit_resample(texts, y)
    >>> len(X_new), y_new[4:]
    (6, ['spam', 'spam'])
    """

    _item_kind = "text"
    _known = {name: {} for name in OPERATIONS}
    _parameter_constraints: dict = {
        **OperationsSampler._parameter_constraints,
        "synonyms": [dict, callable, str, os.PathLike, None],
        "protected": [list, tuple, set, frozenset],
    }

    def __init__(
        self,
        operations="default",
        sampling_strategy="auto",
        *,
        n_operations=2,
        synonyms=None,
        protected=(),
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.operations = operations
        self.n_operations = n_operations
        self.synonyms = synonyms
        self.protected = protected
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        items = table.items
        wrong = next((place for place, item in enumerate(items) if not isinstance(item, str)), None)
        if wrong is not None:
            raise DataError(
                f"Got {type(items[wrong]).__name__} ({str(items[wrong])[:40]}) as text {wrong}; expected text. Fill "
                "gaps, or choose the column that holds the texts."
            )
        empty = [place for place, item in enumerate(items) if not item.strip()]
        if empty:
            raise DataError(
                f"Got {len(empty)} empty texts (first: {empty[0]}); expected something in each. Leave them out."
            )
        self._lookup = None if self.synonyms is None else read_synonyms(self.synonyms)
        self._chosen()

    @property
    def _defaults(self):
        return DEFAULTS if self.synonyms is None else DEFAULTS + WITH_SYNONYMS

    def _chosen(self) -> dict[str, dict]:
        """Operation -> its parameters, in the order in which they are applied."""
        chosen = super()._chosen()
        if "synonym_replacement" in chosen and self.synonyms is None:
            raise DataError(
                "Got the operation 'synonym_replacement' without synonyms; expected synonyms=, a mapping, a function "
                "or a path."
            )
        keyboard = chosen.get("typos", {}).get("keyboard", "qwerty")
        if keyboard not in KEYBOARDS:
            raise DataError(f"Got keyboard={keyboard!r}; expected one of {', '.join(KEYBOARDS)}.")
        return chosen

    def _transform(self, batch, rng, peers):
        chosen = self._chosen()
        given = {
            "protected": {word.lower() for word in self.protected},
            "synonyms": self._lookup,
            # As frequent as they are in the class.
            "vocabulary": [word.lower() for text in peers for word in WORD.findall(text)]
            if "random_insertion" in chosen and self._lookup is None
            else (),
        }
        made = []
        for text in batch:
            drawn = self._drawn(chosen, rng)
            for name, params in chosen.items():
                if name in drawn:
                    text = OPERATIONS[name](text, rng, **given, **params)
            made.append(text)
        return made
