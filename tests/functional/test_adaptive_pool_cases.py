"""Adaptive pooling: the bins of the formula, which pixel wins, gradients, and what is refused."""

from typing import Any

import numpy as np
import pytest
from grids import distinct, integers, normals

from fastconv import functional as F
from fastconv.testing import gradcheck

from .calls import same_bits

SIZES: list[tuple[tuple[int, int], Any]] = [
    ((6, 8), 1), ((6, 8), 2), ((6, 8), (3, 4)), ((6, 8), (6, 8)), ((6, 8), (None, 3)), ((6, 8), (5, None)),
    ((7, 9), 4), ((7, 9), (1, 4)), ((7, 9), (4, 1)), ((13, 13), 6), ((5, 4), 7), ((1, 1), 3), ((1, 17), (1, 5)),
    ((17, 1), (5, 1)), ((9, 40), (2, 7)), ((12, 66), (4, 3)), ((12, 64), (3, 4)), ((10, 71), 9), ((33, 64), (1, 2)),
]  # fmt: skip
IDS = [f"{h}x{w} to {size}" for (h, w), size in SIZES]


def bins(size: int, count: int) -> list[slice]:
    """Floor and ceiling of the formula, in exact fractions."""
    return [slice(int(np.floor(i * size / count)), int(np.ceil((i + 1) * size / count))) for i in range(count)]


def resolved(image: tuple[int, int], size: Any) -> tuple[int, int]:
    given = size if isinstance(size, tuple) else (size, size)
    p, q = (own if wanted is None else wanted for own, wanted in zip(image, given, strict=True))
    return p, q


@pytest.mark.parametrize(("image", "size"), SIZES, ids=IDS)
def test_values(image: tuple[int, int], size: Any, backend: str) -> None:
    p, q = resolved(image, size)
    x = distinct((2, 3, *image), np.float64, rng=image)
    mean = F.adaptive_avg_pool2d(x, size)
    most, indices = F.adaptive_max_pool2d(x, size, True)
    assert same_bits(most, F.adaptive_max_pool2d(x, size))
    assert mean.shape == most.shape == indices.shape == (2, 3, p, q)
    for i, rows in enumerate(bins(image[0], p)):
        for j, columns in enumerate(bins(image[1], q)):
            block = x[:, :, rows, columns]
            np.testing.assert_allclose(mean[:, :, i, j], block.mean(axis=(2, 3)), rtol=1e-14)
            assert np.array_equal(most[:, :, i, j], block.max(axis=(2, 3)))
    flat = np.take_along_axis(x.reshape(2, 3, -1), indices.reshape(2, 3, -1), 2)
    assert np.array_equal(flat.reshape(most.shape), most)
    assert same_bits(F.adaptive_avg_pool2d(x[1], size), mean[1])
    assert same_bits(F.adaptive_max_pool2d(x[1], size), most[1])


@pytest.mark.parametrize(("image", "size"), SIZES, ids=IDS)
def test_adjoint(image: tuple[int, int], size: Any, backend: str) -> None:
    """Exact: gradients are multiples of every number of pixels that a bin can have."""
    p, q = resolved(image, size)
    x = integers((2, 3, *image), np.float64, rng=image)
    g = integers((2, 3, p, q), np.float64, rng="g")
    heights = {rows.stop - rows.start for rows in bins(image[0], p)}
    widths = {columns.stop - columns.start for columns in bins(image[1], q)}
    every = float(np.lcm.reduce([h * w for h in heights for w in widths]))
    left = float(np.vdot(F.adaptive_avg_pool2d(x * every, size), g))
    assert left == float(np.vdot(x, F.adaptive_avg_pool2d_backward(g * every, x.shape)))
    y, indices = F.adaptive_max_pool2d(x, size, True)
    assert float(np.vdot(y, g)) == float(np.vdot(x, F.adaptive_max_pool2d_backward(g, indices, x.shape)))


@pytest.mark.parametrize(("image", "size"), [((4, 5), 1), ((4, 5), (3, 2)), ((4, 6), (2, 3)), ((2, 3), (3, 5))])
def test_gradients(image: tuple[int, int], size: Any, backend: str) -> None:
    x = distinct((2, 2, *image), np.float64)
    assert gradcheck(F.adaptive_avg_pool2d, x, size)
    assert gradcheck(F.adaptive_avg_pool2d, x[0], size)
    assert gradcheck(F.adaptive_max_pool2d, x, size)


