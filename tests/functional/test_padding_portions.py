"""Padding with other values than zeros: padded copies of some images at a time change nothing but memory."""

from typing import Any

import numpy as np
import pytest
from grids import integers, normals

import fastconv as fc
from fastconv import functional as F
from fastconv.functional import conv

MODES = ("reflect", "replicate", "circular")
SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "direct": ((5, 3, 7, 8), (4, 3, 3, 2), {"stride": (2, 1), "padding": ((1, 0), (2, 1))}),
    "winograd": ((5, 16, 9, 10), (17, 16, 3, 3), {"padding": 1}),
    "depthwise": ((5, 6, 7, 9), (6, 1, 3, 3), {"padding": 1, "groups": 6}),
}


def same(a: np.ndarray, b: np.ndarray) -> None:
    """The same bits, but for NumPy's own products, whose order of summation depends on the batch."""
    if fc.get_backend() == "numpy":
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    else:
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("images", [1, 2, 5])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SHAPES)
def test_portions_change_no_bit(name: str, mode: str, images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sums over the batch only where the data are integers and the sum is direct: their order changes."""
    shape, kernel, options = SHAPES[name]
    options = {**options, "padding_mode": mode}
    x, w, b = normals(shape, rng="x"), normals(kernel, rng="w"), normals(kernel[:1], rng="b")
    padded = F.pad2d(x, options["padding"], mode)
    rest = {key: value for key, value in options.items() if key in ("stride", "groups")}
    monkeypatch.setattr(conv, "PORTION", images * padded[0].nbytes)
    y = F.conv2d(x, w, b, **options)
    same(y, F.conv2d(padded, w, b, **rest))
    dy = normals(y.shape, rng="dy")
    whole = F.conv2d_backward(dy, padded, w, **rest)
    parts = F.conv2d_backward(dy, x, w, **options)
    same(parts[0], F.pad2d_backward(whole[0], x.shape, options["padding"], mode))
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-5, atol=1e-4)
    x, dy = integers(shape, rng="x"), integers(y.shape, rng="dy")
    exact = F.conv2d_backward(dy, F.pad2d(x, options["padding"], mode), w, **rest, algorithm="direct")
    parts = F.conv2d_backward(dy, x, w, **options, algorithm="direct")
    assert parts[1].tobytes() == exact[1].tobytes()


@pytest.mark.parametrize("backend", fc.available_backends())
def test_every_backend_takes_portions(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = integers((3, 2, 5, 4), rng="x"), integers((3, 2, 3, 3), rng="w")
    expected = F.conv2d(F.pad2d(x, 1, "reflect"), w, algorithm="direct")
    monkeypatch.setattr(conv, "PORTION", 1)
    with fc.use_backend(backend):
        assert F.conv2d(x, w, padding=1, padding_mode="reflect", algorithm="direct").tobytes() == expected.tobytes()
