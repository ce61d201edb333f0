"""Data sets of a few digits, in the formats that `fastconv train` reads."""

import gzip
import json

import numpy as np

import fastconv as fc
from fastconv.cli import main


def idx(array):
    sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def pixels(size, count):
    """Images of the training and of the test set, uint8, (n, size, size), and their labels."""
    for part, n in zip(fc.data.digits(size), (count, count // 2), strict=True):
        yield np.rint(part.X[:n, 0] * 255).astype(np.uint8), part.y[:n]


def write_idx(root, count=64):
    """Four files as of MNIST: two plain, two packed."""
    root.mkdir(exist_ok=True)
    for stem, (images, labels) in zip(("train", "t10k"), pixels(28, count), strict=True):
        (root / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (root / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
    return root


def write_cifar(root, count=50):
    root.mkdir()
    (train, labels), (test, test_labels) = pixels(32, count)
    records = np.concatenate([labels[:, None], np.tile(train.reshape(count, -1), 3)], axis=1).astype(np.uint8)
    for i, part in enumerate(np.split(records, 5), 1):
        (root / f"data_batch_{i}.bin").write_bytes(part.tobytes())
    records = np.concatenate([test_labels[:, None], np.tile(test.reshape(count // 2, -1), 3)], axis=1)
    (root / "test_batch.bin").write_bytes(records.astype(np.uint8).tobytes())
    (root / "batches.meta.txt").write_text("\n".join(f"class{i}" for i in range(10)))
    return root


def write_npz(path, count=64, parts=("train", "test"), size=28):
    if parts:
        named = dict(zip(parts, pixels(size, count), strict=True))
        arrays = {f"{x}_{part}": array for part, pair in named.items() for x, array in zip("xy", pair, strict=True)}
    else:
        arrays = dict(zip("Xy", next(pixels(size, count)), strict=True))
    np.savez(path, **arrays)
    return path


def write_pictures(root, count=60):
    """A folder of PNG files for each of two classes."""
    from PIL import Image

    images, labels = next(pixels(32, count))
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = root / ("even" if label % 2 == 0 else "odd")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i:03}.png")
    return root


def train(data, out, *more, code=0):
    """Run the command; return the configuration of the run."""
    assert main(["train", "--data", str(data), "--out", str(out), *map(str, more)]) == code
    return json.loads((out / "config.json").read_text())


def failure(capsys, code, *argv):
    """The line that a command that fails prints, and nothing else."""
    capsys.readouterr()
    assert main([str(argument) for argument in argv]) == code
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith(f"fastconv {argv[0]}: "), captured.err
    return captured.err
