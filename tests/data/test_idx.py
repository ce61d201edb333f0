"""IDX files and folders of them: what is right is read, what is damaged is refused with its path."""

import gzip
import os

import numpy as np
import pytest

import fastconv as fc
from fastconv.data import read_idx

from .files import idx, write_four

IMAGES = np.arange(2 * 3 * 4).reshape(2, 3, 4)
GOOD = idx(IMAGES)


@pytest.mark.parametrize("shape", [(0,), (5,), (2, 3, 4), (1, 2, 3, 4)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_round_trip(tmp_path, shape, pack):
    array = np.random.default_rng(0).integers(0, 256, shape)
    (tmp_path / "file").write_bytes(pack(idx(array)))
    result = read_idx(tmp_path / "file")
    assert result.dtype == np.uint8 and np.array_equal(result, array)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_truncation_is_refused(tmp_path, pack):
    whole = pack(GOOD)
    path = tmp_path / "file"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="^" + str(path)):
            read_idx(path)


CLAIMS = {
    "not IDX": b"P5 2 2 255\n1234",
    "floats": bytes([0, 0, 13, 1, 0, 0, 0, 1]) + bytes(4),
    "no dimensions": bytes([0, 0, 8, 0, 7]),
    "too many dimensions": bytes([0, 0, 8, 200]) + bytes(800),
    "one byte more": GOOD + b"\0",
    "exabytes": bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"data",
    "zero times much": bytes([0, 0, 8, 3]) + bytes(4) + b"\xff" * 8 + b"data",
}


@pytest.mark.parametrize("content", CLAIMS.values(), ids=CLAIMS.keys())
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_false_claims_are_refused(tmp_path, content, pack):
    path = tmp_path / "file"
    path.write_bytes(pack(content))
    with pytest.raises(ValueError, match="^" + str(path)):
        read_idx(path)


def test_damaged_gzip_is_refused(tmp_path):
    packed = bytearray(gzip.compress(GOOD))
    packed[-8] ^= 1  # the checksum
    (tmp_path / "file.gz").write_bytes(packed)
    with pytest.raises(ValueError, match="damaged gzip"):
        read_idx(tmp_path / "file.gz")


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing-here"):
        read_idx(tmp_path / "nothing-here")
    with pytest.raises(IsADirectoryError):
        read_idx(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        read_idx(tmp_path / "pipe")


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress)])
def test_mnist_folder(tmp_path, mark, ending, pack):
    write_four(tmp_path, ending, mark, pack)
    (x_train, y_train), (x_test, y_test) = fc.data.mnist(tmp_path)
    assert x_train.shape == (6, 1, 5, 5) and x_test.shape == (4, 1, 5, 5) and x_train.dtype == np.uint8
    assert y_train.dtype == np.int64 and y_test.tolist() == [0, 1, 2, 3]


def test_mnist_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        fc.data.mnist(tmp_path / "missing")
    write_four(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    with pytest.raises(NotADirectoryError):
        fc.data.mnist(labels)
    labels.write_bytes(idx(np.arange(3)))
    with pytest.raises(ValueError, match="3 labels for 4 images"):
        fc.data.mnist(tmp_path)
    labels.unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels"):
        fc.data.mnist(tmp_path)
