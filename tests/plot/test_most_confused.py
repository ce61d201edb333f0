"""The most confused examples."""

import numpy as np
import pytest

from fastconv import functional as F
from fastconv import plot
from fastconv.plot.most_confused import mistakes

RNG = np.random.default_rng(0)
IMAGES = RNG.random((40, 1, 6, 6))
TRUTH = RNG.integers(0, 5, 40)
LOGITS = RNG.normal(size=(40, 5))


def test_the_wrong_ones_by_their_loss():
    losses = F.cross_entropy(LOGITS, TRUTH, reduction="none")
    wrong = np.nonzero(LOGITS.argmax(axis=1) != TRUTH)[0]
    expected = wrong[np.argsort(-losses[wrong], kind="stable")]
    found = mistakes(TRUTH, LOGITS)
    assert [mistake.example for mistake in found] == expected.tolist()
    probabilities = F.softmax(LOGITS)
    for mistake in found:
        assert mistake.truth == TRUTH[mistake.example] != mistake.guess
        assert mistake.probability == pytest.approx(probabilities[mistake.example].max())


def test_probabilities_of_zero_are_still_ordered():
    found = mistakes(np.array([1, 1]), np.array([[1e3, 0.0], [1e4, 0.0]]))
    assert [mistake.example for mistake in found] == [1, 0]


def test_images_and_texts():
    ax = plot.most_confused(IMAGES, TRUTH, LOGITS, 3, display_labels=list("abcde"))
    worst = mistakes(TRUTH, LOGITS)
    assert len(ax.images) == len(ax.texts) == 3
    for image, text, mistake in zip(ax.images, ax.texts, worst, strict=False):
        np.testing.assert_array_equal(image.get_array(), IMAGES[mistake.example, 0])
        pair = f"{'abcde'[mistake.truth]} → {'abcde'[mistake.guess]}"
        assert text.get_text() == f"{pair}\n{100 * mistake.probability:.0f} %"
    assert ax.get_title() == f"{len(worst)} of 40 are wrong; the worst 3"


def test_pictures_do_not_overlap():
    ax = plot.most_confused(IMAGES, TRUTH, LOGITS, 20)
    ax.figure.canvas.draw()
    boxes = [artist.get_window_extent() for artist in (*ax.images, *ax.texts)]
    for i, box in enumerate(boxes):
        for other in boxes[i + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert wide < 1 or high < 1


def test_nothing_is_wrong():
    ax = plot.most_confused(IMAGES, LOGITS.argmax(axis=1), LOGITS)
    assert not ax.images and ax.get_title() == "0 of 40 are wrong"
    ax.figure.canvas.draw()


@pytest.mark.parametrize("images", [IMAGES[:, 0], np.repeat(IMAGES, 3, axis=1), (IMAGES * 255).astype(np.uint8)])
def test_kinds_of_images(images):
    (first, *_) = plot.most_confused(images, TRUTH, LOGITS, 1).images
    shown = first.get_array()
    assert shown.shape[:2] == (6, 6) and shown.min() >= 0 and shown.max() <= 1


def test_errors():
    for logits in (LOGITS[:, :2], LOGITS[:3], LOGITS[0]):
        with pytest.raises(ValueError, match="most_confused: logits must have a row for each of 40 images"):
            plot.most_confused(IMAGES, TRUTH, logits)
