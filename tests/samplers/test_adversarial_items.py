"""Adversarial examples: how far they go, in which direction, and what they are made with."""

from __future__ import annotations

import sys

import imblearn.utils.estimator_checks as imblearn_checks
import numpy as np
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from genesis_sampling import AdversarialExampleSampler, DataError, MissingExtraError

Y = np.repeat([0, 1, 2], [20, 8, 12])
SHAPE = (6, 5)
# What rounding may add to a distance.
ROUNDING = 1e-6


def items(*shape, seed=0):
    """Values in [0, 1] whose first ones tell the class."""
    X = np.random.default_rng(seed).random((len(Y), *shape))
    flat = X.reshape(len(Y), -1)
    flat[:, :4] = np.clip(0.6 * flat[:, :4] + 0.2 * Y[:, None], 0, 1)
    return X


def linear(X, y=Y, **params):
    return LogisticRegression(**params).fit(X.reshape(len(X), -1), y)


def losses(classifier, X, y):
    """Cross entropy of each item under a classifier of flat rows."""
    decisions = classifier.decision_function(X.reshape(len(X), -1))
    if decisions.ndim == 1:
        decisions = np.column_stack([0 * decisions, decisions])
    return -log_softmax(decisions, axis=1)[np.arange(len(y)), y]


def made(X, *args, y=Y, **params):
    """New items, the ones that they were made from, and their labels."""
    sampler = AdversarialExampleSampler(*args, random_state=0, **params)
    found, y_new = sampler.fit_resample(X, y)
    assert type(found) is type(X)
    np.testing.assert_array_equal(np.asarray(found[: len(X)]), np.asarray(X))
    np.testing.assert_array_equal(y[sampler.sample_indices_], y_new)
    assert np.bincount(y_new).tolist() == [20, 20, 20]
    return np.asarray(found[len(X) :]), np.asarray(X)[sampler.sample_indices_[len(X) :]], y_new[len(X) :]


def distances(new, old, norm):
    return np.linalg.norm((new.astype(float) - old).reshape(len(new), -1), ord=norm, axis=1)


@pytest.mark.parametrize("method", ["fgsm", "pgd"])
@pytest.mark.parametrize(("norm", "epsilon"), [(np.inf, 0.05), (2, 0.2)])
def test_the_loss_grows_within_epsilon(method, norm, epsilon):
    X = items(*SHAPE)
    estimator = LogisticRegression(C=10.0)
    new, old, y = made(X, estimator, method=method, norm=norm, epsilon=epsilon)
    far = distances(new, old, norm)
    assert (far <= epsilon + ROUNDING).all()
    # No item is in a corner of the range, from which nothing goes on.
    assert (far > epsilon / 2).all()
    assert 0 <= new.min() <= new.max() <= 1
    fitted = clone(estimator).fit(X.reshape(len(X), -1), Y)
    before, after = losses(fitted, old, y), losses(fitted, new, y)
    assert (after > before).all()
    # A change of that size in a random direction does next to nothing.
    noise = np.random.default_rng(0).choice([-1, 1], new.shape) * np.abs(new - old)
    assert (after - before).mean() > 3 * np.abs(losses(fitted, old + noise, y) - before).mean()


def test_fast_gradient_sign_is_its_formula():
    """For two classes the gradient is that of the decision, away from the own side."""
    X = 0.3 + items(20, 15) / 3  # far from the ends, so that nothing is cut off
    y = (Y > 0).astype(int)
    sampler = AdversarialExampleSampler(
        LogisticRegression(), {1: 30}, method="fgsm", epsilon=0.01, random_state=0
    )
    found, _ = sampler.fit_resample(X, y)
    change = found[40:] - X[sampler.sample_indices_[40:]]
    expected = -0.01 * np.sign(linear(X, y).coef_.reshape(20, 15))
    np.testing.assert_allclose(change, np.broadcast_to(expected, change.shape), atol=1e-9)


@pytest.mark.parametrize("norm", [2, np.inf])
def test_descent_gets_where_two_classes_are_worst(norm):
    """With two classes the worst place in the ball is known: all steps lead to it from any start."""
    X = 0.3 + items(*SHAPE) / 3
    y = (Y > 0).astype(int)
    sampler = AdversarialExampleSampler(
        LogisticRegression(C=10.0), {1: 30}, norm=norm, epsilon=0.05, steps=40, step_size=0.05, random_state=0
    )
    found, _ = sampler.fit_resample(X, y)
    change = (found[40:] - X[sampler.sample_indices_[40:]]).reshape(10, -1)
    slope = linear(X, y, C=10.0).coef_[0]
    dual = np.abs(slope).sum() if norm == np.inf else np.linalg.norm(slope)
    drop = -change @ slope
    assert (drop <= 0.05 * dual * (1 + 1e-6)).all()
    assert (drop > 0.99 * 0.05 * dual).all()


