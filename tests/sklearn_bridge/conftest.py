"""One thread: networks are tiny, and workers of scikit-learn run beside each other."""

from importlib.util import find_spec

import pytest

import fastconv as fc

collect_ignore_glob = [] if find_spec("sklearn") else ["test_*.py"]


@pytest.fixture(autouse=True)
def one_thread():
    fc.set_num_threads(1)


@pytest.fixture(scope="session")
def digits():
    """Images (n, 1, 8, 8) and classes: to train on, to be measured on."""
    (x, y), (x_test, y_test) = fc.data.digits()
    return (x[:600], y[:600]), (x_test, y_test)
