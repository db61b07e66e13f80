"""Displays: that they draw mixed, gappy tables, and draw what the rows say."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.dates import AutoDateFormatter
from matplotlib.figure import Figure

from genesis_sampling.exceptions import DataError, MissingExtraError
from genesis_sampling.reports import plots
from genesis_sampling.reports.plots._display import plain

PANELS = {
    "ScatterDisplay": 2,
    "ProjectionDisplay": 1,
    "AssociationDisplay": 3,
    "MarginalsDisplay": 4,
    "NearestNeighborDisplay": 1,
}


def display_of(name, tables, **options):
    if name == "MarginalsDisplay" and not options:
        options["max_columns"] = PANELS[name]
    return getattr(plots, name).from_samples(tables.real, tables.synthetic, target=tables.target, **options)


def legend_of(axes):
    return [entry.get_text() for entry in axes.get_legend().get_texts()]


def png_size(png):
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("name", PANELS)
class TestEveryDisplay:
    def test_draws_a_mixed_gappy_table(self, name, tables, global_rng_untouched):
        display = display_of(name, tables)
        assert display.axes_.shape == (PANELS[name],)
        assert display.ax_ is display.axes_[0]
        assert display.figure_ is display.ax_.figure
        assert all(axes.has_data() for axes in display.axes_)
        display.figure_.savefig(BytesIO(), dpi=30)

    def test_without_target_and_as_arrays(self, name):
        real, synthetic = np.random.default_rng(0).normal(size=(2, 40, 10))
        display = display_of(name, SimpleNamespace(real=real, synthetic=synthetic, target=None))
        assert len(display.axes_) == PANELS[name]

    def test_draws_where_it_is_told_to(self, name, tables):
        display = display_of(name, tables)
        figure = Figure()
        axes = figure.subplots(1, PANELS[name], squeeze=False)
        assert display.plot(ax=axes) is display
        assert display.figure_ is figure
        assert all(panel.has_data() for panel in axes.ravel())
        with pytest.raises(DataError, match=f"Got 10 axes; expected {PANELS[name]}"):
            display.plot(ax=Figure().subplots(2, 5))

    def test_pictures_for_bright_and_dark_pages(self, name, hostile):
        """Of a table whose names and values are no easy ones."""
        display = display_of(name, hostile)
        n_open = len(pyplot.get_fignums())
        settings = dict(pyplot.rcParams)
        picture = plots.draw_picture(display)
        assert png_size(picture.light) == png_size(picture.dark)
        # Versions of matplotlib round the last pixel differently.
        assert png_size(picture.light) == pytest.approx((picture.width, picture.height), abs=1)
        first = [pyplot.imread(BytesIO(png))[0, 0, :3].mean() for png in (picture.light, picture.dark)]
        assert first[0] > 0.95
        assert first[1] < 0.2
        assert len(pyplot.get_fignums()) == n_open
        assert dict(pyplot.rcParams) == settings

    def test_unknown_target(self, name, tables):
        with pytest.raises(DataError, match="expected one of"):
            getattr(plots, name).from_samples(tables.real, tables.synthetic, target="nowhere")


class TestScatter:
    def test_before_has_no_synthetic_rows(self, tables):
        display = display_of("ScatterDisplay", tables, columns=("age", "size"))
        before, after = display.axes_
        assert legend_of(before) == ["real, class no (250)", "real, class yes (50)"]
        assert legend_of(after)[2] == "synthetic (120)"
        assert len(after.collections) == len(before.collections) + 1
        assert before.get_xlim() == after.get_xlim()
        assert before.get_ylim() == after.get_ylim()
        np.testing.assert_array_equal(display.points["synthetic"][:, 0], tables.synthetic["age"])

    def test_categories_are_named_and_spread(self, tables):
        display = display_of("ScatterDisplay", tables, columns=("colour", "age"))
        names = [tick.get_text() for tick in display.ax_.get_xticklabels()]
        assert sorted(names) == ["blue", "green", "red"]
        place = display.points["minority"][:, 0]
        known = tables.real["colour"][250:].dropna()
        assert [names[round(at)] for at in place] == known.tolist()
        assert len(np.unique(place)) == len(place)
        assert display.n_hidden == sum(
            side["colour"].isna().sum() for side in (tables.real, tables.synthetic)
        )

    def test_times_are_dates(self, tables):
        display = display_of("ScatterDisplay", tables, columns=("day", "amount"))
        assert isinstance(display.ax_.xaxis.get_major_formatter(), AutoDateFormatter)
        assert display.points["majority"][:, 0].min() >= pd.Timestamp("2024-03-01").timestamp() / 86_400

    def test_default_columns_tell_the_classes_apart(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [150, 50])
        real = pd.DataFrame({name: rng.normal(size=200) for name in "abcd"})
        real[["b", "d"]] += 3 * y[:, None]
        real["y"] = y
        display = plots.ScatterDisplay.from_samples(real, real[150:], target="y")
        assert set(display.names) == {"b", "d"}

    def test_several_classes(self):
        real = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0), "y": list("xxxxyyzzz")})
        display = plots.ScatterDisplay.from_samples(real, real[4:], target="y")
        assert legend_of(display.axes_[1]) == [
            "real, class x (4)",
            "real, other classes (5)",
            "synthetic (5)",
        ]

    def test_large_groups_are_sampled_and_counted_whole(self):
        real = np.random.default_rng(0).normal(size=(5000, 2))
        display = plots.ScatterDisplay.from_samples(real, real[:10], max_rows=300)
        assert len(display.points["minority"]) == 300
        assert legend_of(display.ax_) == ["real (5,000)"]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (("age",), "expected two names"),
            (("age", "nowhere"), "expected one of"),
            (("age", "label"), "expected"),
        ],
    )
    def test_bad_columns(self, tables, columns, message):
        with pytest.raises(DataError, match=message):
            display_of("ScatterDisplay", tables, columns=columns)

    def test_a_single_column_is_no_plane(self):
        with pytest.raises(DataError, match="expected two or more"):
            plots.ScatterDisplay.from_samples(np.zeros((5, 1)), np.zeros((5, 1)))


class TestProjection:
    def test_components_are_those_of_the_real_rows(self):
        rng = np.random.default_rng(0)
        real = rng.normal(size=(500, 3))
        real[:, 1] = real[:, 0] + 0.1 * real[:, 1]
        display = plots.ProjectionDisplay.from_samples(real, real[:50] + 100)
        points = display.points["minority"]
        np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)
        assert abs(np.corrcoef(points.T)[0, 1]) < 1e-6
        assert np.linalg.norm(display.points["synthetic"], axis=1).min() > 100
        # Two of three scaled columns are nearly one, so the first component has nearly two thirds of the variance.
        assert display.names[0] in {f"component 1 ({share} of the variance)" for share in ("66%", "67%")}

    def test_tsne_keeps_clusters_apart(self):
        rng = np.random.default_rng(0)
        real = rng.normal(size=(60, 4)) + np.repeat([0, 40], 30)[:, None]
        display = plots.ProjectionDisplay.from_samples(real, real[30:] + 0.01, method="tsne")
        left, right = display.points["minority"][:30], display.points["minority"][30:]
        new = display.points["synthetic"]
        assert np.linalg.norm(new.mean(axis=0) - right.mean(axis=0)) < np.linalg.norm(
            new.mean(axis=0) - left.mean(axis=0)
        )
        again = plots.ProjectionDisplay.from_samples(real, real[30:] + 0.01, method="tsne")
        np.testing.assert_array_equal(again.points["synthetic"], new)

    def test_the_target_has_no_part(self, tables):
        shown = [
            display_of("ProjectionDisplay", tables).points["synthetic"],
            plots.ProjectionDisplay.from_samples(
                tables.real.assign(label=np.where(tables.real["label"] == "yes", "x", "z")),
                tables.synthetic.assign(label="x"),
                target="label",
            ).points["synthetic"],
        ]
        np.testing.assert_allclose(*shown)

    def test_one_column_and_equal_rows(self):
        display = plots.ProjectionDisplay.from_samples(np.ones((4, 1)), np.ones((2, 1)))
        np.testing.assert_array_equal(display.points["synthetic"], 0)

    @pytest.mark.parametrize(
        ("n_rows", "method", "message"),
        [(9, "umap", "expected 'pca' or 'tsne'"), (1, "pca", "2 or more"), (2, "tsne", "expected 5 or more")],
    )
    def test_errors(self, n_rows, method, message):
        with pytest.raises(DataError, match=message):
            plots.ProjectionDisplay.from_samples(np.zeros((n_rows, 2)), np.zeros((2, 2)), method=method)

    def test_only_names_have_no_place(self):
        names = pd.DataFrame({"town": [f"town {number}" for number in range(45)]})
        with pytest.raises(DataError, match="very many categories"):
            plots.ProjectionDisplay.from_samples(names, names)


class TestAssociation:
    def test_difference_is_synthetic_less_real(self):
        rng = np.random.default_rng(0)
        real = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
        synthetic = real.copy()
        synthetic["b"] = synthetic["a"]
        display = plots.AssociationDisplay.from_samples(real, synthetic)
        assert display.synthetic.loc["a", "b"] == pytest.approx(1)
        assert display.difference.loc["a", "b"] == pytest.approx(1 - display.real.loc["a", "b"])
        assert "between a and b" in display.description
        drawn = [axes.images[0].get_array() for axes in display.axes_]
        np.testing.assert_allclose(drawn[1] - drawn[0], drawn[2])

    def test_of_many_columns_the_worst_are_drawn(self):
        real = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 8)), columns=list("abcdefgh"))
        synthetic = real.assign(g=real["c"])
        display = plots.AssociationDisplay.from_samples(real, synthetic, max_columns=2)
        assert list(display.real.columns) == ["c", "g"]
        assert "2 of 8 columns" in display.description


class TestMarginals:
    def test_shares_of_the_rows(self, tables):
        display = display_of("MarginalsDisplay", tables, columns=["colour", "amount", "rooms", "size"])
        colour, amount, rooms, size = display.marginals
        real = tables.real[250:]
        assert dict(zip(colour.labels, colour.real)) == pytest.approx(
            real["colour"].fillna("missing").value_counts(normalize=True).to_dict()
        )
        for marginal in display.marginals:
            for shares, missing in zip((marginal.real, marginal.synthetic), marginal.missing):
                assert shares.sum() + missing == pytest.approx(1)
        assert amount.missing[0] == pytest.approx(real["amount"].isna().mean())
        assert size.labels == ["S", "M", "L"]
        assert rooms.labels == ["1", "2", "3", "4", "missing"]
        assert rooms.real[4] == pytest.approx(real["rooms"].isna().mean())

    def test_the_worst_come_first(self):
        rng = np.random.default_rng(0)
        real = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
        synthetic = real.assign(b=real["b"] + 5, c=real["c"] + 1)
        display = plots.MarginalsDisplay.from_samples(real, synthetic, max_columns=2)
        assert [marginal.name for marginal in display.marginals] == ["b", "c"]
        assert display.ax_.get_title() == f"b: match {display.marginals[0].overlap:.2f}"
        assert display.marginals[0].overlap < 0.1
        told = plots.MarginalsDisplay.from_samples(
            real, synthetic, max_columns=1, scores=pd.Series({"a": 0.1, "b": 0.5, "c": 0.9})
        )
        assert [marginal.name for marginal in told.marginals] == ["a"]
        assert "match 0.10" in told.ax_.get_title()

    def test_equal_tables_match(self, tables):
        real = tables.real
        display = plots.MarginalsDisplay.from_samples(real, real, max_columns=99)
        assert len(display.marginals) == real.shape[1]
        assert [marginal.overlap for marginal in display.marginals] == pytest.approx([1.0] * real.shape[1])

    def test_rare_categories_share_a_bar(self, tables):
        display = plots.MarginalsDisplay.from_samples(tables.real, tables.synthetic, columns=["town"])
        marginal = display.marginals[0]
        assert len(marginal.labels) == 11
        assert marginal.labels[-1].endswith("others")
        assert marginal.real.sum() == pytest.approx(1)
        assert (np.diff(marginal.real[:10]) <= 0).all()

    def test_a_value_far_out_leaves_the_others_readable(self):
        values = np.append(np.random.default_rng(0).normal(size=999), 1e9)[:, None]
        edges = plots.MarginalsDisplay.from_samples(values, values).marginals[0].edges
        assert -5 < edges[0] < edges[-1] < 5


class TestNearestNeighbors:
    def test_distances(self):
        real = np.array([[0.0], [1.0], [3.0]]) * np.sqrt(2)
        display = plots.NearestNeighborDisplay.from_samples(real, real[1:2] + 0.1)
        scale = real.std()
        np.testing.assert_allclose(display.real_to_real * scale, np.array([1, 1, 2]) * np.sqrt(2))
        np.testing.assert_allclose(display.synthetic_to_real * scale, [0.1])

    def test_copies_are_told(self):
        real = np.random.default_rng(0).normal(size=(100, 3))
        display = plots.NearestNeighborDisplay.from_samples(real, real[:25])
        assert "100% of the synthetic and 0% of the real rows" in display.description

    def test_only_rows_of_the_same_class_are_compared(self, tables):
        display = display_of("NearestNeighborDisplay", tables)
        assert len(display.real_to_real) == 50

    def test_one_row_has_no_neighbour(self):
        with pytest.raises(DataError, match="2 or more"):
            plots.NearestNeighborDisplay.from_samples(np.zeros((1, 2)), np.zeros((3, 2)))


class TestScores:
    def test_shares_that_reach_the_threshold(self):
        display = plots.ScoreDisplay.from_samples(
            {"_real": [0.9, 1.0, np.nan], "new": [0.1, 0.8, 0.3, 0.2]}, threshold=0.8
        )
        # A leading blank keeps matplotlib from hiding the entry.
        assert legend_of(display.ax_) == [" _real (2), 100% reach 0.8", "new (4), 25% reach 0.8", "threshold"]
        assert "25% reach 0.8" in display.description

    def test_an_array_without_threshold(self):
        display = plots.ScoreDisplay.from_samples(np.linspace(0, 1, 11))
        assert legend_of(display.ax_) == ["candidates (11)"]

    @pytest.mark.parametrize("scores", [[], [np.nan], [0.5, 1.5], [-0.1]])
    def test_errors(self, scores):
        with pytest.raises(DataError, match="expected numbers in"):
            plots.ScoreDisplay.from_samples(scores)


class TestComparison:
    def test_intervals_are_those_of_students_distribution(self):
        from scipy import stats

        folds = {"nothing": {"recall": [0.2, 0.3, 0.4]}, "noise": {"recall": [0.5, 0.9, 0.7]}}
        display = plots.ComparisonDisplay.from_samples(folds, confidence=0.9)
        for name, row in folds.items():
            low, high = stats.t.interval(0.9, 2, np.mean(row["recall"]), stats.sem(row["recall"]))
            assert display.low.loc[name, "recall"] == pytest.approx(low)
            assert display.high.loc[name, "recall"] == pytest.approx(high)
        assert [bar.get_height() for bar in display.ax_.patches] == pytest.approx([0.3, 0.7])

    def test_hostile_names_missing_scores_and_single_values(self, hostile):
        folds = {name: {"_precision": [0.5], "recall": [np.nan]} for name in hostile.names}
        display = plots.ComparisonDisplay.from_samples(folds)
        assert legend_of(display.ax_) == [" _precision", "recall"]
        assert plots.draw_picture(display).description.startswith("Bars of scores.")

    @pytest.mark.parametrize(
        ("folds", "confidence", "message"),
        [({}, 0.9, "Got no candidate"), ({"a": {"b": [1]}}, 1, "confidence=1; expected")],
    )
    def test_errors(self, folds, confidence, message):
        with pytest.raises(DataError, match=message):
            plots.ComparisonDisplay.from_samples(folds, confidence=confidence)


def test_plain_names():
    assert plain("price $x$") == r"price \$x\$"
    assert plain("a\nb\tc") == "a b c"
    assert plain("x" * 50, 10) == "x" * 9 + "…"


def test_matplotlib_is_loaded_when_it_is_needed():
    """Not by the reports themselves; without it an error names the extra, and a report says so in its place."""
    code = (
        "import sys; import genesis_sampling.reports as r; from genesis_sampling.reports import _pictures\n"
        "report = r.AugmentationReport('S', {}, {}, quality_scores={0.5: [0.2]})\n"
        "assert 'matplotlib' not in sys.modules; sys.modules['matplotlib'] = None\n"
        "print(_pictures.report_pictures(report)[0].text)\n"
        "try: r.ScatterDisplay\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
        "del sys.modules['matplotlib']; r.ScatterDisplay\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    page, error = done.stdout.splitlines()
    assert page.startswith("There are no pictures. ")
    assert error.startswith(MissingExtraError.__name__)
    assert all("genesis-sampling[plots]" in said for said in (page, error))