def test_targeted_goes_towards_other_classes():
    X = items(*SHAPE)
    fitted = linear(X)
    new, old, y = made(X, LogisticRegression(), targeted=True, epsilon=0.1)
    gains = np.stack(
        [losses(fitted, old, np.full(len(y), c)) - losses(fitted, new, np.full(len(y), c)) for c in range(3)]
    )
    best = gains.argmax(axis=0)
    assert (best != y).all()
    assert {(own, other) for own, other in zip(y.tolist(), best.tolist(), strict=True)} == {
        (1, 0),
        (1, 2),
        (2, 0),
        (2, 1),
    }
    assert (gains.max(axis=0) > 0).all()


def classifiers():
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    return {
        "none": None,
        "machine": LinearSVC(),
        "perceptron": SGDClassifier(),
        "pipeline": make_pipeline(flat, StandardScaler(), PCA(5), LogisticRegression()),
    }


@pytest.mark.parametrize("name", classifiers())
def test_linear_classifiers(name):
    X = items(*SHAPE)
    estimator = classifiers()[name]
    new, old, y = made(X, estimator, epsilon=0.05)
    assert (distances(new, old, np.inf) <= 0.05 + ROUNDING).all()
    fitted = linear(X)
    # Whatever linear classifier was deceived, another one is too.
    assert (losses(fitted, new, y) - losses(fitted, old, y)).mean() > 0


def test_values_far_from_zero():
    X = 1e6 + 1e3 * items(*SHAPE)
    new, old, _ = made(X, make_pipeline(StandardScaler(), LogisticRegression()), epsilon=0.05)
    assert (distances(new, old, np.inf) <= 0.05 * np.ptp(X) * (1 + ROUNDING)).all()
    assert X.min() <= new.min() <= new.max() <= X.max()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(30,), (2, 9), (5, 6, 3)])
def test_dtypes_and_shapes_stay(dtype, shape):
    scale = np.iinfo(dtype).max if dtype in ("uint8", "int16", "uint16") else 1000 if dtype == "int64" else 1
    X = (items(*shape) * scale).astype(dtype)
    new, old, _ = made(X, epsilon=0.1)
    assert (new.dtype, new.shape) == (dtype, (20, *shape))
    width = {"int16": 65535, "int64": np.ptp(X)}.get(dtype, scale)
    far = distances(new, old, np.inf)
    assert (far <= 0.1 * width * (1 + ROUNDING)).all()
    assert (far > 0.05 * width).all()
    assert new.min() >= (-32768 if dtype == "int16" else X.min() if dtype == "int64" else 0)
    assert new.max() <= (X.max() if dtype == "int64" else scale)


def test_lists():
    X = [item.tolist() for item in items(*SHAPE)]
    new, old, _ = made(X)
    assert (new != old).any()


