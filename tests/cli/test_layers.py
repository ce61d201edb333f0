"""Networks that a TOML file describes."""

import re
from pathlib import Path

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import main
from fastconv.cli.layers import build_layers, read_layers

from .files import failure, train, write_cifar, write_idx, write_pictures

NET = """
[[layers]]
type = "Conv2d"
out_channels = 8
kernel_size = 3
padding = 1
bias = false

[[layers]]
type = "BatchNorm2d"

[[layers]]
type = "Residual"
body = [{type = "Conv2d", out_channels = 8, kernel_size = 3, padding = 1}, {type = "ReLU"}]

[[layers]]
type = "Concat"
branches = [
    [{type = "Conv2d", out_channels = 4, kernel_size = 1}],
    [{type = "Conv2d", out_channels = 6, kernel_size = [3, 1], padding = [1, 0]}, {type = "ReLU"}],
]

[[layers]]
type = "Sequential"
repeat = 2
layers = [{type = "MaxPool2d", kernel_size = 2}, {type = "GroupNorm", num_groups = 5}]

[[layers]]
type = "Flatten"

[[layers]]
type = "Dropout"
p = 0.1

[[layers]]
type = "Linear"
"""


def built(layers, shape=(1, 1, 28, 28), classes=10):
    return build_layers(layers, shape, classes, np.random.default_rng(0))


def test_channels_features_and_classes_are_found_out(tmp_path):
    (tmp_path / "net.toml").write_text(NET)
    layers = read_layers(tmp_path / "net.toml")
    for shape, features in (((1, 1, 28, 28), 490), ((1, 3, 32, 32), 640)):
        net = built(layers, shape, 7)
        assert net[0].weight.shape == (8, shape[1], 3, 3) and net[1].weight.shape == (8,)
        assert net[-1].weight.shape == (7, features) and net.training and all(part.training for part in net.modules())
        assert net(np.zeros((2, *shape[1:]), np.float32)).shape == (2, 7)


def test_the_same_seed_gives_the_same_network(tmp_path):
    (tmp_path / "net.toml").write_text(NET)
    layers = read_layers(tmp_path / "net.toml")
    for a, b in zip(built(layers).parameters(), built(layers).parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_from_the_file_to_a_prediction(tmp_path, capsys):
    (tmp_path / "net.toml").write_text(NET)
    data = write_idx(tmp_path / "idx")
    config = train(data, tmp_path / "run", "--model", tmp_path / "net.toml", "--epochs", 2)
    assert config["model"] == "net.toml" and config["layers"][0]["out_channels"] == 8
    (tmp_path / "net.toml").unlink()  # a run has all that it needs
    assert main(["train", "--resume", "--out", str(tmp_path / "run")]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    model = str(tmp_path / "run" / "model.npz")
    assert main(["eval", model, "--data", str(data), "--quiet"]) == 0
    assert capsys.readouterr().out.strip() == last
    np.save(tmp_path / "image.npy", np.zeros((28, 28), np.uint8))
    assert main(["predict", model, str(tmp_path / "image.npy")]) == 0
    assert main(["summary", model, "--quiet"]) == 0


def test_layers_inside_the_settings(tmp_path):
    (tmp_path / "mine.toml").write_text(f"epochs = 1\n{NET}")
    config = train(write_cifar(tmp_path / "cifar"), tmp_path / "run", "--config", tmp_path / "mine.toml")
    assert config["model"] == "mine.toml" and config["in_channels"] == 3 and config["epochs"] == 1
    assert main(["train", "--resume", "--out", str(tmp_path / "run")]) == 0


def test_summary_of_a_file(tmp_path, capsys):
    (tmp_path / "net.toml").write_text(NET)
    argv = ["summary", str(tmp_path / "net.toml"), "--size", "64", "--channels", "3", "--classes", "5"]
    assert main(argv) == 0
    assert "(1, 5)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([], "layers: must be a list of layers"),
        ({"type": "ReLU"}, "layers: must be a list of layers"),
        (["ReLU"], "layers[0]: must be a table"),
        ([{"kind": "ReLU"}], "layers[0]: must be a table with the type"),
        ([{"type": "ReLU"}, {"type": "Swish"}], "layers[1] (Swish): there is no layer of this type"),
        ([{"type": "CrossEntropyLoss"}], "there is no layer"),
        ([{"type": "Parameter"}], "there is no layer"),
        ([{"type": "__class__"}], "there is no layer"),
        ([{"type": "ReLU", "repeat": 0}], "repeat must be a whole number"),
        ([{"type": "ReLU", "repeat": True}], "repeat must be a whole number"),
        ([{"type": "Conv2d", "kernel": 3}], "layers[0] (Conv2d): "),
        ([{"type": "Conv2d", "kernel_size": 0}], "kernel_size"),
        ([{"type": "Conv2d", "kernel_size": 99}], "does not take its input"),
        ([{"type": "Linear", "in_features": 3}], "does not take its input"),
        ([{"type": "Linear", "dtype": "float64"}], "not for a file to say"),
        ([{"type": "Residual", "inner": []}], "inner must be one of body, shortcut"),
        ([{"type": "Residual", "body": [{"type": "ELU", "alpha": "x"}]}], "layers[0] (Residual).body[0] (ELU)"),
        ([{"type": "Residual", "body": [{"type": "Flatten"}]}], "layers[0] (Residual): does not take its input"),
        ([{"type": "Concat", "branches": 3}], "must be a list of lists"),
        ([{"type": "Concat", "branches": [[{"type": "Nope"}]]}], "branches[0][0] (Nope)"),
    ],
)
def test_lists_that_are_no_network(layers, said):
    with pytest.raises(ValueError) as caught:
        built(layers)
    assert said in str(caught.value)


