"""Densities of scikit-learn as generators."""

import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import KernelDensity

from genesis_sampling.exceptions import DataError, SmallClassWarning
from genesis_sampling.generators import EstimatorGenerator, GaussianCopulaGenerator, as_generator


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    side = rng.random(600) < 0.3
    return pd.DataFrame(
        {
            "x": np.where(side, 8.0, -8.0) + rng.normal(size=600),
            "side": np.where(side, "right", "left"),
            "gappy": np.where(rng.random(600) < 0.4, np.nan, 1000 + 50 * rng.normal(size=600)),
        }
    )


class TestEstimatorGenerator:
    @pytest.mark.parametrize(
        "estimator",
        [None, KernelDensity(bandwidth=0.1), GaussianMixture(3), BayesianGaussianMixture(n_components=3)],
    )
    def test_learns_the_table(self, estimator, table):
        rows = EstimatorGenerator(estimator, random_state=0).fit(table).sample(2000)
        assert ((rows["x"] > 0) == (rows["side"] == "right")).mean() > 0.9
        assert (rows["side"] == "right").mean() == pytest.approx((table["side"] == "right").mean(), abs=0.06)
        assert rows["gappy"].isna().mean() == pytest.approx(table["gappy"].isna().mean(), abs=0.06)
        assert rows["gappy"].mean() == pytest.approx(1000, abs=10)

    def test_components_are_shuffled(self, table):
        rows = EstimatorGenerator(GaussianMixture(2), random_state=0).fit(table).sample(1000)
        sides = (rows["x"] > 0).to_numpy()
        assert np.mean(sides[1:] != sides[:-1]) == pytest.approx(2 * 0.3 * 0.7, abs=0.08)

    def test_given_estimator_is_left_alone(self, table):
        given = GaussianMixture(2)
        generator = EstimatorGenerator(given, random_state=0).fit(table)
        generator.sample(5)
        assert not hasattr(given, "means_")
        assert given.random_state is None
        assert generator.estimator_ is not given

    def test_nested_parameters(self):
        generator = EstimatorGenerator(GaussianMixture(2)).set_params(estimator__n_components=5)
        assert generator.estimator.n_components == 5

    def test_fewer_rows_than_components(self):
        frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
        with pytest.warns(SmallClassWarning, match="n_components=5 for 3 rows"):
            rows = EstimatorGenerator(GaussianMixture(5), random_state=0).fit(frame).sample(10)
        assert rows["x"].between(1, 3).all()

    def test_many_categories_become_a_number(self):
        words = pd.DataFrame({"word": np.repeat([f"w{i:02d}" for i in range(40)], 5)})
        generator = EstimatorGenerator(KernelDensity(bandwidth=0.01), max_indicators=10, random_state=0).fit(
            words
        )
        assert generator.estimator_.n_features_in_ == 1
        assert set(generator.sample(500)["word"]) == set(words["word"])

    def test_another_object(self):
        class Bootstrap:
            """Draws rows of the table: has a seed of its own and no parameters."""

            def fit(self, X, y=None):
                self.X_ = X
                return self

            def sample(self, n_samples, random_state=None):
                return self.X_[np.random.default_rng(random_state).integers(len(self.X_), size=n_samples)]

            def get_params(self, deep=True):
                return {}

            def set_params(self, **params):
                return self

        frame = pd.DataFrame({"x": [1, 5, 9], "word": ["a", None, "c"]})
        rows = EstimatorGenerator(Bootstrap(), random_state=0).fit(frame).sample(50)
        assert set(zip(rows["x"], rows["word"].fillna("-"), strict=True)) == {(1, "a"), (5, "-"), (9, "c")}

    def test_no_density(self):
        with pytest.raises(ValueError, match="estimator"):
            EstimatorGenerator(estimator=3).fit(pd.DataFrame({"x": [1.0, 2.0]}))


class TestAsGenerator:
    def test_generators_as_they_are(self):
        generator = GaussianCopulaGenerator()
        assert as_generator(generator) is generator

    @pytest.mark.parametrize("density", [KernelDensity(), GaussianMixture(), BayesianGaussianMixture()])
    def test_densities_are_wrapped(self, density):
        wrapped = as_generator(density)
        assert isinstance(wrapped, EstimatorGenerator)
        assert wrapped.estimator is density

    def test_own_object(self):
        class Own:
            def fit(self, X): ...

            def sample(self, n): ...

        own = Own()
        assert as_generator(own) is own

    def test_errors(self):
        with pytest.raises(
            DataError, match=r"Got the class KernelDensity as generator; expected an instance"
        ):
            as_generator(KernelDensity)
        with pytest.raises(DataError, match=r"Got generator='copula'; expected an object with the methods"):
            as_generator("copula")
