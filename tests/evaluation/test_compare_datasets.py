"""Comparisons over data sets as pictures and pages."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from genesis_sampling.evaluation._comparison_datasets import over_datasets
from genesis_sampling.exceptions import DataError
from genesis_sampling.reports.plots import RanksDisplay, draw_picture

NAMES = ["nothing", "copies", "noise", "smote", "borderline", "adasyn", "generative", "hybrid", "auto"]
NAMES += ["class weights", "tuned threshold", "_hidden", "price $x$", "q" * 90]
NAMES += ["GenerativeOverSampler(TreeGenerator(n_trees=20), sampling_strategy=0.5)"]


def comparison(n_samplers: int, n_datasets: int, spread: float = 1.0, seed: int = 0):
    """Samplers whose gains rise along the list by so much in all, with noise."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.3, (n_datasets, n_samplers)) + np.linspace(0, spread, n_samplers)
    scores = pd.DataFrame(values, columns=NAMES[:n_samplers])
    return over_datasets(scores, scores.sub(scores["nothing"], axis=0), metric="average_precision")


def bars_of(axes) -> list[tuple[float, float]]:
    return [tuple(line.get_xdata()) for line in axes.lines if line.get_gid() == "bar"]


SHAPES = [(2, 2, 1.0), (3, 2, 1.0), (5, 3, 1.0), (9, 12, 1.5), (15, 20, 2.0), (15, 4, 0.0)]


@pytest.fixture(params=SHAPES, ids=str)
def found(request):
    return comparison(*request.param)


def test_bars_join_exactly_the_pairs_that_do_not_differ(found):
    display = RanksDisplay.from_samples(
        found.ranks, found.critical_difference, ax=Figure().subplots(), reference="nothing"
    )
    bars, means = bars_of(display.ax_), found.ranks.mean()
    for one, other in combinations(found.ranks, 2):
        ends = sorted([means[one], means[other]])
        joined = any(left <= ends[0] and ends[1] <= right for left, right in bars)
        assert joined == (ends[1] - ends[0] <= found.critical_difference)
        assert joined == any(one in group and other in group for group in display.groups)


def test_no_bar_lies_within_or_upon_another_one(found):
    display = found.plot(Figure().subplots())
    spans = [
        (lines.get_xdata(), lines.get_ydata()) for lines in display.ax_.lines if lines.get_gid() == "bar"
    ]
    for (one, at), (other, there) in combinations(spans, 2):
        assert not (one[0] <= other[0] and other[1] <= one[1])
        assert not (other[0] <= one[0] and one[1] <= other[1])
        if at[0] == there[0]:
            assert one[1] < other[0] or other[1] < one[0]


def test_every_name_stands_once_with_its_mean_rank(found):
    display = found.plot(Figure().subplots())
    shown = [text.get_text() for text in display.ax_.texts if text.get_gid() == "name"]
    # Long names are cut and go on over two lines.
    heads = {
        "".join(text.rsplit(maxsplit=1)[0].replace("\\$", "$").split()).rstrip("…"): text for text in shown
    }
    assert len(heads) == len(shown) == found.ranks.shape[1]
    for name, rank in found.ranks.mean().items():
        own = [text for head, text in heads.items() if "".join(name.split()).startswith(head)]
        assert len(own) == 1
        assert own[0].endswith(f"  {rank:.2f}")


def boxes_of(figure: Figure, axes) -> list:
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    return [text.get_window_extent(renderer) for text in (*axes.texts, axes.title)]


def test_labels_neither_overlap_nor_leave_the_picture(found):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    display = RanksDisplay(found.ranks.mean(), critical_difference=found.critical_difference)
    figure = Figure(figsize=display.size, layout="compressed")
    FigureCanvasAgg(figure)
    display.plot(figure.subplots())
    boxes = boxes_of(figure, display.ax_)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for box in boxes:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1


def test_the_best_is_at_the_left_and_lines_end_at_mean_ranks(found):
    display = found.plot(Figure().subplots())
    left, right = display.ax_.get_xlim()
    assert left < 1 < found.ranks.shape[1] < right
    dots = sorted(line.get_xdata()[0] for line in display.ax_.lines if line.get_marker() == "o")
    assert dots == pytest.approx(sorted(found.ranks.mean()))
    named = [text for text in display.ax_.texts if text.get_gid() == "name" and text.get_ha() == "right"]
    heights = [text.xy[1] for text in named]
    assert all(above > below for above, below in pairwise(heights))
    ranks = [float(text.get_text().split()[-1]) for text in named]
    assert ranks == sorted(ranks)


def test_the_reference_stands_out():
    display = comparison(5, 3).plot(Figure().subplots())
    bold = [text.get_text() for text in display.ax_.texts if text.get_fontweight() == "bold"]
    assert len(bold) == 1
    assert bold[0].startswith("nothing")
    assert "3 data sets" in display.ax_.get_title()


def test_the_picture_tells_in_words_what_it_shows():
    found = comparison(5, 3)
    picture = draw_picture(found._display())
    assert picture.light != picture.dark
    assert all(f"{name} {rank:.2f}" in picture.description for name, rank in found.ranks.mean().items())
    apart = draw_picture(comparison(2, 30, 5.0)._display())
    assert apart.description.endswith("All of them are told apart.")


@pytest.mark.parametrize(
    ("ranks", "difference", "message"),
    [
        (pd.DataFrame({"a": [1.0]}), 1, "two candidates"),
        (pd.DataFrame({"a": [1.0], "b": [np.nan]}), 1, "two candidates"),
        (pd.DataFrame({"a": [], "b": []}), 1, "two candidates"),
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), 0, "critical_difference=0; expected"),
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), np.nan, "critical_difference=nan; expected"),
    ],
)
def test_errors_of_the_display(ranks, difference, message):
    with pytest.raises(DataError, match=message):
        RanksDisplay.from_samples(ranks, difference)


def test_the_page_holds_the_picture_the_table_and_the_ranks(tmp_path):
    found = comparison(5, 3)
    path = tmp_path / "page.html"
    text = found.to_html(path, title="Three <tables>")
    assert path.read_text() == text
    assert "<title>Three &lt;tables&gt;</title>" in text
    assert "prefers-color-scheme" in text
    assert text.count("data:image/png") == 2
    assert "<script" not in text
    for words in ("Friedman", "Mean rank", "Ranks of each data set", *found.ranks):
        assert words in text
        assert words in found.to_markdown()
    assert "data:image" not in found._repr_html_()


def test_a_page_says_when_the_samplers_do_not_differ_as_a_whole_and_who_is_left_out():
    same, other = comparison(5, 3, 0.0), comparison(5, 40, 5.0)
    words = "do not differ beyond chance, so no two"
    assert same.f_p_value > 0.05 > other.f_p_value
    assert words in same.to_html()
    assert words not in other.to_html()
    gains = same.gains.assign(failing=np.nan)
    lacking = over_datasets(gains, gains, metric="f1")
    assert "failing is left out" in lacking.to_html()
    assert "failing is left out" in lacking._repr_html_()
    assert "failing is left out" in str(lacking)


@pytest.mark.parametrize(("n_datasets", "is_few"), [(4, True), (5, True), (6, False)])
def test_few_data_sets_cannot_tell_anything_by_wilcoxon(n_datasets, is_few):
    found = comparison(4, n_datasets)
    text = " ".join(str(found).split())
    assert ("Wilcoxon's p cannot be below" in text) == is_few
    least = 2 / 2**n_datasets
    assert (least > found.alpha) == is_few
    assert not (found.to_frame()["p_holm"] < least - 1e-12).any()
