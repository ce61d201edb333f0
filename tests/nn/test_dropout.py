"""Dropout layers: seeds, modes, the way back, and a network whose states go to torch and come back."""

import copy
import pickle

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

torch = pytest.importorskip("torch")

X = np.random.default_rng(0).standard_normal((4, 6, 5, 5)).astype(np.float32)


@pytest.mark.parametrize("kind", ["Dropout", "Dropout2d"])
def test_text_and_modes(kind):
    layer = getattr(nn, kind)
    for args, kwargs in (((), {}), ((0.25,), {"inplace": True})):
        assert repr(layer(*args, **kwargs)) == repr(getattr(torch.nn, kind)(*args, **kwargs))
    dropout = layer(0.25, rng=0)
    y = dropout(X)
    dropped = y == 0
    np.testing.assert_array_equal(y, np.where(dropped, 0, X * np.float32(1 / 0.75)))
    assert 0.1 < dropped.mean() < 0.4
    if kind == "Dropout2d":
        assert (dropped.reshape(24, 25).mean(1) % 1 == 0).all()
    np.testing.assert_array_equal(dropout.backward(X), y)
    assert dropout.backward(X, input_grad=False) is None
    np.testing.assert_array_equal(dropout.eval()(X), X)


def test_the_mask_is_that_of_the_last_forward():
    dropout = nn.Dropout(rng=0)
    first, second = dropout(X), dropout(X)
    assert (first != second).any()
    np.testing.assert_array_equal(dropout.backward(X), second)
    net = nn.Sequential(dropout, dropout)
    y = net(X)
    np.testing.assert_array_equal(net.backward(X), y)  # both masks, each at its place


def test_seeds_and_states():
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        np.testing.assert_array_equal(nn.Dropout(rng=3)(X), nn.Dropout(rng=np.random.default_rng(3))(X))
    dropout = nn.Dropout(rng=3)
    dropout(X)
    state = dropout.rng.bit_generator.state
    twins = [copy.deepcopy(dropout), pickle.loads(pickle.dumps(dropout)), nn.Dropout(rng=9)]
    twins[2].rng.bit_generator.state = state
    expected = dropout(X)
    for twin in twins:
        np.testing.assert_array_equal(twin(X), expected)
    rng = np.random.default_rng(5)
    a, b = nn.Dropout(rng=rng), nn.Dropout2d(rng=rng)
    assert a.rng is b.rng is rng


def test_in_eval_mode_inside_a_model_that_is_trained():
    net = nn.Sequential(nn.Dropout(rng=0), nn.ReLU())
    net[0].eval()
    y = net(X)
    np.testing.assert_array_equal(y, np.maximum(X, 0))
    np.testing.assert_array_equal(net.backward(X), np.where(X > 0, X, 0))


def test_impossible_arguments():
    for error, text, make in (
        (ValueError, "Dropout: p", lambda: nn.Dropout(1.5)),
        (TypeError, "Dropout2d: p", lambda: nn.Dropout2d("a")),
        (TypeError, "Dropout: inplace", lambda: nn.Dropout(0.5, 1)),
        (TypeError, "Dropout: rng", lambda: nn.Dropout(rng=0.5)),
        (ValueError, "dropout2d: input", lambda: nn.Dropout2d()(X[0])),
        (RuntimeError, "forward must be called first", lambda: nn.Dropout().backward(X)),
    ):
        with pytest.raises(error, match=text):
            make()


def block(lib, **options):
    """A residual block, with a way to write the sum in torch."""
    body = lib.Sequential(
        lib.Conv2d(6, 6, 3, padding=1, **options), lib.BatchNorm2d(6, **options), lib.ReLU(), lib.Dropout(0.0),
        lib.Conv2d(6, 6, 3, padding=1, bias=False, **options), lib.BatchNorm2d(6, momentum=None, **options),
    )  # fmt: skip
    return body, lib.Conv2d(6, 6, 1, **options)


class TorchResidual(torch.nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def test_states_of_nested_containers_go_both_ways():
    double = {"dtype": np.float64}
    ours = nn.Sequential(
        nn.Residual(*block(nn, **double)), nn.ReLU(), nn.Sequential(nn.BatchNorm2d(6, **double))
    )
    theirs = torch.nn.Sequential(
        TorchResidual(*block(torch.nn)), torch.nn.ReLU(), torch.nn.Sequential(torch.nn.BatchNorm2d(6))
    ).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    x = X.astype(np.float64)
    optimizers = []
    for net, optimizer in ((ours, fc.optim.SGD), (theirs, torch.optim.SGD)):
        optimizers.append(optimizer(net.parameters(), lr=0.01, momentum=0.9))
    for _ in range(4):
        output = theirs(torch.from_numpy(x))
        np.testing.assert_allclose(ours(x), output.detach().numpy(), rtol=1e-8, atol=1e-9)
        for optimizer in optimizers:
            optimizer.zero_grad()
        (output**3).mean().backward()
        ours.backward(3 * output.detach().numpy() ** 2 / output.numel(), input_grad=False)
        for optimizer in optimizers:
            optimizer.step()
    for (name, array), tensor in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), rtol=1e-7, atol=1e-8, err_msg=name)
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    ours.eval(), theirs.eval()
    np.testing.assert_allclose(ours(x), theirs(torch.from_numpy(x)).detach().numpy(), rtol=1e-10, atol=1e-11)
