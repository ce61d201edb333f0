"""Arguments that nobody means raised OverflowError, RecursionError or IndexError; now they say what is wrong."""

import numpy as np
import pytest

from fastconv import Trainer, nn, optim
from fastconv.data import transforms
from fastconv.distributed import DistributedSampler


@pytest.mark.parametrize("part, batch", [(1, 10**400), (10**400, 2), (3, 2), (-1, 2), (1, 0)], ids=range(5))
def test_a_part_that_is_none(part: int, batch: int) -> None:
    with pytest.raises(ValueError, match=r"DistributedSampler.begin: (part|batch) must be"):
        DistributedSampler().begin(part, batch)


class Endless:
    """What has no truth."""

    def __len__(self) -> int:
        return 10**400


def test_gradients_are_set_to_none_or_not() -> None:
    layer = nn.Linear(2, 2, rng=0)
    for thing in (layer, layer.weight, optim.Adam(layer.parameters())):
        with pytest.raises(TypeError, match=r"zero_grad: set_to_none must be True or False"):
            thing.zero_grad(Endless())  # type: ignore[arg-type]


def test_fewer_labels_than_images() -> None:
    images = np.zeros((2, 1, 4, 4), np.float32)
    for transform in (transforms.Mixup(3), transforms.RandomHorizontalFlip()):
        with pytest.raises(ValueError, match="targets must be as many as images"):
            transform(images, np.array([1]), rng=0)


@pytest.mark.parametrize("axes", [1, 2, 4])
def test_more_than_memory_holds(axes: int) -> None:
    """`ndarray.tolist` may end the process when memory runs out, as this array would let it."""
    shape = {1: (2**59,), 2: (2**40, 3), 4: (2**20, 2**20, 2, 2)}[axes]
    huge = np.broadcast_to(np.zeros(1, [("a", "<f4"), ("b", "<i8")]).reshape((1,) * axes), shape)
    with pytest.raises((TypeError, ValueError), match="Normalize: mean must"):
        transforms.Normalize(huge, 1.0)


def test_factors_that_hold_themselves() -> None:
    factors: list[object] = [1]
    factors.append(factors)
    with pytest.raises(TypeError, match="Upsample: scale_factor"):
        nn.Upsample(factors)  # type: ignore[arg-type]


def test_samples_without_axes_that_are_not_finite() -> None:
    model, data = nn.ReLU(), np.array([1.0, np.nan, 2.0], np.float32)
    parameter = nn.Parameter(np.ones(1, np.float32))
    trainer = Trainer(model, nn.MSELoss(), optim.SGD([parameter], lr=0.1))
    with pytest.raises(FloatingPointError, match=r"image \d of the batch is not finite"):
        trainer.fit((data, np.zeros(3, np.float32)), batch_size=3, progress=False, rng=0)
