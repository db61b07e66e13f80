"""Streams: the same from equal seeds, independent of one another, apart from all global state."""

import random

import numpy as np
import pytest

from genesis_sampling._random import RandomStreams


def first(streams):
    return streams.rng().random()


def test_an_integer_always_gives_the_same():
    tree = [RandomStreams.from_random_state(3) for _ in range(2)]
    assert first(tree[0]) == first(tree[1])
    assert first(tree[0].child("a", 1)) == first(tree[1].child("a", 1))
    assert tree[0].integer_seed() == tree[1].integer_seed()


def test_names_tell_streams_apart():
    root = RandomStreams.from_random_state(0)
    keys = [("a",), ("b",), ("a", 0), ("a", 1), (0,), (1,), ("a", "b"), ("b", "a")]
    drawn = {first(root.child(*key)) for key in keys} | {first(root)}
    assert len(drawn) == len(keys) + 1
    assert first(root.child("a", 1)) == first(root.child("a").child(1))


def test_asking_does_not_use_up():
    root = RandomStreams.from_random_state(0)
    before = first(root.child("b"))
    root.child("a").rng().random(100)
    root.rng().random(100)
    assert first(root.child("b")) == before


def test_streams_are_uncorrelated():
    root = RandomStreams.from_random_state(0)
    draws = np.array([root.child("column", i).rng().standard_normal(4000) for i in range(20)])
    off_diagonal = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(4000)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_instances_move_on(make):
    one, two = make(5), make(5)
    draws = [first(RandomStreams.from_random_state(one)) for _ in range(2)]
    assert draws[0] != draws[1]
    assert draws == [first(RandomStreams.from_random_state(two)) for _ in range(2)]


def test_none_is_fresh():
    assert first(RandomStreams.from_random_state(None)) != first(RandomStreams.from_random_state(None))


@pytest.mark.usefixtures("global_rng_untouched")
def test_global_state_is_left_alone():
    first(RandomStreams.from_random_state(None).child("a"))
    first(RandomStreams.from_random_state(0))


def test_global_state_is_not_read():
    random.seed(0)
    one = first(RandomStreams.from_random_state(0))
    random.seed(1)
    assert first(RandomStreams.from_random_state(0)) == one


def test_seeds_fit_libraries():
    seeds = [RandomStreams.from_random_state(0).child(i).integer_seed() for i in range(200)]
    assert len(set(seeds)) == 200
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds)
