"""Small files in the formats of well-known data sets."""

import numpy as np


def idx(array):
    """An IDX file of bytes."""
    sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def four_files(pack=bytes, mark="-", ending=""):
    """Names and contents of MNIST's four files, with 6 and 4 images of 5 x 5 pixels, and what is in them."""
    files, written = {}, []
    for stem, count in (("train", 6), ("t10k", 4)):
        images = np.random.default_rng(count).integers(0, 256, (count, 5, 5))
        files[f"{stem}-images{mark}idx3-ubyte{ending}"] = pack(idx(images))
        files[f"{stem}-labels{mark}idx1-ubyte{ending}"] = pack(idx(np.arange(count)))
        written.append((images, np.arange(count)))
    return files, written


def write_four(folder, ending="", mark="-", pack=bytes):
    """Write them, and return what is in them."""
    files, written = four_files(pack, mark, ending)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return written


def cifar(count, labels=1, classes=10, seed=0):
    """Records of CIFAR's binary version: their images, labels and bytes."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 3, 32, 32), np.uint8)
    ids = rng.integers(0, classes, (count, labels)).astype(np.uint8)
    return images, ids, np.concatenate([ids, images.reshape(count, -1)], axis=1).tobytes()


def cifar10_files(count=4):
    """Names and contents of the files of CIFAR-10, and all training images and labels."""
    parts = [cifar(count, seed=seed) for seed in range(6)]
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    files = {name: part[2] for name, part in zip(names, parts, strict=True)}
    files["batches.meta.txt"] = b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"
    return files, (np.concatenate([p[0] for p in parts[:5]]), np.concatenate([p[1][:, 0] for p in parts[:5]]))
