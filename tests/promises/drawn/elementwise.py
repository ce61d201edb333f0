"""Activations, losses, softmax and normalisation."""

import numpy as np
from functional.calls import DIFFERENCES, ELEMENTWISE, Maker

from .call import Call, Pair

SAVES_OUTPUT = ("relu", "sigmoid", "tanh")


def _shape(rng: np.random.Generator) -> tuple[int, ...]:
    return (*map(int, rng.integers(1, 5, int(rng.integers(0, 3)))), int(rng.integers(1, 68)))


def activation(a: Maker, name: str) -> Pair:
    x = a(*_shape(a.rng))
    options = ELEMENTWISE.get(name, {})
    saved = "output" if name in SAVES_OUTPUT else "input"
    return Pair(
        Call(name, {"input": x, **options}),
        Call(f"{name}_backward", {"grad_output": a(*x.shape), saved: a(*x.shape), **options}),
    )


def difference(a: Maker, name: str) -> Pair:
    shape = _shape(a.rng)
    arguments = {"input": a(*shape), "target": a(*shape), **DIFFERENCES[name]}
    return Pair(Call(name, arguments), Call(f"{name}_backward", {"grad_output": a(*shape), **arguments}))


def softmax(a: Maker, name: str) -> Pair:
    shape = tuple(map(int, (a.rng.integers(1, 5), a.rng.integers(1, 36), a.rng.integers(1, 36))))
    dim, output = int(a.rng.integers(-3, 3)), abs(a(*shape)) * (-1 if name == "log_softmax" else 1)
    return Pair(
        Call(name, {"input": a(*shape), "dim": dim}),
        Call(f"{name}_backward", {"grad_output": a(*shape), "output": output, "dim": dim}),
    )


def class_ids(a: Maker, name: str) -> Pair:
    rows, classes, inner = (int(size) for size in a.rng.integers(1, 36, 3))
    shape = (rows, inner) if a.rng.random() < 0.5 else (rows,)
    weight = {"weight": abs(a(classes))} if a.rng.random() < 0.5 else {}
    z, options = a(rows, classes, *shape[1:]), {"target": a.ids(classes, *shape), **weight, "reduction": "none"}
    if name == "cross_entropy":
        options["label_smoothing"] = float(a.rng.choice([0.0, 0.25]))
    first = "logits" if name == "cross_entropy" else "input"
    return Pair(
        Call(name, {first: z, **options}), Call(f"{name}_backward", {"grad_output": a(*shape), "input": z, **options})
    )


def binary_cross_entropy_with_logits(a: Maker) -> Pair:
    shape = _shape(a.rng)
    arguments = {
        "input": a(*shape),
        "target": abs(a(*shape)) / 4,
        "weight": a(*shape),
        "pos_weight": abs(a(*shape)),
        "reduction": "none",
    }
    name = "binary_cross_entropy_with_logits"
    return Pair(Call(name, arguments), Call(f"{name}_backward", {"grad_output": a(*shape), **arguments}))


def batch_norm(a: Maker) -> Pair:
    n, c, h, w = (int(size) for size in a.rng.integers(1, (4, 36, 5, 36)))
    n += 1  # a variance of more than one value
    running = {"running_mean": a(c), "running_var": abs(a(c))}
    options = {**running, "weight": a(c), "training": bool(a.rng.random() < 0.5), "eps": 0.25}
    x = a(n, c, h, w)
    return Pair(
        Call("batch_norm", {"input": x, **options, "bias": a(c)}),
        Call("batch_norm_backward", {"grad_output": a(*x.shape), "input": x, **options}),
    )


def group_norm(a: Maker) -> Pair:
    n, groups, c, h, w = (int(size) for size in a.rng.integers(1, (4, 5, 8, 5, 36)))
    w += 1  # a variance of more than one value
    x = a(n, groups * c, h, w)
    options = {"num_groups": groups, "weight": a(groups * c), "eps": 0.25}
    return Pair(
        Call("group_norm", {"input": x, **options, "bias": a(groups * c)}),
        Call("group_norm_backward", {"grad_output": a(*x.shape), "input": x, **options}),
    )


def layer_norm(a: Maker) -> Pair:
    n, h, w = (int(size) for size in a.rng.integers(1, (36, 5, 68)))
    options = {"normalized_shape": (h, w), "weight": a(h, w), "eps": 0.25}
    x = a(n, h, w)
    return Pair(
        Call("layer_norm", {"input": x, **options, "bias": a(h, w)}),
        Call("layer_norm_backward", {"grad_output": a(*x.shape), "input": x, **options}),
    )
