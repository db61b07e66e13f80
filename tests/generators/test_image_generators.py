"""Generators of images, and samplers that draw from them."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer

from genesis_sampling import (
    DataError,
    DCGANGenerator,
    DiversityFilter,
    GenerativeOverSampler,
    ImageVAEGenerator,
    MissingExtraError,
    QualityFilter,
    TreeGenerator,
)
from genesis_sampling.exceptions import GenesisWarning, SmallClassWarning

torch = pytest.importorskip("torch", reason="networks need torch")

QUICK = {"n_steps": 10, "batch_size": 32, "n_filters": 4, "verbose": 0, "random_state": 0}
VAE = ImageVAEGenerator(n_latent=3, **QUICK)
GAN = DCGANGenerator(n_noise=4, **QUICK)
over_both = pytest.mark.parametrize("generator", [VAE, GAN], ids=lambda one: type(one).__name__)


def halves(n=120, dtype="float64", channels=None, side=8, seed=0):
    """Images bright in the upper half ("up") or, a quarter of them, in the lower half; grey in 11 levels."""
    rng = np.random.default_rng(seed)
    y = np.repeat(["up", "down"], [n - n // 4, n // 4])
    images = rng.integers(0, 3, size=(n, side, side)) / 10
    images[y == "up", : side // 2] += 0.7
    images[y == "down", side // 2 :] += 0.7
    if channels:
        images = np.repeat(images[..., None], channels, axis=3)
    scale = np.iinfo(dtype).max if dtype.startswith("u") else 1
    return (images * scale).astype(dtype), y


@over_both
class TestGenerators:
    @pytest.mark.parametrize("channels", [None, 1, 3])
    @pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
    def test_shape_type_and_values_stay(self, generator, dtype, channels):
        X, y = halves(dtype=dtype, channels=channels)
        made = clone(generator).fit(X, y).sample(7, y="down")
        assert (made.shape, made.dtype) == ((7, *X.shape[1:]), X.dtype)
        assert np.isin(made, X).all()

    def test_many_values_are_not_rounded(self, generator):
        X = np.random.default_rng(0).random((120, 9, 5))
        made = clone(generator).fit(X).sample(4)
        assert ((made > 0) & (made < 1)).all()
        assert not np.isin(made, X).any()

    def test_integers_of_many_values_are_whole(self, generator):
        X = np.random.default_rng(0).integers(0, 2**16, (120, 6, 6), dtype=np.uint16)
        made = clone(generator).fit(X).sample(4)
        assert made.dtype == np.uint16
        assert len(np.unique(made)) > 100

    def test_seeds(self, generator):
        X, y = halves()
        fitted = clone(generator).fit(X, y)
        np.testing.assert_array_equal(
            fitted.sample(5, random_state=1), fitted.sample(300, random_state=1)[:5]
        )
        np.testing.assert_array_equal(
            fitted.sample(5, random_state=1), clone(generator).fit(X, y).sample(5, random_state=1)
        )
        assert not np.array_equal(fitted.sample(5), fitted.sample(5))

    def test_classes_are_as_frequent_as_they_were(self, generator):
        X, y = halves()
        fitted = clone(generator).set_params(n_steps=1).fit(X, y)
        seen = []
        fitted._draw_pixels = lambda n, classes, rng, device: seen.append(classes) or np.zeros((n, 1, 8, 8))
        fitted.sample(2000)
        share = np.mean(np.concatenate(seen)[:2000] == fitted.target_.classes.index("down"))
        assert share == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / 2000))

    def test_labels_one_each(self, generator):
        X, y = halves()
        fitted = clone(generator).fit(X, y)
        wish = np.array(["up", "down", "down"])
        made = fitted.sample(3, y=wish, random_state=0)
        assert made.shape == (3, 8, 8)
        np.testing.assert_array_equal(fitted.sample(3, y=wish.tolist(), random_state=0), made)
        with pytest.raises(DataError, match="Got y='left'; expected one of the classes"):
            fitted.sample(3, y="left")
        with pytest.raises(DataError, match="fit was given no labels"):
            clone(generator).fit(X).sample(3, y="up")

    def test_saved_and_pickled(self, generator, tmp_path):
        X, y = halves()
        fitted = clone(generator).fit(X, y)
        fitted.save(tmp_path / "images")
        for again in (type(generator).load(tmp_path / "images"), pickle.loads(pickle.dumps(fitted))):
            np.testing.assert_array_equal(
                again.sample(3, y="up", random_state=1), fitted.sample(3, y="up", random_state=1)
            )

    def test_warm_start(self, generator):
        X, y = halves()
        fitted = clone(generator).set_params(warm_start=True).fit(X, y)
        before = {name: values.clone() for name, values in fitted._model.state_dict().items()}
        fitted.fit(X, y)
        assert fitted.n_steps_ == 20
        assert any(not torch.equal(before[name], now) for name, now in fitted._model.state_dict().items())
        with pytest.raises(DataError, match=r"Got images of shape \(4, 8\) with warm_start=True"):
            fitted.fit(X[:, :4], y)
        with pytest.raises(DataError, match="Got the classes None with warm_start=True"):
            fitted.fit(X)

    def test_budget_of_time(self, generator):
        X, y = halves()
        with pytest.warns(GenesisWarning, match="reached its budget"):
            fitted = clone(generator).set_params(max_seconds=0.1, n_steps=100_000).fit(X, y)
        assert fitted.stop_reason_ == "time"

    def test_global_state_of_torch(self, generator):
        X, y = halves()
        before = torch.get_rng_state()
        clone(generator).fit(X, y).sample(2)
        assert torch.equal(torch.get_rng_state(), before)

    def test_few_images_are_told(self, generator):
        X, y = halves(40)
        with pytest.warns(SmallClassWarning, match="Got 40 images to train a network on"):
            clone(generator).fit(X, y)

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (np.zeros((20, 5)), "Got images of shape"),
            (np.zeros((20, 5, 5, 4)), "expected 1 or 3 channels"),
            (np.full((20, 5, 5), 7.0), "expected floats in"),
        ],
    )
    def test_what_is_no_image(self, generator, X, message):
        with pytest.raises(DataError, match=message):
            clone(generator).fit(X)

    def test_other_bad_input(self, generator):
        X, y = halves()
        with pytest.raises(DataError, match="Got 3 labels for 120 rows"):
            clone(generator).fit(X, y[:3])
        generator = clone(generator).fit(X)
        for n in (-1, 2.5):
            with pytest.raises(DataError, match=f"Got n={n}; expected a whole number"):
                generator.sample(n)
        assert generator.sample(0).shape == (0, 8, 8)

    def test_without_torch(self, generator, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        monkeypatch.delitem(sys.modules, "genesis_sampling.networks.image_vae", raising=False)
        import genesis_sampling.networks as networks

        for name in ("resolve_device", "ImageVae", "ImageGan"):
            monkeypatch.delitem(vars(networks), name, raising=False)
        with pytest.raises(MissingExtraError, match=r"pip install 'genesis-sampling\[torch\]'"):
            clone(generator).fit(*halves())

    def test_in_a_sampler(self, generator):
        X, y = halves(dtype="uint8")
        sampler = GenerativeOverSampler(generator, random_state=0)
        made, labels = sampler.fit_resample(X, y)
        np.testing.assert_array_equal(made[:120], X)
        assert made.dtype == np.uint8
        assert dict(zip(*np.unique(labels, return_counts=True), strict=True)) == {"up": 90, "down": 90}
        assert (sampler.sample_indices_[120:] == -1).all()
        assert sampler.report_.metrics is None
        assert type(generator).__name__ in str(sampler.report_)
        np.testing.assert_array_equal(clone(sampler).fit_resample(X, y)[0], made)


class TestLatents:
    def test_encode_and_decode(self):
        X, y = halves()
        fitted = clone(VAE).set_params(n_steps=150, n_filters=8).fit(X, y)
        latents = fitted.encode(X, y)
        assert latents.shape == (120, 3)
        again = fitted.decode(latents, y)
        # The spread of pixels within the halves is .08; by their class alone halves differ by .7.
        assert np.abs(again - X).mean() < 0.2
        np.testing.assert_array_equal(
            fitted.decode(latents[:2], "up"), fitted.decode(latents[:2], ["up", "up"])
        )

    def test_walks(self):
        X, y = halves()
        fitted = clone(VAE).fit(X, y)
        np.testing.assert_array_equal(
            fitted.sample_near(X[:3], 0.0, y[:3]), fitted.decode(fitted.encode(X[:3], y[:3]), y[:3])
        )
        way = fitted.interpolate(X[:1], X[1:2], steps=4, y="up")
        assert way.shape == (4, 8, 8)
        np.testing.assert_array_equal(way[[0, 3]], fitted.sample_near(X[:2], 0.0, "up"))

    def test_bad_input(self):
        X, y = halves()
        fitted = clone(VAE).fit(X, y)
        with pytest.raises(DataError, match=r"Got latents of shape \(2, 5\)"):
            fitted.decode(np.zeros((2, 5)), "up")
        with pytest.raises(DataError, match="Got no y, but fit was given labels"):
            fitted.encode(X)
        with pytest.raises(DataError, match=r"Got images of shape \(4, 8\)"):
            fitted.encode(X[:, :4], y)
        with pytest.raises(DataError, match="and dtype uint8"):
            fitted.encode(X.astype(np.uint8), y)

    def test_held_out_images_stop_training(self):
        X, y = halves(300)
        fitted = clone(VAE).set_params(n_steps=5000, patience=1, learning_rate=0.05).fit(X, y)
        assert fitted.stop_reason_ == "patience"
        assert "held_out" in fitted.history_[0]


def test_scores_of_the_discriminator():
    X, y = halves()
    fitted = clone(GAN).set_params(n_steps=60).fit(X, y)
    scores = fitted.score(X, y)
    assert scores.shape == (120,)
    assert ((scores > 0) & (scores < 1)).all()
    # Images of the other class are no real ones of this one.
    assert scores.mean() > fitted.score(X, np.where(y == "up", "down", "up")).mean()


class TestFilters:
    def test_by_the_generator(self):
        X, y = halves()
        generated = GenerativeOverSampler(clone(GAN).set_params(n_steps=40), random_state=0)
        scores = QualityFilter(generated, threshold=0.0, scorer="generator", random_state=0)
        scores.fit_resample(X, y)
        middle = float(np.median(scores.quality_scores_))
        stricter = QualityFilter(generated, threshold=middle, scorer="generator", random_state=0)
        made, _ = stricter.fit_resample(X, y)
        assert made.shape == (180, 8, 8)
        assert (stricter.quality_scores_ >= middle).all()
        assert sum(stricter.report_.rejected.values()) > 0

    def test_without_scores(self):
        X, y = halves()
        with pytest.raises(DataError, match="Got scorer='generator' for rows that no generator has scored"):
            QualityFilter(GenerativeOverSampler(VAE), scorer="generator").fit_resample(X, y)

    def test_by_pixels(self):
        X, y = halves()
        for sampler in (
            QualityFilter(GenerativeOverSampler(VAE), threshold=0.0, scorer="density", random_state=0),
            DiversityFilter(GenerativeOverSampler(VAE), random_state=0),
            GenerativeOverSampler(VAE, quality_threshold=0.0, random_state=0),
        ):
            assert sampler.fit_resample(X, y)[0].shape == (180, 8, 8)


class TestSampler:
    def test_names(self):
        X, y = halves()
        small = {"n_steps": 3, "n_filters": 2, "verbose": 0}
        for name, chosen in (
            ("auto", "ImageVAEGenerator"),
            ("image_vae", "ImageVAEGenerator"),
            ("dcgan", "DCGANGenerator"),
        ):
            sampler = GenerativeOverSampler(name, generator_params=small, random_state=0)
            assert sampler.fit_resample(X, y)[0].shape == (180, 8, 8)
            assert chosen in str(sampler.report_)

    def test_tables_and_images_are_no_match(self):
        X, y = halves()
        with pytest.raises(DataError, match="Got TreeGenerator, which learns a table, for arrays of images"):
            GenerativeOverSampler(TreeGenerator()).fit_resample(X, y)
        with pytest.raises(DataError, match="Got DCGANGenerator, which learns arrays of images, for a table"):
            GenerativeOverSampler("dcgan").fit_resample(X[:, 0], y)
        with pytest.raises(DataError, match="Got constraints for an array of shape"):
            GenerativeOverSampler(VAE, constraints=["a > 1"]).fit_resample(X, y)

    def test_generator_of_a_user(self):
        class Mean:
            def fit(self, X):
                self.mean = X.mean(axis=0)
                return self

            def sample(self, n):
                return np.repeat(self.mean[None], n, axis=0)

        X, y = halves(dtype="uint8")
        made, _ = GenerativeOverSampler(Mean()).fit_resample(X, y)
        assert made.dtype == np.uint8
        np.testing.assert_array_equal(made[-1], np.rint(X[y == "down"].mean(axis=0)))

        class Flat(Mean):
            def sample(self, n):
                return np.zeros((n, 64))

        with pytest.raises(DataError, match=r"Got rows of shape \(60, 64\) from Flat.sample\(60\)"):
            GenerativeOverSampler(Flat()).fit_resample(X, y)

    def test_searched_in_a_pipeline_with_a_cache(self, tmp_path):
        X, y = halves(240)
        flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1))
        sampler = GenerativeOverSampler(VAE, memory=tmp_path, random_state=0)
        search = GridSearchCV(
            make_pipeline(sampler, flatten, LogisticRegression()),
            {"generativeoversampler__sampling_strategy": [0.5, 1.0]},
            cv=2,
        ).fit(X, y)
        assert search.best_score_ == 1
        # One fit of each fold, and one for all rows.
        assert len(list(tmp_path.rglob("output.pkl"))) == 3
