"""First weights: their spread where authors say which, their seeds, and their type."""

import numpy as np
import pytest

from fastconv import models, nn

SMALL = {
    "alexnet": {"num_classes": 5, "width_mult": 0.05},
    "vgg11": {"num_classes": 5, "width_mult": 0.05},
    "vgg11_bn": {"num_classes": 5, "width_mult": 0.05},
    "resnet18": {"num_classes": 5, "width_mult": 0.2},
    "resnet20": {},
    "mobilenet_v2": {"num_classes": 5, "width_mult": 0.2},
    "inception_small": {"width_mult": 0.3},
    "densenet_small": {"block_config": (2, 2)},
    "unet_small": {"depth": 2},
    "autoencoder_small": {},
}


@pytest.mark.parametrize("name", SMALL)
def test_seeds_and_type(name):
    def state(seed, dtype=np.float32):
        return getattr(models, name)(**SMALL[name], rng=seed, dtype=dtype).state_dict()

    first, again, generated, other = state(0), state(0), state(np.random.default_rng(0)), state(1)
    for key, array in first.items():
        np.testing.assert_array_equal(array, again[key])
        np.testing.assert_array_equal(array, generated[key])
        assert array.dtype == (np.int64 if key.endswith("num_batches_tracked") else np.float32)
        assert array.ndim < 2 or not np.array_equal(array, other[key])
    for key, array in state(0, np.float64).items():
        assert array.dtype in (np.float64, np.int64)
        np.testing.assert_array_equal(array.astype(first[key].dtype), first[key])
    unseeded = getattr(models, name)(**SMALL[name]).state_dict()
    assert any(not np.array_equal(array, unseeded[key]) for key, array in first.items())


@pytest.mark.parametrize(
    ("name", "fan"), [("vgg11", 0), ("resnet18", 0), ("resnet20", 0), ("mobilenet_v2", 0), ("inception_small", 0),
                      ("unet_small", 0), ("densenet_small", 1)]
)  # fmt: skip
def test_convolutions_start_normal(name, fan):
    model = getattr(models, name)(**SMALL[name], rng=0)
    scaled = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.data
            scaled.append(weight.ravel() * (weight.shape[fan] * weight[0, 0].size / 2) ** 0.5)
            assert module.bias is None or not module.bias.data.any()
    scaled = np.concatenate(scaled)
    assert abs(scaled.mean()) < 5 / scaled.size**0.5 and abs(scaled.std() - 1) < 5 / scaled.size**0.5
    # Of normal numbers 4.6 % are beyond two standard deviations; of uniform ones none.
    assert 0.03 < (np.abs(scaled) > 2).mean() < 0.06


@pytest.mark.parametrize("name", ["vgg11", "mobilenet_v2"])
def test_linear_layers_start_small(name):
    for module in getattr(models, name)(**SMALL[name], rng=0).modules():
        if isinstance(module, nn.Linear):
            assert abs(module.weight.data.std() / 0.01 - 1) < 0.05 and not module.bias.data.any()


def test_dropout_draws_from_the_seed():
    x = np.ones((2, 3, 64, 64), np.float32)
    first, again = (models.alexnet(**SMALL["alexnet"], rng=0)(x) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    model = models.alexnet(**SMALL["alexnet"], rng=0)
    assert not np.array_equal(model(x), model(x))
    model.eval()
    np.testing.assert_array_equal(model(x), model(x))
