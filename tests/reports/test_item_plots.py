"""ItemsDisplay and the pictures of samplers of items: what is drawn is what was made, beside its source."""

from __future__ import annotations

import pickle
import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from genesis_sampling import DataError, TextSampler, TimeSeriesSampler, TransformSampler
from genesis_sampling.exceptions import MissingExtraError
from genesis_sampling.reports._items import ItemPairs, changed_words, kind_of
from genesis_sampling.reports._page import Marked
from genesis_sampling.reports.plots import draw_picture
from genesis_sampling.reports.plots._items import ItemsDisplay

RATE = 8000
Y = np.repeat(["common", "rare"], [12, 4])


def noise(*shape):
    return np.random.default_rng(0).random((16, *shape))


def tones(length=900):
    return [0.5 * np.sin(0.05 * (pitch + 2) * np.arange(length + 40 * pitch)) for pitch in range(16)]


TEXTS = [f"The parcel number {place} costs $5. Call us!" for place in range(16)]
# Name -> kind, items, sample rate, panels for one pair of each of two classes.
CASES = {
    "gray": ("image", noise(9, 7), None, 2),
    "bytes": ("image", (255 * noise(6, 6, 1)).astype(np.uint8), None, 2),
    "colour": ("image", noise(6, 8, 3), None, 2),
    "texts": ("text", TEXTS, None, 1),
    "recordings": ("audio", tones(), RATE, 6),
    "integers": ("audio", [(3e4 * tone).astype(np.int16) for tone in tones()], None, 6),
    "series": ("series", noise(30), None, 4),
    "channels": ("series", noise(2, 30), None, 8),
}


def made_of(items):
    """Copies of the kind that samplers make."""
    if isinstance(items[0], str):
        return [text.replace("parcel", "letter") for text in items]
    return [(0.8 * item).astype(item.dtype) for item in items]


def display_of(name, **options):
    kind, items, rate, _ = CASES[name]
    return ItemsDisplay.from_items(items, made_of(items), kind=kind, labels=Y, sample_rate=rate, **options)


def drawn(panel):
    """The values of the lines of a panel that have any."""
    return [line.get_ydata() for line in panel.lines if len(line.get_ydata())]


def titles(display):
    return [panel.get_title(loc="left") for panel in display.axes_]


@pytest.mark.parametrize("name", CASES)
class TestEveryKind:
    def test_draws_on_as_many_panels_as_it_says(self, name, global_rng_untouched):
        display = display_of(name, max_pairs=1)
        assert display.n_panels == len(display.axes_) == CASES[name][-1]
        assert display.ax_ is display.axes_[0]
        assert "class rare: 1 of 4 made" in display.description
        check_words_stand_apart(display.figure_)

    def test_long_names_of_classes(self, name):
        kind, items, rate, _ = CASES[name]
        labels = ["Main Road: a name that $is$ far too long for a title"] * 16
        display = ItemsDisplay.from_items(
            items, items, kind=kind, labels=labels, sample_rate=rate, max_pairs=1
        )
        check_words_stand_apart(display.figure_)

    def test_draws_where_it_is_told_to(self, name):
        display = display_of(name, max_pairs=1, ax=Figure().subplots(CASES[name][-1]))
        assert display.axes_.shape == (CASES[name][-1],)
        assert not pyplot.get_fignums()
        with pytest.raises(DataError, match=f"Got 9 axes; expected {display.n_panels}"):
            display.plot(ax=Figure().subplots(9))


def check_words_stand_apart(figure):
    """Fail for words over others, or beyond the edge."""
    figure.canvas.draw()
    boxes = [
        text.get_window_extent()
        for panel in figure.axes
        for text in (*panel.texts, panel._left_title, panel.xaxis.label, panel.yaxis.label)
        if text.get_text()
    ]
    assert boxes
    for at, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width + 1
        assert not any(box.padded(-1).overlaps(other.padded(-1)) for other in boxes[at + 1 :])


def test_pictures_for_bright_and_dark_pages():
    picture = draw_picture(display_of("gray", max_pairs=2))
    corners = [pyplot.imread(BytesIO(png))[0, 0, :3].mean() for png in (picture.light, picture.dark)]
    assert corners[0] > 0.95
    assert corners[1] < 0.2


