"""Pictures are tested where matplotlib is; figures are closed, and none may be shown."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A backend without a display, on which to show something is an error."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    def show(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a function has called show")

    monkeypatch.setattr(pyplot, "show", show)
    yield
    pyplot.close("all")


@pytest.fixture
def ax() -> Any:
    """Axes that pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure().subplots()


@pytest.fixture
def lenet() -> nn.Sequential:
    """An untrained LeNet-5 in training mode."""
    return fc.models.lenet5(rng=0)


@pytest.fixture(scope="session")
def image() -> np.ndarray:
    """The first test digit."""
    return fc.data.digits(32)[1][0][0]
