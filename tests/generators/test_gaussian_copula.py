"""The Gaussian copula: margins, latent correlation, exact conditional draws."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, multivariate_normal, norm, truncnorm

from genesis_sampling._random import RandomStreams
from genesis_sampling.exceptions import TargetNotReachedError
from genesis_sampling.generators import GaussianCopulaGenerator
from genesis_sampling.generators._conditioning import Allowed
from genesis_sampling.generators._latent_correlation import latent_correlation, order_by_association, shrink
from genesis_sampling.generators._margins import fit_margin
from genesis_sampling.generators._truncated_normal import ConfinedNormal

STREAMS = RandomStreams.from_random_state(0)
INF = np.inf


def draw(correlation, sets, n=20_000):
    sets = {i: np.asarray(ends, dtype=float) for i, ends in sets.items()}
    return ConfinedNormal(np.asarray(correlation), sets).draw(n, STREAMS, "a test")


class TestConfinedNormal:
    rho = 0.7
    pair = ((1, rho), (rho, 1))

    def test_point(self):
        z = draw(self.pair, {0: [(1.5, 1.5)]})
        assert (z[:, 0] == 1.5).all()
        law = norm(self.rho * 1.5, np.sqrt(1 - self.rho**2))
        assert kstest(z[:, 1], law.cdf).pvalue > 1e-4

    def test_interval(self):
        """Moments of z_1 given z_0 in an interval: rho m and 1 - rho^2 (1 - v) with m, v those of the truncated z_0."""
        z = draw(self.pair, {0: [(0.5, 2.0)]})
        confined = truncnorm(0.5, 2.0)
        assert kstest(z[:, 0], confined.cdf).pvalue > 1e-4
        variance = 1 - self.rho**2 * (1 - confined.var())
        assert z[:, 1].mean() == pytest.approx(self.rho * confined.mean(), abs=5 * np.sqrt(variance / len(z)))
        assert z[:, 1].var() == pytest.approx(variance, rel=5 * np.sqrt(2 / len(z)))

    def test_two_intervals(self):
        """The density of z_0 is phi(z_0) P(z_1 in B | z_0) up to a constant, on A."""
        z = draw(self.pair, {0: [(-0.5, 1.0)], 1: [(1.0, INF)]})
        grid = np.linspace(-0.5, 1.0, 2001)
        density = norm.pdf(grid) * norm.sf(1.0, self.rho * grid, np.sqrt(1 - self.rho**2))
        cumulated = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2))
        assert kstest(z[:, 0], lambda x: np.interp(x, grid, cumulated / cumulated[-1])).pvalue > 1e-4

    def test_union(self):
        """A union is drawn in proportion to the probabilities of its parts."""
        first, second, beside = [(-INF, -1.0)], [(0.2, 0.7)], [(0.0, INF)]
        z = draw(self.pair, {0: first + second, 1: beside})
        below = multivariate_normal([0, 0], self.pair).cdf

        def probability(low, high):
            return (
                norm.cdf(high)
                - norm.cdf(low)
                - below([high, 0])
                + (below([low, 0]) if np.isfinite(low) else 0)
            )

        parts = [probability(-INF, -1.0), probability(0.2, 0.7)]
        share = parts[0] / sum(parts)
        assert np.mean(z[:, 0] < 0) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / len(z)))
        assert ((z[:, 0] < -1) | ((z[:, 0] >= 0.2) & (z[:, 0] < 0.7))).all()

    def test_point_beside_intervals(self):
        correlation = np.array([[1, 0.5, 0.3], [0.5, 1, 0.6], [0.3, 0.6, 1]])
        z = draw(correlation, {2: [(0.8, 0.8)], 0: [(0, INF)]})
        mean, variance = 0.3 * 0.8, 1 - 0.3**2
        assert kstest(z[:, 0], truncnorm(-mean / variance**0.5, INF, mean, variance**0.5).cdf).pvalue > 1e-4

    def test_far_tail(self):
        z = draw(self.pair, {0: [(6.0, INF)]})
        assert kstest(z[:, 0], lambda x: 1 - norm.sf(x) / norm.sf(6)).pvalue > 1e-4

    def test_fewer_rows_are_the_first_of_more(self):
        sets = {0: [(0.5, 2.0)], 1: [(0, 1)]}
        many = draw(self.pair, sets, 3000)
        for n in (0, 1, 1023, 1025):
            np.testing.assert_array_equal(draw(self.pair, sets, n), many[:n])

    def test_impossible_in_practice(self):
        with pytest.raises(TargetNotReachedError, match=r"a test\) out of \d+ candidates"):
            draw(((1, 0.999), (0.999, 1)), {0: [(3, INF)], 1: [(-INF, -3)]}, 10)


class TestMargin:
    def test_spikes_are_points(self):
        rng = np.random.default_rng(0)
        values = np.append(np.zeros(300), rng.gamma(2, 100, 700) + 50)
        margin, cells = fit_margin(values, interpolate=True)
        np.testing.assert_array_equal(margin.low[cells] <= values, True)
        np.testing.assert_array_equal(margin.high[cells] >= values, True)
        drawn = margin.decode(rng.normal(size=20_000))
        assert np.mean(drawn == 0) == pytest.approx(0.3, abs=0.02)
        assert drawn[drawn != 0].min() >= values[values > 0].min()

    def test_gaps_are_not_crossed(self):
        margin, _ = fit_margin(np.array([0.0, 1.0, 5.0, 6.0]), interpolate=True)
        np.testing.assert_array_equal(margin.low, [0, 0.5, 3, 5.5])
        np.testing.assert_array_equal(margin.high, [0.5, 3, 5.5, 6])

    def test_points_decode_to_themselves(self):
        values = np.random.default_rng(0).normal(size=500)
        margin, _ = fit_margin(values, interpolate=True)
        for value in values[:50]:
            (ends,) = margin.latent_sets(Allowed.value(value))
            assert ends[0] == ends[1]
            assert margin.decode(ends[:1])[0] == pytest.approx(value, abs=1e-9)

    @pytest.mark.parametrize("interpolate", [True, False])
    def test_ranges_decode_into_themselves(self, interpolate):
        rng = np.random.default_rng(0)
        values = np.append(rng.normal(size=400), np.zeros(50))
        margin, _ = fit_margin(values, interpolate=interpolate)
        latent = rng.normal(size=20_000)
        (ends,) = margin.latent_sets(Allowed(None, -0.3, 0.4))
        inside = (latent >= ends[0]) & (latent < ends[1])
        drawn = margin.decode(latent)
        np.testing.assert_array_equal(inside, (drawn >= -0.3) & (drawn <= 0.4))

    def test_impossible(self):
        margin, _ = fit_margin(np.array([1.0, 1.0, 2.0]), interpolate=False)
        assert len(margin.latent_sets(Allowed.value(1.5))) == 0
        assert len(margin.latent_sets(Allowed(None, 3, 4))) == 0

    def test_scores_are_means_of_the_latent(self):
        margin, _ = fit_margin(np.array([0.0, 0, 0, 1, 2]), interpolate=False)
        z = np.random.default_rng(0).normal(size=200_000)
        drawn = margin.decode(z)
        means = [z[drawn == value].mean() for value in (0, 1, 2)]
        np.testing.assert_allclose(margin.scores, means, atol=0.02)


class TestLatentCorrelation:
    @pytest.mark.parametrize("rho", [-0.9, -0.4, 0.0, 0.6, 0.9])
    def test_is_that_of_the_cut_normal(self, rho):
        """Cutting normals into cells does not change the correlation that is found: polychoric, not attenuated."""
        z = np.random.default_rng(0).multivariate_normal([0, 0], [[1, rho], [rho, 1]], 20_000)
        cut = [np.digitize(z[:, 0], [0.3]).astype(float), np.digitize(z[:, 1], [-1, 0, 0.5]).astype(float)]
        margins, cells = zip(*(fit_margin(column, interpolate=False) for column in cut), strict=True)
        scores = np.column_stack([margin.scores[cell] for margin, cell in zip(margins, cells, strict=True)])
        found = latent_correlation(list(margins), scores, np.ones_like(scores))
        assert found[0, 1] == pytest.approx(rho, abs=0.03)

    def test_order_of_categories(self):
        rng = np.random.default_rng(0)
        position = np.array([2, 0, 3, 1])  # of the four categories along the other column
        cells = rng.integers(0, 4, 5000)
        scores = np.column_stack([np.zeros(5000), position[cells] + rng.normal(size=5000)])
        order = order_by_association(cells, scores, 0, 4).tolist()
        assert order in ([1, 3, 0, 2], [2, 0, 3, 1])

    def test_shrunk_is_positive_definite(self):
        impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
        repaired, _ = shrink(impossible, 1000, "auto")
        assert np.linalg.eigvalsh(repaired)[0] > 0
        np.testing.assert_allclose(np.diag(repaired), 1)

    def test_shrinkage(self):
        correlation = np.array([[1, 0.5], [0.5, 1]])
        np.testing.assert_allclose(shrink(correlation, 100, 0.2)[0], [[1, 0.4], [0.4, 1]])
        np.testing.assert_allclose(shrink(correlation, 100, 1.0)[0], np.eye(2))
        weights = [shrink(correlation, n_rows, "auto")[1] for n_rows in (2, 10, 1000)]
        assert 1 >= weights[0] > weights[1] > weights[2] > 0


class TestGenerator:
    def test_integers_and_repeated_values_are_those_seen(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"count": rng.poisson(50, 500) * 7, "grade": rng.choice([1.5, 2.5, 4.0], 500)})
        rows = GaussianCopulaGenerator(random_state=0).fit(table).sample(3000)
        assert set(rows["count"]) <= set(table["count"])
        assert set(rows["grade"]) <= set(table["grade"])

    @pytest.mark.parametrize("interpolate", [True, False])
    def test_interpolate(self, interpolate):
        table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
        rows = GaussianCopulaGenerator(interpolate=interpolate, random_state=0).fit(table).sample(100)
        assert rows["x"].isin(table["x"]).all() != interpolate

    def test_missing_together(self):
        """Columns that are missing in the same rows stay so."""
        rng = np.random.default_rng(0)
        gone = rng.random(2000) < 0.3
        table = pd.DataFrame({name: np.where(gone, np.nan, rng.normal(size=2000)) for name in "ab"})
        missing = GaussianCopulaGenerator(random_state=0).fit(table).sample(2000).isna()
        assert (missing["a"] == missing["b"]).mean() > 0.97

    def test_missing_depends_on_others(self):
        rng = np.random.default_rng(0)
        x = rng.normal(size=4000)
        table = pd.DataFrame(
            {"x": x, "y": np.where(x + rng.normal(size=4000) > 1, np.nan, rng.normal(size=4000))}
        )
        fitted = GaussianCopulaGenerator(random_state=0).fit(table)
        for low, high in [(-1.0, 0.0), (0.5, 1.5)]:
            real = table.loc[table["x"].between(low, high), "y"].isna().mean()
            drawn = fitted.sample(3000, conditions={"x": (low, high)})["y"].isna().mean()
            assert drawn == pytest.approx(real, abs=0.05)

    def test_conditional_law(self):
        """b given a = 1 is N(rho, 1 - rho^2)."""
        rho = 0.8
        table = pd.DataFrame(
            np.random.default_rng(0).multivariate_normal([0, 0], [[1, rho], [rho, 1]], 20_000),
            columns=["a", "b"],
        )
        rows = GaussianCopulaGenerator(random_state=0).fit(table).sample(5000, conditions={"a": 1.0})
        assert (rows["a"] == 1.0).all()
        assert rows["b"].mean() == pytest.approx(rho, abs=0.05)
        assert rows["b"].std() == pytest.approx(np.sqrt(1 - rho**2), abs=0.03)

    def test_set_of_values_of_a_continuous_column(self):
        """The two values are drawn in proportion to their densities."""
        table = pd.DataFrame(np.random.default_rng(0).normal(size=(20_000, 2)), columns=["a", "b"])
        rows = GaussianCopulaGenerator(random_state=0).fit(table).sample(4000, conditions={"a": [-0.5, 1.5]})
        assert set(rows["a"]) == {-0.5, 1.5}

    def test_conditions_agree_with_rejection(self):
        """Rows drawn under conditions have the law of those among free rows that happen to meet them."""
        rng = np.random.default_rng(0)
        size = rng.normal(size=3000)
        table = pd.DataFrame(
            {
                "size": size,
                "kind": np.array(["s", "m", "l"])[np.digitize(size + rng.normal(size=3000), [-0.7, 0.7])],
                "count": rng.poisson(np.exp(size / 2)),
            }
        )
        fitted = GaussianCopulaGenerator(random_state=0).fit(table)
        free = fitted.sample(60_000)
        hits = free[free["kind"].isin(["s", "l"]) & free["count"].between(1, 2)]
        rows = fitted.sample(len(hits), conditions={"kind": ["s", "l"], "count": (1, 2)})
        assert kstest(rows["size"], hits["size"]).pvalue > 1e-4
        tables = [frame.groupby(["kind", "count"]).size().to_numpy() / len(frame) for frame in (rows, hits)]
        np.testing.assert_allclose(tables[0], tables[1], atol=5 * 0.7 / np.sqrt(len(hits)))

    def test_value_that_nobody_has(self):
        table = pd.DataFrame({"n": [1, 2, 4] * 10, "full": np.arange(30.0)})
        fitted = GaussianCopulaGenerator(random_state=0).fit(table)
        for conditions in ({"n": 3}, {"full": 99.0}, {"full": None}):
            with pytest.raises(TargetNotReachedError, match="no value seen by fit meets"):
                fitted.sample(5, conditions=conditions)

    def test_many_categories(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"zip": rng.integers(0, 5000, 6000).astype(str), "x": rng.normal(size=6000)})
        fitted = GaussianCopulaGenerator(random_state=0).fit(table)
        rows = fitted.sample(3000)
        assert set(rows["zip"]) <= set(table["zip"])
        wanted = {"zip": sorted(set(table["zip"]))[:300], "x": (0, None)}
        assert set(fitted.sample(100, conditions=wanted)["zip"]) <= set(wanted["zip"])
        # Nothing ties the two columns, however many categories there are to order.
        assert abs(fitted.correlation_[0, 1]) < 0.15

    def test_correlation_attribute(self):
        table = pd.DataFrame({"x": [1.0, 2, np.nan, 4], "word": ["a", "b", "b", "a"], "one": 1, "none": None})
        fitted = GaussianCopulaGenerator(shrinkage=0.3).fit(table)
        assert fitted.correlation_.shape == (3, 3)  # x, whether x is there, word
        assert fitted.shrinkage_ == 0.3

    def test_trend_on_real_rows(self, load_real):
        """Categories in a good order: a two-way table of Adult is closer than that of independent columns."""
        table = load_real("adult")[["education", "occupation", "target"]].iloc[:10_000]
        rows = GaussianCopulaGenerator(random_state=0).fit(table).sample(10_000)
        for pair in (["education", "target"], ["occupation", "target"], ["education", "occupation"]):
            joint, drawn = (frame.value_counts(pair, normalize=True) for frame in (table, rows))
            apart = joint.index.map(
                lambda cell, pair=pair: np.prod(
                    [(table[name] == value).mean() for name, value in zip(pair, cell, strict=True)]
                )
            )
            error, floor = (
                joint.sub(other, fill_value=0).abs().sum() for other in (drawn, pd.Series(apart, joint.index))
            )
            assert error < 2 / 3 * floor
