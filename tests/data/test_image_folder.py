"""Folders with a folder of images for each class."""

import os

import numpy as np
import pytest

import fastconv as fc
from fastconv.data import image_folder

Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def pixels(height=5, width=4, channels=3):
    return RNG.integers(0, 256, (height, width, channels)[: 2 if channels == 1 else 3], np.uint8)


@pytest.fixture
def pets(tmp_path):
    """Three images in two classes, one of them deeper, and what is to be passed over."""
    a = save(tmp_path / "cat" / "b.png", pixels())
    b = save(tmp_path / "cat" / "sub" / "a.PNG", pixels())
    c = save(tmp_path / "dog" / "x.bmp", pixels())
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "cat" / ".hidden.png").write_text("no image")
    save(tmp_path / ".cache" / "x.png", pixels())
    save(tmp_path / "dog" / ".thumbnails" / "x.png", pixels())
    save(tmp_path / "at the top.png", pixels())
    return tmp_path, [a, b, c]


def test_images_labels_and_classes(pets):
    folder, images = pets
    split = image_folder(folder)
    assert split.X.dtype == np.uint8 and split.X.flags.c_contiguous
    assert np.array_equal(split.X, np.stack(images).transpose(0, 3, 1, 2))
    assert split.y.dtype == np.int64 and split.y.tolist() == [0, 0, 1] and split.classes == ("cat", "dog")


def test_grey(pets):
    folder, images = pets
    split = image_folder(folder, grayscale=True)
    assert split.X.shape == (3, 1, 5, 4)
    np.testing.assert_allclose(split.X[:, 0], np.stack(images) @ [0.299, 0.587, 0.114], atol=1)  # ITU-R 601-2


@pytest.mark.parametrize(("size", "shape"), [(8, (8, 8)), ((3, 9), (3, 9))])
def test_sizes(pets, size, shape):
    folder, _ = pets
    save(folder / "dog" / "y.png", np.full((40, 30, 3), 77, np.uint8))
    split = image_folder(folder, size)
    assert split.X.shape == (4, 3, *shape) and (split.X[-1] == 77).all()


def test_the_order_of_given_classes(pets):
    folder, _ = pets
    assert image_folder(folder, classes=["dog", "cat"]).y.tolist() == [0, 1, 1]
    one = image_folder(folder, classes=("dog",))
    assert one.y.tolist() == [0] and one.classes == ("dog",)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr"])
@pytest.mark.parametrize("grayscale", [False, True])
def test_modes(tmp_path, mode, grayscale):
    grey = np.full((5, 4, 3), 255, np.uint8)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(grey).convert(mode).save(tmp_path / name / ("x.jpg" if mode == "YCbCr" else "x.tif"))
    split = image_folder(tmp_path, grayscale=grayscale)
    assert split.X.shape == (2, 1 if grayscale else 3, 5, 4) and (split.X >= 254).all()


def test_photographs_are_turned_as_the_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right
    stored = pixels(4, 6)
    for name in ("a", "b"):
        save(tmp_path / name / "x.png", stored, exif=exif)
    split = image_folder(tmp_path)
    assert np.array_equal(split.X[0], np.rot90(stored, -1).transpose(2, 0, 1))


def refused(folder, error, named, **options):
    with pytest.raises(error, match=named):
        image_folder(folder, **options)


def test_different_sizes_are_named(pets):
    folder, _ = pets
    save(folder / "dog" / "y.png", pixels(7, 9))
    refused(folder, ValueError, rf"^{folder}/dog/y.png: 7 x 9 pixels, but {folder}/cat/b.png has 5 x 4")


DAMAGED = {
    "empty": lambda png: b"",
    "text": lambda png: b"this is not a picture",
    "truncated": lambda png: png[:-30],
    "changed": lambda png: png[:60] + bytes(20) + png[80:],
    "a header alone": lambda png: png[:40],
}


# Without a checksum changed bytes are another picture, and Pillow fills what is missing at the end of a GIF.
SEEN = [
    (damage, ending)
    for damage in DAMAGED
    for ending in ("png", "jpg", "bmp", "tif", "gif")
    if (damage != "changed" or ending == "png") and (damage, ending) != ("truncated", "gif")
]


@pytest.mark.parametrize(("damage", "ending"), SEEN)
def test_damaged_images_are_named(pets, damage, ending):
    folder, _ = pets
    path = folder / "dog" / f"z.{ending}"
    save(path, pixels(30, 20))
    path.write_bytes(DAMAGED[damage](path.read_bytes()))
    refused(folder, ValueError, rf"^{path}: not a readable image \(", size=8)


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_more_than_eight_bits(pets, kind):
    folder, _ = pets
    save(folder / "dog" / "deep.tif", np.ones((5, 4), kind))
    refused(folder, ValueError, "deep.tif: not a readable image .it has more than 8 bits a pixel")


def test_classes_that_are_missing_empty_or_alone(pets, tmp_path_factory):
    folder, _ = pets
    refused(folder, FileNotFoundError, "bird", classes=["cat", "bird"])
    (folder / "bird").mkdir()
    refused(folder, ValueError, rf"^{folder}/bird: there is no image in the folder of this class")
    alone = tmp_path_factory.mktemp("alone")
    refused(alone, ValueError, rf"^{alone}: there must be a folder for each of at least two classes, there is none")
    save(alone / "cat" / "x.png", pixels())
    refused(alone, ValueError, "there is only 'cat'")
    refused(folder / "nothing", FileNotFoundError, "nothing")
    refused(folder / "cat" / "b.png", NotADirectoryError, "b.png")


def test_what_is_no_file(pets):
    folder, _ = pets
    os.mkfifo(folder / "dog" / "pipe.png")
    refused(folder, ValueError, "pipe.png: not a regular file")


def test_a_network_learns_from_a_folder(tmp_path):
    for name, place in (("left", 0), ("right", 4)):
        for i in range(20):
            image = RNG.integers(0, 60, (8, 8), np.uint8)
            image[:, place : place + 4] += 150
            save(tmp_path / name / f"{i}.png", image)
    split = image_folder(tmp_path, grayscale=True)
    model = fc.nn.Sequential(fc.nn.Flatten(), fc.nn.Linear(64, 2, rng=0))
    trainer = fc.Trainer(model, fc.nn.CrossEntropyLoss(), fc.optim.Adam(model.parameters(), lr=0.02))
    trainer.fit(split, epochs=10, rng=0, progress=False)
    assert trainer.evaluate(split)["accuracy"] == 1
