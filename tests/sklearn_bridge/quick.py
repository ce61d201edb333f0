"""Networks and data small enough for a test."""

import numpy as np

from fastconv import nn


def tiny(input_shape, n_outputs, rng, dtype):
    """One convolution that sees the whole image."""
    channels, height, width = input_shape
    return nn.Sequential(
        nn.Conv2d(channels, 8, (height, width), rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8, n_outputs, rng=rng, dtype=dtype),
    )


def blobs(count=60, seed=0):
    """Images (count, 4, 4) of three classes, each with a bright row of its own."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 3
    images = rng.normal(size=(count, 4, 4))
    images[np.arange(count), classes] += 3
    return images, classes


def weights_of(estimator):
    """All weights of a trained network in one vector."""
    return np.concatenate([p.data.ravel() for p in estimator.model_.parameters()])
