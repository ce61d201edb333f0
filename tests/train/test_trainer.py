"""The training loop: same numbers as the loop written out, right means, clear ends."""

import math

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv.train import Callback

from .digits import X_TEST, Y_TEST, X, Y, network, trainer_for


def test_same_bits_as_the_loop_written_out(backend):
    count, batch_size = (100, 32) if backend != "python" else (12, 5)
    by_hand, by_trainer = network(), network()
    criterion, optimizer = nn.CrossEntropyLoss(), optim.SGD(by_hand.parameters(), lr=0.1)
    losses = []
    for _ in range(2):
        total = 0.0
        for x, y in fc.data.DataLoader(X[:count], Y[:count], batch_size):
            loss = criterion(by_hand(x), y)
            total += loss * len(x)
            optimizer.zero_grad()
            by_hand.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        losses.append(total / count)
    loader = fc.data.DataLoader(X[:count], Y[:count], batch_size)
    history = trainer_for(by_trainer).fit(loader, epochs=2, progress=False)
    assert history["loss"] == losses
    for name, array in by_hand.state_dict().items():
        assert np.array_equal(array, by_trainer.state_dict()[name]), name


def test_history_and_evaluate_agree():
    trainer = trainer_for(network())
    history = trainer.fit((X, Y), validation=(X_TEST, Y_TEST), epochs=3, rng=0, progress=False)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    for values in history.values():
        assert len(values) == 3 and all(type(value) is float for value in values)
    assert history["loss"][-1] < history["loss"][0]
    measured = trainer.evaluate((X_TEST, Y_TEST))
    assert measured == {"loss": history["val_loss"][-1], "accuracy": history["val_accuracy"][-1]}
    guesses = trainer.predict(X_TEST).argmax(axis=1)
    assert measured["accuracy"] == (guesses == Y_TEST).mean()


def test_evaluation_is_a_mean_over_samples_whatever_the_batches():
    trainer = trainer_for(network())
    whole = trainer.evaluate((X, Y), batch_size=1000)
    parts = trainer.evaluate((X, Y), batch_size=33)
    assert parts["accuracy"] == whole["accuracy"] and math.isclose(parts["loss"], whole["loss"], rel_tol=1e-6)
    one, other = trainer.predict(X, batch_size=1000), trainer.predict(X, batch_size=33)
    if fc.get_backend() == "numpy":  # its matrix products are those of a BLAS, which looks at the shape of the whole
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    else:
        assert np.array_equal(one, other)


def test_evaluation_leaves_the_mode_and_the_parameters_as_they_were():
    model = network()
    before = {name: array.copy() for name, array in model.state_dict().items()}
    trainer = trainer_for(model)
    for training in (True, False):
        model.train(training)
        trainer.evaluate((X, Y))
        trainer.predict(X)
        assert model.training is training
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())


def test_same_seed_same_bits_with_any_number_of_threads():
    def run(threads):
        fc.set_num_threads(threads)
        model = network()
        history = trainer_for(model).fit((X, Y), epochs=2, rng=7, progress=False)
        return dict(history), [array.tobytes() for array in model.state_dict().values()]

    first = run(1)
    assert all(run(threads) == first for threads in (1, 2, 3, 8))


def test_binary_targets_count_each_output():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2, rng=0))
    targets = np.stack([Y > 4, Y % 2 == 1], axis=1).astype(np.float32)
    trainer = trainer_for(model, lr=0.5, loss=nn.BCEWithLogitsLoss())
    trainer.fit((X, targets), epochs=5, rng=0, progress=False)
    expected = ((trainer.predict(X) > 0) == (targets > 0.5)).mean()
    assert trainer.evaluate((X, targets))["accuracy"] == pytest.approx(expected)


def test_one_hot_targets_and_ignored_targets():
    trainer = trainer_for(network())
    plain = trainer.evaluate((X, Y))
    one_hot = trainer.evaluate((X, np.eye(10, dtype=np.float32)[Y]))
    assert one_hot["accuracy"] == plain["accuracy"]
    assert one_hot["loss"] == pytest.approx(plain["loss"], rel=1e-6)
    some = np.where(np.arange(100) < 40, Y, -100)
    kept = trainer.evaluate((X[:40], Y[:40]))
    assert trainer.evaluate((X, some))["accuracy"] == pytest.approx(kept["accuracy"])


def test_scheduler_steps_with_every_batch():
    class Counter:
        steps = 0

        def step(self):
            self.steps += 1

    scheduler = Counter()
    trainer_for(network()).fit((X, Y), epochs=2, batch_size=30, scheduler=scheduler, progress=False)
    assert scheduler.steps == 8


