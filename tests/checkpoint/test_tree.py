"""Nested values, apart and together again."""

import json
import math
import random

import numpy as np
import pytest

from fastconv.checkpoint.tree import flatten, restore

LEAVES = [
    None, True, False, 0, -1, 2**70, 0.5, -0.0, math.inf, "", "a", "$array", "\u00e9\n/%.", np.zeros(()), np.arange(3),
    np.ones((0, 2), bool), np.float32(2.5), np.int64(-1), np.bool_(True), [], (), {}, {1: 0, "1": np.zeros(1)},
]  # fmt: skip
KEYS = ["a", "b/c", "b", "c", "%2F", "$tuple", "$", 1, -1, "1", "e\u0301", "\u00e9", "'"]


def tree(rng, depth):
    """A nested value, made up."""
    kind = rng.randrange(5) if depth else 0
    if kind < 2:
        return rng.choice(LEAVES)
    below = [tree(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 4:
        return dict(zip(rng.sample(KEYS, len(below)), below, strict=True))
    return below if kind == 2 else tuple(below)


def same(a, b):
    """Equal in value and kind, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return repr(a) == repr(b)


@pytest.mark.parametrize("seed", range(200))
def test_what_comes_back_is_the_same(seed):
    rng = random.Random(seed)
    before = {name: tree(rng, 4) for name in ("a", "b/c", "b")}
    values, found = flatten("f", before)
    text = json.dumps(values, allow_nan=False)
    assert same(restore(json.loads(text), found), before)


def test_special_numbers():
    before = {"a": [math.inf, -math.inf, -0.0, 1e-320, 2**200]}
    assert same(restore(*flatten("f", before)), before)
    values, found = flatten("f", {"a": math.nan})
    assert math.isnan(restore(values, found)["a"])


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ({1, 2}, TypeError, "a/0 must be an array"),
        (b"bytes", TypeError, "a/0"),
        (print, TypeError, "a/0"),
        (2j, TypeError, "a/0"),
        (np.array([None]), TypeError, "dtype object"),
        (np.zeros(2, [("x", "f4")]), TypeError, "dtype"),
        (np.array(["a"]), TypeError, "dtype"),
        (np.datetime64("2020-01-01"), TypeError, "dtype"),
        (np.ma.masked_array([1.0], [True]), TypeError, "a/0"),
        ({1.5: 0}, TypeError, "names in a/0"),
        ({True: 0}, TypeError, "names in a/0"),
        ({"": 0}, ValueError, "name in a/0 must not be empty"),
        ("\ud800", ValueError, "Unicode"),
        ({"\ud800": 1}, ValueError, "Unicode"),
    ],
)
def test_what_cannot_be_stored(value, error, text):
    with pytest.raises(error, match=f"^f: .*{text}"):
        flatten("f", {"a": [value]})


def test_a_tree_that_contains_itself():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="nested too deeply"):
        flatten("f", {"a": loop})


deep = json.loads("[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    "values",
    [
        {},  # the array is not named
        {"a": {"$array": "x"}, "b": {"$array": "x"}},
        {"a": {"$array": "y"}},
        {"a": {"$array": ["x"]}},
        {"a": {"$scalar": "x"}},
        {"a": [{"$array": "x"}, {"$number": "1"}]},
        {"a": [{"$array": "x"}, {"$tuple": 3}]},
        {"a": [{"$array": "x"}, {"$pairs": [[1, 2, 3]]}]},
        {"a": [{"$array": "x"}, {"$pairs": [[True, 2]]}]},
        {"a": [{"$array": "x"}, {"$pairs": [[1, 2], [1, 3]]}]},
        {"a": [{"$array": "x"}, {"$nothing": 1}]},
        {"a": [{"$array": "x"}, {"$tuple": [], "b": 1}]},
        {"a": [{"$array": "x"}, "\ud800"]},
        {"a": [{"$array": "x"}, {"\ud800": 1}]},
    ],
)
def test_values_that_are_not_of_flatten(values):
    with pytest.raises(ValueError):
        restore(values, {"x": np.zeros(2)})


def test_values_that_are_nested_deeply():
    for _ in range(10):
        try:
            assert restore({"a": deep}, {})["a"] == deep
        except ValueError as error:
            assert "nested too deeply" in str(error)
