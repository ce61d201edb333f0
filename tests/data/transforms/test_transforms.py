"""What holds for every transform."""

import numpy as np
import pytest

from fastconv.data import (
    Compose,
    Cutout,
    DataLoader,
    Mixup,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomShift,
    Transform,
)

MOVING = [
    RandomHorizontalFlip(),
    RandomShift(2),
    RandomCrop(6, padding=2),
    RandomCrop((4, 9), padding=(0, 1), padding_mode="reflect"),
    Cutout(4),
    RandomErasing(),
    RandomErasing(p=1, value=1),
    Compose([RandomCrop(8, padding=3), RandomHorizontalFlip(), Cutout(3)]),
]
"""Transforms that leave targets as they are, and bytes bytes."""
CHANGING = [
    Normalize([0.1, 0.2, 0.3], 0.5),
    Mixup(7, alpha=0.4),
    Compose([RandomCrop(8, padding=3), Normalize(0.5, [0.1, 0.2, 0.3]), Mixup(7)]),
    Compose([RandomShift(1), np.sqrt, Cutout(2)]),
]
RANDOM = [t for t in MOVING + CHANGING if not isinstance(t, Normalize)]
BYTES = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 9), np.uint8)
TARGETS = np.random.default_rng(1).integers(0, 7, 40)
KINDS = {"uint8": BYTES, "float32": (BYTES / 255).astype(np.float32), "float64": BYTES / 255}


@pytest.mark.parametrize("transform", RANDOM, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_gives_the_same_batch_and_another_one_another(transform, kind):
    images = KINDS[kind]
    (first, t1), (second, t2) = (transform(images, TARGETS, rng=5) for _ in range(2))
    assert np.array_equal(first, second) and np.array_equal(t1, t2)
    assert not np.array_equal(first, transform(images, TARGETS, rng=6)[0])
    assert np.array_equal(first, transform(images, TARGETS, rng=np.random.default_rng(5))[0])


@pytest.mark.parametrize("transform", MOVING + CHANGING, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_given_arrays_stay_as_they_are(transform, kind):
    images, targets = KINDS[kind].copy(), TARGETS.copy()
    images.flags.writeable = targets.flags.writeable = False
    before = images.tobytes(), targets.tobytes()
    changed, _ = transform(images, targets, rng=0)
    assert (images.tobytes(), targets.tobytes()) == before
    assert changed.flags.c_contiguous and not np.shares_memory(changed, images)


@pytest.mark.parametrize("transform", MOVING, ids=repr)
def test_bytes_stay_bytes_and_mean_the_same_as_floats(transform):
    images, targets = transform(BYTES, TARGETS, rng=3)
    floats = transform(KINDS["float32"], rng=3)
    assert images.dtype == np.uint8 and floats.dtype == np.float32 and targets is TARGETS
    assert np.array_equal((images / 255).astype(np.float32), floats)


@pytest.mark.parametrize("transform", CHANGING, ids=repr)
def test_bytes_become_float32_where_there_is_arithmetic(transform):
    images, targets = transform(BYTES, TARGETS, rng=3)
    floats, of_floats = transform(KINDS["float32"], TARGETS, rng=3)
    assert images.dtype == floats.dtype == np.float32
    np.testing.assert_allclose(images, floats, atol=2e-6)
    assert np.array_equal(targets, of_floats)
    doubles, _ = transform(KINDS["float64"], TARGETS, rng=3)
    assert doubles.dtype == np.float64
    np.testing.assert_allclose(images, doubles, atol=2e-6)


@pytest.mark.parametrize("transform", MOVING + CHANGING[:2], ids=repr)
def test_layouts_and_empty_batches(transform):
    strided = np.asfortranarray(BYTES)
    assert np.array_equal(transform(strided, TARGETS, rng=1)[0], transform(BYTES, TARGETS, rng=1)[0])
    assert len(transform(BYTES[:0], TARGETS[:0], rng=1)[0]) == 0


@pytest.mark.parametrize("transform", MOVING, ids=repr)
def test_batches_without_channels(transform):
    assert np.array_equal(transform(BYTES[:, 0], rng=2), transform(BYTES[:, :1], rng=2)[:, 0])
    with pytest.raises(ValueError, match=r": images must have shape \(n, \.\.\., h, w\), got \(8, 9\)"):
        transform(BYTES[0, 0])


@pytest.mark.parametrize("images", [None, [[1.0]], BYTES.astype(int), BYTES.astype(np.float16)])
def test_what_is_no_batch(images):
    with pytest.raises(TypeError, match="Cutout: images must be"):
        Cutout(1)(images)


@pytest.mark.parametrize("transform", MOVING + CHANGING, ids=repr)
def test_in_a_loader_batches_are_float32_and_differ(transform):
    twice = np.concatenate([BYTES[:20], BYTES[:20]])
    (first, _), (second, _) = DataLoader(twice, np.zeros(40, int), 20, transform=transform, rng=0)
    assert first.dtype == second.dtype == np.float32
    assert np.array_equal(first, second) == isinstance(transform, Normalize)


def test_a_loader_gives_a_transform_what_is_stored_and_other_callables_floats():
    given = []

    class Seen(Transform):
        def apply(self, images, targets, rng):
            given.append(images.dtype)
            return images, -targets

    def seen(images):
        given.append(images.dtype)
        return images + 1

    (plain, targets), = DataLoader(BYTES, TARGETS, 40, transform=Seen())
    (more, _), = DataLoader(BYTES, TARGETS, 40, transform=Compose([Seen(), seen]))
    assert given == [np.uint8, np.uint8, np.float32]
    assert np.array_equal(plain, KINDS["float32"]) and np.array_equal(targets, -TARGETS)
    assert np.array_equal(more, plain + 1)


def test_a_repr_shows_the_options():
    assert repr(RandomCrop(4, 1)) == "RandomCrop(size=(4, 4), padding=(1, 1), padding_mode='constant')"
    assert repr(Compose([Cutout(3)])) == "Compose(transforms=[Cutout(size=3)])"
