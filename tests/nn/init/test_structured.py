"""Weights with a structure: identities, orthogonal matrices, sparse ones."""

import math

import numpy as np
import pytest

from fastconv import nn
from fastconv.nn import init


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (0, 3), (1, 1)])
def test_eye_is_that_of_torch(shape):
    torch = pytest.importorskip("torch")
    expected = torch.nn.init.eye_(torch.full(shape, 7.0)).numpy()
    np.testing.assert_array_equal(init.eye(shape), expected, strict=True)
    p = nn.Parameter(np.full(shape, 7.0))
    np.testing.assert_array_equal(init.eye_(p).data, expected)


@pytest.mark.parametrize(
    ("shape", "groups"),
    [
        ((4, 4, 3), 1),
        ((6, 2, 3), 3),
        ((6, 2, 3, 5), 1),
        ((2, 6, 4, 4), 2),
        ((6, 3, 1, 1), 2),
        ((4, 2, 3, 3, 3), 2),
        ((0, 2, 3), 1),
    ],
)
def test_dirac_is_that_of_torch(shape, groups):
    torch = pytest.importorskip("torch")
    expected = torch.nn.init.dirac_(torch.full(shape, 7.0), groups).numpy()
    np.testing.assert_array_equal(init.dirac(shape, groups), expected, strict=True)
    p = nn.Parameter(np.full(shape, 7.0))
    np.testing.assert_array_equal(init.dirac_(p, groups).data, expected)


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (8, 2, 3, 3), (40, 2, 3, 3), (1, 5)])
@pytest.mark.parametrize("gain", [1.0, -2.5])
def test_orthogonal(shape, gain):
    weight = init.orthogonal(shape, gain, rng=0, dtype=np.float64)
    assert weight.shape == shape and weight.flags.c_contiguous
    matrix = weight.reshape(shape[0], -1)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, gain**2 * np.eye(len(small)), atol=1e-13)
    np.testing.assert_array_equal(init.orthogonal(shape, gain, rng=0), np.float32(weight))
    p = nn.Parameter(np.zeros(shape))
    np.testing.assert_array_equal(init.orthogonal_(p, gain, rng=0).data, weight)


def test_orthogonal_matrices_are_equally_likely():
    """A rotation by any angle, and a reflection half of the time."""
    matrices = np.array([init.orthogonal((2, 2), rng=seed, dtype=np.float64) for seed in range(2000)])
    angles = np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])
    counts, _ = np.histogram(angles, 8, (-math.pi, math.pi))
    assert abs(counts - 250).max() < 75
    assert abs(np.linalg.det(matrices).mean()) < 0.1


@pytest.mark.parametrize("sparsity", [0, 0.1, 0.75, 1])
@pytest.mark.parametrize("shape", [(20, 300), (1, 5), (7, 0)])
def test_sparse(shape, sparsity):
    weight = init.sparse(shape, sparsity, 0.1, rng=0, dtype=np.float64)
    assert weight.shape == shape
    assert ((weight == 0).sum(axis=0) == math.ceil(sparsity * shape[0])).all()
    rest = weight[weight != 0]
    if rest.size > 1000:
        assert rest.std() == pytest.approx(0.1, rel=0.05) and abs(rest.mean()) < 0.01
        # Zeros are everywhere, not in the first rows.
        share = (weight == 0).mean(axis=1)
        assert abs(share - share.mean()).max() < 0.12
    np.testing.assert_array_equal(init.sparse(shape, sparsity, 0.1, rng=0), np.float32(weight))
    p = nn.Parameter(np.zeros(shape))
    np.testing.assert_array_equal(init.sparse_(p, sparsity, 0.1, rng=0).data, weight)


def test_without_elements():
    assert init.orthogonal((0, 3)).shape == (0, 3) and init.orthogonal((2, 0, 3)).shape == (2, 0, 3)