@pytest.mark.parametrize("width", [3, 8, 40])
def test_nan_wins_and_stays_in_its_bins(width: int, backend: str) -> None:
    x = np.ones((1, 2, 5, width), np.float32)
    x[0, 1, 2, 0] = x[0, 1, 2, 1] = np.nan
    for size in (1, (1, 2), (2, 3)):
        mean, (most, indices) = F.adaptive_avg_pool2d(x, size), F.adaptive_max_pool2d(x, size, True)
        assert np.array_equal(np.isnan(mean), np.isnan(most))
        assert np.array_equal(np.isnan(F.adaptive_max_pool2d(x, size)), np.isnan(most))
        assert not np.isnan(most[0, 0]).any() and np.isnan(most[0, 1, 0, 0])
        assert indices[0, 1, 0, 0] == 2 * width + (0 if (width, size) == (3, (2, 3)) else 1)
        assert (indices[0, 0] >= 0).all()


@pytest.mark.parametrize("width", [4, 40])
def test_the_first_of_equal_pixels_wins(width: int, backend: str) -> None:
    x = np.full((1, 1, 6, width), -np.inf, np.float32)
    assert F.adaptive_max_pool2d(x, 1, True)[1].item() == 0
    x[..., 3, 1:] = 0.0
    x[..., 3, 1] = -0.0
    for size in (1, (1, 2), (2, 2)):
        most, indices = F.adaptive_max_pool2d(x, size, True)
        place = most.shape[2] - 1
        assert indices[0, 0, place, 0] == 3 * width + 1
        assert most[0, 0, place, 0] == 0 and np.signbit(most[0, 0, place, 0])
        assert same_bits(F.adaptive_max_pool2d(x, size), most)
    x[..., 1, 2], x[..., 4, 0] = np.inf, -np.inf
    assert F.adaptive_max_pool2d(x, 1, True)[1].item() == width + 2


def test_a_mean_of_many_is_within_its_error(backend: str) -> None:
    """No running sums: a large pixel spoils its own bin only."""
    x = normals((1, 1, 64, 97))
    error = abs(F.adaptive_avg_pool2d(x, 1).item() - x.astype(np.float64).mean())
    assert error <= x.size * np.finfo(np.float32).eps * float(abs(x).astype(np.float64).mean())
    x = np.ones((1, 1, 4, 30), np.float32)
    x[..., 1, 3] = 1e30
    assert (F.adaptive_avg_pool2d(x, (1, 7))[..., 1:] == 1).all()


def test_output_size_must_be_possible() -> None:
    x = np.zeros((2, 3, 4, 5))
    for function in (F.adaptive_avg_pool2d, F.adaptive_max_pool2d):
        name = function.__name__
        for wrong in (0, -1, (2, 0), (None, -3), (), (1, 2, 3), 2**31):
            with pytest.raises(ValueError, match=rf"^{name}: output_size "):
                function(x, wrong)  # type: ignore[operator]
        for kind in (None, 2.0, "2", True, (2.0, 2), (None,), (None, True)):
            with pytest.raises(TypeError, match=rf"^{name}: output_size "):
                function(x, kind)  # type: ignore[operator]
        assert function(x, [np.int64(2), None]).shape == (2, 3, 2, 5)  # type: ignore[operator]
    with pytest.raises((ValueError, MemoryError)):
        F.adaptive_avg_pool2d(x, 2**31 - 1)


def test_gradients_must_fit() -> None:
    g = np.zeros((2, 3, 2, 2))
    for shape in ((3, 3, 4, 5), (2, 2, 4, 5), (3, 4, 5)):
        with pytest.raises(ValueError, match=r"^adaptive_avg_pool2d_backward: grad_output must "):
            F.adaptive_avg_pool2d_backward(g, shape)
        with pytest.raises(ValueError, match=r"^adaptive_max_pool2d_backward: grad_output must "):
            F.adaptive_max_pool2d_backward(g, np.zeros(g.shape, int), shape)
    with pytest.raises(ValueError, match=r"^adaptive_max_pool2d_backward: indices\[0, 0, 0, 0\] = 20 is not in"):
        F.adaptive_max_pool2d_backward(g, np.full(g.shape, 20), (2, 3, 4, 5))
