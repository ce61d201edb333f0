"""Settings of a run: a TOML file has the names of the options and their checks, and options come first."""

import json

import pytest

from fastconv.cli import main
from fastconv.cli.training import augmentation, optimizer, schedule
from fastconv.cli.training.settings import OPTIONS, Settings

from .files import failure, train, write_idx

EVERYTHING = """
data = {data!r}
out = {out!r}
model = "lenet5"
epochs = 2
batch_size = 16
optimizer = "adamw"
lr = 1e-3
schedule = "cosine"
augment = ["shift=1", "cutout"]
patience = 5
clip_norm = 2.0
seed = 3
threads = 1

[model_args]
activation = "tanh"

[optimizer_args]
weight_decay = 0.1
betas = [0.9, 0.99]
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_idx(tmp_path_factory.mktemp("data"))


def test_a_file_holds_everything(data, tmp_path):
    out = tmp_path / "a"
    (tmp_path / "train.toml").write_text(EVERYTHING.format(data=str(data), out=str(out)))
    assert main(["train", "--config", str(tmp_path / "train.toml")]) == 0
    options = (
        "--epochs 2 --batch-size 16 --optimizer adamw --lr 0.001 --schedule cosine --augment shift=1,cutout=8 "
        "--patience 5 --clip-norm 2 --seed 3 --model-args activation=tanh "
        "--optimizer-args weight_decay=0.1 betas=[0.9,0.99]"
    )
    config = train(data, tmp_path / "b", *options.split())
    assert json.loads((out / "config.json").read_text()) == config
    assert config["model_args"] == {"activation": "tanh"} and config["augment"] == "shift=1,cutout=8"
    for name in ("model.npz", "checkpoint.npz", "history.csv"):
        assert (out / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_options_come_first(data, tmp_path):
    (tmp_path / "train.toml").write_text(EVERYTHING.format(data=str(data), out=str(tmp_path / "a")))
    argv = ("--config", tmp_path / "train.toml", "--epochs", 1, "--lr", 0.002, "--model", "lenet5-1998")
    config = train(data, tmp_path / "b", *argv)
    assert (config["epochs"], config["lr"], config["model"], config["seed"]) == (1, 0.002, "lenet5-1998", 3)
    assert "model_args" not in config and not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs = 0", "epochs must be a whole number"),
        ("epochs = 2.5", "epochs must be a whole number"),
        ("epochs = true", "epochs must be a number or a text"),
        ("epoch = 3", "there is no setting 'epoch'"),
        ("lr = nan", "lr must be a finite number"),
        ('optimizer = "newton"', "optimizer must be one of sgd"),
        ('model = "resnet"', "model must be a .toml file or one of"),
        ('augment = ["spin"]', "augment must be of shift"),
        ("model_args = 3", "model_args must be a dict"),
        ("grayscale = 1", "grayscale must be a bool"),
        ("size = 0", "size must be a whole number"),
        ('model = "lenet5"\nlayers = []', "has layers and a model as well"),
        ("lr = ", "is not TOML"),
        ("a = " + "[" * 100_000, "train.toml: is"),
    ],
)
def test_files_with_something_else(tmp_path, capsys, text, said):
    (tmp_path / "train.toml").write_text(text)
    line = failure(capsys, 1, "train", "--config", tmp_path / "train.toml", "--out", tmp_path / "run")
    assert said in line and "train.toml" in line and not (tmp_path / "run").exists()


def test_no_such_file(tmp_path, capsys):
    assert "none.toml" in failure(capsys, 1, "train", "--config", tmp_path / "none.toml")
    assert "none.toml" in failure(capsys, 1, "train", "--model", tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("--minutes 1 --schedule step", 2, "--minutes goes with the schedule one-cycle only"),
        ("--model-args num_classes=3", 2, "must not have num_classes"),
        ("--model-args widht=2", 1, "widht"),
        ("--model resnet18 --model-args width_mult=-1", 1, "width_mult must be positive"),
        ("--optimizer-args speed=2", 1, "speed"),
        ("--optimizer-args weight_decay=-1", 1, "weight_decay"),
        ("--model alexnet", 1, "does not take images of shape (1, 28, 28)"),
    ],
)
def test_options_that_do_not_fit(data, tmp_path, capsys, options, code, said):
    argv = ("train", "--data", data, "--out", tmp_path / "run", *options.split())
    assert said in failure(capsys, code, *argv) and not (tmp_path / "run").exists()


def test_minutes(data, tmp_path):
    config = train(data, tmp_path, "--minutes", 0.01)
    assert config["minutes"] == 0.01 and "epochs" not in config
    assert (tmp_path / "history.csv").read_text().count("\n") > 1


@pytest.mark.parametrize("name", schedule.SCHEDULES)
def test_schedules_end_where_they_should(name):
    from fastconv import nn, optim

    rule = optim.SGD(nn.Linear(2, 2, rng=0).parameters(), lr=0.5)
    rates, steps = schedule.make_schedule(name, rule, 0.5, 40), []
    for _ in range(40):
        steps.append(rule.param_groups[0]["lr"])
        if rates is not None:
            rates.step(*([1.0] if name == schedule.PLATEAU else []))
    assert max(steps) == pytest.approx(0.5)
    last = {"one-cycle": 2e-6, "cosine": 0.0, "linear": 0.0, "step": 0.005, "plateau": 0.0005, "constant": 0.5}[name]
    assert steps[-1] == pytest.approx(last, abs=0.02 if last == 0 else 1e-6)


@pytest.mark.parametrize(
    "text", ["shift=0", "shift=1.5", "flip=2", "flip=nan", "crop=x", "mixup=-1", "", "shift,", "none,flip"]
)
def test_changes_that_there_are_not(text, capsys):
    assert main(["train", f"--augment={text}"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "--augment" in captured.err


@pytest.mark.parametrize("text", [*augmentation.CHANGES, "none", "shift=3,flip,mixup=1"])
def test_changes_of_images(data, tmp_path, text):
    config = train(data, tmp_path, "--epochs", 1, "--augment", text)
    assert config["augment"] == augmentation.changes(text)


def test_every_setting_is_an_option_with_a_help():
    names = {name for name in Settings.__dataclass_fields__ if name not in ("data", "size", "grayscale", "layers")}
    assert names == set(OPTIONS) and all(how["help"] for how in OPTIONS.values())
    assert set(optimizer.RATES) == set(OPTIONS["optimizer"]["choices"])
