"""What TensorBoard gets to read."""

import sys

import numpy as np
import pytest

from fastconv.train import TensorBoard

from .runs import X_TEST, Y_TEST, Trains, X, Y, trainer_for


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    callbacks = [TensorBoard(tmp_path / "events")]
    history = trainer_for("SGD", callbacks).fit((X, Y), (X_TEST, Y_TEST), 3, rng=0, progress=False)
    (path,) = (tmp_path / "events").iterdir()
    content, found = path.read_bytes(), {}
    while content:  # length, its checksum, an event, its checksum
        length = int.from_bytes(content[:8], "little")
        event = Event.FromString(content[12 : 12 + length])
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
        content = content[16 + length :]
    assert set(found) == {
        "loss/train", "loss/validation", "accuracy/train", "accuracy/validation", "learning_rate/group_0",
    }  # fmt: skip
    assert found["loss/validation"] == [(i, np.float32(loss)) for i, loss in enumerate(history["val_loss"], 1)]
    assert [step for step, _ in found["learning_rate/group_0"]] == [1, 2, 3]


def test_tensorboard_where_nothing_can_be_written(tmp_path):
    pytest.importorskip("tensorboardX")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        trainer_for("SGD", [TensorBoard(tmp_path / "file" / "x"), Trains()]).fit((X, Y), progress=False)


def test_tensorboard_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"fastconv\[tensorboard\]"):
        TensorBoard("x")
