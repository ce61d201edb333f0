"""What --data takes: each format from its files to a network that is measured and reported."""

import json

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import main

from .files import failure, idx, pixels, train, write_cifar, write_idx, write_npz, write_pictures


def measured(capsys, *argv):
    capsys.readouterr()
    assert main(["eval", *map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("parts", [("train", "test"), ()])
def test_npz(tmp_path, capsys, parts):
    path = write_npz(tmp_path / "set.npz", parts=parts)
    config = train(path, tmp_path / "run", "--epochs", 1)
    assert config["input_size"] == 28 and config["augment"] == "shift=2"
    images = 32 if parts else 64 - len(fc.data.train_test_split(fc.data.read_npz(path), 0.2, 0)[0].y)
    assert measured(capsys, tmp_path / "run" / "best.npz", "--data", path)["images"] == images


def test_cifar_has_colors_and_names(tmp_path, capsys):
    path = write_cifar(tmp_path / "cifar")
    config = train(path, tmp_path / "run", "--epochs", 1)
    assert config["in_channels"] == 3 and config["augment"] == "crop=4,flip=0.5"
    assert config["class_names"] == [f"class{i}" for i in range(10)]
    assert measured(capsys, tmp_path / "run" / "model.npz", "--data", path)["images"] == 25


@pytest.mark.parametrize(("options", "channels"), [((), 3), (("--grayscale", "--size", 28), 1)])
def test_a_folder_of_images(tmp_path, capsys, options, channels):
    pytest.importorskip("PIL")
    path = write_pictures(tmp_path / "pictures")
    config = train(path, tmp_path / "run", "--epochs", 1, *options)
    assert config["in_channels"] == channels and config["class_names"] == ["even", "odd"]
    assert measured(capsys, tmp_path / "run" / "model.npz", "--data", path)["images"] == 12
    image = next(path.glob("even/*.png"))
    assert main(["predict", str(tmp_path / "run" / "model.npz"), str(image), "--quiet"]) == 0
    assert capsys.readouterr().out.strip() in ("even", "odd")
    assert main(["predict", str(tmp_path / "run" / "model.npz"), str(image), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["name"] == ["even", "odd"][result["class"]]


def test_a_folder_with_a_test_set(tmp_path, capsys):
    pytest.importorskip("PIL")
    for part, count in (("train", 40), ("val", 20)):
        write_pictures(tmp_path / "pictures" / part, count)
    train(tmp_path / "pictures", tmp_path / "run", "--epochs", 1)
    assert measured(capsys, tmp_path / "run" / "model.npz", "--data", tmp_path / "pictures")["images"] == 20


def test_every_format_has_a_report(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    train(write_cifar(tmp_path / "cifar"), tmp_path / "run", "--epochs", 1)
    assert main(["report", str(tmp_path / "run"), "--quiet"]) == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert "of 25 are right" in page and "Left out" not in page and "class3" in page


def test_fewer_images_than_a_batch(tmp_path, capsys):
    train(write_npz(tmp_path / "set.npz", 20), tmp_path / "run", "--epochs", 1, "--batch-size", 32)
    assert "each epoch is one step" in capsys.readouterr().out


def test_nothing_to_learn_from(tmp_path, capsys):
    images = np.zeros((6, 28, 28), np.uint8)
    labels = np.array([0, 1, 0, 1, 0, 1])
    sets = {
        "all 6 training images have the label 3": (images, labels * 0 + 3, images, labels * 0 + 3),
        "test labels[5] = 7 is not in [0, 2)": (images, labels, images, np.array([0, 1, 0, 1, 0, 7])),
        "has no training images": (images[:0], labels[:0], images, labels),
        "has no test images": (images, labels, images[:0], labels[:0]),
        "test images (1, 8, 8)": (images, labels, images[:, :8, :8], labels),
        "labels[2] = 70000": (images, np.array([0, 1, 70000, 1, 0, 1]), images, labels),
    }
    for said, arrays in sets.items():
        path = tmp_path / "set.npz"
        np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))
        line = failure(capsys, 1, "train", "--data", path, "--out", tmp_path / "run")
        assert said in line and str(path) in line
    assert not (tmp_path / "run").exists()


def test_files_that_are_no_data(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("not a folder")
    (tmp_path / "broken.npz").write_bytes(write_npz(tmp_path / "set.npz").read_bytes()[:-100])
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    for name in ("empty", "text", "broken.npz", "other.npz", "missing", "missing.npz"):
        assert name in failure(capsys, 1, "train", "--data", tmp_path / name, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_data_that_a_network_was_not_trained_on(tmp_path, capsys):
    path = write_idx(tmp_path / "idx")
    train(path, tmp_path / "run", "--epochs", 1)
    model = tmp_path / "run" / "model.npz"
    cifar = write_cifar(tmp_path / "cifar")
    assert "takes grey images" in failure(capsys, 1, "eval", model, "--data", cifar)
    _, (_, labels) = pixels(28, 64)
    (path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.where(np.arange(32) == 5, 10, labels)))
    (path / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(64) % 11))
    line = failure(capsys, 1, "eval", model, "--data", path)
    assert "label 10 (test image 5)" in line and "knows 10 classes" in line
