"""What generators that are networks promise beyond what all do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from scipy.stats import norm
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import InvalidParameterError

from genesis_sampling import CTGANGenerator, DiffusionGenerator, GenerativeOverSampler, TVAEGenerator
from genesis_sampling.exceptions import (
    DataError,
    GenesisWarning,
    SmallClassWarning,
    TargetNotReachedError,
    TrainingError,
)
from genesis_sampling.generators._training import MIN_HELD_OUT, TrainedGenerator

torch = pytest.importorskip("torch", reason="networks need torch")

QUICK = {"n_steps": 30, "batch_size": 64, "verbose": 0, "random_state": 0}


def table(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"x": rng.normal(size=n_rows), "k": rng.choice(["a", "b", "c"], n_rows, p=[0.6, 0.3, 0.1])}
    )


NETWORKS = [
    CTGANGenerator(n_noise=8, generator_widths=(32,), critic_widths=(32,), pac=1, **QUICK),
    TVAEGenerator(n_latent=4, widths=(32,), **QUICK),
    DiffusionGenerator(width=32, n_blocks=1, n_embedding=4, n_bins=8, **QUICK),
]
over_networks = pytest.mark.parametrize(
    "generator", [clone(generator) for generator in NETWORKS], ids=lambda generator: type(generator).__name__
)


@over_networks
class TestTraining:
    def test_history(self, generator):
        fitted = clone(generator).set_params(patience=None).fit(table())
        assert [row["step"] for row in fitted.history_] == list(range(3, 31, 3))
        assert (fitted.n_steps_, fitted.stop_reason_) == (30, "steps")
        assert fitted.fit_seconds_ > 0

    def test_seed_decides(self, generator):
        draws = [
            clone(generator).set_params(random_state=seed).fit(table()).sample(50, random_state=1)
            for seed in (0, 0, 1)
        ]
        pd.testing.assert_frame_equal(draws[0], draws[1])
        assert not draws[0].equals(draws[2])

    def test_global_state_of_torch(self, generator):
        before = torch.get_rng_state()
        clone(generator).fit(table()).sample(10)
        assert torch.equal(torch.get_rng_state(), before)

    def test_budget_of_time(self, generator):
        with pytest.warns(GenesisWarning, match="reached its budget of 0.2 seconds"):
            fitted = clone(generator).set_params(max_seconds=0.2, n_steps=100_000).fit(table())
        assert fitted.stop_reason_ == "time"
        assert len(fitted.sample(10)) == 10

    def test_warm_start_goes_on(self, generator):
        fitted = clone(generator).set_params(warm_start=True, patience=None).fit(table())
        first = {name: values.clone() for name, values in fitted._model.state_dict().items()}
        fitted.fit(table(seed=1))
        assert fitted.n_steps_ == 60
        assert any(
            not torch.equal(first[name], values) for name, values in fitted._model.state_dict().items()
        )
        with pytest.raises(DataError, match="expected those of the fit before"):
            fitted.fit(table().rename(columns={"x": "z"}))
        with pytest.raises(DataError, match=r"Got the classes \['a', 'b'\] with warm_start=True"):
            fitted.fit(table(), ["a", "b"] * 200)

    def test_few_rows_are_told(self, generator):
        with pytest.warns(SmallClassWarning, match="Got 30 rows to train a network on"):
            clone(generator).fit(table(30))

    def test_device(self, generator):
        with pytest.raises(DataError, match="device='gpu'"):
            clone(generator).set_params(device="gpu").fit(table())
        if not torch.cuda.is_available():
            with pytest.raises(DataError, match="finds no such device"):
                clone(generator).set_params(device="cuda").fit(table())

    def test_cost_is_told_before_a_long_fit(self, generator, capsys):
        # A million steps take more than ten seconds anywhere; the budget ends them at once.
        with pytest.warns(GenesisWarning, match="budget"):
            clone(generator).set_params(verbose=1, n_steps=10**6, max_seconds=0.3).fit(table())
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert f"{type(generator).__name__}: 1000000 steps on cpu, about" in said

    def test_classes_keep_their_shares(self, generator):
        """Labels are a condition, so draws without one have classes as frequent as the table."""
        X, y = table(600), np.where(np.arange(600) % 6 == 0, "rare", "often")
        fitted = clone(generator).fit(X, y)
        streams = fitted._sample_streams(0)
        codes, _ = fitted._draw_codes(6000, streams, {})
        share = (codes[:, -1] == 1).mean()
        assert abs(share - 1 / 6) < 5 * np.sqrt(5 / 36 / 6000)

    def test_twenty_thousand_categories(self, generator):
        names = pd.Series([f"name {place}" for place in range(20_000)] * 2, dtype="category")
        frame = pd.DataFrame({"name": names, "x": np.random.default_rng(0).normal(size=40_000)})
        fitted = clone(generator).set_params(n_steps=2).fit(frame)
        assert sum(p.numel() for p in fitted._model.parameters()) < 200_000
        assert set(fitted.sample(100)["name"]) <= set(names)

    def test_in_a_sampler_it_is_fitted_once_to_all_classes(self, generator, n_rows_of_fits):
        X, y = table(600), np.repeat(["often", "rare", "rarer"], [400, 120, 80])
        sampler = GenerativeOverSampler(generator, random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        assert n_rows_of_fits == [600]
        assert set(np.unique(y_new, return_counts=True)[1]) == {400}
        pd.testing.assert_frame_equal(X_new[:600], X)

    def test_in_a_grid_with_a_cache_by_fold(self, generator, n_rows_of_fits, tmp_path):
        X, y = table(300), np.where(np.arange(300) % 5 == 0, 1, 0)
        sampler = GenerativeOverSampler(generator, memory=tmp_path, random_state=0)
        grid = GridSearchCV(
            make_pipeline(sampler, DummyClassifier()),
            {
                "generativeoversampler__generator__n_steps": [5, 10],
                "generativeoversampler__sampling_strategy": [0.5, 1.0],
            },
            cv=2,
            refit=False,
            error_score="raise",
        ).fit(X, y)
        assert len(grid.cv_results_["params"]) == 4
        assert n_rows_of_fits == [150] * 4  # two numbers of steps, two folds; ratios share a fit

    def test_a_tiny_class_is_told(self, generator):
        X, y = table(400), np.append(["often"] * 398, ["tiny"] * 2)
        sampler = GenerativeOverSampler(generator, sampling_strategy={"tiny": 10}, random_state=0)
        with pytest.warns(SmallClassWarning, match="'tiny' has 2 rows: .* NoiseSampler would vary its own"):
            sampler.fit_resample(X, y)


@pytest.fixture
def n_rows_of_fits(monkeypatch):
    """Rows of each network that is trained, as long as classes are given."""
    seen, fit_network = [], TrainedGenerator._fit_network

    def counted(self, classes, *args):
        seen.append(len(classes))
        return fit_network(self, classes, *args)

    monkeypatch.setattr(TrainedGenerator, "_fit_network", counted)
    return seen


SIZES = {
    CTGANGenerator: {"n_noise": 5, "generator_widths": (16,)},
    TVAEGenerator: {"n_latent": 3, "widths": (16,)},
    DiffusionGenerator: {"width": 16, "n_blocks": 2},
}


@over_networks
class TestFailures:
    def test_a_fit_that_fails_leaves_what_was_learned(self, generator):
        fitted = clone(generator).set_params(warm_start=True).fit(table())
        before, n_steps = fitted.sample(20, random_state=1), fitted.n_steps_
        fitted.set_params(learning_rate=1e30)
        with pytest.raises(TrainingError, match="not finite"):
            fitted.fit(table(seed=1))
        pd.testing.assert_frame_equal(fitted.sample(20, random_state=1), before)
        fitted.set_params(learning_rate=1e-3).fit(table(seed=1))
        assert fitted.n_steps_ > n_steps
        assert np.isfinite(fitted.sample(20)["x"]).all()

    def test_one_that_never_succeeded_is_not_fitted(self, generator):
        unfitted = clone(generator).set_params(learning_rate=1e30)
        with pytest.raises(TrainingError):
            unfitted.fit(table())
        with pytest.raises(NotFittedError):
            unfitted.sample(3)

    def test_sizes_that_change_after_a_fit(self, generator, tmp_path):
        fitted = clone(generator).fit(table())
        before = fitted.sample(20, random_state=1)
        fitted.set_params(**SIZES[type(generator)])
        pd.testing.assert_frame_equal(fitted.sample(20, random_state=1), before)
        fitted.save(tmp_path / "kept")
        pd.testing.assert_frame_equal(
            type(generator).load(tmp_path / "kept").sample(20, random_state=1), before
        )
        with pytest.raises(DataError, match="network of other sizes with warm_start=True"):
            fitted.set_params(warm_start=True).fit(table())

    def test_no_row_of_a_small_class_is_held_out(self, generator):
        classes = np.repeat([0, 1], [1000, MIN_HELD_OUT - 1])
        chosen = clone(generator).set_params(patience=5)
        chosen.validation_fraction = 0.5
        rows, out = chosen._held_out(len(classes), classes, np.random.default_rng(0))
        assert set(np.flatnonzero(classes)) <= set(rows)
        assert sorted([*rows, *out]) == list(range(len(classes)))
        assert 400 < len(out) <= 510


@over_networks
def test_a_warm_start_refuses_gaps_that_were_not_there(generator):
    fitted = clone(generator).set_params(warm_start=True).fit(table())
    gappy = table(seed=1)
    gappy.loc[3, "x"] = np.nan
    with pytest.raises(DataError, match=r"missing values \(1 of 400 rows\) in column 'x'"):
        fitted.fit(gappy)


@over_networks
def test_a_table_without_columns_is_refused(generator):
    with pytest.raises(DataError, match="Got a table without columns"):
        clone(generator).fit(pd.DataFrame(index=range(5)))


@pytest.mark.parametrize("widths", [(), (64, 0), (64, -1), (64, 32.5), (True,)])
@pytest.mark.parametrize(
    ("generator", "name"),
    [(NETWORKS[0], "generator_widths"), (NETWORKS[0], "critic_widths"), (NETWORKS[1], "widths")],
)
def test_widths_that_are_none(generator, name, widths):
    with pytest.raises(DataError, match=f"Got {name}=.* one or more hidden layers"):
        clone(generator).set_params(**{name: widths}).fit(table())


def test_a_batch_of_one_row_has_no_spread():
    with pytest.raises(InvalidParameterError, match="batch_size"):
        clone(NETWORKS[0]).set_params(batch_size=1).fit(table())


def test_a_device_is_saved_by_its_name(tmp_path):
    fitted = clone(NETWORKS[1]).set_params(device=torch.device("cpu")).fit(table())
    fitted.save(tmp_path / "kept")
    again = TVAEGenerator.load(tmp_path / "kept")
    assert again.device == "cpu"
    pd.testing.assert_frame_equal(again.sample(20, random_state=1), fitted.sample(20, random_state=1))


@over_networks
def test_what_networks_learn(generator):
    """Shares, gaps and a dependence of a simple table, within what some hundred steps leave."""
    rng = np.random.default_rng(0)
    x = rng.normal(10, 2, 3000)
    frame = pd.DataFrame(
        {
            "x": np.where(rng.random(3000) < 0.3, np.nan, x),
            "z": 2 * x + rng.normal(size=3000),
            "k": np.where(rng.random(3000) < 0.9, np.where(x > 10, "above", "below"), "other"),
        }
    )
    longer = {"n_steps": 400, "learning_rate": 5e-3, "patience": None, "batch_size": 128}
    rows = clone(generator).set_params(**longer).fit(frame).sample(2000, random_state=0)
    assert abs(rows["x"].isna().mean() - 0.3) < 0.08
    assert abs(rows["x"].mean() - 10) < 0.5
    assert 1.5 < rows["x"].std() < 2.5
    shares = (rows["k"].value_counts(normalize=True) - frame["k"].value_counts(normalize=True)).abs()
    assert shares.max() < 0.08
    assert rows.groupby("k")["z"].mean().loc[["above", "below"]].diff().iloc[-1] < -3  # 2 * 2 * .8 * 2 apart
    assert rows[["x", "z"]].corr().iloc[0, 1] > 0.5  # .97 in the table


def test_names_stand_for_networks():
    X, y = table(200), np.where(np.arange(200) % 5 == 0, "rare", "often")
    params = {"n_steps": 5, "verbose": 0}
    for name in ("ctgan", "tvae", "diffusion"):
        sampler = GenerativeOverSampler(name, generator_params=params, random_state=0)
        assert (sampler.fit_resample(X, y)[1] == "rare").sum() == 160


@pytest.fixture(scope="module")
def walked():
    """Two classes, 10 apart in x."""
    rng = np.random.default_rng(0)
    y = np.arange(800) % 2
    X = pd.DataFrame({"x": rng.normal(size=800) + 10 * y, "k": rng.choice(["a", "b"], 800)})
    params = {**QUICK, "n_steps": 400, "patience": None}
    return TVAEGenerator(n_latent=4, widths=(64,), **params).fit(X), X


class TestLatents:
    def test_near_rows_are_nearer_than_others(self, walked):
        generator, X = walked
        near = generator.sample_near(X, scale=0.05, random_state=0)
        far = generator.sample_near(X, scale=3.0, random_state=0)
        assert (near["x"] - X["x"]).abs().median() < 0.5 * (far["x"] - X["x"]).abs().median()
        assert (near["k"] == X["k"]).mean() > (far["k"] == X["k"]).mean()

    def test_ways_begin_and_end_near_the_rows(self, walked):
        generator, X = walked
        low, high = X[X["x"] < 3].head(40), X[X["x"] > 7].head(40)
        way = generator.interpolate(low, high, steps=5, random_state=0)
        assert len(way) == 200
        x = way["x"].to_numpy().reshape(40, 5)
        assert np.median(x[:, 0]) < 3
        assert np.median(x[:, -1]) > 7

    def test_latents_have_their_shape(self, walked):
        generator, X = walked
        latents = generator.encode(X)
        assert latents.shape == (800, 4)
        pd.testing.assert_frame_equal(
            generator.decode(latents, random_state=1), generator.decode(latents, random_state=1)
        )

    def test_bad_use(self, walked):
        generator, X = walked
        with pytest.raises(DataError, match="latents that are not finite"):
            generator.decode(np.full((3, 4), np.nan))
        with pytest.raises(DataError, match=r"latents of shape \(3, 2\); expected \(n, 4\)"):
            generator.decode(np.zeros((3, 2)))
        with pytest.raises(DataError, match="fit was given no labels"):
            generator.encode(X, 1)
        with pytest.raises(DataError, match="scale=-1"):
            generator.sample_near(X, scale=-1)
        with pytest.raises(DataError, match="steps=1"):
            generator.interpolate(X, X, steps=1)
        with pytest.raises(DataError, match="Got 3 and 4 rows"):
            generator.interpolate(X.head(3), X.head(4))

    def test_values_that_columns_do_not_know(self):
        frame = table().assign(n=np.arange(400) % 10)
        fitted = clone(NETWORKS[1]).fit(frame)
        row = frame.iloc[[9]]
        np.testing.assert_array_equal(fitted.encode(row.assign(n=12)), fitted.encode(row))
        for refused in (fitted.encode, fitted.sample_near, lambda X: fitted.interpolate(row, X)):
            with pytest.raises(DataError, match=r"missing values \(1 of 1 rows\) in column 'x'"):
                refused(row.assign(x=np.nan))


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(0)
    n_rows = 5000
    a = rng.choice(["p", "q"], n_rows, p=[0.8, 0.2])
    b = np.where(rng.random(n_rows) < np.where(a == "p", 0.1, 0.7), "u", "v")
    x = rng.normal(size=n_rows) + 3 * (b == "u")
    params = {**QUICK, "n_steps": 1000, "batch_size": 256, "patience": None}
    generator = DiffusionGenerator(width=64, n_blocks=2, n_bins=16, **params)
    return generator.fit(pd.DataFrame({"a": a, "b": b, "x": x}))


class TestLaws:
    """What follows a condition follows the conditional law, where that is known."""

    def test_given_the_effect_the_cause(self, learned):
        # P(a = q | b = u) = .2 * .7 / (.2 * .7 + .8 * .1) = .636
        rows = learned.sample(4000, conditions={"b": "u"}, random_state=0)
        assert abs((rows["a"] == "q").mean() - 0.636) < 0.05
        assert abs(rows["x"].mean() - 3) < 0.15
        assert learned.acceptance_rate_ == 1

    def test_given_a_range(self, learned):
        # Of the rows with x >= 2, by the normal law, .8413 * .22 are u and .0228 * .78 v.
        rows = learned.sample(4000, conditions={"x": (2, None)}, random_state=0)
        assert (rows["x"] >= 2).all()
        assert abs((rows["b"] == "u").mean() - 0.185 / (0.185 + 0.0178)) < 0.05

    def test_given_a_range_and_several_values(self, learned):
        rows = learned.sample(2000, conditions={"x": (2, None), "a": ["p", "q"], "b": ["u"]}, random_state=0)
        assert set(rows["b"]) == {"u"}
        # x tells nothing of a once b is known.
        assert abs((rows["a"] == "q").mean() - 0.636) < 0.06


@pytest.fixture(scope="module")
def even():
    """Four normals that know nothing of one another."""
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 4)), columns=list("abcd"))
    params = {**QUICK, "n_steps": 100, "batch_size": 256}
    return DiffusionGenerator(width=32, n_blocks=1, n_bins=16, **params).fit(frame), frame


class TestConditionsOnNumbers:
    def test_a_value(self, even):
        generator, frame = even
        for value in (frame["a"].iloc[0], frame["a"].min(), 0.123):
            rows = generator.sample(30, conditions={"a": value}, random_state=0)
            assert (rows["a"] == value).all()
            assert generator.acceptance_rate_ == 1

    def test_one_of_some_values(self, even):
        generator, frame = even
        values = frame["a"].head(3).tolist()
        rows = generator.sample(300, conditions={"a": values}, random_state=0)
        assert set(rows["a"]) == set(values)

    # What is kept at the least follows from the bins of 1 / 16 that a range has, and the parts of these.
    @pytest.mark.parametrize(("ends", "kept"), [((0.1, 0.15), 0.1), ((-0.5, 1.2), 0.8), ((1.5, None), 0.4)])
    def test_a_range(self, even, ends, kept):
        generator, frame = even
        low, high = ends[0], np.inf if ends[1] is None else ends[1]
        rows = generator.sample(3000, conditions={"a": ends}, random_state=0)["a"]
        assert rows.between(low, high).all()
        known = frame["a"][frame["a"].between(low, high)]
        # Of the rows within the range as many lie in its lower half as by the normal law.
        middle = norm.ppf((norm.cdf(low) + norm.cdf(high)) / 2)
        margin = 5 * 0.5 * (1 / np.sqrt(3000) + 1 / np.sqrt(len(known)))
        assert abs((rows < middle).mean() - 0.5) < margin + 0.05
        assert generator.acceptance_rate_ > kept

    def test_one_row_of_a_rare_corner(self, even):
        generator, _ = even
        rows = generator.sample(1, conditions=dict.fromkeys("abcd", (1.3, None)), random_state=0)
        assert len(rows) == 1
        assert (rows >= 1.3).all(axis=None)
        assert (
            generator.acceptance_rate_ < 0.01
        )  # some (1 - Phi(1.3)) ** 3 = .0009 of the candidates are kept

    def test_acceptance_of_what_cannot_be_reached(self, even, monkeypatch):
        monkeypatch.setattr("genesis_sampling.generators._conditioning.MIN_CANDIDATES", 10_000)
        monkeypatch.setattr("genesis_sampling.generators._conditioning.CANDIDATES_PER_ROW", 1)
        generator, _ = even
        generator.sample(10)
        with pytest.raises(TargetNotReachedError, match=r"of 500 rows that meet the conditions \("):
            generator.sample(500, conditions=dict.fromkeys("abcd", (1.3, None)), random_state=0)
        assert 0 < generator.acceptance_rate_ < 0.05  # 500 of 10,000

    def test_two_ranges_follow_the_law_of_both(self, even):
        generator, _ = even
        rows = generator.sample(3000, conditions={"a": (0, 2), "b": (-1, 3)}, random_state=0)
        positive = (norm.cdf(3) - 0.5) / (norm.cdf(3) - norm.cdf(-1))
        assert abs((rows["b"] > 0).mean() - positive) < 5 * 0.5 / np.sqrt(3000) + 0.03
        assert rows["a"].between(0, 2).all()
