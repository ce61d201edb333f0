"""All parameters as one vector, and back."""

import numpy as np
import pytest

from fastconv import nn


def test_there_and_back():
    net = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Linear(4, 3, rng=1))
    net[2].weight.data = np.asfortranarray(net[2].weight.data).astype(">f4")
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (20 + 15,) and vector.dtype == np.float32 and vector.dtype.isnative
    np.testing.assert_array_equal(vector, np.concatenate([a.ravel() for a in net.state_dict().values()]))
    arrays = [p.data for p in net.parameters()]
    nn.utils.vector_to_parameters(vector[::-1], net.parameters())
    assert all(p.data is array for p, array in zip(net.parameters(), arrays, strict=True))
    np.testing.assert_array_equal(nn.utils.parameters_to_vector(net.parameters()), vector[::-1])
    vector[...] = 0
    assert net[0].weight.data.any()


def test_a_vector_that_is_one_of_the_parameters():
    p = nn.Parameter(np.arange(4.0))
    nn.utils.vector_to_parameters(p.data[::-1], p)
    assert p.data.tolist() == [3, 2, 1, 0]


def test_impossible_arguments_change_nothing():
    a, b, c = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(3)), nn.Parameter(np.ones(2, np.float32))
    fixed = np.ones(1)
    fixed.flags.writeable = False
    for error, text, call in (
        (ValueError, "parameters_to_vector: parameters", lambda: nn.utils.parameters_to_vector([])),
        (TypeError, "parameters_to_vector: parameters", lambda: nn.utils.parameters_to_vector([1])),
        (TypeError, r"parameters_to_vector: parameters\[1\]", lambda: nn.utils.parameters_to_vector([a, c])),
        (ValueError, "vector_to_parameters: vec", lambda: nn.utils.vector_to_parameters(np.zeros(4), [a, b])),
        (TypeError, "vector_to_parameters: vec", lambda: nn.utils.vector_to_parameters(np.zeros(5, int), [a, b])),
        (TypeError, "vector_to_parameters: vec", lambda: nn.utils.vector_to_parameters(np.zeros(2), c)),
        (ValueError, "read-only", lambda: nn.utils.vector_to_parameters(np.zeros(3), [a, nn.Parameter(fixed)])),
    ):
        with pytest.raises(error, match=text):
            call()
    assert a.data.tolist() == [1, 1] and b.data.tolist() == [1, 1, 1]