def test_what_is_no_classifier(tmp_path, capsys):
    (tmp_path / "net.toml").write_text('[[layers]]\ntype = "ReLU"')
    line = failure(capsys, 1, "train", "--model", tmp_path / "net.toml", "--out", tmp_path / "run")
    assert "net.toml: must give (1, 10) for an image" in line and not (tmp_path / "run").exists()
    (tmp_path / "net.toml").write_text('size = 3\n[[layers]]\ntype = "ReLU"')
    assert "must have [[layers]] and nothing else" in failure(capsys, 1, "summary", tmp_path / "net.toml")


@pytest.mark.parametrize(
    "meta",
    [
        {"layers": [{"type": "Flatten"}, {"type": "Linear", "out_features": 10**9}]},
        {"layers": 3},
        {"layers": [{"type": "Flatten"}]},
        {"model_args": {"width_mult": 1e9}},
        {"model_args": {"rng": 0}},
        {"model_args": [1]},
        {"class_names": ["one"]},
        {"in_channels": 0},
        {"input_size": [32, 32, 32]},
    ],
)
def test_descriptions_that_cannot_be(tmp_path, capsys, meta):
    path = tmp_path / "model.npz"
    fc.save_weights(path, fc.models.lenet5(), {"model": "lenet5", "num_classes": 10, "input_size": 32, **meta})
    assert str(path) in failure(capsys, 1, "eval", path)


def test_the_file_in_the_readme(tmp_path):
    pytest.importorskip("PIL")
    (text,) = re.findall("```toml\n(.*?)```", (Path(__file__).parents[2] / "README.md").read_text(), re.DOTALL)
    (tmp_path / "train.toml").write_text(text)
    data = write_pictures(tmp_path / "pictures", 30)
    config = train(data, tmp_path / "run", "--config", tmp_path / "train.toml", "--epochs", 1)
    assert config["input_size"] == 64 and len(config["layers"]) == 5
    assert config["augment"] == "crop=4,flip=0.5,cutout=16"
