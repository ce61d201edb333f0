"""Tensors in fastconv's own functions and layers: arrays like others; no gradient gets lost, no device is guessed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastconv import functional as F  # noqa: E402
from fastconv import nn  # noqa: E402

X, W = torch.ones(1, 1, 4, 4), torch.ones(2, 1, 3, 3)


def test_tensors_are_arrays():
    output = F.conv2d(X, W, torch.ones(2))
    assert type(output) is np.ndarray and (output == 10).all()
    net = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 2, rng=1))
    assert np.array_equal(net(X), net(X.numpy()))
    criterion = nn.CrossEntropyLoss()
    assert criterion(net(X), torch.tensor([1])) == criterion(net(X.numpy()), np.array([1]))
    assert type(net.backward(torch.from_numpy(criterion.backward()))) is np.ndarray


REFUSED = {
    "gradient": (X.clone().requires_grad_(), r"input requires a gradient, .* use fastconv\.torch, or \.detach\(\)"),
    "recorded": (X.clone().requires_grad_() * 2, "input requires a gradient"),
    "meta": (X.to("meta"), "input must be in the memory of the CPU, where fastconv computes, got one on meta"),
    "half": (X.half(), "input must be float32 or float64, got dtype float16"),
    "bfloat16": (X.bfloat16(), r"got dtype torch\.bfloat16, of type Tensor: Got unsupported ScalarType BFloat16"),
    "sparse": (X.to_sparse(), "of type Tensor: can't convert Sparse layout tensor"),
    "complex": (X.cfloat(), "input must be float32 or float64, got dtype complex64"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("call", [lambda x: F.conv2d(x, W), nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten()])
def test_tensors_that_are_refused(kind, call):
    tensor, text = REFUSED[kind]
    with pytest.raises(TypeError, match=text):
        call(tensor)
