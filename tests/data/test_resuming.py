"""A loader stopped anywhere goes on with the same bits."""

import json

import numpy as np
import pytest

from fastconv.data import DataLoader, RandomShift

X = np.random.default_rng(0).integers(0, 256, (22, 1, 6, 6), np.uint8)
Y = np.arange(22)


def loader(seed=3, **options):
    options = {"batch_size": 4, "shuffle": True, "transform": RandomShift(2), "rng": seed} | options
    return DataLoader(X, Y, **options)


def passes(loader, count, first=()):
    """Batches of a rest of an iteration and `count` whole ones, as bytes."""
    return [*first, *((x.tobytes(), y.tolist()) for _ in range(count) for x, y in loader)]


def through_json(state):
    return json.loads(json.dumps(state))


@pytest.mark.parametrize("prefetch", [0, 1, 3])
@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"drop_last": True}, {"transform": None}], ids=str)
def test_resumed_after_every_batch(prefetch, options):
    whole = passes(loader(**options), 3)
    per_pass = len(loader(**options))
    for stop in range(len(whole) + 1):
        one, seen = loader(prefetch=prefetch, **options), []
        for _ in range(stop // per_pass):
            seen = passes(one, 1, seen)
        for _, (x, y) in zip(range(stop % per_pass), one, strict=False):
            seen.append((x.tobytes(), y.tolist()))
        other = loader(seed=99, prefetch=prefetch, **options)
        other.load_state_dict(through_json(one.state_dict()))
        # A pass that ended is not resumed, so the rest of one counts as a pass only if one was begun.
        remaining = 3 - stop // per_pass
        assert passes(other, remaining, seen) == whole, f"stopped after {stop} batches"


def test_after_the_last_batch_and_before_the_end_nothing_is_left():
    one = loader()
    iteration = iter(one)
    for _ in range(len(one)):
        next(iteration)
    state = through_json(one.state_dict())
    assert next(iteration, None) is None
    ended = through_json(one.state_dict())
    expected = passes(one, 1)
    for kept, empty_first in ((state, True), (ended, False)):
        other = loader(seed=99)
        other.load_state_dict(kept)
        assert passes(other, 1) == ([] if empty_first else expected)
        if empty_first:
            assert passes(other, 1) == expected


def test_a_state_before_the_first_batch_is_the_whole_pass():
    one = loader()
    iteration = iter(one)
    other = loader(seed=99)
    other.load_state_dict(one.state_dict())
    assert passes(other, 1) == [(x.tobytes(), y.tolist()) for x, y in iteration]


def test_a_loaded_state_is_what_is_saved_again():
    one = loader()
    next(iter(one))
    other = loader(seed=99)
    other.load_state_dict(one.state_dict())
    assert other.state_dict() == one.state_dict()


@pytest.mark.parametrize("kind", [np.random.MT19937, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64])
def test_every_bit_generator(kind):
    one = loader(seed=np.random.Generator(kind(5)))
    passes(one, 1)
    other = loader(seed=np.random.Generator(kind(6)))
    other.load_state_dict(through_json(one.state_dict()))
    assert passes(other, 2) == passes(one, 2)


def test_batches_do_not_depend_on_prefetch_or_on_earlier_batches():
    assert passes(loader(prefetch=2), 2) == passes(loader(), 2)


STATE = loader().state_dict()


@pytest.mark.parametrize(
    ("state", "error", "named"),
    [
        (None, TypeError, "state"),
        ([], TypeError, "state"),
        ({}, ValueError, "state"),
        (STATE | {"more": 1}, ValueError, "state"),
        (STATE | {"seed": -1}, ValueError, "seed"),
        (STATE | {"seed": 0.5}, ValueError, "seed"),
        (STATE | {"seed": 2**63}, ValueError, "seed"),
        (STATE | {"batch": 1}, ValueError, "batch"),
        (STATE | {"seed": 1, "batch": 7}, ValueError, "batch"),
        (STATE | {"seed": 1, "batch": "1"}, ValueError, "batch"),
        (STATE | {"rng": None}, ValueError, "rng"),
        (STATE | {"rng": {}}, ValueError, "rng"),
        (STATE | {"rng": STATE["rng"] | {"bit_generator": "MT19937"}}, ValueError, "rng"),
        (STATE | {"rng": STATE["rng"] | {"state": {"state": "a", "inc": 1}}}, ValueError, "rng"),
        (STATE | {"data": None}, ValueError, "state"),
        (loader(batch_size=5).state_dict(), ValueError, "'batch_size': 5"),
        (loader(shuffle=False).state_dict(), ValueError, "'shuffle': False"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, error, named):
    one = loader()
    next(iter(one))
    before = one.state_dict()
    with pytest.raises(error, match=f"^DataLoader.load_state_dict: .*{named}"):
        one.load_state_dict(state)
    assert one.state_dict() == before
