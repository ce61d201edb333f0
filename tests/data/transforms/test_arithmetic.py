"""Normalize and Mixup against their formulas."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv.data import DataLoader, Mixup, Normalize

BYTES = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 3, 1, 1)
MEAN, STD = [0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]  # CIFAR-10's


def test_every_byte_normalised():
    exact = (BYTES / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    result = Normalize(MEAN, STD)(BYTES)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, exact, atol=4e-7)
    np.testing.assert_allclose(Normalize(MEAN, STD)(BYTES / 255), exact, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("mean", "std"), [(0.5, STD), (MEAN, 0.5), (np.array(MEAN), tuple(STD)), ([0.5], [0.5])])
def test_numbers_and_sequences(mean, std):
    expected = (BYTES / 255 - np.reshape(mean, (-1, 1, 1))) / np.reshape(std, (-1, 1, 1))
    np.testing.assert_allclose(Normalize(mean, std)(BYTES / 255), expected, rtol=1e-13, atol=1e-14)


def test_normalize_errors():
    with pytest.raises(ValueError, match="Normalize: mean and std must have as many channels, got 3 and 2"):
        Normalize(MEAN, [1.0, 1.0])
    with pytest.raises(ValueError, match=r"Normalize: images must have shape \(n, 3, h, w\), got \(256, 1, 1, 1\)"):
        Normalize(MEAN, STD)(BYTES[:, :1])


IMAGES = np.random.default_rng(0).random((50, 1, 3, 3))
LABELS = np.random.default_rng(1).integers(0, 4, 50)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 5.0])
def test_images_and_labels_are_mixed_alike(alpha):
    """Images that are their own labels, as one-hot vectors, stay equal to them."""
    one_hot = np.eye(4)[LABELS]
    mixed, probabilities = Mixup(4, alpha)(one_hot.reshape(50, 4, 1, 1), LABELS, rng=2)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(mixed.reshape(50, 4), probabilities, rtol=1e-15)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-15)
    assert len(np.unique(probabilities.round(12))) <= 4  # 0, 1, and one mixture


def test_probabilities_are_mixed_once_more():
    _, once = Mixup(4)(IMAGES, LABELS, rng=0)
    _, twice = Mixup(4)(IMAGES, once, rng=1)
    np.testing.assert_allclose(twice.sum(axis=1), 1, rtol=1e-12)
    assert ((twice > 0).sum(axis=1) > 2).any()


def test_parts_follow_the_beta_distribution():
    parts = [Mixup(50, 0.2)(np.ones((50, 1)), np.arange(50), rng=i)[1].max(axis=1).min() for i in range(400)]
    assert np.mean(np.array(parts) > 0.9) == pytest.approx(0.673, abs=0.07)  # 2 * I(0.1; 0.2, 0.2)


@pytest.mark.parametrize(
    ("targets", "named"),
    [
        (None, "targets must be given"),
        (np.array([0, 1, 4]), r"targets\[2\] = 4 is not in \[0, 4\)"),
        (np.array([0, -1, 2]), r"targets\[1\] = -1 is not in \[0, 4\)"),
        (np.ones((3, 5)), r"targets must be class ids of shape \(n,\) or probabilities of shape \(n, 4\)"),
        (np.ones((3, 4), int), "targets must be class ids"),
        (np.ones(3), "targets must be class ids"),
    ],
)
def test_targets_that_cannot_be_mixed(targets, named):
    with pytest.raises(ValueError, match=f"^Mixup: {named}"):
        Mixup(4)(IMAGES[:3], targets)


def test_a_network_learns_from_mixtures():
    (x_train, y_train), test = fc.data.digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
    loader = DataLoader(x_train, y_train, 32, shuffle=True, rng=0, transform=Mixup(10, 0.2))
    trainer.fit(loader, epochs=3, progress=False)
    assert trainer.evaluate(test)["accuracy"] > 0.9
