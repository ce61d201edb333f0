"""CIFAR's binary files."""

import numpy as np
import pytest

import fastconv as fc

from .files import cifar, cifar10_files


def write_10(folder):
    files, train = cifar10_files()
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return train


def write_100(folder):
    train, test = cifar(5, labels=2, classes=20), cifar(3, labels=2, classes=20, seed=1)
    (folder / "train.bin").write_bytes(train[2])
    (folder / "test.bin").write_bytes(test[2])
    (folder / "fine_label_names.txt").write_text("\n".join(f"fine_{i}" for i in range(100)))
    (folder / "coarse_label_names.txt").write_text("\n".join(f"group_{i}" for i in range(20)))
    return train, test


@pytest.mark.parametrize("inner", ["", "cifar-10-batches-bin"])
def test_cifar10(tmp_path, inner):
    images, labels = write_10(tmp_path / inner)
    train, test = fc.data.cifar10(tmp_path)
    assert train.X.dtype == np.uint8 and np.array_equal(train.X, images) and train.X.flags.writeable
    assert train.y.dtype == np.int64 and np.array_equal(train.y, labels)
    assert test.X.shape == (4, 3, 32, 32) and test.classes[0] == "airplane" and len(test.classes) == 10


@pytest.mark.parametrize(("labels", "column", "names"), [("fine", 1, "fine_99"), ("coarse", 0, "group_19")])
def test_cifar100(tmp_path, labels, column, names):
    written = write_100(tmp_path)
    for split, (images, ids, _) in zip(fc.data.cifar100(tmp_path, labels=labels), written, strict=True):
        assert np.array_equal(split.X, images) and np.array_equal(split.y, ids[:, column])
        assert split.classes[-1] == names


def test_without_the_file_of_names(tmp_path):
    write_10(tmp_path)
    (tmp_path / "batches.meta.txt").unlink()
    assert fc.data.cifar10(tmp_path)[0].classes is None


@pytest.mark.parametrize("names", [b"one\ntwo\n", b"\xff\xfe\xfd"])
def test_bad_names(tmp_path, names):
    write_10(tmp_path)
    (tmp_path / "batches.meta.txt").write_bytes(names)
    with pytest.raises(ValueError, match=f"^{tmp_path}"):
        fc.data.cifar10(tmp_path)


@pytest.mark.parametrize("length", [0, 1, 3072, 3074, 4 * 3073 - 1, 4 * 3073 + 1])
def test_lengths_that_are_no_whole_number_of_records(tmp_path, length):
    write_10(tmp_path)
    path = tmp_path / "data_batch_3.bin"
    path.write_bytes((path.read_bytes() + b"\0")[:length])
    with pytest.raises(ValueError, match=f"^{path}: not a whole number of records .* has {length} bytes"):
        fc.data.cifar10(tmp_path)


def test_labels_out_of_range_are_named_with_their_row(tmp_path):
    write_10(tmp_path)
    path = tmp_path / "test_batch.bin"
    content = bytearray(path.read_bytes())
    content[2 * 3073] = 10
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{path}: labels\[2\] = 10 is not in \[0, 10\)"):
        fc.data.cifar10(tmp_path)


@pytest.mark.parametrize("column", [0, 1])
def test_both_labels_of_cifar100_are_checked(tmp_path, column):
    write_100(tmp_path)
    path = tmp_path / "train.bin"
    content = bytearray(path.read_bytes())
    content[3 * 3074 + column] = 100
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{path}: labels\[3\] = 100"):
        fc.data.cifar100(tmp_path)


def test_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="data_batch_1"):
        fc.data.cifar10(tmp_path)
    write_10(tmp_path)
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_4"):
        fc.data.cifar10(tmp_path)
    with pytest.raises(NotADirectoryError):
        fc.data.cifar10(tmp_path / "test_batch.bin")
