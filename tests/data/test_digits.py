"""The digits that ship with the package."""

import numpy as np
import pytest

import fastconv as fc


def test_split_shapes_types_and_range():
    (x_train, y_train), (x_test, y_test) = fc.data.digits()
    assert x_train.shape == (1437, 1, 8, 8) and x_test.shape == (360, 1, 8, 8)
    assert x_train.dtype == x_test.dtype == np.float32
    assert y_train.dtype == y_test.dtype == np.int64
    assert x_train.min() == 0.0 and x_train.max() == 1.0
    assert np.array_equal(np.unique(y_train), np.arange(10)) and len(y_train) + len(y_test) == 1797


def test_equal_to_scikit_learn_in_the_documented_split():
    source = pytest.importorskip("sklearn.datasets").load_digits()
    order = np.random.default_rng(0).permutation(1797)
    (x_train, y_train), (x_test, y_test) = fc.data.digits()
    images = (source.images / 16).astype(np.float32)[:, None]
    for x, y, chosen in ((x_test, y_test, order[:360]), (x_train, y_train, order[360:])):
        assert np.array_equal(x, images[chosen]) and np.array_equal(y, source.target[chosen])


@pytest.mark.parametrize("size", [1, 8, 12, 28, 32])
def test_other_sizes_are_bilinear(size):
    torch = pytest.importorskip("torch")
    _, (small, _) = fc.data.digits()
    _, (images, _) = fc.data.digits(size)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(small), size=(size, size), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(images, expected.numpy(), atol=1e-6)


def test_calls_do_not_share_memory():
    (first, _), _ = fc.data.digits()
    first[:] = -1
    (second, _), _ = fc.data.digits()
    assert second.min() == 0.0


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (8.0, TypeError), (True, TypeError)])
def test_bad_size(size, error):
    with pytest.raises(error, match="digits: size"):
        fc.data.digits(size)
