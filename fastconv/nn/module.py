"""The base of layers, containers and losses."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import shown
from fastconv._watch import changes, running
from fastconv.functional._options import flag

from ._state import IncompatibleKeys as IncompatibleKeys
from ._state import load
from .hooks import BackwardHook, ForwardHook, ForwardPreHook, HookedBackward, RemovableHandle, run_forward
from .parameter import Parameter


def save(state: dict[str, Any], values: Any) -> None:
    """Keep values for the backward pass, for the module with these attributes."""
    current = running.current
    if current is not None and last_pass(state) is current:
        state["_saved"] = [*state["_saved"], values]
        state["_saved_often"] = True
    else:
        state["_saved"] = [values]
        state["_saved_often"] = False
    state["_saved_in"] = current


def last_pass(state: dict[str, Any]) -> Any:
    """In which pass a module kept values last; what a tape keeps for it is about to be replaced."""
    saved = state["_saved"]
    if saved and type(saved[0]) is not tuple:
        return saved[0].leave()
    return state["_saved_in"]


class Module:
    """Something with a ``forward``, a ``backward``, parameters, buffers and parts.

    A subclass writes `forward` and `backward`. Every `Parameter` and every `Module` that is set as an attribute is
    found by `parameters`, `state_dict` and the other methods, under the name of the attribute; parts of parts have
    dotted names. Arrays that are state but not trained, such as running statistics, are set with `register_buffer`.

    Parameters with ``requires_grad=False`` (see `requires_grad_`) get no gradient, and it is not computed. Where a
    model's ``backward`` is called with ``input_grad=False``, it ends at the first layer from which on nothing is
    trained.

    What ``backward`` needs of ``forward`` is kept with `save_for_backward` and read with `saved_for_backward`. It is
    kept in training mode only, so that a model in `eval` mode can be used by several threads at once; a part in eval
    mode of a model in training mode keeps it too. It is kept as it is: arrays that were modified in between enter the
    gradient with their new values.

    Attributes
    ----------
    training : bool
        True at first; set by `train` and `eval`.
    fusible : tuple of tuples of str
        Set in a subclass, for `nn.fuse`: names of parts that `forward` applies right after each other and nowhere
        else, such as ``(("conv1", "bn1"), ("conv2", "bn2"))``. A name that is not that of a part is passed over. It
        speaks of the ``forward`` of that subclass, not of one that replaces it.

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
    fusible: ClassVar[tuple[tuple[str, ...], ...]]
    _record: Any = None
    """Layers that take part in tapes (see `fastconv.nn._tape`): a method that records the forward pass."""
    _saved: list[Any]  # tuples, or what a tape keeps (`_tape.bound.Kept`)
    _buffers: dict[str, bool]  # names, and whether `state_dict` has them; the arrays are attributes
    _before: dict[int, ForwardPreHook]
    _after: dict[int, ForwardHook]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here and not in __init__, so that a subclass need not call super().__init__().
        self = super().__new__(cls)
        self.__dict__.update(
            training=True, _buffers={}, _saved=[], _saved_in=None, _saved_often=False, _before={}, _after={}
        )
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._buffers:
            if isinstance(value, Parameter | Module):
                del self._buffers[name]
            else:
                self._check_buffer(name, value)
                object.__setattr__(self, name, value)
                return
        object.__setattr__(self, name, value)
        if self._record is not None:
            changes.made()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._buffers.pop(name, None)
        changes.made()

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
        """Run `forward`, and the hooks before and after it."""
        outermost = self.training and running.current is None
        if outermost:
            running.current = object()
        try:
            if self._before or self._after:
                return run_forward(self, self._before, self._after, args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            if outermost:
                running.current = None

    def save_for_backward(self, *values: Any) -> None:
        """Keep what `backward` needs, if `keeps_for_backward`.

        A new forward pass replaces what the last one kept. A module that is used at several places of one pass keeps
        one entry per use, and ``backward`` takes them from the last to the first.
        """
        if self.training or self.keeps_for_backward():
            save(self.__dict__, values)

    def keeps_for_backward(self) -> bool:
        """Whether `save_for_backward` keeps anything: in training mode, or in a pass of a model in training mode.

        The latter is how a part is trained through whose own statistics are to stay, such as a `BatchNorm2d` in eval
        mode.
        """
        return self.training or running.current is not None

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
        values = saved.pop() if state["_saved_often"] else saved[-1]
        return values if type(values) is tuple else values.arrays()

    def register_forward_pre_hook(self, hook: ForwardPreHook, *, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, args)`` before every `forward`.

        Parameters
        ----------
        hook : callable
            Gets the tuple of positional arguments. What it returns, if not None, replaces them: a tuple, or the only
            one.
        prepend : bool
            Before the hooks that are there already.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook back.

        Raises
        ------
        TypeError
            `hook` cannot be called.
        """
        return RemovableHandle(self._before, hook, prepend)

    def register_forward_hook(self, hook: ForwardHook, *, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after every `forward`.

        Parameters
        ----------
        hook : callable
            What it returns, if not None, replaces the output.
        prepend : bool
            Before the hooks that are there already.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook back.

        Raises
        ------
        TypeError
            `hook` cannot be called.

        Examples
        --------
        >>> import numpy as np
        >>> from fastconv import nn
        >>> net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU())
        >>> with net[0].register_forward_hook(lambda module, args, output: print(output.shape)):
        ...     output = net(np.ones((5, 3), np.float32))
        (5, 4)
        """
        return RemovableHandle(self._after, hook, prepend)

    def register_full_backward_hook(self, hook: BackwardHook, *, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` after every `backward`.

        A layer that ``backward`` of its container does not reach has no call: with ``input_grad=False`` those before
        the first that is trained.

        Parameters
        ----------
        hook : callable
            Gets two tuples; ``(None,)`` where the gradient of the input was not asked for. What it returns, if not
            None, replaces `grad_input`: a tuple as long, or the only one. The gradients of parameters stay as they are.
        prepend : bool
            Before the hooks that are there already.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook back.

        Raises
        ------
        TypeError
            `hook` cannot be called.
        """
        hooked = self.__dict__.get("backward")
        if hooked is None:
            hooked = self.__dict__["backward"] = HookedBackward(self)
        return RemovableHandle(hooked.hooks, hook, prepend)

    # ---- parts, parameters and buffers

    def register_buffer(self, name: str, array: Array | None, persistent: bool = True) -> None:
        """Set an array that belongs to the state but is not trained, as an attribute.

        Parameters
        ----------
        name : str
            Of the attribute.
        array : ndarray of float, integer or bool dtype, or None
            Kept as it is. None keeps the name for an array that may come later.
        persistent : bool
            Whether `state_dict` contains it.

        Raises
        ------
        TypeError
            `name` is not a str, `array` not an array or `persistent` not a bool.
        ValueError
            `name` is empty, contains a dot or is that of another attribute.

        Examples
        --------
        >>> import numpy as np
        >>> from fastconv import nn
        >>> module = nn.Module()
        >>> module.register_buffer("steps", np.zeros((), np.int64))
        >>> module.steps += 1
        >>> module.state_dict()
        {'steps': array(1)}
        """
        self._check_name("buffer", name, name in self._buffers)
        self._check_buffer(name, array)
        self._buffers[name] = flag(f"{type(self).__name__}.register_buffer", "persistent", persistent)
        object.__setattr__(self, name, array)

    def _check_buffer(self, name: str, array: Any) -> None:
        """Refuse what cannot be stored."""
        if array is None:
            return
        if type(array) is not np.ndarray or array.dtype.kind not in "fiub":
            came = f"dtype {array.dtype}" if type(array) is np.ndarray else f"{type(array).__name__} {shown(array)}"
            raise TypeError(
                f"{type(self).__name__}: buffer {name} must be a NumPy array of float, integer or bool dtype, "
                f"got {came}"
            )

    def _check_name(self, kind: str, name: Any, replaces: bool) -> None:
        """Refuse a name that would make dotted names ambiguous, or hide something; `replaces` one of its kind."""
        owner = type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{owner}: the name of a {kind} must be a str, got {type(name).__name__} {shown(name)}")
        if not name or "." in name or (hasattr(self, name) and not replaces):
            raise ValueError(
                f"{owner}: the name of a {kind} must not be empty, contain a dot or hide an attribute, "
                f"got {shown(name)}"
            )

    def add_module(self, name: str, module: "Module") -> None:
        """Set a part under a name that may be a number, as `Sequential` does.

        Raises
        ------
        TypeError
            `module` is not a Module, or `name` not a str.
        ValueError
            `name` is empty, contains a dot or is that of another attribute.
        """
        if not isinstance(module, Module):
            kind = type(self).__name__
            raise TypeError(f"{kind}: {name} must be a Module, got {type(module).__name__} {shown(module)}")
        self._check_name("part", name, isinstance(name, str) and isinstance(vars(self).get(name), Module))
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
        for name, module in self._tree(prefix, recurse):
            for key, value in module._own_parameters():
                if id(value) not in seen:
                    seen.add(id(value))
                    yield _joined(name, key), value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Array]]:
        """Dotted names and arrays of the buffers, each array once; also those that `state_dict` leaves out.

        Parameters
        ----------
        prefix : str
            Put before every name, with a dot.
        recurse : bool
            Also those of the parts.
        """
        seen: set[int] = set()
        for name, module in self._tree(prefix, recurse):
            for key in module._buffers:
                value = getattr(module, key)
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield _joined(name, key), value

    def buffers(self, recurse: bool = True) -> Iterator[Array]:
        """The buffers, each once."""
        return (array for _, array in self.named_buffers(recurse=recurse))

    def _dotted(self, method: str, target: object) -> str:
        """A name, checked."""
        if not isinstance(target, str):
            raise TypeError(f"{type(self).__name__}.{method}: target must be a str, got {shown(target)}")
        return target

    def get_submodule(self, target: str) -> "Module":
        """The part of a dotted name; this module for an empty one.

        Raises
        ------
        TypeError
            `target` is not a str.
        AttributeError
            There is no such part.
        """
        found: Any = self
        path = self._dotted("get_submodule", target)
        for name in path.split(".") if path else ():
            found = vars(found).get(name)
            if not isinstance(found, Module):
                raise AttributeError(f"{type(self).__name__}.get_submodule: there is no part {target!r}")
        return found  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name.

        Raises
        ------
        TypeError
            `target` is not a str.
        AttributeError
            There is no such parameter.
        """
        path, _, name = self._dotted("get_parameter", target).rpartition(".")
        found = vars(self.get_submodule(path)).get(name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"{type(self).__name__}.get_parameter: there is no parameter {target!r}")
        return found

    def get_buffer(self, target: str) -> Array:
        """The buffer of a dotted name.

        Raises
        ------
        TypeError
            `target` is not a str.
        AttributeError
            There is no such buffer.
        """
        path, _, name = self._dotted("get_buffer", target).rpartition(".")
        module = self.get_submodule(path)
        if name not in module._buffers:
            raise AttributeError(f"{type(self).__name__}.get_buffer: there is no buffer {target!r}")
        return getattr(module, name)  # type: ignore[no-any-return]

    def apply(self, fn: Callable[["Module"], Any]) -> Self:
        """Call a function for every module, parts before what they are parts of; for instance to initialise them.

        Returns
        -------
        Module
            This one.
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters be trained, or freeze them.

        Returns
        -------
        Module
            This one.

        Raises
        ------
        TypeError
            `requires_grad` is not a bool.

        Examples
        --------
        >>> import numpy as np
        >>> from fastconv import nn
        >>> net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
        >>> net[0].requires_grad_(False)
        Linear(in_features=3, out_features=4, bias=True)
        >>> net.backward(np.ones_like(net(np.ones((5, 3), np.float32))), input_grad=False)
        >>> [name for name, parameter in net.named_parameters() if parameter.grad is not None]
        ['2.weight', '2.bias']
        """
        wanted = flag(f"{type(self).__name__}.requires_grad_", "requires_grad", requires_grad)
        for parameter in self.parameters():
            parameter.requires_grad = wanted
        return self

    def _is_trained(self) -> bool:
        """Whether any parameter, here or in a part, requires a gradient."""
        return any(value.requires_grad for _, module in self._tree("") for _, value in module._own_parameters())

    def _tree(self, prefix: str, recurse: bool = True) -> Iterator[tuple[str, "Module"]]:
        """Every path to every module, also the second path to a shared one."""
        yield prefix, self
        if recurse:
            for name, value in vars(self).items():
                if isinstance(value, Module):
                    yield from value._tree(_joined(prefix, name))

    def _own_parameters(self) -> Iterator[tuple[str, Parameter]]:
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Parameter))

    def _entries(self) -> Iterator[tuple[str, Array]]:
        """Every path to every array of the state: a module's parameters, its buffers, then those of its parts."""
        for path, module in self._tree(""):
            for name, parameter in module._own_parameters():
                yield _joined(path, name), parameter.data
            for name, persistent in module._buffers.items():
                array = getattr(module, name)
                if persistent and array is not None:
                    yield _joined(path, name), array

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
                last_pass(module.__dict__)
                module.__dict__.update(_saved=[], _saved_in=None, _saved_often=False)
        return self

    def eval(self) -> Self:
        """Set eval mode: nothing is kept for ``backward``, and several threads may use the model at once."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to zeros; TypeError if `set_to_none` is no bool."""
        set_to_none = flag(f"{type(self).__name__}.zero_grad", "set_to_none", set_to_none)
        for parameter in self.parameters():
            parameter.zero_grad(set_to_none)

    # ---- state

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and persistent buffers by dotted name, in PyTorch's order, names and layouts."""
        return {name: np.array(array, array.dtype.newbyteorder("="), order="C") for name, array in self._entries()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy the values of a `state_dict` into parameters and buffers, all or none.

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
        return load(f"{kind}.load_state_dict", dict(self._entries()), state_dict, strict)

    # ---- PyTorch

    @staticmethod
    def from_torch(module: Any) -> "Module":
        """The fastconv module that computes what a torch module does, with copies of its weights.

        Parameters
        ----------
        module : torch.nn.Module
            Made of layers, activations, normalisation, pooling, padding, ``Dropout``, ``Flatten`` and the like of
            ``torch.nn``, in ``Sequential``, ``ModuleList`` and ``ModuleDict``; or what `to_torch` gave.

        Returns
        -------
        Module
            With the same names of parts, ``training`` and ``requires_grad``. Layers and parameters that stand at
            several places do so here too.

        Raises
        ------
        ImportError
            torch is not installed.
        TypeError, ValueError
            A part is of another class, has hooks, an option that fastconv has not, or weights that are not on the CPU
            or neither float32 nor float64; the text names its path.
        """
        from fastconv.torch.conversion import from_torch

        return from_torch(module)

    def to_torch(self) -> Any:
        """The torch module that computes what this one does, with copies of its weights.

        Returns
        -------
        torch.nn.Module
            Of ``torch.nn``'s own classes, with the same names of parts, ``training`` and ``requires_grad``; what torch
            has no class for, such as `Residual`, `Concat` and the blocks of `fastconv.models`, is one of
            ``fastconv.torch.blocks``.

        Raises
        ------
        ImportError
            torch is not installed.
        TypeError, ValueError
            A part is of a class of its own, has hooks, or an option that torch has not; the text names its path.
        """
        from fastconv.torch.conversion import to_torch

        return to_torch(self)

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


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