class TestModules:
    @pytest.fixture
    def network(self):
        torch = pytest.importorskip("torch", reason="modules need torch")
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return torch.nn.Sequential(
                torch.nn.Conv2d(3, 6, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(6 * 3 * 4, 3)
            )

    @pytest.mark.parametrize("dtype", ["uint8", "float64"])
    @pytest.mark.parametrize("method", ["fgsm", "pgd"])
    def test_the_loss_grows(self, network, dtype, method):
        torch = pytest.importorskip("torch")
        scale = 255 if dtype == "uint8" else 1
        X = (items(5, 6, 3) * scale).astype(dtype)
        new, old, y = made(X, network, method=method, epsilon=0.03)
        assert (distances(new, old, np.inf) <= 0.03 * scale + ROUNDING).all()

        def loss(images):
            given = torch.as_tensor(images.transpose(0, 3, 1, 2) / scale, dtype=torch.float32)
            with torch.no_grad():
                return torch.nn.functional.cross_entropy(network(given), torch.as_tensor(y), reduction="none")

        assert (loss(new) > loss(old)).all()

    def test_equals_the_closed_form(self):
        torch = pytest.importorskip("torch")
        X = items(12)
        fitted = linear(X)
        network = torch.nn.Linear(12, 3)
        with torch.no_grad():
            network.weight.copy_(torch.as_tensor(fitted.coef_))
            network.bias.copy_(torch.as_tensor(fitted.intercept_))
        # More of a class than go through the network at once.
        one, two = (
            AdversarialExampleSampler(
                estimator, norm=2, epsilon=0.3, growth=3.0, random_state=0
            ).fit_resample(X, Y)[0]
            for estimator in (LogisticRegression(), network)
        )
        np.testing.assert_allclose(one, two, atol=1e-5)

    def test_is_left_as_it_was(self, network):
        torch = pytest.importorskip("torch")
        network.append(torch.nn.BatchNorm1d(3)).train()
        before = {name: values.clone() for name, values in network.state_dict().items()}
        state = torch.get_rng_state()
        made(items(5, 6, 3), network)
        assert network.training
        assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
        assert all(values.grad is None for values in network.parameters())
        assert torch.equal(torch.get_rng_state(), state)

    def test_errors(self, network):
        torch = pytest.importorskip("torch")
        with pytest.raises(DataError, match="could not take an input of shape"):
            made(items(7), network)
        with pytest.raises(
            DataError, match=r"expected logits of shape \(20, 3\)|expected logits of shape \(12, 3\)"
        ):
            made(items(7), torch.nn.Linear(7, 2))
        broken = torch.nn.Linear(7, 3)
        with torch.no_grad():
            broken.weight.fill_(float("nan"))
        with pytest.raises(DataError, match="not finite"):
            made(items(7), broken)
        with pytest.raises(DataError, match="expected 'auto', 'cpu'"):
            made(items(7), torch.nn.Linear(7, 3), device="abacus")

    def test_without_the_library(self, network, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'genesis-sampling\[torch\]'"):
            made(items(5, 6, 3), network)


def test_seeds(global_rng_untouched):
    X = items(*SHAPE)
    estimator = SGDClassifier(max_iter=2000)
    first, second = (made(X, estimator)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other, _ = AdversarialExampleSampler(estimator, random_state=1).fit_resample(X, Y)
    assert (first != other[40:]).any()


def test_same_for_any_number_of_jobs():
    one, two = (
        AdversarialExampleSampler(n_jobs=n_jobs, growth=15.0, random_state=0).fit_resample(items(*SHAPE), Y)[
            0
        ]
        for n_jobs in (1, 2)
    )
    assert len(one) == 16 * 60
    np.testing.assert_array_equal(one, two)


def test_grid_in_a_pipeline():
    X = items(*SHAPE)
    model = make_resampling_pipeline(
        AdversarialExampleSampler(random_state=0),
        FunctionTransformer(lambda images: images.reshape(len(images), -1)),
        LogisticRegression(C=10.0),
    )
    grid = {
        "adversarialexamplesampler__epsilon": [0.01, 0.05],
        "adversarialexamplesampler__method": ["fgsm", "pgd"],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_score_ > 0.5


@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        (items(7), {"estimator": SVC()}, "Got SVC, whose decisions are not linear"),
        (items(7), {"estimator": LogisticRegression}, "Got the class LogisticRegression"),
        (items(7), {"estimator": LogisticRegression(solver="none")}, "could not be fitted to the rows"),
        ((items(7) * 255).astype(np.uint8), {"epsilon": 1e-3}, "no whole number is left"),
        (["text"] * len(Y), {}, "a list of 40"),
        ([np.arange(3.0 + place) for place in range(len(Y))], {}, "Bring items to one size"),
        (np.where(items(7) > 0.5, np.nan, 0.0)[:, None], {}, "Fill the gaps first"),
    ],
    ids=["kernel", "class", "unfit", "fine", "texts", "ragged", "gaps"],
)
def test_errors(X, params, message):
    with pytest.raises(ValueError, match=message):
        AdversarialExampleSampler(**params).fit_resample(X, Y)


@pytest.mark.parametrize(
    "params",
    [{"epsilon": 0.0}, {"norm": 1}, {"steps": 0}, {"step_size": 0.0}, {"method": "cw"}, {"estimator": 3}],
    ids=str,
)
def test_parameters(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        AdversarialExampleSampler(**params).fit_resample(items(7), Y)


# Published checks that cannot apply: items are no rows of a table.
NO_TABLES = {
    "check_fit1d": "each of the numbers is an item",
    "check_samplers_string": "texts are no numbers",
    "check_samplers_pandas_sparse": "a frame is one of numbers, laid out as an array",
    "check_array_api_input": "for another kind of arrays",
}
CHECKED = AdversarialExampleSampler(random_state=0)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.func.__name__)
        for suite in (sklearn_checks, imblearn_checks)
        for _, check in suite.estimator_checks_generator(CHECKED)
        if check.func.__name__ not in NO_TABLES
    ],
)
def test_published_checks(check):
    check(clone(CHECKED))


def test_published_check_of_parameters():
    imblearn_checks.check_param_validation("AdversarialExampleSampler", clone(CHECKED))
