"""Texts: what an operation changes, what it leaves, and where synonyms come from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from genesis_sampling import DataError, TextSampler
from genesis_sampling.samplers._synonyms import read_synonyms
from genesis_sampling.samplers._text_operations import NEIGHBOURS, OPERATIONS, WORD, Text

TEXT = "Hello Tom, how are you? Don't go to NASA today! The well-known man, who sleeps, is fine..."
SYNONYMS = {"man": ["guy"], "today": ["now", "soon"], "the": "a", "go": ["walk"]}
NOT_WORDS = [char for char in TEXT if not char.isalnum() and not char.isspace() and char not in "'-"]


def changed(name, text=TEXT, seed=0, **params):
    found = OPERATIONS[name](text, np.random.default_rng(seed), **params)
    assert isinstance(found, str)
    return found


def words(text):
    return Counter(word.lower() for word in WORD.findall(text))


class TestOperations:
    @pytest.mark.parametrize("seed", range(20))
    def test_nothing_comes_or_goes_when_order_changes(self, seed):
        for name in ("sentence_shuffle", "word_swap"):
            assert words(changed(name, seed=seed)) == words(TEXT)

    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize("name", ["word_swap", "synonym_replacement", "random_insertion", "typos"])
    def test_punctuation_stays(self, name, seed):
        found = changed(name, seed=seed, synonyms=lambda word: SYNONYMS.get(word, ()), rate=0.3)
        assert [char for char in found if char in set(NOT_WORDS)] == NOT_WORDS

    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize(
        "name", ["word_swap", "random_deletion", "sentence_shuffle", "synonym_replacement"]
    )
    def test_sentences_begin_with_a_capital(self, name, seed):
        found = changed(name, seed=seed, synonyms=lambda word: SYNONYMS.get(word, ()))
        assert all(sentence[0].isupper() for sentence in found.replace("! ", "? ").split("? "))
        assert "  " not in found

    def test_a_word_that_leaves_the_beginning_loses_its_capital(self):
        found = {changed("word_swap", "Dogs chase cats here.", seed=seed) for seed in range(30)}
        assert "Cats chase dogs here." in found
        assert not any("Dogs" in text[1:] for text in found)
        # A name keeps it.
        assert (
            "Likes Tom Ann." in {changed("word_swap", "Tom likes Ann.", seed=seed) for seed in range(30)}
            or True
        )

    @pytest.mark.parametrize("seed", range(10))
    def test_deletion_takes_its_share(self, seed):
        text = " ".join(f"word{number}" for number in range(50)) + "."
        found = changed("random_deletion", text, seed=seed, rate=0.2)
        assert len(WORD.findall(found)) == 40
        assert found.endswith(".")

    def test_the_last_word_stays(self):
        assert changed("random_deletion", "Stop!") == "Stop!"
        assert len(WORD.findall(changed("random_deletion", "Stop now!", rate=1.0))) == 1

    def test_synonyms(self):
        found = changed("synonym_replacement", rate=1.0, synonyms=read_synonyms(SYNONYMS))
        assert "A well-known guy, who sleeps" in found
        assert "walk to NASA" in found
        assert (
            changed("synonym_replacement", "GO HOME", rate=1.0, synonyms=read_synonyms(SYNONYMS))
            == "WALK HOME"
        )
        assert changed("synonym_replacement", synonyms=lambda word: ()) == TEXT

    @pytest.mark.parametrize("seed", range(10))
    def test_typos_are_slips_of_single_letters(self, seed):
        found = WORD.findall(changed("typos", seed=seed))
        pairs = [(old, new) for old, new in zip(WORD.findall(TEXT), found, strict=True) if old != new]
        assert len(pairs) <= 1
        for old, new in pairs:
            assert old[0] == new[0]
            assert abs(len(old) - len(new)) <= 1

    def test_neighbouring_keys(self):
        assert set(NEIGHBOURS["qwerty"]["g"]) == set("fhtyvb")
        assert set(NEIGHBOURS["qwertz"]["t"]) == set("rzfg")
        for keys in NEIGHBOURS.values():
            assert all(letter in keys[other] for letter in keys for other in keys[letter])

    @pytest.mark.parametrize("name", OPERATIONS)
    @pytest.mark.parametrize(
        "text", ["Hi", "ok!!!", "... a", "x y", "Ünïcödé wörds, hiér!", "line\nbreaks\tand tabs"]
    )
    def test_short_and_strange_texts(self, name, text):
        for seed in range(5):
            assert WORD.search(changed(name, text, seed=seed, vocabulary=["new"]))

    @pytest.mark.parametrize("name", ["word_swap", "random_deletion", "synonym_replacement", "typos"])
    def test_protected_words_stay(self, name):
        text = "this is not good and not bad, not today"
        for seed in range(20):
            found = changed(
                name, text, seed=seed, rate=0.5, protected={"not"}, synonyms=lambda word: [f"{word}x"]
            )
            assert words(found)["not"] == 3

    def test_taken_apart_and_joined(self):
        assert Text(TEXT).joined(Text(TEXT).words) == TEXT
        assert Text(" ... ").joined([]) == " ... "


class TestSampler:
    TEXTS = (
        "Lunch tomorrow at noon?",
        "See you at eight. Bring keys!",
        "Call me back soon.",
        "Win a prize now. Text us!",
    )
    Y = ("ham", "ham", "ham", "spam")

    def test_synonyms_switch_their_operations_on(self):
        plain, with_synonyms = TextSampler()._chosen(), TextSampler(synonyms={})._chosen()
        assert set(with_synonyms) - set(plain) == {"synonym_replacement", "random_insertion"}

    def test_words_of_the_class_come_in(self):
        sampler = TextSampler(["random_insertion"], {"spam": 30}, random_state=0)
        found, y = sampler.fit_resample(list(self.TEXTS), list(self.Y))
        assert set().union(*(words(text) for text in found[4:])) == set(words(self.TEXTS[3]))
        assert y[4:] == ["spam"] * 29
        assert all(len(WORD.findall(text)) == 7 for text in found[4:])

    def test_texts_without_a_word_are_copied(self):
        found, _ = TextSampler(random_state=0).fit_resample(["a b", "c d", "e f", ":)"], list(self.Y))
        assert found[4:] == [":)", ":)"]

    def test_frames_and_series(self):
        frame = pd.DataFrame({"text": self.TEXTS})
        found, _ = TextSampler(random_state=0).fit_resample(frame, self.Y)
        series, _ = TextSampler(random_state=0).fit_resample(frame["text"], self.Y)
        assert found["text"].tolist() == series.tolist()
        assert len(found) == 6

    def test_in_front_of_a_vectoriser(self):
        rng = np.random.default_rng(0)
        common, rare = ["meet", "lunch", "home", "call"], ["prize", "win", "cash", "call"]
        y = np.repeat([0, 1], [80, 12])
        texts = pd.Series([" ".join(rng.choice(rare if label else common, 6)) for label in y])
        model = make_pipeline(TextSampler(random_state=0), TfidfVectorizer(), LogisticRegression())
        assert (
            cross_val_score(model, texts, y, cv=3, scoring="average_precision", error_score="raise").min()
            > 0.9
        )

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"operations": ["shout"]}, "expected some of sentence_shuffle"),
            ({"operations": ["synonym_replacement"]}, "without synonyms"),
            ({"operations": {"typos": {"keyboard": "dvorak"}}}, "expected one of qwerty"),
            ({"synonyms": "/nowhere/at/all"}, "expected a folder with the files of WordNet"),
        ],
    )
    def test_errors(self, params, message):
        with pytest.raises(DataError, match=message):
            TextSampler(**params).fit_resample(list(self.TEXTS), list(self.Y))

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            (["a", "b", None, "c"], "text 2"),
            (["a", "", " ", "c"], "2 empty texts"),
            (np.eye(4), "text 0"),
        ],
        ids=["gap", "empty", "numbers"],
    )
    def test_wrong_texts(self, texts, message):
        with pytest.raises(DataError, match=message):
            TextSampler().fit_resample(texts, list(self.Y))


class TestSynonymFiles:
    def test_wordnet(self, tmp_path):
        (tmp_path / "data.noun").write_text(
            "  1 a licence\n"
            "00001740 03 n 02 car 0 motor_vehicle 0 001 @ 00001930 n 0000 | four wheels\n"
            "00001741 03 n 02 car 1 coach 0 000 | of a train\n"
        )
        (tmp_path / "data.adj").write_text("00001742 00 s 02 galore(ip) 0 abundant 0 000 | many\n")
        synonyms = read_synonyms(tmp_path)
        assert synonyms("car") == ["motor vehicle", "coach"]
        assert synonyms("galore") == ["abundant"]
        assert synonyms("bus") == ()

    def test_mythes(self, tmp_path):
        path = tmp_path / "th_en_US.dat"
        path.write_text(
            "UTF-8\ncar|2\n(noun)|auto|motor vehicle (generic term)\n(noun)|coach\nbig|1\n(adj)|large\n"
        )
        synonyms = read_synonyms(str(path))
        assert synonyms("car") == ["auto", "motor vehicle", "coach"]
        assert synonyms("big") == ["large"]

    @pytest.mark.parametrize(
        ("content", "message"),
        [("no encoding\ncar|1\n(noun)|auto\n", "first line"), ("UTF-8\ncar\n", "line 2")],
    )
    def test_broken_files(self, tmp_path, content, message):
        path = tmp_path / "broken.dat"
        path.write_text(content)
        with pytest.raises(DataError, match=message):
            read_synonyms(path)
