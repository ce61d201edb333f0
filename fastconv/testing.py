"""Check a backward function or layer against finite differences.

    f(x) = sum(g * forward(x))       with random g
    df/dx_i  ~  (f(x + eps e_i) - f(x - eps e_i)) / (2 eps)      must equal      backward(g, ...)_i

The central difference errs by O(eps^2) plus rounding of about 1e-16 / eps, so only float64 is precise enough.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastconv._arrays import Array

__all__ = ["GradcheckError", "gradcheck"]


class GradcheckError(AssertionError):
    """An analytic gradient differs from the numeric one; the text says of what, where and by how much."""


def gradcheck(
    fn_or_module: Any,
    *arrays: Any,
    backward: Callable[..., Any] | None = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    rng: int | np.random.Generator = 0,
    **options: Any,
) -> bool:
    r"""Compare analytic gradients with central differences, element by element.

    An element is right if :math:`|a - n| \le \mathrm{atol} + \mathrm{rtol}\,|n|`, with :math:`a` the analytic
    and :math:`n = (f(x + \epsilon) - f(x - \epsilon)) / 2\epsilon` the numeric derivative of the result times
    random numbers.

    Parameters
    ----------
    fn_or_module : callable, or object with ``backward``
        A function of arrays, or a layer or loss: called forward, then its method ``backward``. Of a layer the
        input and every parameter that requires a gradient are checked.
    *arrays
        Positional arguments of the function. What is to be differentiated must be float64; others (class ids,
        None) may be anything.
    backward : callable, optional
        The function under test. By default the function named ``<name>_backward`` in the module of
        ``<name>``. Its first parameter gets the upstream gradient; the others get, by name, ``output``,
        ``saved`` (both the forward result), ``input_shape``, ``indices`` (the second forward result), or the
        forward argument of the same name; a parameter of another name keeps its default or gets the next
        positional argument not yet used. It returns the gradient of the first forward argument, or a tuple
        with those of the first ones; None is not checked.
    eps : float
        Half the distance of the central difference.
    atol, rtol : float
        Absolute and relative tolerance.
    rng : int or numpy.random.Generator
        Seed of the upstream gradient.
    **options
        Keyword arguments of the function; those that backward has too are passed to both.

    Returns
    -------
    bool
        True.

    Raises
    ------
    GradcheckError
        A wrong gradient; the text names the argument, the element, both values and how many others are wrong.
        Also for a gradient of the wrong shape or dtype, and a function that gives two results for the same
        arguments.
    TypeError
        No float64 array to differentiate.
    ValueError
        No backward function was given or found.

    Notes
    -----
    At a kink (ReLU at 0, equal pixels under max pooling) a function has no derivative: keep the data away
    from it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> from fastconv.testing import gradcheck
    >>> rng = np.random.default_rng(0)
    >>> gradcheck(F.conv2d, rng.normal(size=(1, 2, 5, 4)), rng.normal(size=(3, 2, 3, 3)), stride=2, padding=1)
    True
    >>> wrong = lambda grad_output, output: grad_output * (1 - output)
    >>> gradcheck(F.tanh, np.array([0.5, 0.0]), backward=wrong)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    fastconv.testing.GradcheckError: gradcheck: the gradient of input of tanh is wrong at [0]: analytic ...
    """
    generator = np.random.default_rng(rng)
    # Elements are changed one by one, but never in the arrays of the caller.
    arrays = tuple(value.copy() if isinstance(value, np.ndarray) else value for value in arrays)
    options = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in options.items()}
    if callable(getattr(fn_or_module, "backward", None)):
        case = _of_module(fn_or_module, arrays, options)
    else:
        case = _of_function(fn_or_module, arrays, options, backward)
    case.check(generator, eps, atol, rtol)
    return True


class _Case:
    """A forward call that can be repeated, the arrays it depends on by name, and its analytic gradients."""

    def __init__(
        self,
        name: str,
        forward: Callable[[], Any],
        variables: Mapping[str, Any],
        gradients: Callable[[Any, Any], Mapping[str, Any]],
    ) -> None:
        self.name = name
        self.forward = forward
        self.variables = variables
        self.gradients = gradients

    def result(self) -> tuple[Any, Any]:
        """What the forward call gives, and of that what is differentiated, apart from later calls."""
        everything = self.forward()
        first = everything[0] if isinstance(everything, tuple) else everything
        if not isinstance(first, float) and getattr(first, "dtype", None) != np.float64:
            kind = getattr(first, "dtype", type(first).__name__)
            raise TypeError(f"gradcheck: {self.name} must give float64 for float64 arrays, got {kind}")
        return everything, first if isinstance(first, float) else np.array(first)

    def check(self, generator: np.random.Generator, eps: float, atol: float, rtol: float) -> None:
        everything, first = self.result()
        again = self.result()[1]
        if not np.array_equal(first, again, equal_nan=True):
            raise GradcheckError(f"gradcheck: {self.name} gives two results for the same arguments")
        upstream: Any
        if isinstance(first, float):
            upstream = float(generator.uniform(0.5, 1.5))
        else:
            upstream = generator.uniform(0.5, 1.5, first.shape) * generator.choice([-1.0, 1.0], first.shape)
        # Copies, because a layer may go on adding to the arrays that it returned.
        analytic = {name: np.array(value) for name, value in self.gradients(upstream, everything).items()}
        if not analytic:
            raise TypeError(f"gradcheck: {self.name} has no gradient of a float64 array to check")
        for name, gradient in analytic.items():
            variable = self.variables[name]
            if gradient.shape != variable.shape or gradient.dtype != np.float64:
                raise GradcheckError(
                    f"gradcheck: the gradient of {name} of {self.name} must be float64 of shape "
                    f"{variable.shape}, got {gradient.dtype} of shape {gradient.shape}"
                )
            self.compare(name, gradient, self.numeric(variable, upstream, eps), atol, rtol)

    def numeric(self, variable: Array, upstream: Any, eps: float) -> Array:
        """Central differences with respect to each element of a variable, which is restored afterwards."""
        slope = np.empty(variable.shape)
        for at in np.ndindex(variable.shape):
            kept = variable[at]
            try:
                variable[at] = kept + eps
                above, up = self.result()[1], variable[at]
                variable[at] = kept - eps
                below, down = self.result()[1], variable[at]
            finally:
                variable[at] = kept
            slope[at] = np.sum((above - below) * upstream) / (up - down)
        return slope

    def compare(self, name: str, analytic: Array, numeric: Array, atol: float, rtol: float) -> None:
        excess = np.abs(analytic - numeric) - (atol + rtol * np.abs(numeric))
        wrong = ~(excess <= 0)  # true for NaN
        if not wrong.any():
            return
        excess[np.isnan(excess)] = np.inf
        at = np.unravel_index(int(np.argmax(excess)), excess.shape)
        place = f" at {[int(i) for i in at]}" if at else ""
        raise GradcheckError(
            f"gradcheck: the gradient of {name} of {self.name} is wrong{place}: "
            f"analytic {analytic[at]:.9g}, numeric {numeric[at]:.9g}; "
            f"{np.count_nonzero(wrong)} of {wrong.size} elements are wrong"
        )


def _of_function(
    function: Callable[..., Any],
    arrays: Sequence[Any],
    options: dict[str, Any],
    backward: Callable[..., Any] | None,
) -> _Case:
    bare = function
    while isinstance(bare, partial):
        bare = bare.func
    name = getattr(bare, "__name__", type(bare).__name__)
    if backward is None:
        module = sys.modules.get(getattr(bare, "__module__", None) or "")
        backward = getattr(module, f"{name}_backward", None)
        if backward is None:
            raise ValueError(f"gradcheck: backward must be given, as there is no {name}_backward beside {name}")
    bound = inspect.signature(function).bind(*arrays, **options)
    bound.apply_defaults()
    arguments = _flat(bound)
    call = _call(backward, arguments, len(arrays))
    # A function that can tell where its values came from is asked to, if its gradient depends on that.
    wants_indices = "indices" in inspect.signature(backward).parameters and "return_indices" in arguments
    extra = {"return_indices": True} if wants_indices else {}

    def forward() -> Any:
        return function(*arrays, **{**options, **extra})

    def gradients(upstream: Any, everything: Any) -> dict[str, Any]:
        found = call(upstream, everything)
        found = found if isinstance(found, tuple | list) else (found,)
        return {
            name: gradient
            for (name, value), gradient in zip(arguments.items(), found, strict=False)
            if gradient is not None and isinstance(value, np.ndarray) and value.dtype.kind == "f"
        }

    for key, value in arguments.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.dtype != np.float64:
            raise TypeError(f"gradcheck: {key} must be float64, got {value.dtype}")
    return _Case(name, forward, arguments, gradients)


def _flat(bound: inspect.BoundArguments) -> dict[str, Any]:
    """All arguments of a call by name, those of ``*args`` numbered."""
    flat: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            flat |= {f"{name}[{i}]": item for i, item in enumerate(value)}
        elif kind is inspect.Parameter.VAR_KEYWORD:
            flat |= value
        else:
            flat[name] = value
    return flat


def _call(backward: Callable[..., Any], arguments: dict[str, Any], positional: int) -> Callable[[Any, Any], Any]:
    """How to call backward with an upstream gradient and the forward results."""

    def call(upstream: Any, everything: Any) -> Any:
        results = everything if isinstance(everything, tuple) else (everything,)
        first_name = next(iter(arguments))
        known: dict[str, Any] = {"output": results[0], "saved": results[0], **arguments}
        known["input_shape"] = np.shape(arguments[first_name])
        if len(results) > 1:
            known["indices"] = results[1]
        parameters = list(inspect.signature(backward).parameters.values())
        named = {parameter.name for parameter in parameters}
        unused = [value for name, value in list(arguments.items())[:positional] if name not in named]
        given: list[Any] = [upstream]
        options: dict[str, Any] = {}
        for parameter in parameters[1:]:
            if parameter.kind is parameter.VAR_POSITIONAL:
                given += unused
            elif parameter.kind is parameter.VAR_KEYWORD:
                continue
            elif parameter.name in known and parameter.kind is parameter.KEYWORD_ONLY:
                options[parameter.name] = known[parameter.name]
            elif parameter.name in known:
                given.append(known[parameter.name])
            elif parameter.kind is parameter.KEYWORD_ONLY:
                continue
            elif parameter.default is not parameter.empty:
                given.append(parameter.default)
            elif unused:
                given.append(unused.pop(0))
            else:
                raise TypeError(f"gradcheck: no argument of the call fits parameter {parameter.name} of backward")
        return backward(*given, **options)

    return call


def _of_module(module: Any, arrays: Sequence[Any], options: dict[str, Any]) -> _Case:
    parameters = dict(module.named_parameters()) if hasattr(module, "named_parameters") else {}
    inputs = {"input": arrays[0]} if arrays else {}
    variables = inputs | {name: parameter.data for name, parameter in parameters.items()}
    for name, value in variables.items():
        if not isinstance(value, np.ndarray) or value.dtype != np.float64:
            got = getattr(value, "dtype", type(value).__name__)
            raise TypeError(f"gradcheck: {name} must be a float64 array, got {got}")

    def forward() -> Any:
        return module(*arrays, **options)

    def gradients(upstream: Any, everything: Any) -> dict[str, Any]:
        kept = {name: parameter.grad for name, parameter in parameters.items()}
        try:
            for parameter in parameters.values():
                parameter.grad = None
            forward()
            # A loss starts the way back itself: its upstream gradient is one.
            is_loss = isinstance(everything, float)
            found = {"input": module.backward() * upstream if is_loss else module.backward(upstream)}
            for name, parameter in parameters.items():
                if parameter.requires_grad:
                    unused = np.zeros(parameter.data.shape)
                    found[name] = unused if parameter.grad is None else parameter.grad.copy()
        finally:
            for name, parameter in parameters.items():
                parameter.grad = kept[name]
        return found

    return _Case(type(module).__name__, forward, variables, gradients)
