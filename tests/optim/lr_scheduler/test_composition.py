"""Schedules one after another and several at once, against PyTorch; nested, against what they are made of."""

import pytest

from fastconv.optim import lr_scheduler

from .cases import ours, theirs, wave
from .test_torch_parity import THEIRS, follow

SEQUENCES = {
    "warm-up and exponential": ([("LinearLR", {"total_iters": 5}), ("ExponentialLR", {"gamma": 0.9})], [5]),
    "warm-up and cosine": ([("LinearLR", {"start_factor": 0.1}), ("CosineAnnealingLR", {"T_max": 40})], [6]),
    "constant, linear, step": (
        [("ConstantLR", {"total_iters": 3}), ("LinearLR", {"end_factor": 0.5}), ("StepLR", {"step_size": 4})],
        [4, 20],
    ),
    "two milestones in one": (
        [("ConstantLR", {}), ("ExponentialLR", {"gamma": 0.5}), ("PolynomialLR", {"total_iters": 20})],
        [7, 7],
    ),
    "from the start the second": ([("ExponentialLR", {"gamma": 0.5}), ("LinearLR", {})], [0]),
    "restarts and functions": (
        [
            ("CosineAnnealingWarmRestarts", {"T_0": 4}),
            ("LambdaLR", {"lr_lambda": wave}),
            ("MultiplicativeLR", {"lr_lambda": wave}),
        ],
        [10, 30],
    ),
    "milestones at 0": (
        [("ConstantLR", {}), ("MultiStepLR", {"milestones": [0, 3]}), ("CosineAnnealingWarmRestarts", {"T_0": 3})],
        [9, 17],
    ),
    "one alone": ([("ExponentialLR", {"gamma": 0.9})], []),
}

CHAINS = {
    "constant and exponential": [("ConstantLR", {"total_iters": 4}), ("ExponentialLR", {"gamma": 0.9})],
    "linear and cosine": [("LinearLR", {}), ("CosineAnnealingLR", {"T_max": 20})],
    "three": [
        ("StepLR", {"step_size": 7}),
        ("PolynomialLR", {"total_iters": 50}),
        ("MultiplicativeLR", {"lr_lambda": wave}),
    ],
    "one": [("StepLR", {"step_size": 7})],
}


def parts(library, optimizer, names):
    return [getattr(library, name)(optimizer, **options) for name, options in names]


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence(name):
    names, milestones = SEQUENCES[name]
    a, b = ours(), theirs()
    mine = lr_scheduler.SequentialLR(a, parts(lr_scheduler, a, names), milestones)
    follow(a, b, mine, THEIRS.SequentialLR(b, parts(THEIRS, b, names), milestones))


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain(name):
    a, b = ours(), theirs()
    mine = lr_scheduler.ChainedScheduler(parts(lr_scheduler, a, CHAINS[name]))
    follow(a, b, mine, THEIRS.ChainedScheduler(parts(THEIRS, b, CHAINS[name])))


def rates(schedule, epochs=30):
    found = [schedule.get_last_lr()]
    for _ in range(epochs):
        schedule.optimizer.step()
        schedule.step()
        found.append(schedule.get_last_lr())
    return found


def exponential(optimizer):
    return lr_scheduler.ExponentialLR(optimizer, 0.9)


def linear(optimizer):
    return lr_scheduler.LinearLR(optimizer, 0.5, total_iters=4)


def cosine(optimizer):
    return lr_scheduler.CosineAnnealingLR(optimizer, 10)


def test_a_sequence_in_a_sequence():
    a, b = ours(), ours()
    inner = lr_scheduler.SequentialLR(a, [linear(a), exponential(a)], [5])
    nested = lr_scheduler.SequentialLR(a, [inner, cosine(a)], [12])
    flat = lr_scheduler.SequentialLR(b, [linear(b), exponential(b), cosine(b)], [5, 12])
    for x, y in zip(rates(nested), rates(flat), strict=True):
        assert x == pytest.approx(y, rel=1e-13)


def test_a_sequence_that_takes_over():
    a, b = ours(), ours()
    inner = lr_scheduler.SequentialLR(a, [linear(a), exponential(a)], [5])
    nested = lr_scheduler.SequentialLR(a, [cosine(a), inner], [7])
    flat = lr_scheduler.SequentialLR(b, [cosine(b), linear(b), exponential(b)], [7, 12])
    for x, y in zip(rates(nested), rates(flat), strict=True):
        assert x == pytest.approx(y, rel=1e-13)


@pytest.mark.parametrize("first", [True, False])
def test_a_chain_in_a_sequence(first):
    """The chain as part has the rates that it has alone, from its own start on."""
    a, b = ours(), ours()
    chain = lr_scheduler.ChainedScheduler([linear(a), exponential(a)])
    whole = lr_scheduler.SequentialLR(a, [chain, cosine(a)] if first else [cosine(a), chain], [12])
    alone = rates(lr_scheduler.ChainedScheduler([linear(b), exponential(b)]))
    found = rates(whole)
    for x, y in zip(found[:12] if first else found[12:], alone, strict=False):
        assert x == pytest.approx(y, rel=1e-13)


def test_what_parts_may_be():
    a, b = ours(), ours()
    plateau = lr_scheduler.ReduceLROnPlateau(a)
    for make in (lambda s: lr_scheduler.SequentialLR(a, s, [3]), lr_scheduler.ChainedScheduler):
        for kind, text, schedulers in [
            (TypeError, "schedulers", None),
            (ValueError, "empty", []),
            (TypeError, r"schedulers\[1\]", [exponential(a), 3]),
            (ValueError, "ReduceLROnPlateau", [exponential(a), plateau]),
            (ValueError, "another optimizer", [exponential(a), exponential(b)]),
        ]:
            with pytest.raises(kind, match=text):
                make(schedulers)
    with pytest.raises(ValueError, match="another optimizer"):
        lr_scheduler.ChainedScheduler([exponential(a)], b)
    two = [exponential(a), linear(a)]
    wrong = [(ValueError, []), (ValueError, [1, 2]), (TypeError, 3), (TypeError, [1.5]), (ValueError, [-1])]
    for kind, milestones in wrong:
        with pytest.raises(kind, match="milestones"):
            lr_scheduler.SequentialLR(a, two, milestones)
    with pytest.raises(ValueError, match="ascending"):
        lr_scheduler.SequentialLR(a, [*two, cosine(a)], [5, 3])
