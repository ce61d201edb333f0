"""A network of every family learns what real digits show, within seconds."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import models, nn, optim
from fastconv.data import DataLoader

NARROW = {"in_channels": 1, "num_classes": 4, "width_mult": 0.125}

# Options, side of the images, learning rate, epochs, and what the loss of the last one must be below, which starts
# at about log 4 = 1.4. With other seeds it ends below three quarters of that.
CLASSIFIERS = {
    "lenet5": ({"num_classes": 4}, 32, 3e-3, 3, 0.12),
    "alexnet": ({**NARROW, "dropout": 0.1}, 64, 2e-3, 6, 0.4),
    "vgg11": ({**NARROW, "dropout": 0.1}, 32, 1e-3, 5, 0.45),
    "vgg11_bn": ({**NARROW, "dropout": 0.1}, 32, 2e-3, 3, 0.3),
    "inception_small": (NARROW, 16, 3e-3, 3, 0.2),
    "resnet18": (NARROW, 32, 3e-3, 3, 0.3),
    "resnet20": ({**NARROW, "width_mult": 0.5}, 8, 3e-3, 3, 0.1),
    "mobilenet_v2": ({**NARROW, "width_mult": 0.25}, 64, 3e-3, 5, 0.3),
    "densenet_small": (
        {"in_channels": 1, "num_classes": 4, "growth_rate": 8, "block_config": (3, 3)},
        8,
        1e-2,
        3,
        0.22,
    ),
}


def trained(model, criterion, inputs, targets, lr, epochs):
    """The mean loss of each epoch."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    means = []
    for epoch in range(epochs):
        losses = []
        for x, y in DataLoader(inputs, targets, batch_size=16, shuffle=True, rng=epoch):
            losses.append(criterion(model(x), y))
            optimizer.zero_grad()
            assert model.backward(criterion.backward(), input_grad=False) is None
            optimizer.step()
        means.append(float(np.mean(losses)))
    return means


def zero_to_three(images, labels):
    """These digits alone, with pixels of mean 0 and variance 1."""
    kept = labels < 4
    return (images[kept] - images.mean()) / images.std(), labels[kept]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    options, size, lr, epochs, limit = CLASSIFIERS[name]
    train, test = fc.data.digits(size)
    model = getattr(models, name)(**options, rng=0)
    losses = trained(model, nn.CrossEntropyLoss(), *zero_to_three(*train), lr, epochs)
    x, y = zero_to_three(*test)
    right = (model.eval()(x).argmax(axis=1) == y).mean()
    assert losses[0] > limit > losses[-1]
    assert right > 0.7


def test_segmentation():
    """Which pixels of a noisy digit are ink?"""
    (x, _), _ = fc.data.digits(16)
    x = x[:512]
    ink = (x[:, 0] > 0.5).astype(np.int64)
    noisy = x + 0.25 * np.random.default_rng(0).standard_normal(x.shape, dtype=np.float32)
    # As good as one can be without looking around: the best threshold of a single pixel.
    alone = min(((noisy[:, 0] > threshold) != ink).mean() for threshold in np.linspace(0.2, 0.8, 25))
    model = models.unet_small(width=4, depth=2, rng=0)
    losses = trained(model, nn.CrossEntropyLoss(), noisy, ink, 1e-2, 3)
    wrong = (model.eval()(noisy).argmax(axis=1) != ink).mean()
    assert losses[-1] < 0.2
    assert wrong < 0.7 * alone


def test_compression():
    """Digits through 16 numbers, a quarter of their pixels."""
    (x, _), _ = fc.data.digits()
    x = x[:512]
    model = models.autoencoder_small(rng=0)
    losses = trained(model, nn.BCEWithLogitsLoss(), x, x, 1e-2, 10)
    pictures = fc.functional.sigmoid(model.eval()(x))
    left = ((pictures - x) ** 2).mean() / x.var(axis=0).mean()
    assert losses[-1] < 0.28
    assert left < 0.25
