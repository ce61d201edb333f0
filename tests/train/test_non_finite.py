"""A NaN is told of with its step, and with the first place that had it."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv.train import Checkpoint, TerminateOnNaN

from .runs import X, Y


class Break(nn.Module):
    """Gives something that is not finite, forward or backward, from a certain call on."""

    def __init__(self, forward=None, backward=None, value=np.nan):
        self.calls = [0, 0]
        self.limits = [forward, backward]
        self.value = value

    def _spoil(self, way, array):
        if self.limits[way] is not None and self.calls[way] >= self.limits[way]:
            array = np.full_like(array, self.value)
        self.calls[way] += 1
        return array

    def forward(self, input):
        return self._spoil(0, input)

    def backward(self, grad_output, *, input_grad=True):
        return self._spoil(1, grad_output)


LOOKING = [TerminateOnNaN()]


def error_of(middle, x=X, callbacks=LOOKING, change=None):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=0), nn.Dropout(0.5, rng=1), nn.Sequential(nn.ReLU(), middle), nn.Flatten(),
        nn.Linear(72, 10, rng=0),
    )  # fmt: skip
    if change is not None:
        change(model)
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.01), callbacks)
    with pytest.raises(FloatingPointError) as error:
        trainer.fit(fc.data.DataLoader(x, Y, 10), epochs=3, progress=False)
    assert all(np.isfinite(parameter.data).all() for parameter in model.parameters()) or change
    return str(error.value), model


@pytest.mark.parametrize("callbacks", [(), (TerminateOnNaN(),)])
def test_the_first_output(callbacks):
    text, _ = error_of(Break(forward=7), callbacks=callbacks)
    assert "the loss is nan at step 8 (epoch 2): the output of 2.1 (Break) is not finite" in text


def test_the_first_gradient():
    text, _ = error_of(Break(backward=7, value=np.inf))
    assert text == (
        "Trainer.fit: the gradient of 0.weight is not finite at step 8 (epoch 2): "
        "the gradient of the input of 2.1 (Break) is not finite"
    )


def test_a_gradient_is_looked_at_only_by_the_callback():
    text, _ = error_of(Break(backward=7), callbacks=(), change=lambda model: None)
    assert "the loss is nan at step 9" in text and "the weight of 0 (Conv2d) is not finite" in text


def test_an_image_and_a_parameter():
    poisoned = X.copy()
    poisoned[33, 0, 2, 2] = np.nan
    assert "at step 4 (epoch 1): image 3 of the batch is not finite" in error_of(nn.ReLU(), poisoned)[0]

    def spoil(model):
        model[4].bias.data[2] = np.inf

    assert "at step 1 (epoch 1): the bias of 4 (Linear) is not finite" in error_of(nn.ReLU(), change=spoil)[0]


def test_generators_draw_as_they_did():
    """Only a mask that lets one huge number through overflows."""

    def large(model):
        model[0].weight.data[...] = 3e38
        model[0].bias.data[...] = 0

    text, model = error_of(nn.ReLU(), change=large)
    again = nn.Dropout(0.5, rng=1)
    again(np.ones((10, 2, 6, 6), np.float32))
    assert "step 1 " in text and "0 (Conv2d)" in text
    assert repr(model[1].rng.bit_generator.state) == repr(again.rng.bit_generator.state)


def test_the_last_good_checkpoint_is_kept(tmp_path):
    path = tmp_path / "c.npz"
    error_of(Break(forward=12), callbacks=[Checkpoint(path)])
    found = fc.load_checkpoint(path)
    assert found["training"]["epoch"] == 2
    assert all(np.isfinite(array).all() for array in found["model"].values())
