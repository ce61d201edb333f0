"""A summary leaves the model as it was, also when the model fails."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn


def network():
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3, rng=1))
    model[1].eval()
    return model


def picture(model):
    """Everything that a module has, apart from arrays, and the bytes of the arrays."""
    return [
        (name, {key: value for key, value in vars(module).items() if not isinstance(value, nn.Parameter)})
        for name, module in model.named_modules()
    ], [(p.data.tobytes(), None if p.grad is None else p.grad.tobytes()) for p in model.parameters()]


@pytest.mark.parametrize("timing", [False, True])
def test_modes_methods_gradients_and_what_backward_needs(timing):
    model = network()
    x = np.random.default_rng(0).standard_normal((2, 1, 8, 8)).astype(np.float32)
    model[1].train()
    output = model(x)
    model[1].training = False
    before = picture(model)
    fc.summary(model, (1, 1, 8, 8), timing=timing)
    assert repr(picture(model)) == repr(before)
    assert [module.training for module in model.modules()] == [True, True, False, True, True]
    model.backward(np.ones_like(output))  # of the pass before the summary
    assert model[0].weight.grad is not None


class Broken(nn.Module):
    def forward(self, input):
        raise RuntimeError("the layer is broken")


@pytest.mark.parametrize("timing", [False, True])
def test_after_an_error(timing):
    model = nn.Sequential(nn.Linear(3, 3), Broken())
    with pytest.raises(RuntimeError, match="broken"):
        fc.summary(model, (1, 3), timing=timing)
    for module in model.modules():
        assert module.training and "forward" not in vars(module)


def test_a_method_of_the_instance_stays():
    layer = nn.ReLU()
    layer.forward = mine = lambda input: -input
    row = fc.summary(layer, (2,)).rows[0]
    assert row.output_shape == (2,) and vars(layer)["forward"] is mine


def test_times_are_measured():
    table = fc.summary(network(), (4, 1, 8, 8), timing=True)
    for row in table.rows:
        assert row.forward_ms > 0 and row.backward_ms > 0
        weighs = row.multiply_adds > 0 and fc.get_backend() == "cython"
        assert (row.forward_share is not None) == (row.backward_share is not None) == weighs
    parts = [row for row in table.rows if row.leaf]
    assert sum(row.forward_ms for row in parts) < 3 * table.totals.forward_ms
    assert "backward ms" in str(table) and "backward ms" in table._repr_html_()


def test_other_backends_have_no_peak():
    with fc.use_backend("numpy"):
        table = fc.summary(network(), (1, 1, 8, 8), timing=True)
    assert table.peak is None and "peak" not in str(table)
    assert all(row.forward_share is None for row in table.rows)


def test_a_layer_at_two_places_is_timed_at_each():
    linear = nn.Linear(3, 3, rng=0)
    rows = fc.summary(nn.Sequential({"a": linear, "b": nn.ReLU(), "c": linear}), (2, 3), timing=True).rows
    assert [row.name for row in rows] == ["", "a", "b", "a"]
    assert all(row.forward_ms > 0 and row.backward_ms > 0 for row in rows)
