"""Calls that change parameters or learning rates, in either library: optimizers, schedulers, `nn.init`, `nn.utils`."""

from typing import Any

import numpy as np
import torch

from fastconv import nn, optim

from .calls import Results, arrays, distribution, tensor

SHAPES = [(3, 4), (5,), (), (2, 1, 3)]


def steps(lib: Any, name: str, arguments: dict[str, Any]) -> Results:
    """Parameters after each of five steps with given gradients."""
    rng = np.random.default_rng(0)
    data = [np.array(rng.standard_normal(shape)) for shape in SHAPES]
    made = [nn.Parameter(x) if lib is optim else torch.nn.Parameter(torch.tensor(x)) for x in data]
    optimizer = getattr(lib, name)(**arguments | {"params": arguments["params"](made)})
    results = {}
    for step in range(5):
        for p in made:
            grad = np.array(rng.standard_normal(tuple(p.shape)))
            p.grad = grad if lib is optim else torch.from_numpy(grad)
        optimizer.step()
        for i, p in enumerate(made):
            results[f"parameter {i} after step {step}"] = np.array(p.data)
    return results


METRICS = [5, 4, 4.5, 4.2, 3.9, 4, 4, 3.2, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3]


def rates(lib: Any, name: str, arguments: dict[str, Any]) -> Results:
    """Learning rates and momenta of two groups during fourteen steps."""
    here = lib is optim
    made = [nn.Parameter(np.ones(2)) if here else torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    groups = [{"params": [p], "lr": lr} for p, lr in zip(made, (0.1, 0.03), strict=True)]
    optimizer = lib.SGD(groups, lr=0.1, momentum=0.9)
    given = {key: optimizer if value == "optimizer" else value for key, value in arguments.items()}
    if "schedulers" in given:
        given["schedulers"] = given["schedulers"](lib.lr_scheduler, optimizer)
    if "last_epoch" in given:  # goes on after a first one, which left its mark in the groups
        getattr(lib.lr_scheduler, name)(**{key: value for key, value in given.items() if key != "last_epoch"})
    schedule = getattr(lib.lr_scheduler, name)(**given)
    log = []
    for metric in METRICS:
        log.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step(metric) if name == "ReduceLROnPlateau" else schedule.step()
    last = () if name == "ChainedScheduler" else schedule.last_epoch
    return {"learning rates and momenta": np.array(log, np.float64), "last epoch": last}


RANDOM = {"uniform_", "normal_", "trunc_normal_", "sparse_"} | {
    f"{scheme}_{kind}_" for scheme in ("xavier", "kaiming") for kind in ("uniform", "normal")
}


def first_values(lib: Any, name: str, arguments: dict[str, Any]) -> Results:
    """A parameter after initialisation, or a gain."""
    if name == "calculate_gain":
        return {"gain": np.array(1.0 * getattr(lib, name)(**arguments))}
    x = np.full(arguments["tensor"], 7.0)
    torch.manual_seed(0)
    seed = {"rng": 0} if lib is nn.init and (name in RANDOM or name == "orthogonal_") else {}
    getattr(lib, name)(**arguments | {"tensor": x if lib is nn.init else torch.from_numpy(x)}, **seed)
    if name == "orthogonal_":
        return {"weight @ weight.T": x @ x.T}
    if name == "sparse_":
        return {"zeros of columns": (x == 0).sum(axis=0)} | distribution(x)
    return distribution(x) if name in RANDOM else {"weight": x}


def on_gradients(lib: Any, name: str, arguments: dict[str, Any]) -> Results:
    """Parameters and gradients after a function of `nn.utils`, and its result."""
    rng = np.random.default_rng(0)
    here = lib is nn.utils
    made = []
    for shape in SHAPES:
        data, grad = (np.array(rng.standard_normal(shape)) for _ in range(2))
        made.append(nn.Parameter(data) if here else torch.nn.Parameter(torch.from_numpy(data)))
        made[-1].grad = grad if here else torch.from_numpy(grad)
    if name == "vector_to_parameters":  # as many elements as the vector has
        made = made[:3]
    given = {key: value if here else tensor(value) for key, value in arguments.items()}
    result = getattr(lib, name)(**given | {"parameters": made})
    results = {} if result is None else arrays(result, "output")
    for i, p in enumerate(made):
        results |= {f"parameter {i}": np.array(p.data), f"gradient {i}": np.array(p.grad)}
    return results