class TestImages:
    def test_sources_above_what_was_made(self):
        display = display_of("gray")
        images = noise(9, 7)
        for panel, first, n_shown in zip(display.axes_, (0, 12), (8, 4)):
            shown = panel.images
            assert len(shown) == 2 * n_shown
            for at in range(n_shown):
                source, made = shown[2 * at : 2 * at + 2]
                np.testing.assert_allclose(source.get_array(), images[first + at])
                np.testing.assert_allclose(made.get_array(), 0.8 * images[first + at])
                # The lower edge of the source is above the upper edge of the other, on an axis that points down.
                assert source.get_extent()[2] < made.get_extent()[3]
        assert titles(display) == ["class common: 8 of 12 made", "class rare: 4 made"]

    def test_both_on_one_scale(self):
        """Integers are scaled by the brightest of all, so that a darker copy is darker."""
        images = noise(6, 6, 3) * 1000
        display = ItemsDisplay.from_items(images, images / 2, kind="image", max_pairs=3)
        source, made = (image.get_array() for image in display.ax_.images[:2])
        np.testing.assert_allclose(source, 2 * made)
        assert max(image.get_array().max() for image in display.ax_.images) == pytest.approx(1)

    def test_shapes_are_kept(self):
        display = ItemsDisplay.from_items([np.ones((20, 5))], [np.ones((6, 24))], kind="image")
        for image, ratio in zip(display.ax_.images, (4, 0.25)):
            left, right, bottom, top = image.get_extent()
            assert (bottom - top) / (right - left) == pytest.approx(ratio)

    def test_black_images_and_gaps(self):
        black = np.zeros((2, 5, 5), dtype=np.uint8)
        assert not ItemsDisplay.from_items(black, black).ax_.images[0].get_array().any()
        gappy = np.where(np.eye(5), np.nan, 0.5)[None]
        assert np.isfinite(ItemsDisplay.from_items(gappy, gappy).ax_.images[0].get_array()).all()


class TestTexts:
    def test_words_stand_side_by_side(self):
        display = display_of("texts", max_pairs=2)
        words = {text.get_text().replace("\n", " "): text.get_position() for text in display.ax_.texts}
        assert len(words) == 2 + 2 + 2 * 4  # what the columns are, two classes, four pairs
        before, after = ((f"The {thing} number 0 costs \\$5. Call us!") for thing in ("parcel", "letter"))
        assert words[before][1] == words[after][1]
        assert words[before][0] < words[after][0]

    def test_long_texts_are_cut(self):
        text = "word " * 500
        display = ItemsDisplay.from_items([text, "$\\frac{$"], [text, "a" * 300])
        assert display.ax_.texts[3].get_text().endswith(" …")
        assert display.size[1] < 4

    @pytest.mark.parametrize(
        ("before", "after", "gone", "new"),
        [
            ("Win a prize now.", "Win a gift now.", ["prize"], ["gift"]),
            ("Win a prize now.", "Win a prize now.", [], []),
            ("one two three", "one three", ["two"], []),
            ("it's so", "it's not so", [], ["not"]),
            ("a b", "c d", ["a b"], ["c d"]),
            ("", "x", [], ["x"]),
        ],
    )
    def test_changed_words(self, before, after, gone, new):
        sides = changed_words(before, after)
        assert [str(side) for side in sides] == [before, after]
        for side, mark, words in zip(sides, ("gone", "new"), (gone, new)):
            assert [text for text, found in side.parts if found == mark] == words
            assert {found for _, found in side.parts} <= {"", mark}

    def test_changed_words_of_long_texts(self):
        before, after = changed_words("word " * 1000, "other")
        assert str(before) == "word " * 100 + "…"
        assert after == Marked([("other", "new")])


