"""Networks against their twins in torch: from the same weights the same outputs, statistics and gradients."""

import numpy as np
import pytest

from fastconv import models

torch = pytest.importorskip("torch")

from models import twins  # noqa: E402

# Options that make a small network, and the shape of its input.
NETWORKS = {
    "alexnet": ({"num_classes": 7, "dropout": 0.0, "in_channels": 2, "width_mult": 0.1}, (3, 2, 71, 64)),
    "vgg11": ({"num_classes": 7, "dropout": 0.0, "in_channels": 2, "width_mult": 0.1}, (3, 2, 40, 33)),
    "vgg11_bn": ({"num_classes": 7, "dropout": 0.0, "in_channels": 2, "width_mult": 0.1}, (6, 2, 65, 64)),
    "resnet18": ({"num_classes": 7, "in_channels": 2, "width_mult": 0.1}, (4, 2, 65, 50)),
    "resnet20": ({"num_classes": 7, "in_channels": 2, "width_mult": 0.5}, (4, 2, 17, 14)),
    "mobilenet_v2": ({"num_classes": 7, "width_mult": 0.3, "dropout": 0.0, "in_channels": 2}, (4, 2, 65, 50)),
    "inception_small": ({"num_classes": 7, "in_channels": 2, "width_mult": 0.1}, (4, 2, 17, 14)),
    "densenet_small": (
        {"num_classes": 7, "growth_rate": 4, "block_config": (2, 1, 3), "in_channels": 2},
        (4, 2, 9, 12),
    ),
    "unet_small": ({"num_classes": 3, "in_channels": 2, "width": 4, "depth": 2}, (3, 2, 12, 8)),
    "autoencoder_small": ({"in_channels": 2, "code_channels": 3, "width": 4}, (3, 2, 12, 8)),
}


def assert_same(ours, theirs, name, largest=0.0):
    """Equal to 1e-10 of the largest element, or to rounding of sums that are 0: a bias in front of normalisation."""
    theirs = theirs.detach().numpy()
    scale = max(np.abs(theirs).max(), 1e-3 * largest)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


@pytest.mark.parametrize("name", NETWORKS)
def test_same_outputs_statistics_and_gradients(name):
    options, shape = NETWORKS[name]
    torch.manual_seed(0)
    theirs = getattr(twins, name)(**options).double()
    ours = getattr(models, name)(**options, rng=0, dtype=np.float64)
    state = ours.state_dict()
    assert [(key, value.shape) for key, value in state.items()] == [
        (key, tuple(value.shape)) for key, value in theirs.state_dict().items()
    ]
    # Our first weights, which keep signals at their size through all layers, and something everywhere.
    rng = np.random.default_rng(1)
    state = {key: v + 0.1 * rng.random(v.shape) if v.ndim == 1 else v for key, v in state.items()}
    theirs.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
    ours.load_state_dict(theirs.state_dict())

    x = rng.standard_normal(shape)
    leaf = torch.tensor(x, requires_grad=True)
    output = theirs(leaf)
    assert_same(ours(x), output, "output")
    grad_output = rng.standard_normal(output.shape)
    output.backward(torch.from_numpy(grad_output))
    assert_same(ours.backward(grad_output), leaf.grad, "input")
    largest = max(float(q.grad.abs().max()) for q in theirs.parameters())
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert_same(p.grad, q.grad, key, largest)
    for key, value in ours.state_dict().items():
        assert_same(value, theirs.state_dict()[key], key)
    assert_same(ours.eval()(x), theirs.eval()(leaf), "output in eval mode")
