"""Batches from arrays."""

from itertools import chain

import numpy as np
import pytest

from fastconv.data import DataLoader

X = np.arange(10, dtype=np.float32).reshape(10, 1)
Y = np.arange(10)


def seen(loader):
    return [targets.tolist() for _, targets in loader]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 10])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 100])
@pytest.mark.parametrize("drop_last", [False, True])
def test_every_sample_once_in_full_batches(count, batch_size, drop_last):
    if drop_last and 0 < count < batch_size:
        with pytest.raises(ValueError, match=f"DataLoader: drop_last leaves no batch, X has {count} samples"):
            DataLoader(X[:count], Y[:count], batch_size, drop_last=True)
        return
    loader = DataLoader(X[:count], Y[:count], batch_size, drop_last=drop_last)
    batches = seen(loader)
    assert len(batches) == len(loader)
    kept = count - count % batch_size if drop_last else count
    assert list(chain(*batches)) == list(range(kept))
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_images_and_targets_stay_together_when_shuffled():
    loader = DataLoader(X, Y, 3, shuffle=True, rng=0)
    for images, targets in loader:
        assert np.array_equal(images[:, 0], targets)


def test_shuffling_is_new_in_every_pass_and_repeats_with_the_seed():
    loader, again = (DataLoader(X, Y, 4, shuffle=True, rng=5) for _ in range(2))
    first, second = seen(loader), seen(loader)
    assert first != second and sorted(chain(*first)) == list(range(10))
    assert [first, second] == [seen(again), seen(again)]


def test_bytes_become_float32_between_zero_and_one():
    pixels = np.array([[0], [51], [255]], np.uint8)
    (images, _), = DataLoader(pixels, Y[:3])
    assert images.dtype == np.float32 and images[:, 0].tolist() == [0.0, np.float32(0.2), 1.0]


def test_batches_are_copies():
    for images, targets in DataLoader(X, Y, 5):
        images[:] = -1
        targets[:] = -1
    assert X.min() == 0 and Y.min() == 0


def test_transform_sees_float_batches():
    def double(images):
        assert images.dtype == np.float32
        return 2 * images

    (images, _), = DataLoader(np.full((2, 3), 255, np.uint8), Y[:2], transform=double)
    assert (images == 2).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "F", "channels last", "every other", "read-only", "memmap"])
def test_layouts_of_the_images(tmp_path, dtype, layout):
    images = np.arange(6 * 2 * 3 * 4).reshape(6, 2, 3, 4).astype(dtype)
    given = {
        "C": images,
        "F": np.asfortranarray(images),
        "channels last": np.ascontiguousarray(images.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "every other": np.repeat(images, 2, axis=0)[::2],
        "read-only": images.copy(),
        "memmap": np.memmap(tmp_path / "images", dtype, "w+", shape=images.shape),
    }[layout]
    if layout == "memmap":
        given[:] = images
    given.flags.writeable = layout != "read-only"
    (result, _), = DataLoader(given, Y[:6], 6)
    expected = images if dtype != np.uint8 else images.astype(np.float32) / np.float32(255)
    assert result.dtype == expected.dtype and np.array_equal(result, expected)
    assert type(result) is np.ndarray and result.flags.writeable and not np.shares_memory(result, given)


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"X": [[1.0]]}, TypeError, "X"),
        ({"X": np.ones((10, 1), int)}, TypeError, "X"),
        ({"X": X[:9]}, ValueError, "X and y"),
        ({"y": 3}, ValueError, "X and y"),
        ({"y": np.array(["a"] * 10)}, TypeError, "y"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": 2.0}, TypeError, "batch_size"),
        ({"batch_size": True}, TypeError, "batch_size"),
        ({"rng": "seed"}, TypeError, "rng"),
        ({"rng": -1}, ValueError, "rng"),
        ({"transform": 3}, TypeError, "transform"),
        ({"prefetch": -1}, ValueError, "prefetch"),
        ({"prefetch": True}, TypeError, "prefetch"),
    ],
)
def test_errors_name_the_argument(options, error, named):
    with pytest.raises(error, match=f"DataLoader: {named}"):
        DataLoader(**{"X": X, "y": Y, **options})
