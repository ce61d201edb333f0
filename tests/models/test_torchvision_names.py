"""Networks that torchvision has: its names and shapes, in its order, and its numbers of parameters."""

import numpy as np
import pytest

from fastconv import models, nn

torch = pytest.importorskip("torch")

from models import twins  # noqa: E402

# Numbers of parameters, and some of the names and shapes, of torchvision's pretrained weights.
NETWORKS = {
    "alexnet": (
        61_100_840,
        {
            "features.0.weight": (64, 3, 11, 11), "features.0.bias": (64,), "features.3.weight": (192, 64, 5, 5),
            "features.6.weight": (384, 192, 3, 3), "features.8.weight": (256, 384, 3, 3),
            "features.10.bias": (256,), "classifier.1.weight": (4096, 9216), "classifier.4.weight": (4096, 4096),
            "classifier.6.weight": (1000, 4096), "classifier.6.bias": (1000,),
        },
    ),
    "vgg11": (
        132_863_336,
        {
            "features.0.weight": (64, 3, 3, 3), "features.3.weight": (128, 64, 3, 3),
            "features.6.weight": (256, 128, 3, 3), "features.8.weight": (256, 256, 3, 3),
            "features.11.weight": (512, 256, 3, 3), "features.13.weight": (512, 512, 3, 3),
            "features.16.weight": (512, 512, 3, 3), "features.18.bias": (512,),
            "classifier.0.weight": (4096, 25088), "classifier.3.weight": (4096, 4096),
            "classifier.6.weight": (1000, 4096), "classifier.6.bias": (1000,),
        },
    ),
    "vgg11_bn": (
        132_868_840,
        {
            "features.0.bias": (64,), "features.1.running_mean": (64,), "features.4.weight": (128, 64, 3, 3),
            "features.25.weight": (512, 512, 3, 3), "features.26.num_batches_tracked": (),
            "classifier.6.bias": (1000,),
        },
    ),
    "resnet18": (
        11_689_512,
        {
            "conv1.weight": (64, 3, 7, 7), "bn1.weight": (64,), "layer1.0.conv1.weight": (64, 64, 3, 3),
            "layer1.1.bn2.running_var": (64,), "layer2.0.conv1.weight": (128, 64, 3, 3),
            "layer2.0.downsample.0.weight": (128, 64, 1, 1), "layer2.0.downsample.1.num_batches_tracked": (),
            "layer4.1.conv2.weight": (512, 512, 3, 3), "fc.weight": (1000, 512), "fc.bias": (1000,),
        },
    ),
    "mobilenet_v2": (
        3_504_872,
        {
            "features.0.0.weight": (32, 3, 3, 3), "features.0.1.running_mean": (32,),
            "features.1.conv.0.0.weight": (32, 1, 3, 3), "features.1.conv.1.weight": (16, 32, 1, 1),
            "features.1.conv.2.bias": (16,), "features.2.conv.0.0.weight": (96, 16, 1, 1),
            "features.2.conv.1.0.weight": (96, 1, 3, 3), "features.2.conv.2.weight": (24, 96, 1, 1),
            "features.2.conv.3.weight": (24,), "features.17.conv.2.weight": (320, 960, 1, 1),
            "features.18.0.weight": (1280, 320, 1, 1), "classifier.1.weight": (1000, 1280),
            "classifier.1.bias": (1000,),
        },
    ),
}  # fmt: skip


@pytest.fixture
def undrawn(monkeypatch):
    """Zeros for first weights: memory that nobody touches costs neither time nor room."""
    for name in ("kaiming_uniform", "uniform"):
        monkeypatch.setattr(nn.init, name, lambda shape, *_, dtype, **__: np.zeros(shape, dtype))
    for name in ("kaiming_normal_", "normal_", "zeros_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


@pytest.mark.parametrize("name", NETWORKS)
def test_names_shapes_and_numbers(name, undrawn):
    total, some = NETWORKS[name]
    model = getattr(models, name)()
    assert sum(p.size for p in model.parameters()) == total
    shapes = {key: array.shape for key, array in model._entries()}
    assert {key: shapes.get(key) for key in some} == some
    with torch.device("meta"):
        twin = getattr(twins, name)()
    assert list(shapes.items()) == [(key, tuple(value.shape)) for key, value in twin.state_dict().items()]


def test_small_inception_is_that_of_the_paper():
    parameters = dict(models.inception_small(rng=0).named_parameters())
    scales = [key for key in parameters if key.endswith("bn.weight")]
    assert sum(p.size for key, p in parameters.items() if key not in scales) == 1_649_402
