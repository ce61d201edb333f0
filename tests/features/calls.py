"""The same call in fastconv and in torch: each gives named results, gradients among them."""

import inspect
from typing import Any

import numpy as np
import torch

from fastconv import functional as F
from fastconv import nn

Results = dict[str, Any]


def parameters_of(name: str, call: Any) -> list[str]:
    """Names of the parameters of torch's function or class, as torch itself tells them."""
    if isinstance(call, type):
        if call.__init__ is torch.nn.Module.__init__:
            return []
        return list(inspect.signature(call).parameters)
    call = getattr(torch.nn.functional, f"{name}_with_indices", call)  # what a dispatcher without a signature calls
    try:
        return list(inspect.signature(call).parameters)
    except ValueError:  # a builtin, whose docstring starts with its signature
        text = call.__doc__.strip().splitlines()[0]
        listed = text[text.index("(") + 1 : text.index(")")].split(",")
        return [part.split("=")[0].strip() for part in listed if part.strip() not in ("*", "/")]


def tensor(value: Any) -> Any:
    """A value as torch takes it."""
    if isinstance(value, np.ndarray):
        return torch.tensor(value)
    if value in (np.float32, np.float64):
        return getattr(torch, value.__name__)
    return value


def arrays(values: Any, name: str) -> Results:
    """Named results: arrays, or what else a call gives."""
    values = values if isinstance(values, tuple) else (values,)
    return {f"{name} {i}": np.asarray(v.detach() if isinstance(v, torch.Tensor) else v) for i, v in enumerate(values)}


def upstream(output: Any) -> Any:
    """A gradient of what comes out."""
    shape = tuple(np.shape(output))
    return np.random.default_rng(5).standard_normal(shape) if shape else 1.5


def is_random(name: str, arguments: dict[str, Any]) -> bool:
    """Whether an operation leaves out elements by chance: only distributions can be compared then."""
    return name.lower().startswith("dropout") and 0 < arguments["p"] < 1 and arguments.get("training", True)


def distribution(output: Any) -> Results:
    return {"distribution": np.sort(np.asarray(output), axis=None)}


def kept(output: Any, input: np.ndarray) -> Results:
    """What is left of the input: its distribution, and the one factor of what is not zero."""
    return distribution(output) | {"factor": np.array(np.max(np.abs(np.asarray(output) / input)))}


def copied(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def function_of_fastconv(name: str, arguments: dict[str, Any]) -> Results:
    names = inspect.signature(getattr(F, name)).parameters
    given = copied({"logits" if key == "input" and "logits" in names else key: v for key, v in arguments.items()})
    if name.startswith("dropout"):
        given["rng"] = 0
    output = getattr(F, name)(**given)
    if is_random(name, arguments):
        return kept(output[0], arguments["input"])
    results = arrays(output, "output")
    if name.startswith("dropout"):
        del results["output 1"]  # the mask
    results |= {key: value for key, value in given.items() if key.startswith("running")}
    backward = getattr(F, {"dropout2d": "dropout"}.get(name, name) + "_backward", None)
    if backward is None:
        return results
    image = arguments["input"]
    first, *rest = output if isinstance(output, tuple) else (output,)
    known = copied(arguments) | {"grad_output": upstream(first), "output": first, "input_shape": image.shape}
    if name.startswith("dropout"):
        known["mask"] = rest[0]
    elif "pool" in name and "max" in name and "un" not in name:
        known["indices"] = rest[0] if rest else getattr(F, name)(**given | {"return_indices": True})[1]
    gradients = backward(**{key: known[key] for key in inspect.signature(backward).parameters if key in known})
    if not isinstance(gradients, tuple):
        return results | {"gradient of input": gradients}
    return results | {
        f"gradient of {key}": gradient
        for key, gradient in zip(("input", "weight", "bias"), gradients, strict=True)
        if arguments.get(key) is not None
    }


def function_of_torch(name: str, arguments: dict[str, Any]) -> Results:
    given = {key: tensor(value) for key, value in copied(arguments).items()}
    backward = getattr(F, {"dropout2d": "dropout"}.get(name, name) + "_backward", None)
    wanted = []
    if backward is not None:
        with_weights = "output_mask" in inspect.signature(backward).parameters
        wanted = [key for key in ("input", "weight", "bias")[: 3 if with_weights else 1] if given.get(key) is not None]
    for key in wanted:
        given[key].requires_grad_()
    torch.manual_seed(0)
    output = getattr(torch.nn.functional, name)(**given)
    if is_random(name, arguments):
        return kept(output.detach(), arguments["input"])
    first = output[0] if isinstance(output, tuple) else output
    results = arrays(output, "output")
    results |= {key: value.numpy() for key, value in given.items() if key.startswith("running")}
    if wanted:
        first.backward(torch.as_tensor(upstream(first.detach())))
    return results | {f"gradient of {key}": given[key].grad.numpy() for key in wanted}


def constructed(lib: Any, name: str, arguments: dict[str, Any]) -> Any:
    """A layer; positional-only arguments are under `args`."""
    given = {
        key: value(lib) if callable(value) and not isinstance(value, type) else value
        for key, value in arguments.items()
    }
    if lib is torch.nn:
        given = {key: tensor(value) for key, value in given.items()}
    return getattr(lib, name)(*given.pop("args", ()), **given)


def layer(name: str, arguments: dict[str, Any], inputs: tuple[np.ndarray, ...]) -> tuple[Results, Results]:
    """Both libraries' layer with the same state: text, outputs, gradients, state afterwards."""
    dtype = arguments.get("dtype", np.float64)
    if "dtype" in inspect.signature(getattr(nn, name)).parameters:
        arguments = arguments | {"dtype": dtype}
    first, *rest = [x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs] or (None,)
    theirs = constructed(torch.nn, name, arguments)
    for i, p in enumerate(theirs.parameters()):
        p.data = torch.from_numpy(np.random.default_rng(i).standard_normal(tuple(p.shape)).astype(dtype))
    if is_random(name, arguments):
        torch.manual_seed(0)
        ours = getattr(nn, name)(**arguments, rng=0)
        return kept(ours(first), first), kept(theirs(torch.tensor(first)), first)
    state = {key: t.clone() for key, t in theirs.state_dict().items()}
    expected: Results = {"text": repr(theirs)}
    if first is not None:
        t = torch.tensor(first, requires_grad=True)
        output = theirs(t, *map(torch.tensor, rest))
        expected |= arrays(output, "output")
        output = output[0] if isinstance(output, tuple) else output
        grad = np.asarray(upstream(output.detach()), dtype)
        output.backward(torch.from_numpy(grad))
        expected["gradient of input"] = t.grad.numpy()
        expected |= {f"gradient of {key}": p.grad.numpy() for key, p in theirs.named_parameters()}

    ours = constructed(nn, name, arguments)
    results: Results = {"text": repr(ours)}
    if not name.endswith("Loss"):  # torch's criteria have their weights as states
        results["state"], expected["state"] = list(ours.state_dict()), list(state)
        ours.load_state_dict(state)
        expected |= {key: b.numpy() for key, b in theirs.named_buffers()}
    if first is not None:
        results |= arrays(ours(first, *rest), "output")
        results["gradient of input"] = ours.backward(grad if grad.ndim else float(grad))
        results |= {f"gradient of {key}": p.grad for key, p in ours.named_parameters()}
    results |= dict(ours.named_buffers())
    return results, expected
