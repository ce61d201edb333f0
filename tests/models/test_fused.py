"""Networks for inference: no normalisation is left behind a convolution, and outputs are the same."""

import numpy as np
import pytest

from fastconv import models, nn

# Options, and the shape of an input.
NETWORKS = {
    "vgg11_bn": ({"num_classes": 7, "width_mult": 0.1}, (4, 3, 65, 64)),
    "resnet18": ({"num_classes": 7, "width_mult": 0.1}, (4, 3, 65, 50)),
    "resnet20": ({"width_mult": 0.5}, (4, 3, 17, 14)),
    "mobilenet_v2": ({"num_classes": 7, "width_mult": 0.1}, (4, 3, 65, 50)),
    "inception_small": ({"width_mult": 0.1}, (4, 3, 17, 14)),
    "densenet_small": ({"growth_rate": 4, "block_config": (2, 3)}, (4, 3, 9, 12)),
    "unet_small": ({"in_channels": 3, "width": 4, "depth": 2}, (4, 3, 12, 8)),
}

# What follows a sum or a concatenation cannot be folded: of each layer and each transition the first, and the last one.
KEPT = {"densenet_small": 2 + 1 + 3 + 1}


@pytest.mark.parametrize("name", NETWORKS)
def test_same_outputs(name):
    options, shape = NETWORKS[name]
    model = getattr(models, name)(**options, rng=0, dtype=np.float64)
    rng = np.random.default_rng(0)
    for _ in range(3):
        model(1 + rng.standard_normal(shape))
    for p in model.parameters():
        if p.data.ndim == 1:
            p.data += 0.1 * rng.random(p.shape)
    x = rng.standard_normal(shape)
    fused = nn.fuse(model)
    expected = model.eval()(x)
    np.testing.assert_allclose(fused(x), expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())
    norms = [n for n, module in fused.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == KEPT.get(name, 0), norms
    assert not any(module.training for module in fused.modules())
    names = [n for n in model.state_dict() if n.endswith("weight") and n in fused.state_dict()]
    assert all(fused.state_dict()[n].shape == model.state_dict()[n].shape for n in names)
    assert len(names) == sum(isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) for m in model.modules()) + len(
        norms
    )
