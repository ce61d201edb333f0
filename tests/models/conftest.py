"""Networks this small have nothing to deal out: a second thread costs more than it does."""

import pytest

import fastconv as fc


@pytest.fixture(autouse=True)
def one_thread(same_threads):
    """One thread, here and in torch; the former is put back by `same_threads`."""
    fc.set_num_threads(1)
    try:
        import torch
    except ImportError:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
