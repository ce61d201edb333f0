"""Data sets in .npz files."""

import io
import zipfile

import numpy as np
import pytest

from fastconv.data import read_npz

X = np.random.default_rng(0).integers(0, 256, (6, 2, 4, 5), np.uint8)
Y = np.arange(6)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_round_trip(tmp_path, save, kind, order):
    save(tmp_path / "x.npz", X=np.asarray(X.astype(kind), order=order), y=Y.astype(np.uint8), more=np.array(["text"]))
    split = read_npz(tmp_path / "x.npz")
    assert split.X.dtype.isnative and np.array_equal(split.X, X.astype(kind)) and split.X.flags.c_contiguous
    assert split.X.flags.writeable and split.y.dtype == np.int64 and np.array_equal(split.y, Y)
    assert split.classes is None


def test_other_names_shapes_and_labels_in_a_column(tmp_path):
    np.savez(tmp_path / "x.npz", x_train=X[:, 0], y_train=Y[:, None])
    split = read_npz(tmp_path / "x.npz", "x_train", "y_train")
    assert np.array_equal(split.X, X[:, :1]) and np.array_equal(split.y, Y)


BAD = {
    "no such array": {"x": X, "y": Y},
    "objects": {"X": X, "y": np.array([{}] * 6, dtype=object)},
    "text": {"X": X, "y": np.array(list("abcdef"))},
    "floats as labels": {"X": X, "y": Y / 2},
    "too few labels": {"X": X, "y": Y[:5]},
    "two labels": {"X": X[:3], "y": Y.reshape(3, 2)},
    "one label": {"X": X[:1], "y": np.array(3)},
    "negative label": {"X": X, "y": Y - 1},
    "whole numbers as images": {"X": X.astype(int), "y": Y},
    "complex": {"X": X * 1j, "y": Y},
    "one axis": {"X": np.ones(6), "y": Y},
    "no pixels": {"X": X[:, :, :0], "y": Y},
}


@pytest.mark.parametrize("arrays", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_that_are_no_data_set(tmp_path, arrays, save):
    path = tmp_path / "x.npz"
    save(path, **arrays)
    with pytest.raises(ValueError, match=f"^{path}: "):
        read_npz(path)


def test_a_negative_label_is_named_with_its_row(tmp_path):
    np.savez(tmp_path / "x.npz", X=X, y=np.array([0, 1, 2, -7, 0, -1]))
    with pytest.raises(ValueError, match=r"y\[3\] = -7 is not in"):
        read_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_truncated_or_changed_files_are_refused_or_right(tmp_path, save):
    """A changed byte may lie where it means nothing; it never changes what is read."""
    path = tmp_path / "x.npz"
    save(path, X=X, y=Y)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=f"^{path}: "):
            read_npz(path)
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            split = read_npz(path)
        except ValueError as error:
            assert str(error).startswith(f"{path}: ")
        else:
            assert np.array_equal(split.X, X) and np.array_equal(split.y, Y)


def test_claims_of_sizes_that_the_file_has_not(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 1, 9, 9)})
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = tmp_path / "x.npz"
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("X.npy", header.getvalue())
        with pytest.raises(ValueError, match="the header claims"):
            read_npz(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"hello" * 100])
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=f"^{tmp_path / 'x.npz'}: not an .npz file"):
        read_npz(tmp_path / "x.npz")


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        read_npz(tmp_path / "missing.npz")
    with pytest.raises(IsADirectoryError):
        read_npz(tmp_path)
