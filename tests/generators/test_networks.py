"""What generators that are networks promise beyond what all do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from genesis_sampling import CTGANGenerator, DiffusionGenerator, GenerativeOverSampler, TVAEGenerator
from genesis_sampling.exceptions import DataError, GenesisWarning, SmallClassWarning

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
        codes = fitted._draw_codes(6000, streams, {})
        share = (codes[:, -1] == 1).mean()
        assert abs(share - 1 / 6) < 5 * np.sqrt(5 / 36 / 6000)

    def test_twenty_thousand_categories(self, generator):
        names = pd.Series([f"name {place}" for place in range(20_000)] * 2, dtype="category")
        frame = pd.DataFrame({"name": names, "x": np.random.default_rng(0).normal(size=40_000)})
        fitted = clone(generator).set_params(n_steps=2).fit(frame)
        assert sum(p.numel() for p in fitted._model.parameters()) < 200_000
        assert set(fitted.sample(100)["name"]) <= set(names)

    def test_in_a_sampler_it_is_fitted_once_to_all_classes(self, generator):
        X, y = table(600), np.where(np.arange(600) % 6 == 0, "rare", "often")
        sampler = GenerativeOverSampler(generator, random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        assert (y_new == "rare").sum() == (y_new == "often").sum() == 500
        pd.testing.assert_frame_equal(X_new[:600], X)


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
