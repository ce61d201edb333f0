"""Data that a model cannot be trained on, or only just."""

import numpy as np
import pytest

from fastconv import nn

from .digits import X, Y, network, trainer_for


@pytest.mark.parametrize("label", [10, -1, 255])
def test_a_class_id_that_the_model_does_not_have_is_told_with_its_row(label):
    labels = Y.copy()
    labels[[77, 90]] = label
    message = rf"y\[77\] = {label} is not in \[0, 10\)"
    trainer = trainer_for(network())
    with pytest.raises(ValueError, match=rf"^Trainer\.fit: {message}$"):
        trainer.fit((X, labels), rng=0, progress=False)
    with pytest.raises(ValueError, match=rf"^Trainer\.fit: {message}$"):
        trainer.fit((X, Y), (X, labels), progress=False)
    with pytest.raises(ValueError, match=rf"^Trainer\.evaluate: {message}$"):
        trainer.evaluate((X, labels))
    with pytest.raises(ValueError, match=r"target\[27\]"):  # a list of batches has no rows
        trainer.evaluate([(X[:50], labels[:50]), (X[50:], labels[50:])])
    images = nn.Sequential(nn.Conv2d(1, 3, 1, rng=0))
    masks = np.zeros((100, 8, 8), np.uint8)
    masks[5, 2, 3] = 7
    with pytest.raises(ValueError, match=r"y\[5, 2, 3\] = 7 is not in \[0, 3\)"):
        trainer_for(images).fit((X, masks), rng=0, progress=False)


def test_other_errors_of_a_loss_stay_as_they_are():
    with pytest.raises(ValueError, match="cross_entropy"):
        trainer_for(network()).evaluate((X, np.zeros((100, 3), np.float32)))


def test_few_samples_and_one_class():
    for count in (1, 2):
        history = trainer_for(network()).fit((X[:count], Y[:count]), epochs=2, batch_size=64, rng=0, progress=False)
        assert history.epochs == 2
    one = nn.Sequential(nn.Flatten(), nn.Linear(64, 1, rng=0))
    history = trainer_for(one).fit((X, np.zeros(100, int)), rng=0, progress=False)
    assert history["loss"] == [0.0] and history["accuracy"] == [1.0]
