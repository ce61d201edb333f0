"""One set of images made two."""

import numpy as np
import pytest

from fastconv.data import Split, train_test_split

Y = np.random.default_rng(0).integers(0, 3, 200)
X = np.arange(200.0).reshape(200, 1)


@pytest.mark.parametrize("test_size", [0.01, 0.25, 0.5, 0.99])
def test_every_image_in_one_part_and_the_same_share_of_each_class(test_size):
    train, test = train_test_split(Split(X, Y, ("a", "b", "c")), test_size, rng=0)
    assert sorted([*train.X[:, 0], *test.X[:, 0]]) == list(range(200))
    for part in (train, test):
        assert np.array_equal(part.y, Y[part.X[:, 0].astype(int)]) and part.classes == ("a", "b", "c")
        assert (np.diff(part.X[:, 0]) > 0).all()
    for label in range(3):
        count = np.count_nonzero(label == Y)
        expected = min(max(round(test_size * count), 1), count - 1)
        assert np.count_nonzero(test.y == label) == expected


def test_the_seed_decides():
    first, second, other = (train_test_split((X, Y), rng=seed)[1].X for seed in (1, 1, 2))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_parts_are_copies():
    train, test = train_test_split((X, Y), rng=0)
    assert not np.shares_memory(train.X, X) and not np.shares_memory(test.X, X)


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        ((X, Y / 2), TypeError, "class ids as y, got float64"),
        ((X, Y[:-1]), ValueError, r"got shapes \(200, 1\) and \(199,\)"),
        ((X[:0], Y[:0]), ValueError, r"got shapes \(0, 1\) and \(0,\)"),
        ((X[:3], np.array([0, 0, 7])), ValueError, "class 7 has one"),
    ],
)
def test_data_that_cannot_be_split(data, error, named):
    with pytest.raises(error, match=f"train_test_split: data must .*{named}"):
        train_test_split(data)
