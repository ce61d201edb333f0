"""Folders in MNIST's format whose classes are known."""

import numpy as np
import pytest

import fastconv as fc

from .files import idx, write_four

NAMES = [("fashion_mnist", "T-shirt/top", "Ankle boot"), ("kmnist", "o", "wo")]


@pytest.mark.parametrize(("name", "first", "last"), NAMES)
def test_images_labels_and_classes(tmp_path, name, first, last):
    written = write_four(tmp_path)
    train, test = getattr(fc.data, name)(tmp_path)
    for split, (images, labels) in zip((train, test), written, strict=True):
        assert split.X.dtype == np.uint8 and np.array_equal(split.X[:, 0], images)
        assert split.y.dtype == np.int64 and np.array_equal(split.y, labels)
        assert (split.classes[0], split.classes[-1], len(split.classes)) == (first, last, 10)


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist"])
def test_a_label_without_a_class_is_named_with_its_row(tmp_path, name):
    write_four(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte"
    labels.write_bytes(idx(np.array([0, 1, 2, 10, 4, 11])))
    with pytest.raises(ValueError, match=rf"^{labels}: labels\[3\] = 10 is not in \[0, 10\)"):
        getattr(fc.data, name)(tmp_path)


SPLITS = {"balanced": 47, "byclass": 62, "bymerge": 47, "letters": 26, "digits": 10, "mnist": 10}


@pytest.mark.parametrize("split", SPLITS)
def test_emnist_is_upright_and_its_labels_start_at_zero(tmp_path, split):
    first = 1 if split == "letters" else 0
    labels = np.arange(SPLITS[split]) + first
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 4, 4))
    for part in ("train", "test"):
        (tmp_path / f"emnist-{split}-{part}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"emnist-{split}-{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    train, test = fc.data.emnist(tmp_path, split)
    for part in (train, test):
        assert np.array_equal(part.X[:, 0], images.transpose(0, 2, 1)) and part.X.flags.c_contiguous
        assert np.array_equal(part.y, np.arange(SPLITS[split])) and len(part.classes) == SPLITS[split]
    path = tmp_path / f"emnist-{split}-test-labels-idx1-ubyte"
    for wrong in {first - 1, first + SPLITS[split]} - {-1}:
        labels[2] = wrong
        path.write_bytes(idx(labels))
        with pytest.raises(ValueError, match=rf"^{path}: labels\[2\] = {wrong} is not in \[{first}, "):
            fc.data.emnist(tmp_path, split)


def test_emnist_class_names():
    """Sizes and orders as in the paper: digits, capitals, and the small letters that do not look like capitals."""
    from fastconv.data.emnist import CLASSES

    assert {name: len(set(classes)) for name, classes in CLASSES.items()} == SPLITS
    assert CLASSES["balanced"] == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


def test_emnist_of_another_split_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="emnist-digits-train-images"):
        fc.data.emnist(tmp_path, "digits")


def test_a_split_is_a_pair_that_is_copied_with_its_classes(tmp_path):
    import copy
    import pickle

    write_four(tmp_path)
    split, _ = fc.data.kmnist(tmp_path)
    X, y = split
    assert split.X is X and split.y is y and isinstance(split, tuple) and len(split) == 2
    for other in (copy.copy(split), copy.deepcopy(split), pickle.loads(pickle.dumps(split))):
        assert other.classes == split.classes and np.array_equal(other.X, X) and np.array_equal(other.y, y)
