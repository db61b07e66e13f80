"""Recordings: what each operation does to a sound, and what is no recording."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from genesis_sampling import AudioSampler, DataError, MissingExtraError

pytest.importorskip("audiomentations", reason="AudioSampler needs audiomentations")

RATE = 8000
Y = np.repeat([0, 1], [10, 4])


def tone(pitch=440.0, length=2000):
    return np.sin(2 * np.pi * pitch * np.arange(length) / RATE) / 2


TONES = np.array([tone(400 + 10 * place) for place in range(len(Y))])
RAGGED = [tone(400 + 10 * place, 1500 + 50 * place) for place in range(len(Y))]


def resampled(X, operations="default", **params):
    sampler = AudioSampler(operations, sample_rate=RATE, random_state=0, **params)
    found, y = sampler.fit_resample(X, Y)
    assert np.bincount(y).tolist() == [10, 10]
    return sampler, found


def pitch_of(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n=2**16))
    return spectrum.argmax() * RATE / 2**16


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
def test_arrays_and_lists(dtype):
    scale = 32767 if dtype == "int16" else 1
    _, found = resampled((TONES * scale).astype(dtype), n_operations=None)
    assert (found.dtype, found.shape) == (dtype, (20, 2000))
    assert np.abs(found.astype(float)).max() <= scale
    X = [(item * scale).astype(dtype) for item in RAGGED]
    _, found = resampled(X)
    assert {item.dtype.name for item in found} == {dtype}
    assert all(new is old for new, old in zip(found, X, strict=False))


def test_noise_is_as_loud_as_it_shall_be():
    sampler, found = resampled(TONES, {"noise": {"min_snr_db": 20.0, "max_snr_db": 20.0}})
    made, sources = found[14:], TONES[sampler.sample_indices_[14:]]
    ratio = 20 * np.log10(sources.std(axis=1) / (made - sources).std(axis=1))
    np.testing.assert_allclose(ratio, 20, atol=0.5)


def test_gain():
    sampler, found = resampled(TONES, {"gain": {"min_gain_db": -6.0, "max_gain_db": -6.0}})
    np.testing.assert_allclose(found[14:], TONES[sampler.sample_indices_[14:]] * 10 ** (-6 / 20), atol=1e-4)


def test_a_part_is_silent():
    _, found = resampled(TONES, {"time_mask": {"min_band_part": 0.1, "max_band_part": 0.1}})
    silent = [np.diff(np.flatnonzero(np.abs(item) > 1e-3)).max() for item in found[14:]]
    # A tenth of 2,000 samples, less what fades.
    assert min(silent) > 100


def test_speed_keeps_the_pitch_and_fast_forward_does_not():
    X = [tone(500, 4000)] * len(Y)
    for operations, ratio in (
        ({"speed": {"min_rate": 1.25, "max_rate": 1.25}}, 1.0),
        ({"fast_forward": {"min_rate": 1.25, "max_rate": 1.25}}, 1.25),
    ):
        _, found = resampled(X, operations)
        for item in found[14:]:
            assert abs(len(item) - 3200) < 50
            assert abs(pitch_of(item) / 500 - ratio) < 0.03
    _, found = resampled(X, {"pitch": {"min_semitones": 2.0, "max_semitones": 2.0}})
    assert abs(pitch_of(found[-1]) / 500 - 2 ** (2 / 12)) < 0.03


def test_arrays_keep_their_length():
    _, found = resampled(TONES, ["fast_forward"])
    assert found.shape == (20, 2000)
    assert (found[14:, -100:] == 0).all()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (TONES[:, :20], "20 samples"),
        (TONES * 3, r"floats in \[-1, 1\]"),
        (np.zeros_like(TONES), "silence as recording 0"),
        (np.where(np.arange(2000) == 5, np.nan, TONES), "NaN or infinity"),
        (TONES[:, None], r"shape \(1, 2000\)"),
        (["text"] * len(Y), "Got str"),
    ],
    ids=["short", "loud", "silent", "gap", "channels", "text"],
)
def test_wrong_recordings(X, message):
    with pytest.raises(DataError, match=message):
        AudioSampler(sample_rate=RATE).fit_resample(X, Y)


def test_errors():
    with pytest.raises(DataError, match="no sample_rate"):
        AudioSampler().fit_resample(TONES, Y)
    with pytest.raises(DataError, match="expected some of noise"):
        AudioSampler(["echo"], sample_rate=RATE).fit_resample(TONES, Y)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "audiomentations", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'genesis-sampling\[audio\]'"):
        AudioSampler(sample_rate=RATE).fit_resample(TONES, Y)
