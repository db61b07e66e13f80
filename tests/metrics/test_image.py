"""Images: closed forms, torchmetrics where it computes the same, and how each figure moves when images are spoiled."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from genesis_sampling import DataError
from genesis_sampling.exceptions import GenesisWarning
from genesis_sampling.metrics.image import (
    frechet_inception_distance,
    image_quality,
    inception_score,
    kernel_inception_distance,
    precision_recall,
)

DIGITS = load_digits()
IMAGES = DIGITS.images / 16
ORDER = np.random.default_rng(0).permutation(len(IMAGES))
REAL, FRESH = IMAGES[ORDER[:600]], IMAGES[ORDER[600:1200]]
COMPARISONS = [frechet_inception_distance, kernel_inception_distance, precision_recall, image_quality]


def pixels(images):
    """The simplest features."""
    return images.reshape(len(images), -1)


def as_images(features):
    """Images of one row, whose pixels are the features."""
    return features[:, None, :]


def noisy(images, sigma):
    rng = np.random.default_rng(1)
    return np.clip(images + sigma * rng.standard_normal(images.shape), 0, 1)


def normal_with(mean, covariance, n_images=60):
    """Rows that have exactly this mean and covariance."""
    rows = np.random.default_rng(2).standard_normal((n_images, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return rows @ np.linalg.cholesky(np.asarray(covariance)).T + mean


@pytest.mark.parametrize(
    ("mean", "covariance", "expected"),
    [
        ([3.0, 4.0], np.eye(2), 25.0),
        # Of commuting covariances it is the sum of the squared differences of standard deviations.
        ([0.0, 0.0], np.diag([4.0, 9.0]), 1.0 + 4.0),
        ([1.0, 0.0], np.diag([4.0, 0.25]), 1.0 + 1.0 + 0.25),
        # Against the identity: trace(C) + 2 - 2 trace(sqrt C), eigenvalues 1 and 4 whatever the axes.
        ([0.0, 0.0], [[2.5, 1.5], [1.5, 2.5]], 1.0 + 4.0 + 2.0 - 2 * (1.0 + 2.0)),
    ],
)
def test_frechet_distance_of_two_normals(mean, covariance, expected):
    features = {0: normal_with([0.0, 0.0], np.eye(2)), 1: normal_with(mean, covariance)}
    found = frechet_inception_distance(
        np.zeros((60, 2, 2)), np.ones((60, 2, 2)), extractor=lambda images: features[int(images[0, 0, 0])]
    )
    assert found == pytest.approx(expected, abs=1e-9)


def test_frechet_distance_of_covariances_that_do_not_commute():
    # By the root of the definition, which matrices of full rank have.
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 50, 4)) @ rng.random((2, 4, 4)) / 4
    covariances = [np.cov(side, rowvar=False) for side in (first, second)]
    expected = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + np.trace(
        covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real
    )
    found = frechet_inception_distance(as_images(first), as_images(second), extractor=pixels)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("extractor", [None, pixels])
def test_the_same_images(extractor):
    shuffled = np.random.default_rng(0).permutation(REAL)
    assert frechet_inception_distance(REAL, shuffled, extractor=extractor) == pytest.approx(0, abs=1e-8)
    assert precision_recall(REAL, shuffled, extractor=extractor) == (1, 1)


def test_images_that_are_all_the_mean_score_the_number_of_components():
    mean = REAL.mean(axis=0, keepdims=True).repeat(100, axis=0)
    found = image_quality(REAL, mean)
    # All but the last feature, the distance to the span, have a mean variance of 1.
    rest = found.frechet_distance - (found.n_features - 1)
    assert 0 < rest < found.n_features / 2
    assert (found.precision, found.recall) == (1, 0)


def test_kernel_distance_of_halves_of_one_set_is_0_on_the_mean():
    rng = np.random.default_rng(0)
    found = np.array(
        [
            kernel_inception_distance(*pair, extractor=pixels, subset_size=40, n_subsets=1).mean
            for pair in rng.random((200, 2, 40, 1, 5))
        ]
    )
    # Independent sets: four standard errors.
    assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found))
    assert (found > 0).any()
    assert (found < 0).any()


def test_kernel_distance_of_one_point_each():
    # k(0, 0) = 1, k(1, 1) = 8, k(0, 1) = 1, with all images of a side the same.
    found = kernel_inception_distance(np.zeros((6, 1, 1)), np.ones((6, 1, 1)), extractor=pixels)
    assert found == pytest.approx((1 + 8 - 2, 0))


def test_default_features_do_not_favour_the_images_that_they_were_learned_from():
    orders = (np.random.default_rng(seed).permutation(len(IMAGES)) for seed in range(40))
    found = [image_quality(IMAGES[order[:100]], IMAGES[order[100:200]]) for order in orders]
    kernel = np.array([one.kernel_distance for one in found])
    assert abs(kernel.mean()) < 4 * kernel.std() / np.sqrt(len(kernel))
    ratio = np.mean([one.frechet_distance / one.frechet_distance_by_chance for one in found])
    assert 0.8 < ratio < 1.25


def test_frechet_distance_by_chance():
    rng = np.random.default_rng(0)
    scale = np.linspace(0.02, 0.2, 8)
    found = []
    for _ in range(40):
        pair = (as_images(0.5 + scale * rng.uniform(-1, 1, (n_images, 8))) for n_images in (300, 100))
        found.append(image_quality(*pair, extractor=pixels))
    distances = np.array([one.frechet_distance for one in found])
    expected = np.mean([one.frechet_distance_by_chance for one in found])
    # Features of short tails: their covariances vary less than those of normal ones.
    assert distances.mean() < expected + 4 * distances.std() / np.sqrt(len(found))
    assert distances.mean() > expected / 2


def test_every_figure_gets_worse_with_noise():
    found = [image_quality(REAL, noisy(FRESH, sigma)) for sigma in (0, 0.1, 0.2, 0.4)]
    for name, sign in (("frechet_distance", 1), ("kernel_distance", 1), ("precision", -1)):
        assert (np.diff([sign * getattr(one, name) for one in found]) > 0).all(), name


def test_noise_where_real_images_have_none_is_seen():
    corner = FRESH.copy()
    corner[:, 0, 0] = np.random.default_rng(0).random(len(corner))
    assert REAL[:, 0, 0].max() == 0
    clean = frechet_inception_distance(REAL, FRESH)
    # No component has that pixel, so it is seen by the distance to their span alone.
    assert frechet_inception_distance(REAL, corner) > 1.5 * clean


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_bytes_and_floats_of_any_shape_agree(comparison):
    real, synthetic = (np.rint(images[:100] * 255).astype(np.uint8) for images in (REAL, FRESH))
    expected = np.array(dataclass_values(comparison(real, synthetic)), dtype=float)
    for first, second in (
        (real / 255, synthetic),
        ((real / 255).astype(np.float32), synthetic[..., None]),
        (real.astype(np.uint16) * 257, synthetic / 255),
    ):
        found = np.array(dataclass_values(comparison(first, second)), dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def dataclass_values(found):
    return dataclasses.astuple(found) if dataclasses.is_dataclass(found) else found


@pytest.mark.parametrize("k", [1, 3])
def test_precision_and_recall_against_all_distances(k):
    rng = np.random.default_rng(0)
    sides = rng.random((30, 3)), rng.random((30, 3)) / 2
    shares = []
    for points, others in (sides[::-1], sides):
        within = np.linalg.norm(others[:, None] - others, axis=2)
        radii = np.sort(within, axis=1)[:, k]
        across = np.linalg.norm(points[:, None] - others, axis=2)
        shares.append((across <= radii).any(axis=1).mean())
    found = precision_recall(*map(as_images, sides), extractor=pixels, k=k)
    assert found == pytest.approx(tuple(shares))
    assert 0 < found.recall < found.precision


def test_precision_and_recall_of_sets_without_a_like():
    assert precision_recall(REAL / 4, 1 - REAL / 4, extractor=pixels) == (0, 0)


def test_one_class_has_the_precision_of_all_and_little_recall():
    y = DIGITS.target[ORDER[600:1200]]
    found = precision_recall(REAL, FRESH[y == 0])
    assert found.precision > 0.8
    # Half of those nearest to a class, at the most, are of another one.
    assert found.recall < 0.25


def test_inception_score_of_constant_and_of_perfect_predictions():
    assert inception_score(REAL, lambda images: np.full((len(images), 7), 1 / 7)) == pytest.approx(1)
    assert inception_score(REAL, lambda images: np.eye(6)[np.arange(600) % 6]) == pytest.approx(6)
    # Half of the images, surely, of each of two of the classes.
    assert inception_score(REAL, lambda images: np.eye(6)[np.arange(600) % 2]) == pytest.approx(2)


def test_inception_score_by_a_classifier_of_pixels_as_they_came():
    images = (DIGITS.images * 15).astype(np.uint8)
    model = LogisticRegression(max_iter=300).fit(images[:300].reshape(300, -1) / 240, DIGITS.target[:300])

    class OfBytes:
        def predict_proba(self, rows):
            assert rows.dtype == np.uint8
            return model.predict_proba(rows / 240)

    found = image_quality(images[:300], images[300:1300], classifier=OfBytes())
    assert 4 < found.inception_score < found.inception_score_real < 10
    one_class = inception_score(images[DIGITS.target == 4], OfBytes())
    assert 1 <= one_class < found.inception_score / 2


def test_figures_of_the_report_are_those_of_the_functions():
    params = {"extractor": pixels, "random_state": 3}
    found = image_quality(REAL, FRESH, **params)
    assert found.frechet_distance == frechet_inception_distance(REAL, FRESH, **params)
    assert (found.kernel_distance, found.kernel_distance_std) == kernel_inception_distance(
        REAL, FRESH, **params
    )
    assert (found.precision, found.recall) == precision_recall(REAL, FRESH, **params)
    assert dataclasses.asdict(found)["n_features"] == 64
    assert found.inception_score is None


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_a_draw_of_images_is_seeded(comparison):
    same = [comparison(REAL, FRESH[:300], max_images=100, random_state=seed) for seed in (0, 0, 1)]
    assert same[0] == same[1] != same[2]
    few = image_quality(REAL, FRESH[:50], max_images=100)
    assert (few.n_real, few.n_synthetic) == (100, 50)


@pytest.mark.usefixtures("global_rng_untouched")
def test_functions_that_draw_leave_the_global_generators_alone():
    def drawing(images):
        return np.random.normal(size=(len(images), 3))  # noqa: NPY002

    first, second = (frechet_inception_distance(REAL, FRESH, extractor=drawing) for _ in range(2))
    assert first == second
    image_quality(REAL[:100], FRESH[:100])


BAD_IMAGES = {
    "rows of pixels": (IMAGES.reshape(len(IMAGES), -1), "Got synthetic images of shape (1797, 64)"),
    "a list": (list(IMAGES), "a list of 1797"),
    "booleans": (IMAGES > 0.5, "numbers of one size"),
    "channels first": (np.zeros((20, 3, 8, 8)), "Move the channels behind the width"),
    "no image": (np.zeros((0, 8, 8)), "at least one pixel"),
    "no range": (DIGITS.images, "from 0 to 16 in synthetic images; expected floats in [0, 1]"),
    "NaN": (np.where(IMAGES == 0, np.nan, IMAGES), "missing pixels (NaN) in synthetic images"),
    "negative": (IMAGES - 0.5, "Divide by the largest value"),
    "negative integers": (DIGITS.images.astype(np.int8) - 8, "from -8 to 8 in synthetic images"),
    "wide integers": (DIGITS.images.astype(int), "integers that use their range"),
    "one image": (IMAGES[:1], "at least 2 of each"),
    "another size": (np.zeros((20, 8, 9)), "Bring them to one size"),
    "colours": (np.zeros((20, 8, 8, 3)), "(8, 8, 3)"),
}


@pytest.mark.parametrize("what", BAD_IMAGES)
def test_what_are_no_images(what):
    images, message = BAD_IMAGES[what]
    with pytest.raises(DataError, match=re.escape(message)):
        frechet_inception_distance(REAL, images)


BAD_FEATURES = {
    "one dimension": (lambda images: images.mean(axis=(1, 2)), "features of shape (600,)"),
    "not flat": (lambda images: images, "features of shape (600, 8, 8)"),
    "too few": (lambda images: pixels(images)[1:], "features of shape (599, 64)"),
    "no feature": (lambda images: pixels(images)[:, :0], "features of shape (600, 0)"),
    "NaN": (lambda images: np.full((len(images), 2), np.nan), "NaN or infinity in the features of 600"),
    "text": (lambda images: ["a"] * len(images), "no array of numbers"),
    "differing": (
        lambda images: pixels(images)[:, : 3 + int(images[0, 0, 0])],
        "3 features of real and 4",
    ),
    "no function": ("inception", "Got extractor='inception'"),
}


@pytest.mark.parametrize("what", BAD_FEATURES)
def test_extractors_that_return_nonsense(what):
    extractor, message = BAD_FEATURES[what]
    synthetic = REAL.copy()
    synthetic[0, 0, 0] = 1
    with pytest.raises(DataError, match=re.escape(message)):
        frechet_inception_distance(REAL, synthetic, extractor=extractor)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (lambda images: np.full((len(images), 3), 0.5), "Put a softmax behind"),
        (lambda images: np.tile([1.5, -0.5], (len(images), 1)), "Put a softmax behind"),
        (lambda images: np.full((len(images), 2), np.nan), "Put a softmax behind"),
        (lambda images: np.ones(len(images)), "probabilities of shape (600,)"),
        (None, "expected a fitted classifier"),
    ],
)
def test_classifiers_that_give_no_probabilities(classifier, message):
    with pytest.raises(DataError, match=re.escape(message)):
        inception_score(REAL, classifier)


def test_default_features_need_images_that_differ():
    with pytest.raises(DataError, match="at least 10"):
        precision_recall(REAL[:9], FRESH)
    with pytest.raises(DataError, match="all the same"):
        precision_recall(REAL[:1].repeat(20, axis=0), FRESH)
    all_but_one = np.concatenate([REAL[:1].repeat(19, axis=0), FRESH[:1]])
    assert frechet_inception_distance(all_but_one, all_but_one) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("params", [{"subset_size": 601}, {"subset_size": 1}, {"n_subsets": 0}])
def test_subsets_that_cannot_be(params):
    with pytest.raises(DataError, match="more subsets of 2 to 600"):
        kernel_inception_distance(REAL, FRESH, **params)


@pytest.mark.parametrize("k", [0, 50])
def test_neighbours_that_cannot_be(k):
    with pytest.raises(DataError, match="expected 1 to 49"):
        precision_recall(REAL, FRESH[:50], k=k)


def test_too_few_images_for_the_covariance_are_told():
    with pytest.warns(GenesisWarning, match="Got 64 images for 64 features: too few") as caught:
        frechet_inception_distance(REAL, FRESH[:64], extractor=pixels)
    assert caught[0].filename == __file__
    frechet_inception_distance(REAL, FRESH[:65], extractor=pixels)


def test_a_network_computes_as_in_use_and_stays_in_training():
    torch = pytest.importorskip("torch", reason="networks are torch modules")
    flat = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Flatten()).train()
    before = torch.random.get_rng_state()
    found = frechet_inception_distance(REAL, FRESH, extractor=flat)
    assert found == pytest.approx(frechet_inception_distance(REAL, FRESH, extractor=pixels), rel=1e-5)
    assert flat.training
    assert flat[0].training
    assert torch.equal(before, torch.random.get_rng_state())
    # Of an adaptive pooling that tells the places of the largest too.
    pooling = torch.nn.AdaptiveMaxPool2d(2, return_indices=True)
    with pytest.raises(DataError, match="Got tuple from the network"):
        frechet_inception_distance(REAL, FRESH, extractor=pooling)


def test_a_network_is_given_channels_first_in_its_own_type():
    torch = pytest.importorskip("torch", reason="networks are torch modules")
    weights = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 8), torch.nn.Flatten()).double()
    colours = np.random.default_rng(0).random((40, 8, 8, 3))
    found = frechet_inception_distance(colours[:20], colours[20:], extractor=weights)
    kernel = weights[0].weight.detach().numpy()
    expected = frechet_inception_distance(
        colours[:20],
        colours[20:],
        extractor=lambda images: np.einsum("nhwc,dchw->nd", images.astype(float), kernel),
    )
    assert found == pytest.approx(expected)


def test_torchmetrics_agrees():
    torch = pytest.importorskip("torch", reason="torchmetrics needs it")
    pytest.importorskip("torchmetrics", reason="is compared with")
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    class Flat(torch.nn.Flatten):
        num_features = 64

    with pytest.warns(UserWarning, match="memory footprint"):
        metrics = (
            FrechetInceptionDistance(feature=Flat(), normalize=True),
            KernelInceptionDistance(feature=Flat(), subsets=1, subset_size=600),
        )
    for metric in metrics:
        # Pixels that every image leaves black make a covariance without full rank.
        metric.update(torch.as_tensor(REAL[:, None] + 0.0), real=True)
        metric.update(torch.as_tensor(noisy(FRESH, 0.1)[:, None]), real=False)
    given = {"real": REAL, "synthetic": noisy(FRESH, 0.1), "extractor": Flat()}
    assert frechet_inception_distance(**given) == pytest.approx(float(metrics[0].compute()), rel=1e-3)
    found = kernel_inception_distance(**given, n_subsets=1, subset_size=600)
    assert found.mean == pytest.approx(float(metrics[1].compute()[0]), rel=1e-3)


def test_torchmetrics_agrees_about_the_inception_score():
    torch = pytest.importorskip("torch", reason="torchmetrics needs it")
    pytest.importorskip("torchmetrics", reason="is compared with")
    from torchmetrics.image.inception import InceptionScore

    logits = torch.nn.Flatten()
    with pytest.warns(UserWarning, match="memory footprint"):
        metric = InceptionScore(feature=logits, splits=1)
    metric.update(torch.as_tensor(REAL[:, None]))
    with pytest.warns(UserWarning, match="degrees of freedom"):
        expected = float(metric.compute()[0])
    found = inception_score(REAL, torch.nn.Sequential(logits, torch.nn.Softmax(dim=1)))
    assert found == pytest.approx(expected, rel=1e-5)
