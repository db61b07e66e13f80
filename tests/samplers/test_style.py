"""Images in the style of others: what is taken on, what stays, and where a style may come from."""

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

from genesis_sampling import DataError, MissingExtraError, StyleTransferSampler
from genesis_sampling.exceptions import SmallClassWarning, TrainingError

torch = pytest.importorskip("torch", reason="two of the methods need torch")
pytest.importorskip("skimage", reason="histogram matching needs scikit-image")

Y = np.repeat([0, 1], [12, 4])
SIZE = 12


def images(*shape, seed=0):
    """Images of which each has levels of its own, so that no two share a histogram; all levels differ."""
    rng = np.random.default_rng(seed)
    low, width = rng.uniform(0, 0.4, len(Y)), rng.uniform(0.2, 0.6, len(Y))
    by_image = (slice(None), *[None] * len(shape))
    return low[by_image] + width[by_image] * rng.random((len(Y), *shape))


COLORS = images(SIZE, SIZE, 3)
GRAY = images(SIZE, SIZE)


def convolutions(seed=0, n_channels=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.nn.Sequential(
            torch.nn.Conv2d(n_channels, 8, 3, padding=1),
            torch.nn.ReLU(inplace=True),
            torch.nn.Conv2d(8, 8, 3, padding=1),
            torch.nn.ReLU(inplace=True),
        )


LAYERS = {"content": ["2"], "style": ["0", "2"]}
IDENTITY = (torch.nn.Identity(), torch.nn.Identity())
METHODS = {
    "histogram": {},
    "gatys": {"network": convolutions(), "layers": LAYERS, "steps": 2},
    "adain": {"network": IDENTITY},
}


def sampler_of(method, **params):
    return StyleTransferSampler(method, random_state=0, **{**METHODS[method], **params})


def made(X, sampler, y=Y):
    """New images, and those whose content they have."""
    found, y_new = sampler.fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [12, 12]
    np.testing.assert_array_equal(found[: len(X)], X)
    np.testing.assert_array_equal(y[sampler.sample_indices_], y_new)
    return found[len(X) :], X[sampler.sample_indices_[len(X) :]]


def levels(image):
    """The sorted levels of each channel."""
    return np.sort(image.reshape(SIZE * SIZE, -1), axis=0)


def pixels(X):
    return torch.as_tensor(X.transpose(0, 3, 1, 2), dtype=torch.float32)


@pytest.mark.parametrize("shape", [(SIZE, SIZE), (SIZE, SIZE, 1), (SIZE, SIZE + 5, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("method", METHODS)
def test_shapes_and_dtypes_stay(shape, dtype, method):
    scale = np.iinfo(dtype).max if dtype.startswith("u") else 1
    X = (images(*shape) * scale).astype(dtype)
    network = {"network": convolutions(n_channels=shape[2] if len(shape) > 2 else 1)}
    new, old = made(X, sampler_of(method, **(network if method == "gatys" else {})))
    assert (new.dtype, new.shape) == (dtype, (8, *shape))
    assert 0 <= new.min() <= new.max() <= scale
    assert new.max() > scale / 4
    assert (new != old).any(axis=tuple(range(1, new.ndim))).all()


@pytest.mark.parametrize("X", [GRAY, COLORS], ids=["gray", "colours"])
def test_histograms_are_those_of_another_image_of_the_class(X):
    new, old = made(X, sampler_of("histogram"))
    of_class = [levels(image) for image in X[Y == 1]]
    for image, source in zip(new, old, strict=True):
        matches = [np.allclose(levels(image), of_one, atol=1e-6) for of_one in of_class]
        assert sum(matches) == 1
        assert not np.allclose(levels(image), levels(source), atol=1e-3)
        # The order of the levels is what the image shows.
        for channel, own in zip(
            np.moveaxis(np.atleast_3d(image), 2, 0), np.moveaxis(np.atleast_3d(source), 2, 0), strict=True
        ):
            np.testing.assert_array_equal(channel.ravel().argsort(), own.ravel().argsort())


@pytest.mark.parametrize("method", ["histogram", "gatys"])
def test_strength_is_a_share_of_the_way(method):
    none, half, full = (made(COLORS, sampler_of(method, strength=share))[0] for share in (0.0, 0.5, 1.0))
    _, old = made(COLORS, sampler_of(method, strength=0.0))
    np.testing.assert_array_equal(none, old)
    np.testing.assert_allclose(half, (old + full) / 2, atol=1e-6)


@pytest.mark.parametrize("style_from", ["class", "all", "others", "styles"])
def test_styles_are_told(style_from):
    styles = images(SIZE, SIZE, seed=1) if style_from == "styles" else None
    sampler = sampler_of(
        "histogram", style_from="class" if styles is not None else style_from, styles=styles, growth=20.0
    )
    X_new, y_new = sampler.fit_resample(GRAY, Y)
    assert (sampler.style_indices_ == -1).tolist() == (~sampler.synthetic_mask_).tolist()
    pool = GRAY if styles is None else styles
    for image, style in zip(X_new[len(GRAY) :], sampler.style_indices_[len(GRAY) :], strict=True):
        np.testing.assert_allclose(levels(image), levels(pool[style]), atol=1e-6)
    of_style = Y[sampler.style_indices_[len(GRAY) :]]
    if style_from in ("class", "others"):
        assert ((of_style == y_new[len(GRAY) :]) == (style_from == "class")).all()
        assert (sampler.style_indices_ != sampler.sample_indices_).all()


@pytest.mark.parametrize("style_from", ["class", "all", "others"])
def test_where_styles_come_from(style_from):
    """Class 0 is dark and class 1 is bright, so the level of a new image tells whose style it has."""
    X = np.where(Y == 1, 0.6, 0.1)[:, None, None] + 0.3 * np.random.default_rng(0).random((16, SIZE, SIZE))
    new, _ = made(X, sampler_of("histogram", style_from=style_from))
    is_bright = new.mean(axis=(1, 2)) > 0.5
    expected = {"class": {True}, "others": {False}, "all": {True, False}}[style_from]
    assert set(is_bright.tolist()) == expected


@pytest.mark.parametrize("method", METHODS)
def test_given_styles_of_another_size_and_type(method):
    styles = np.full((2, SIZE + 3, SIZE - 2, 3), 204, dtype=np.uint8)
    styles[:, ::2] = 255
    new, _ = made(COLORS, sampler_of(method, styles=styles))
    if method != "gatys":
        assert np.median(new) > 0.79
    else:
        assert new.mean() != pytest.approx(made(COLORS, sampler_of(method))[0].mean(), abs=1e-4)


def test_no_style_comes_from_elsewhere():
    """A class is the same whatever the others are; a row that is not given leaves no trace."""
    other = np.where((Y == 1)[:, None, None, None], COLORS, images(SIZE, SIZE, 3, seed=1))
    np.testing.assert_array_equal(
        made(COLORS, sampler_of("histogram"))[0], made(other, sampler_of("histogram"))[0]
    )


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("style_weight", [10.0, 1e4])
def test_the_loss_falls(optimizer, style_weight):
    style = pytest.importorskip("genesis_sampling.networks.style")
    network, content, look = convolutions(), pixels(COLORS[:4]), pixels(COLORS[4:8])
    params = {"layers": LAYERS, "style_weight": style_weight, "optimizer": optimizer}

    def losses(X):
        with torch.no_grad():
            found, contents, wanted = (
                {name: network[: int(name) + 1](given) for name in ("0", "2")} for given in (X, content, look)
            )
            return style.style_losses(
                found, {"2": contents["2"]}, {name: style.gram(values) for name, values in wanted.items()}
            )

    before, few, many = (
        losses(X)
        for X in (
            content,
            style.optimize_style(network, content, look, steps=2, **params),
            style.optimize_style(network, content, look, steps=40, **params),
        )
    )
    assert (before[0] == 0).all()
    totals = [float((one[0] + style_weight * one[1]).sum()) for one in (before, few, many)]
    assert totals[0] > totals[1] > totals[2]
    assert (many[1] < before[1] / 2).all()


def test_losses_are_those_of_the_paper():
    style = pytest.importorskip("genesis_sampling.networks.style")
    generator = torch.Generator().manual_seed(0)
    found, wanted = (torch.rand(2, 5, 3, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    content, look = style.style_losses({"a": found}, {"a": wanted}, {"a": style.gram(wanted)})
    for place in range(2):
        one, other = found[place].reshape(5, 12), wanted[place].reshape(5, 12)
        expected = ((one @ one.T - other @ other.T) ** 2).sum() / (4 * 5**2 * 12**2)
        torch.testing.assert_close(look[place], expected)
        torch.testing.assert_close(content[place], ((one - other) ** 2).mean())


def test_the_weight_of_the_style():
    """Without any weight the content is reached already; with more of it, images go farther."""
    new, old = made(COLORS, sampler_of("gatys", style_weight=0.0))
    np.testing.assert_allclose(new, old, atol=1e-6)
    far = [
        np.abs(made(COLORS, sampler_of("gatys", style_weight=weight, steps=20))[0] - old).mean()
        for weight in (1.0, 1e4)
    ]
    assert 0 < far[0] < far[1]


def test_a_network_is_left_as_it_was():
    network = torch.nn.Sequential(*convolutions(), torch.nn.Dropout(0.9)).train()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    made(COLORS, sampler_of("gatys", network=network))
    assert network.training
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
    assert all(values.grad is None for values in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_adain_matches_means_and_deviations():
    style = pytest.importorskip("genesis_sampling.networks.style")
    generator = torch.Generator().manual_seed(0)
    content, look = (torch.rand(3, 5, *size, generator=generator) for size in ((6, 7), (4, 9)))
    found = style.adain(content, look)
    torch.testing.assert_close(
        torch.std_mean(found, (2, 3), correction=0), torch.std_mean(look, (2, 3), correction=0)
    )
    # A channel without any variation has nothing that could be spread.
    flat = style.adain(torch.full_like(content, 0.3), look)
    torch.testing.assert_close(flat.mean((2, 3)), look.mean((2, 3)))
    assert flat.std((2, 3)).max() < 1e-2


def test_adain_in_the_sampler():
    """With a coder that does nothing, images get the mean and the deviation of another one of their class."""
    X = 0.3 + images(SIZE, SIZE) / 3  # far from the ends, so that nothing is cut off
    new, old = made(X, sampler_of("adain"))
    figures = np.stack([X[Y == 1].mean((1, 2)), X[Y == 1].std((1, 2))], 1)
    for image, source in zip(new, old, strict=True):
        own = [image.mean(), image.std()]
        assert np.abs(figures - own).max(axis=1).min() < 1e-5
        assert np.corrcoef(image.ravel(), source.ravel())[0, 1] > 1 - 1e-6
    half, _ = made(X, sampler_of("adain", strength=0.5))
    np.testing.assert_allclose(half, (new + old) / 2, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_seeds(method, global_rng_untouched):
    before = torch.get_rng_state()
    first, second = (made(COLORS, sampler_of(method))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first != made(COLORS, sampler_of(method).set_params(random_state=1))[0]).any()
    assert torch.equal(torch.get_rng_state(), before)


def test_same_for_any_number_of_jobs():
    one, two = (
        sampler_of("histogram", growth=25.0, n_jobs=n_jobs).fit_resample(COLORS, Y)[0] for n_jobs in (1, 2)
    )
    assert len(one) == 26 * 24
    np.testing.assert_array_equal(one, two)


def test_batches_of_adam_are_independent():
    one, two = (made(COLORS, sampler_of("gatys", optimizer="adam", batch_size=size))[0] for size in (3, 32))
    # A first step of Adam goes by the sign of the gradient, which rounding may turn where it is next to nothing.
    assert (np.abs(one - two) < 1e-4).mean() > 0.99


def test_grid_over_strength():
    model = make_pipeline(
        StyleTransferSampler(random_state=0),
        FunctionTransformer(lambda X: X.reshape(len(X), -1)),
        LogisticRegression(max_iter=1000),
    )
    X = np.clip(GRAY / 2 + 0.4 * (Y[:, None, None] * (np.arange(SIZE) > 5)), 0, 1)
    grid = {"styletransfersampler__strength": [0.0, 0.5, 1.0]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_score_ > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_clones_and_pickles_keep_networks(method):
    copied = pickle.loads(pickle.dumps(clone(sampler_of(method))))
    np.testing.assert_array_equal(made(COLORS, copied)[0], made(COLORS, sampler_of(method))[0])


def test_one_image():
    y = np.repeat([0, 1], [15, 1])
    with pytest.warns(SmallClassWarning, match="Class 1 has one image"):
        found, _ = sampler_of("histogram").fit_resample(GRAY, y)
    np.testing.assert_allclose(found[16:], np.repeat(GRAY[15:], 14, axis=0), atol=1e-6)
    found, _ = sampler_of("histogram", style_from="all").fit_resample(GRAY, y)
    assert all(not np.allclose(image, GRAY[15], atol=1e-3) for image in found[16:])


class Broken(torch.nn.Module):
    """Puts out what it shall not."""

    def __init__(self, change):
        super().__init__()
        self.change = change
        self.inner = torch.nn.Identity()

    def forward(self, values):
        return self.inner(self.change(values))


def cut(values):
    return values[..., :2]


def flat(values):
    return values.flatten(1)


def not_finite(values):
    return values / 0


ONE = {"content": ["inner"], "style": ["inner"]}


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("gatys", {"network": None}, "Got network=None for method='gatys'"),
        ("gatys", {"network": IDENTITY}, "for method='gatys'; expected a torch.nn.Module"),
        ("gatys", {"layers": None}, "Got layers=None; expected layers="),
        ("gatys", {"layers": {"content": ["2"]}}, "expected layers="),
        ("gatys", {"layers": {**LAYERS, "style": ["9"]}}, "some of 0, 1, 2, 3"),
        ("gatys", {"layers": {**LAYERS, "style": []}}, "as style layers of Sequential"),
        ("gatys", {"layers": {**LAYERS, "style": "2"}}, "Got '2' as style layers"),
        ("gatys", {"network": Broken(flat), "layers": ONE}, r"expected \(n, channels, ...\)"),
        ("gatys", {"network": convolutions(n_channels=4)}, "could not take an input of shape"),
        ("gatys", {"device": "abacus"}, "expected 'auto', 'cpu'"),
        ("adain", {"network": None}, "Got network=None for method='adain'"),
        ("adain", {"network": IDENTITY[:1]}, r"expected \(encoder, decoder\)"),
        ("adain", {"network": (IDENTITY[0], Broken(cut))}, "from the decoder for images of shape"),
        ("adain", {"network": (IDENTITY[0], Broken(not_finite))}, "NaN or infinity from the decoder"),
        ("histogram", {"styles": GRAY}, "Got styles of 1 channels for images of 3"),
        ("histogram", {"styles": COLORS * 9}, r"in styles; expected floats in \[0, 1\]"),
        ("histogram", {"styles": COLORS[0, 0]}, "Got styles of shape"),
        ("histogram", {"styles": COLORS[:0]}, "at least one pixel"),
    ],
)
def test_wrong_parameters(method, params, message):
    with pytest.raises(DataError, match=message):
        sampler_of(method, **params).fit_resample(COLORS, Y)


def test_loss_that_is_not_finite():
    with pytest.raises(TrainingError, match="not finite at step 1"):
        sampler_of("gatys", network=Broken(not_finite), layers=ONE).fit_resample(COLORS, Y)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (COLORS[:, 0, 0], r"expected \(n_images, height, width\)"),
        (list(COLORS), "a list of 16"),
        (np.repeat(COLORS, 2, axis=3), "1 or 3 channels"),
        (COLORS * 16, "Divide by the largest"),
        (np.where(COLORS > 0.5, np.nan, COLORS), r"missing pixels \(NaN\) in images"),
    ],
    ids=["flat", "list", "channels", "range", "gaps"],
)
def test_wrong_images(X, message):
    with pytest.raises(DataError, match=message):
        StyleTransferSampler().fit_resample(X, Y)


def test_one_class():
    with pytest.raises(ValueError, match="class"):
        StyleTransferSampler(sampling_strategy={0: 20}, style_from="others").fit_resample(GRAY, Y * 0)


@pytest.mark.parametrize(
    ("method", "module", "extra"),
    [("histogram", "skimage.exposure", "image"), ("gatys", "torch", "torch"), ("adain", "torch", "torch")],
)
def test_without_the_library(monkeypatch, method, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'genesis-sampling\[{extra}\]'"):
        sampler_of(method)._load()
