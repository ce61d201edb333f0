"""The base of layers, containers and losses."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from fastconv._arrays import Array, as_array
from fastconv._geometry import shown

from .parameter import Parameter


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` skipped with ``strict=False``."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class _Pass(threading.local):
    """The outermost call of a module that is under way in this thread."""

    current: object | None = None


_running = _Pass()


class Module:
    """Something with a ``forward``, a ``backward``, parameters and parts.

    A subclass writes `forward` and `backward`. Every `Parameter` and every `Module` that is set as an attribute is
    found by `parameters`, `state_dict` and the other methods, under the name of the attribute; parts of parts have
    dotted names.

    What ``backward`` needs of ``forward`` is kept with `save_for_backward` and read with `saved_for_backward`. It is
    kept in training mode only, so that a model in `eval` mode can be used by several threads at once. It is kept as
    it is: arrays that were modified in between enter the gradient with their new values.

    Attributes
    ----------
    training : bool
        True at first; set by `train` and `eval`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         self.factor = nn.Parameter(np.array(2.0))
    ...     def forward(self, input):
    ...         self.save_for_backward(input)
    ...         return input * self.factor.data
    ...     def backward(self, grad_output, *, input_grad=True):
    ...         (input,) = self.saved_for_backward()
    ...         self.factor.accumulate((grad_output * input).sum(keepdims=True).reshape(()))
    ...         return grad_output * self.factor.data if input_grad else None
    >>> scale = Scale()
    >>> scale(np.array([1.0, 3.0])), scale.backward(np.array([1.0, 1.0])), scale.factor.grad
    (array([2., 6.]), array([2., 2.]), array(4.))
    >>> list(scale.state_dict())
    ['factor']
    """

    training: bool

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here and not in __init__, so that a subclass need not call super().__init__().
        self = super().__new__(cls)
        self.__dict__.update(training=True, _saved=[], _saved_in=None, _saved_often=False)
        return self

    # ---- forward and backward

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def backward(self, *args: Any, **kwargs: Any) -> Any:
        """Add the gradients of the parameters to their ``grad`` and return the gradient of the input.

        A layer's signature is ``backward(grad_output, *, input_grad=True)``; with ``input_grad=False`` it returns
        None and does no work for the input.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""
        if not self.training or _running.current is not None:
            return self.forward(*args, **kwargs)
        _running.current = object()
        try:
            return self.forward(*args, **kwargs)
        finally:
            _running.current = None

    def save_for_backward(self, *values: Any) -> None:
        """Keep what `backward` needs, in training mode; nothing is kept in eval mode.

        A new forward pass replaces what the last one kept. A module that is used at several places of one pass keeps
        one entry per use, and ``backward`` takes them from the last to the first.
        """
        if not self.training:
            return
        state = self.__dict__
        current = _running.current
        if current is not None and state["_saved_in"] is current:
            state["_saved"].append(values)
            state["_saved_often"] = True
        else:
            state["_saved"] = [values]
            state["_saved_in"] = current
            state["_saved_often"] = False

    def saved_for_backward(self) -> Any:
        """The tuple that the forward pass gave to `save_for_backward`.

        Raises
        ------
        RuntimeError
            No forward pass in training mode came before.
        """
        state = self.__dict__
        saved: list[Any] = state["_saved"]
        if not saved:
            name = type(self).__name__
            if state["_saved_often"]:
                reason = "it was called more often than forward"
            elif self.training:
                reason = "forward must be called first"
            else:
                reason = "forward must be called first, in training mode: in eval mode nothing is kept for backward"
            raise RuntimeError(f"{name}.backward: {reason}")
        return saved.pop() if state["_saved_often"] else saved[-1]

    # ---- parts and parameters

    def add_module(self, name: str, module: "Module") -> None:
        """Set a part under a name that may be a number, as `Sequential` does.

        Raises
        ------
        TypeError
            `module` is not a Module, or `name` not a str.
        ValueError
            `name` is empty, contains a dot or is that of another attribute.
        """
        kind = type(self).__name__
        if not isinstance(module, Module):
            raise TypeError(f"{kind}: {name} must be a Module, got {type(module).__name__} {shown(module)}")
        if not isinstance(name, str):
            raise TypeError(f"{kind}: the name of a part must be a str, got {type(name).__name__} {shown(name)}")
        if not name or "." in name or (hasattr(self, name) and not isinstance(vars(self).get(name), Module)):
            raise ValueError(
                f"{kind}: the name of a part must not be empty, contain a dot or hide an attribute, got {shown(name)}"
            )
        setattr(self, name, module)

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """Names and modules of the direct parts, each module once."""
        seen: set[int] = set()
        for name, value in vars(self).items():
            if isinstance(value, Module) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self) -> Iterator["Module"]:
        """The direct parts."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """Dotted names and modules: this one, its parts, their parts; each module once."""
        seen: set[int] = set()
        for name, module in self._tree(prefix):
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def modules(self) -> Iterator["Module"]:
        """This module, its parts, their parts; each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Dotted names and parameters, each parameter once.

        Parameters
        ----------
        prefix : str
            Put before every name, with a dot.
        recurse : bool
            Also those of the parts.
        """
        seen: set[int] = set()
        for name, parameter in self._entries(prefix, recurse):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def _tree(self, prefix: str) -> Iterator[tuple[str, "Module"]]:
        """Every path to every module, also the second path to a shared one."""
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value._tree(f"{prefix}.{name}" if prefix else name)

    def _entries(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Every path to every parameter: a module's own first, then those of its parts."""
        for path, module in self._tree(prefix) if recurse else [(prefix, self)]:
            for name, value in vars(module).items():
                if isinstance(value, Parameter):
                    yield (f"{path}.{name}" if path else name), value

    def train(self, mode: bool = True) -> Self:
        """Set training mode, here and in all parts; what was kept for ``backward`` is dropped with ``mode=False``.

        Returns
        -------
        Module
            This one.
        """
        if not isinstance(mode, bool | np.bool_):
            raise TypeError(f"{type(self).__name__}.train: mode must be a bool, got {shown(mode)}")
        for module in self.modules():
            module.training = bool(mode)
            if not mode:
                module.__dict__.update(_saved=[], _saved_in=None, _saved_often=False)
        return self

    def eval(self) -> Self:
        """Set eval mode: nothing is kept for ``backward``, and several threads may use the model at once."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to zeros."""
        for parameter in self.parameters():
            parameter.zero_grad(set_to_none)

    # ---- state

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters by dotted name, in PyTorch's order, names and layouts."""
        return {
            name: np.array(parameter.data, parameter.dtype.newbyteorder("="), order="C")
            for name, parameter in self._entries()
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy the values of a `state_dict` into the parameters, all or none.

        Parameters
        ----------
        state_dict : mapping of str to array
            As `state_dict` gives it; PyTorch's own, with tensors on the CPU, is good as well.
        strict : bool
            With False, missing and unexpected names are skipped and returned. Other shapes and dtypes never are.

        Returns
        -------
        IncompatibleKeys
            ``(missing_keys, unexpected_keys)``.

        Raises
        ------
        TypeError
            `state_dict` is not a mapping.
        ValueError
            It does not fit; the text lists every missing, unexpected and mis-shaped entry. Nothing was changed.
        """
        kind = type(self).__name__
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"{kind}.load_state_dict: state_dict must be a mapping, got {type(state_dict).__name__}")
        own = dict(self._entries())
        missing = [name for name in own if name not in state_dict]
        unexpected = [str(name) for name in state_dict if name not in own]
        problems: list[str] = []
        if strict:
            problems += [f"missing {name!r}" for name in missing] + [f"unexpected {name!r}" for name in unexpected]
        values: list[tuple[Array, Array]] = []
        for name, parameter in own.items():
            if name in state_dict:
                problem, value = _fitting(name, parameter.data, state_dict[name])
                problems += problem
                values += value
        if problems:
            raise ValueError(f"{kind}.load_state_dict: state_dict does not fit: " + "; ".join(problems))
        for data, new in values:
            data[...] = new
        return IncompatibleKeys(missing, unexpected)

    # ---- text

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows between the brackets."""
        return ""

    def __repr__(self) -> str:
        name, extra = type(self).__name__, self.extra_repr()
        parts = [(key, value) for key, value in vars(self).items() if isinstance(value, Module)]
        if not parts:
            return f"{name}({extra})"
        lines = [extra] if extra else []
        lines += [f"({key}): {module!r}" for key, module in parts]
        return f"{name}(\n" + "\n".join("  " + line.replace("\n", "\n  ") for line in lines) + "\n)"


def _fitting(name: str, data: Array, value: Any) -> tuple[list[str], list[tuple[Array, Array]]]:
    """What is wrong with a new value of a parameter; else the parameter's array and a copy of the value."""
    try:
        array = as_array("load_state_dict", name, value)
    except TypeError:
        return [f"{name!r} is not an array but {type(value).__name__}"], []
    problems = []
    if array.shape != data.shape:
        problems.append(f"{name!r} has shape {array.shape} instead of {data.shape}")
    if array.dtype.type is not data.dtype.type:
        problems.append(f"{name!r} has dtype {array.dtype} instead of {data.dtype}")
    if not data.flags.writeable:
        problems.append(f"{name!r} is read-only in this model")
    # A copy, because the value may be a view of a parameter that is overwritten before it.
    return problems, [] if problems else [(data, array.copy())]
