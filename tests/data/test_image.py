"""Single images from .npy and .pgm files."""

import numpy as np
import pytest

from fastconv.data import read_image

PIXELS = np.array([[0, 51, 255], [102, 153, 204]], np.uint8)
EXPECTED = (PIXELS / 255).astype(np.float32)[None]

GOOD = {
    "binary": b"P5\n3 2\n255\n" + PIXELS.tobytes(),
    "binary with comments": b"P5 # made by hand\n3 # width\n2\n255\n" + PIXELS.tobytes(),
    "two bytes": b"P5 3 2 65535\n" + (PIXELS.astype(">u2") * 257).astype(">u2").tobytes(),
    "text": b"P2 3 2 255 0 51 255 # a row\n102 153 204\n",
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD.keys())
def test_pgm(tmp_path, content):
    (tmp_path / "x.pgm").write_bytes(content)
    image = read_image(tmp_path / "x.pgm")
    assert image.dtype == np.float32 and image.shape == (1, 2, 3)
    np.testing.assert_allclose(image, EXPECTED, rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3), (1, 1, 2, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, shape, dtype, order):
    values = PIXELS if dtype is np.uint8 else EXPECTED
    np.save(tmp_path / "x.npy", np.asarray(values.reshape(shape), dtype, order=order))
    image = read_image(tmp_path / "x.npy")
    assert image.dtype == np.float32 and image.flags.c_contiguous and image.flags.writeable
    np.testing.assert_allclose(image, EXPECTED, rtol=1e-6)


BAD_PGM = {
    "empty": b"",
    "colour": b"P6 3 2 255\n" + bytes(18),
    "no size": b"P5\n",
    "no maximum": b"P5 3 2\n",
    "zero size": b"P5 0 2 255\n",
    "huge size": b"P5 99999999 99999999 255\n123456",
    "many digits": b"P5 " + b"9" * 5000 + b" 2 255\n123456",
    "negative": b"P5 -3 2 255\n123456",
    "one byte less": GOOD["binary"][:-1],
    "one byte more": GOOD["binary"] + b"\0",
    "beyond the maximum": b"P5 3 2 100\n" + PIXELS.tobytes(),
    "text too short": b"P2 3 2 255 1 2 3",
    "text with words": b"P2 3 2 255 1 2 3 4 5 six",
    "text beyond the maximum": b"P2 3 2 255 1 2 3 4 5 256",
}


@pytest.mark.parametrize("content", BAD_PGM.values(), ids=BAD_PGM.keys())
def test_bad_pgm(tmp_path, content):
    path = tmp_path / "x.pgm"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="^" + str(path)):
        read_image(path)


BAD_ARRAYS = {
    "int64": np.ones((2, 3), np.int64),
    "complex": np.ones((2, 3), complex),
    "text": np.array([["a"]]),
    "one axis": np.ones(3, np.float32),
    "two images": np.ones((2, 1, 3, 3), np.float32),
    "no pixels": np.ones((1, 0, 3), np.float32),
    "NaN": np.array([[0, np.nan]], np.float32),
    "beyond float32": np.array([[0, 1e300]]),
}


@pytest.mark.parametrize("array", BAD_ARRAYS.values(), ids=BAD_ARRAYS.keys())
def test_arrays_that_are_no_image(tmp_path, array):
    path = tmp_path / "x.npy"
    np.save(path, array)
    with pytest.raises(ValueError, match="^" + str(path)):
        read_image(path)


def test_every_truncation_of_npy_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, PIXELS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="^" + str(path)):
            read_image(path)


def test_objects_and_false_claims_in_npy(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="^" + str(path)):
        read_image(path)
    np.save(path, np.zeros((200, 100), np.uint8))
    path.write_bytes(path.read_bytes().replace(b"(200, 100)", b"(2**62, 9)").replace(b"(200, ", b"(999, "))
    with pytest.raises(ValueError, match="^" + str(path)):
        read_image(path)


def test_what_is_no_image_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        read_image(tmp_path / "missing.npy")
    with pytest.raises(ValueError, match=r"\.npy or \.pgm"):
        read_image(tmp_path / "photo.jpeg")
