"""Fixtures of every test: the backends, and a thread count that no test leaves changed."""

from collections.abc import Iterator

import pytest

import fastconv as fc


@pytest.fixture(params=fc.available_backends())
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test once on every backend."""
    with fc.use_backend(request.param):
        yield request.param


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """Put the number of threads back."""
    before = fc.get_num_threads()
    yield
    fc.set_num_threads(before)
