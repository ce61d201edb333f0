"""What a summary says of models whose costs are known."""

import json

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn


def rows_of(model, shape, **options):
    return {row.name: row for row in fc.summary(model, shape, **options).rows}


def test_lenet5_has_the_numbers_of_the_book():
    table = fc.summary(fc.models.lenet5(rng=0), (2, 1, 32, 32))
    rows = {row.name: row for row in table.rows}
    assert list(rows)[:4] == ["", "conv1", "activation1", "pool1"]
    shapes = {"conv1": (2, 6, 28, 28), "pool1": (2, 6, 14, 14), "conv2": (2, 16, 10, 10), "pool2": (2, 16, 5, 5)}
    assert {name: rows[name].output_shape for name in shapes} == shapes
    parameters = {"conv1": 156, "conv2": 2416, "linear1": 48120, "linear2": 10164, "linear3": 850}
    assert {name: rows[name].parameters for name in rows if rows[name].parameters} == parameters
    work = {"conv1": 117_600, "conv2": 240_000, "linear1": 48_000, "linear2": 10_080, "linear3": 840}
    assert {name: row.multiply_adds for name, row in rows.items() if row.multiply_adds} == {
        name: 2 * count for name, count in work.items()
    }
    assert rows["conv1"].activation_bytes == 4 * 2 * 6 * 28 * 28 and rows[""].activation_bytes == 0
    assert table.totals.parameters == 61706 and table.totals.parameter_bytes == 4 * 61706
    assert table.totals.multiply_adds == 2 * sum(work.values())
    assert table.totals.activation_bytes == sum(row.activation_bytes for row in rows.values())
    assert table.totals.input_bytes == 4 * 2 * 32 * 32


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_multiply_adds_of_a_convolution_are_the_terms_of_its_sums(stride, groups):
    """A convolution of ones without padding counts its own terms."""
    conv = nn.Conv2d(4, 8, (3, 2), stride, groups=groups, bias=False)
    conv.weight.data[...] = 1
    terms = conv(np.ones((2, 4, 7, 9), np.float32)).sum()
    assert rows_of(conv, (2, 4, 7, 9))[""].multiply_adds == terms


@pytest.mark.parametrize("shape", [(5, 6), (6,), (2, 3, 6)])
def test_multiply_adds_of_a_linear_layer(shape):
    linear = nn.Linear(6, 4, bias=False)
    linear.weight.data[...] = 1
    assert rows_of(linear, shape)[""].multiply_adds == linear(np.ones(shape, np.float32)).sum()


class Twice(nn.Module):
    """One layer at two places, a sum of its own, and a part that is never called."""

    def __init__(self):
        self.layer = nn.Linear(3, 3, rng=0)
        self.spare = nn.Linear(3, 7, rng=0)
        self.factor = nn.Parameter(np.ones((), np.float32), requires_grad=False)

    def forward(self, input):
        return self.layer(self.layer(input)) + input

    def backward(self, grad_output, *, input_grad=True):
        return self.layer.backward(self.layer.backward(grad_output)) + grad_output


def test_shared_and_uncalled_layers():
    table = fc.summary(Twice(), (5, 3))
    assert [(row.name, row.parameters, row.multiply_adds, row.depth) for row in table.rows] == [
        ("", 1, 0, 0),
        ("layer", 12, 45, 1),
        ("layer", 0, 45, 1),
        ("spare", 28, 0, 1),
    ]
    assert table.totals.parameters == 41 and table.totals.trainable_parameters == 40
    assert table.rows[0].activation_bytes == 4 * 15  # the sum is an array of its own
    assert table.rows[-1].output_shape is None and "not called" in str(table)


def test_a_layer_may_count_for_itself_and_views_take_no_memory():
    class Shift(nn.Module):
        def forward(self, input):
            return input.T

        def multiply_adds(self, input_shape, output_shape):
            return 1000 * input_shape[0] + output_shape[0]

    row = rows_of(Shift(), (2, 3))[""]
    assert (row.multiply_adds, row.activation_bytes, row.output_shape) == (2003, 0, (3, 2))


def test_several_outputs():
    row = rows_of(nn.MaxPool2d(2, return_indices=True), (1, 1, 4, 4))[""]
    assert row.output_shape == ((1, 1, 2, 2), (1, 1, 2, 2))
    assert row.activation_bytes == 4 * 4 + 4 * 8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_that_of_the_model(dtype):
    seen = []

    class Layer(nn.Linear):
        def forward(self, input):
            seen.append(input.dtype)
            return super().forward(input)

    fc.summary(Layer(3, 2, dtype=dtype), (1, 3))
    assert seen == [dtype]
    assert fc.summary(nn.ReLU(), (2,), dtype=dtype).totals.input_bytes == 2 * np.dtype(dtype).itemsize


def test_an_empty_batch():
    assert fc.summary(fc.models.lenet5(rng=0), (0, 1, 32, 32)).totals.multiply_adds == 0


def test_as_text_html_and_json():
    table = fc.summary(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (1, 3))
    lines = str(table).splitlines()
    assert lines[0].split() == ["layer", "output", "shape", "parameters", "multiply-adds", "activations"]
    assert lines[3].split() == ["0", "(Linear)", "(1,", "2)", "8", "6", "8", "B"]
    assert repr(table) == str(table)
    html = table._repr_html_()
    assert html.count("<tr>") == 4 and "0 (Linear)" in html and "parameters: 8 (8 trainable)" in html
    state = json.loads(json.dumps(table.as_dict()))
    assert state["version"] == 1 and state["totals"]["parameters"] == 8 and len(state["rows"]) == 3


def test_html_is_escaped():
    kind = type("A<b>", (nn.ReLU,), {})
    assert "A&lt;b&gt;" in fc.summary(kind(), (1,))._repr_html_()


@pytest.mark.parametrize(
    ("kind", "argument", "call"),
    [
        (TypeError, "model", lambda: fc.summary(nn.Linear, (1, 3))),
        (TypeError, "input_shape", lambda: fc.summary(nn.ReLU(), 3)),
        (TypeError, "input_shape", lambda: fc.summary(nn.ReLU(), (1.0, 3))),
        (ValueError, "input_shape", lambda: fc.summary(nn.ReLU(), (-1, 3))),
        (TypeError, "dtype", lambda: fc.summary(nn.ReLU(), (1, 3), dtype=int)),
        (TypeError, "timing", lambda: fc.summary(nn.ReLU(), (1, 3), timing=1)),
        (ValueError, "linear: weight", lambda: fc.summary(nn.Linear(3, 2), (1, 4))),
    ],
)
def test_impossible(kind, argument, call):
    with pytest.raises(kind, match=argument):
        call()