def test_callbacks_see_everything_and_can_stop():
    class Recorder(Callback):
        def __init__(self):
            self.events = []

        def on_train_begin(self, run):
            self.events.append(("train", run.epochs, run.steps))

        def on_epoch_begin(self, run):
            self.events.append(("begin", run.epoch))

        def on_grad_computed(self, run):
            assert all(parameter.grad is not None for parameter in run.model.parameters())
            self.events.append(("grad", run.step, run.batch))

        def on_batch_end(self, run):
            assert run.batch_loss == nn.CrossEntropyLoss()(run.outputs, run.targets)
            self.events.append(("step", run.step))

        def on_epoch_end(self, run):
            assert run.metrics["loss"] == run.history["loss"][-1]
            self.events.append(("end", run.epoch))
            run.stop = run.epoch == 2

        def on_train_end(self, run):
            self.events.append("trained")

        def on_exit(self, run):
            self.events.append("over")

    recorder = Recorder()
    trainer = trainer_for(network(), callbacks=[recorder])
    history = trainer.fit((X, Y), epochs=5, batch_size=50, progress=False)
    assert history.epochs == 2
    assert recorder.events == [
        ("train", 5, 2),
        ("begin", 1), ("grad", 1, 1), ("step", 1), ("grad", 2, 2), ("step", 2), ("end", 1),
        ("begin", 2), ("grad", 3, 1), ("step", 3), ("grad", 4, 2), ("step", 4), ("end", 2),
        "trained", "over",
    ]  # fmt: skip


def test_a_run_can_end_within_an_epoch():
    class Stop(Callback):
        def on_batch_end(self, run):
            run.stop = run.step == 3

    trainer = trainer_for(network(), callbacks=[Stop()])
    history = trainer.fit((X, Y), (X_TEST, Y_TEST), epochs=5, batch_size=50, progress=False)
    assert history.epochs == 2 and history["val_loss"][-1] == trainer.evaluate((X_TEST, Y_TEST))["loss"]


def test_callbacks_that_save_come_last():
    order = []

    class Named(Callback):
        def __init__(self, name, saves):
            self.name, self.saves = name, saves

        def on_batch_end(self, run):
            order.append(self.name)

    callbacks = [Named("a", True), Named("b", False), Named("c", True), Named("d", False)]
    trainer_for(network(), callbacks=callbacks).fit((X, Y), batch_size=100, progress=False)
    assert order == ["b", "d", "a", "c"]


def test_callbacks_are_told_of_the_end_after_an_error():
    class Fail(Callback):
        ended = False

        def on_batch_end(self, run):
            raise OSError("full")

        def on_train_end(self, run):
            raise AssertionError

        def on_exit(self, run):
            self.ended = True

    fail = Fail()
    with pytest.raises(OSError, match="full"):
        trainer_for(network(), callbacks=[fail]).fit((X, Y), progress=False)
    assert fail.ended


def test_a_loss_that_is_not_finite_stops_before_the_parameters_change():
    poisoned = X.copy()
    poisoned[70] = np.nan
    model, clean = network(), network()
    with pytest.raises(FloatingPointError, match=r"nan at step 8 \(epoch 1\)"):
        trainer_for(model).fit(fc.data.DataLoader(poisoned, Y, 10), progress=False)
    trainer_for(clean).fit(fc.data.DataLoader(X[:70], Y[:70], 10), progress=False)
    for name, array in clean.state_dict().items():
        assert np.array_equal(array, model.state_dict()[name]), name


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda t: t.fit((X, Y), epochs=0), ValueError, "epochs"),
        (lambda t: t.fit((X, Y), epochs=1.0), TypeError, "epochs"),
        (lambda t: t.fit((X, Y), batch_size=0), ValueError, "batch_size"),
        (lambda t: t.fit((X, Y, Y)), ValueError, "data must be"),
        (lambda t: t.fit(iter([(X, Y)])), TypeError, "data must be"),
        (lambda t: t.fit((X[:0], Y[:0])), ValueError, "no samples"),
        (lambda t: t.evaluate((X[:0], Y[:0])), ValueError, "no samples"),
        (lambda t: t.predict(X[:0]), ValueError, "no samples"),
        (lambda t: t.fit((X, Y[:5])), ValueError, "same length"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(trainer_for(network()))


def test_one_line_per_epoch(capsys):
    trainer_for(network()).fit((X, Y), validation=(X_TEST, Y_TEST), epochs=2)
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 2 and captured.err == ""
    assert lines[1].startswith("epoch 2/2  loss ") and " val accuracy " in lines[1]
