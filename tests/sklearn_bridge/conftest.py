"""One thread: networks are tiny, and workers of scikit-learn run beside each other."""

import pytest

pytest.importorskip("sklearn")

import fastconv as fc


@pytest.fixture(autouse=True)
def one_thread():
    fc.set_num_threads(1)


@pytest.fixture(scope="session")
def digits():
    """Images (n, 1, 8, 8) and classes: to train on, to be measured on."""
    (x, y), (x_test, y_test) = fc.data.digits()
    return (x[:600], y[:600]), (x_test, y_test)
