"""fastconv train, eval and predict: what they write and print, and how they fail."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import main

from .files import failure, idx, write_idx


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small MNIST-format folder: 64 and 32 of the digits, 28 × 28."""
    return write_idx(tmp_path_factory.mktemp("mnist data"))  # with a space


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """The folder of a finished run."""
    out = tmp_path_factory.mktemp("run")
    assert main(["train", "--data", str(folder), "--epochs", "2", "--out", str(out)]) == 0
    return out


def one_line(capsys, code, argv, *texts):
    """Run a command that fails with `code` and prints one line with all of `texts`, and nothing else."""
    error = failure(capsys, code, *argv)
    assert all(text in error for text in texts), error


def test_files_of_a_run(trained, folder):
    with open(trained / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert set(rows[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
    config = json.loads((trained / "config.json").read_text())
    assert config["epochs"] == 2 and config["seed"] == 0 and config["data"] == str(folder)
    model = fc.models.lenet5(input_size=28)
    fc.load_weights(trained / "model.npz", model)


def test_curve_where_matplotlib_is(trained):
    pytest.importorskip("matplotlib")
    assert (trained / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_no_curve_without_matplotlib(folder, tmp_path, monkeypatch, capsys):
    def absent(*args, **given):
        raise ImportError("fastconv.plot needs matplotlib: pip install 'fastconv[plot]'")

    monkeypatch.setattr(fc.plot, "learning_curve", absent)
    assert main(["train", "--data", str(folder), "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "curve.png").exists() and (tmp_path / "history.csv").exists()
    assert "pip install 'fastconv[plot]'" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--model", "lenet5-1998", "--optimizer", "momentum"]])
def test_same_seed_same_files_with_any_number_of_threads(folder, tmp_path, options):
    def run(name, *more):
        out = tmp_path / name
        argv = ["train", "--data", str(folder), "--epochs", "1", "--out", str(out)]
        assert main([*argv, *options, *more]) == 0
        return {path.name: path.read_bytes() for path in out.iterdir()}

    first = run("a", "--threads", "1")
    assert run("b", "--threads", "1") == first
    assert run("c", "--threads", "8") == first
    other = run("d", "--seed", "1")
    assert other["model.npz"] != first["model.npz"]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"])
def test_optimizers_learn_with_their_default_rates(folder, tmp_path, optimizer):
    out = tmp_path / optimizer
    argv = ["train", "--data", str(folder), "--epochs", "12", "--batch-size", "4", "--optimizer", optimizer]
    assert main([*argv, "--out", str(out)]) == 0
    with open(out / "history.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < 0.9 * losses[0]


def test_last_line_is_the_accuracy_that_eval_prints(folder, tmp_path, capsys):
    out = tmp_path / "run"
    main(["train", "--data", str(folder), "--epochs", "1", "--out", str(out)])
    train_lines = capsys.readouterr().out.splitlines()
    assert train_lines[-2].startswith("train accuracy ")
    assert main(["eval", str(out / "model.npz"), "--data", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == train_lines[-1]
    assert train_lines[-1].startswith("test accuracy ") and train_lines[-1].endswith(" %")


def test_eval_on_the_digits_and_as_json(trained, capsys):
    capsys.readouterr()
    assert main(["eval", str(trained / "model.npz"), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["images"] == 360 and 0 <= measured["accuracy"] <= 1


def test_predict_sees_what_the_model_sees(trained, tmp_path, capsys):
    _, (images, _) = fc.data.digits(28)
    model = fc.models.lenet5(input_size=28)
    fc.load_weights(trained / "model.npz", model)
    model.eval()
    expected = int(model(images[:1])[0].argmax())
    np.save(tmp_path / "digit.npy", images[0])
    maximum = 65535
    pixels = np.rint(images[0, 0] * maximum).astype(">u2")
    (tmp_path / "digit.pgm").write_bytes(b"P5 28 28 %d\n" % maximum + pixels.tobytes())
    np.save(tmp_path / "small.npy", fc.data.digits()[1][0][0])  # 8 × 8: resized
    capsys.readouterr()
    names = [str(tmp_path / name) for name in ("digit.npy", "digit.pgm", "small.npy")]
    assert main(["predict", str(trained / "model.npz"), *names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == [f"{name}: {expected}" for name in names]
    assert main(["predict", str(trained / "model.npz"), names[0], "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["class"] == expected and sum(result["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_images_of_an_unusual_size_are_resized(tmp_path, capsys):
    for stem, (images, labels) in zip(("train", "t10k"), fc.data.digits(), strict=True):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(images[:40, 0] * 255))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels[:40]))
    out = tmp_path / "run"
    assert main(["train", "--data", str(tmp_path), "--epochs", "1", "--out", str(out)]) == 0
    assert json.loads((out / "config.json").read_text())["input_size"] == 32
    assert main(["eval", str(out / "model.npz"), "--data", str(tmp_path)]) == 0


def test_missing_and_damaged_data(folder, tmp_path, capsys):
    one_line(capsys, 1, ["train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "o")], "none")
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    for name in sorted(path.name for path in folder.iterdir()):
        whole = (broken / name).read_bytes()
        (broken / name).write_bytes(whole[:-3])
        argv = ["train", "--data", str(broken), "--out", str(tmp_path / "o")]
        one_line(capsys, 1, argv, str(broken / name))
        (broken / name).write_bytes(whole)
    assert not (tmp_path / "o").exists()


def test_missing_and_damaged_models_and_images(trained, tmp_path, capsys):
    good = (trained / "model.npz").read_bytes()
    path = tmp_path / "model.npz"
    image = tmp_path / "x.npy"
    np.save(image, np.zeros((28, 28), np.float32))
    one_line(capsys, 1, ["eval", str(path)], str(path))
    one_line(capsys, 1, ["eval", str(tmp_path)], str(tmp_path))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for content in (b"", b"PK\x03\x04", good[: len(good) // 2], bytes(flipped), bytes(1000)):
        path.write_bytes(content)
        one_line(capsys, 1, ["eval", str(path)], str(path))
        one_line(capsys, 1, ["predict", str(path), str(image)], str(path))
    fc.save_weights(path, fc.models.lenet5())  # does not say which network it is
    one_line(capsys, 1, ["eval", str(path)], str(path))
    path.write_bytes(good)
    for name, text in (("missing.npy", "missing.npy"), ("photo.heic", ".pgm")):
        one_line(capsys, 1, ["predict", str(path), str(tmp_path / name)], text)
    np.save(image, np.zeros((3, 28, 28), np.float32))
    one_line(capsys, 1, ["predict", str(path), str(image)], str(image), "3 channels")


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"model": "resnet", "num_classes": 10, "input_size": 32},
        {"model": ["lenet5"], "num_classes": 10, "input_size": 32},
        {"model": "lenet5", "num_classes": 10**12, "input_size": 32},
        {"model": "lenet5", "num_classes": 10, "input_size": [32]},
        {"model": "lenet5", "num_classes": True, "input_size": 32},
    ],
)
def test_descriptions_that_cannot_be(meta, tmp_path, capsys):
    path = tmp_path / "model.npz"
    fc.save_weights(path, fc.models.lenet5(), meta)
    one_line(capsys, 1, ["eval", str(path)], str(path))


def test_out_that_cannot_be_written_fails_before_training(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "model.npz").mkdir(parents=True)
    (tmp_path / "locked").mkdir(mode=0o500)
    outs = ["file", "file/sub", "taken", *([] if os.geteuid() == 0 else ["locked"])]
    for out in outs:
        argv = ["train", "--data", str(folder), "--out", str(tmp_path / out)]
        one_line(capsys, 1, argv, str(tmp_path / out))
    assert (tmp_path / "file").read_text() == ""


def test_a_loss_that_explodes_names_the_step(folder, tmp_path, capsys):
    argv = ["train", "--data", str(folder), "--lr", "1e30", "--optimizer", "sgd", "--out", str(tmp_path)]
    one_line(capsys, 1, argv, "at step")
    assert not (tmp_path / "model.npz").exists()


@pytest.mark.parametrize("name", ["with space", "line\nbreak", os.fsdecode(b"not-utf8-\xff"), "-dash"])
def test_unusual_paths(folder, tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--data", str(folder), "--epochs", "1", f"--out={name}"]) == 0
    model, image = os.path.join(name, "model.npz"), name + ".npy"
    np.save(image, np.zeros((28, 28), np.float32))
    capsys.readouterr()
    assert main(["predict", "--", model, image]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    one_line(capsys, 1, ["predict", "--", model, os.path.join(name, "none.npy")], "none.npy")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(tmp_path, number, code):
    argv = [sys.executable, "-m", "fastconv", "train", "--epochs", "10000", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("lenet5")
        process.stdout.readline()  # the first epoch is over
        time.sleep(0.1)
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code and error.count("\n") == 1


def test_reader_that_leaves_early(trained):
    command = [sys.executable, "-m", "fastconv", "info"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == 1 and done.stderr == ""