class TestAudio:
    def test_axes_have_units(self):
        display = display_of("recordings")
        waves, source, made = display.axes_[-3:]
        assert [panel.get_xlabel() for panel in (waves, source, made)] == ["seconds"] * 3
        assert source.get_ylabel() == "Hz"
        assert source.get_ylim() == (0, RATE / 2)
        assert waves.get_xlim() == (0, len(tones()[13]) / RATE)
        assert display_of("integers", max_pairs=1).axes_[-1].get_xlabel() == "samples"
        assert titles(display)[:3] == ["class common", "source", "made"]

    def test_spectrogram_has_the_tone_at_its_pitch(self):
        time = np.arange(4000) / RATE
        tone = 0.3 * np.sin(2 * np.pi * 1500 * time)
        display = ItemsDisplay.from_items([tone], [tone / 10], sample_rate=RATE)
        loud, quiet = (panel.images[0] for panel in display.axes_[1:])
        decibels, (_, _, low, high) = loud.get_array(), loud.get_extent()
        rows = decibels[:, 10:-10].argmax(axis=0)
        width = (high - low) / len(decibels)
        np.testing.assert_allclose(low + width * (rows + 0.5), 1500, atol=width)
        # A tenth of the amplitude is 20 dB less.
        assert loud.get_array().max() == pytest.approx(0, abs=1e-9)
        assert quiet.get_array().max() == pytest.approx(-20)

    def test_long_recordings_keep_their_range(self):
        long = np.zeros(100_000)
        long[[12_345, 67_890]] = 0.9, -0.7
        display = ItemsDisplay.from_items([long], [long / 2], kind="audio")
        source = drawn(display.ax_)[0]
        assert len(source) < 5000
        assert (source.min(), source.max()) == (-0.7, 0.9)
        assert display.axes_[1].images[0].get_array().shape[1] < 1000

    def test_silence_and_gaps(self):
        items = [np.zeros(100), np.full(100, np.nan)]
        display = ItemsDisplay.from_items(items, items, kind="audio", sample_rate=RATE)
        assert all((panel.images[0].get_array() == -70).all() for panel in display.axes_.reshape(-1, 3)[:, 1])

    def test_many_classes_have_fewer_pairs(self):
        pairs = ItemPairs("audio", tones(), tones(), (np.arange(16) // 2).tolist())
        assert ItemsDisplay(pairs).grid == (8, 3)
        assert ItemsDisplay(pairs, max_pairs=2).grid == (16, 3)


class TestSeries:
    def test_made_over_source(self):
        display = display_of("series")
        X = noise(30)
        first_row, second_row = display.axes_.reshape(2, 4)
        np.testing.assert_allclose(drawn(first_row[2]), [X[1], 0.8 * X[1]])
        np.testing.assert_allclose(drawn(second_row[1]), [X[12], 0.8 * X[12]])
        assert len(drawn(first_row[0])) == 2 * 12
        assert titles(display)[:4] == ["class common", "pair 1", "pair 2", "pair 3"]

    def test_sources_of_several_are_drawn_once(self):
        one, made = np.arange(5.0), [np.arange(5.0) + at for at in range(7)]
        display = ItemsDisplay.from_items([one] * 7, made)
        assert len(drawn(display.ax_)) == 7 + 1

    def test_rows_have_one_scale(self):
        for row in display_of("series").axes_.reshape(2, 4):
            assert len({panel.get_ylim() for panel in row}) == 1

    def test_first_channels(self):
        X = noise(5, 30)
        display = ItemsDisplay.from_items(X, X, kind="series", labels=Y, max_pairs=1)
        rows = display.axes_.reshape(6, 2)
        np.testing.assert_allclose(drawn(rows[4, 1])[0], X[12, 1])
        assert rows[4, 0].get_title(loc="left") == "class rare, channel 2"

    def test_constant_and_gappy(self):
        display = ItemsDisplay.from_items([np.ones(4), np.full(4, np.nan)], [np.ones(4), np.ones(4)])
        assert display.ax_.get_ylim()[0] < 1 < display.ax_.get_ylim()[1]


class TestKinds:
    @pytest.mark.parametrize(
        ("item", "rate", "kind"),
        [
            ("words", None, "text"),
            (np.ones(9), None, "series"),
            (np.ones(9), RATE, "audio"),
            (np.ones((8, 8)), None, "image"),
            (np.ones((8, 8), dtype=bool), None, "image"),
            (np.ones((3, 80)), None, "series"),
            (np.ones((8, 8, 3)), None, "image"),
            (np.ones((80, 3)), None, None),
            (np.ones((8, 8, 2)), None, None),
            (np.ones((4, 4, 4, 3)), None, None),
            (np.ones(1), None, None),
            (np.array(["a", "b"]), None, None),
            (7, None, None),
        ],
    )
    def test_guess(self, item, rate, kind):
        assert kind_of([item, item], rate) == kind
        assert kind_of([item, None], rate) is None

    @pytest.mark.parametrize(
        ("items", "options", "message"),
        [
            ([], {}, "at least one"),
            ([1, 2], {}, "expected kind="),
            (["a"], {"kind": "picture"}, "expected 'auto' or one of 'image'"),
            (["a"], {"kind": "image"}, "item of str for kind='image'"),
            ([np.ones((2, 3, 4, 1))], {"kind": "series"}, "item of shape (2, 3, 4, 1)"),
            (["a"], {"max_pairs": 0}, "max_pairs=0; expected 1"),
            ([np.ones(5)], {"sample_rate": 0}, "expected a number above 0"),
            (["a"], {"labels": ["x", "y"]}, "expected as many"),
        ],
    )
    def test_errors(self, items, options, message):
        with pytest.raises(DataError) as caught:
            ItemsDisplay.from_items(items, items, **options)
        assert message in str(caught.value)

    def test_other_lengths(self):
        with pytest.raises(DataError, match="Got 2 sources, 1 made items"):
            ItemsDisplay.from_items(["a", "b"], ["a"])

    def test_first_classes_of_many(self):
        images = np.ones((30, 6, 6))
        display = ItemsDisplay.from_items(images, images, labels=np.arange(30) // 2)
        assert display.n_panels == 10
        assert "10 of 15 classes" in display.description


class TestSamplers:
    """The report of a sampler has pairs of what it has made."""

    def test_pairs_are_those_that_the_sampler_made(self):
        X = noise(6, 6)
        sampler = TransformSampler(np.fliplr, growth=1.0, random_state=0)
        X_new, y_new = sampler.fit_resample(X, Y)
        items = sampler.report_.items
        assert items.kind == "image"
        assert items.n_made == {"common": 12, "rare": 20}
        made = sampler.synthetic_mask_
        np.testing.assert_array_equal(items.made, X_new[made])
        np.testing.assert_array_equal(items.real, X[sampler.sample_indices_[made]])
        assert list(items.labels) == y_new[made].tolist()
        np.testing.assert_array_equal(np.fliplr(items.real[0]), items.made[0])

    def test_only_the_first_are_kept(self):
        sampler = TransformSampler(sampling_strategy={"rare": 500}, random_state=0)
        X_new, _ = sampler.fit_resample(noise(6, 6), Y)
        items = sampler.report_.items
        assert len(items.made) == 40
        np.testing.assert_array_equal(items.made, X_new[16:56])
        assert "8 of 496 made" in sampler.report_.plot().description

    def test_nothing_is_copied(self):
        X = noise(6, 6)
        sampler = TransformSampler(random_state=0)
        sampler.fit_resample(X, Y)
        assert all(np.shares_memory(item, X) for item in sampler.report_.items.real)

    def test_pickles_are_as_small_as_without(self):
        sampler = TransformSampler(random_state=0)
        sampler.fit_resample(noise(60, 60), Y)
        with_items = pickle.dumps(sampler)
        assert len(pickle.loads(with_items).synthetic_mask_) == 24
        sampler.report_.items = None
        assert len(with_items) == len(pickle.dumps(sampler))

    @pytest.mark.parametrize(
        ("sampler", "X", "kind"),
        [
            (TextSampler(random_state=0), TEXTS, "text"),
            (TransformSampler(str.upper, random_state=0), TEXTS, "text"),
            (TimeSeriesSampler(random_state=0), noise(30), "series"),
            (TimeSeriesSampler(random_state=0), noise(2, 30).tolist(), "series"),
            (TransformSampler(random_state=0), tones(), "series"),
            (TransformSampler(random_state=0), noise(6, 6, 6, 3), None),
        ],
    )
    def test_kinds(self, sampler, X, kind):
        sampler.fit_resample(X, Y)
        found = sampler.report_.items
        assert (found and found.kind) == kind
        if kind is not None:
            assert sampler.report_.plot().pairs is found

    def test_a_subclass_can_say_what_its_items_are(self):
        class Channels(TransformSampler):
            _item_kind = "series"

        sampler = Channels(random_state=0)
        sampler.fit_resample(noise(9, 9), Y)
        assert sampler.report_.items.kind == "series"

    def test_nothing_made(self):
        sampler = TextSampler(random_state=0)
        sampler.fit_resample(["a b", "c d"], ["x", "y"])
        assert sampler.report_.items is None
        with pytest.raises(DataError, match="expected that of a sampler which has made some"):
            sampler.report_.plot()

    def test_images(self):
        pytest.importorskip("kornia")
        from genesis_sampling import ImageSampler

        sampler = ImageSampler(random_state=0)
        sampler.fit_resample(noise(8, 8, 3), Y)
        assert sampler.report_.plot().axes_[0].get_title(loc="left") == "class rare: 8 made"

    def test_recordings(self):
        pytest.importorskip("audiomentations")
        from genesis_sampling import AudioSampler

        sampler = AudioSampler(sample_rate=RATE, random_state=0)
        sampler.fit_resample(tones(), Y)
        display = sampler.report_.plot()
        assert display.pairs.kind == "audio"
        assert display.axes_[-1].get_xlabel() == "seconds"


def test_title_counts_pairs_where_no_number_is_told():
    pairs = ItemPairs("text", ["a", "b"], ["c", "d"], ["x", "x"])
    assert pairs.title("x", 1) == "class x: 1 of 2 made"
    assert ItemPairs("text", ["a"], ["b"], [None]).title(None, 1) == "1 made"


def test_texts_need_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from genesis_sampling import AugmentationReport\n"
        "from genesis_sampling.reports._items import ItemPairs\n"
        "report = AugmentationReport('a', {}, {}, items=ItemPairs('text', ['a b'], ['a c'], ['x']))\n"
        "page = report.to_html()\n"
        "assert '<ins>c</ins>' in page and 'no pictures' not in page\n"
        "report.items = ItemPairs('audio', [np.ones(99)], [np.ones(99)], ['x'])\n"
        "assert 'There are no pictures. ' in report.to_html()\n"
        "try: report.plot()\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(MissingExtraError.__name__)
    assert "genesis-sampling[plots]" in done.stdout
