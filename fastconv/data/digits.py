"""The handwritten digits that ship with fastconv."""

from pathlib import Path

import numpy as np

from .._geometry import integer
from .resize import resize
from .split import Split

TEST_IMAGES = 360
CLASSES = tuple("0123456789")


def digits(size: int = 8) -> tuple[Split, Split]:
    """1,797 real handwritten digits, split into 1,437 for training and 360 for testing.

    The images are those of scikit-learn's ``load_digits``, in a fixed split: the test set is the first 360 of
    ``numpy.random.default_rng(0).permutation(1797)``, the training set is the rest, in that order.

    Parameters
    ----------
    size : int
        Height and width. The originals are 8 × 8; other sizes come from `fastconv.data.resize`.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Each a `Split`. Images float32 in [0, 1], shape (n, 1, size, size), and labels int64, shape (n,).

    References
    ----------
    E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository,
    1998, https://doi.org/10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = digits(size=32)
    >>> x_train.shape, y_test.shape
    ((1437, 1, 32, 32), (360,))
    """
    size = integer("digits", "size", size, 1)
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        images = stored["images"][:, None].astype(np.float32) / np.float32(16)
        labels = stored["labels"].astype(np.int64)
    if size != images.shape[-1]:
        images = resize(images, size)
    order = np.random.default_rng(0).permutation(len(images))
    test, train = order[:TEST_IMAGES], order[TEST_IMAGES:]
    return Split(images[train], labels[train], CLASSES), Split(images[test], labels[test], CLASSES)
