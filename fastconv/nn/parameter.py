"""A trainable array with its gradient."""

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array
from fastconv._geometry import shown
from fastconv._watch import parameters
from fastconv.functional._options import flag

from .hooks import RemovableHandle


def is_parameter_data(value: object) -> TypeGuard[Array]:
    """Whether a value is a plain NumPy array of float32 or float64, of any layout and byte order."""
    return (
        isinstance(value, np.ndarray)
        and not isinstance(value, np.ma.MaskedArray | np.matrix)
        and value.dtype.type in (np.float32, np.float64)
    )


class Parameter:
    """An array that is trained, and its gradient.

    The array is wrapped, not copied: an optimizer updates it in place, so that whoever else holds it sees the new
    values. A parameter is usable where an array is, through ``__array__``.

    Parameters
    ----------
    data : ndarray of float32 or float64
        Any shape, any memory layout.
    requires_grad : bool
        Layers compute gradients only for parameters that require them.

    Attributes
    ----------
    data : ndarray
    grad : ndarray or None
        Sum of the gradients of all backward passes since the last ``zero_grad()``; shape and dtype of `data`.
    requires_grad : bool
        May be set at any time.

    Raises
    ------
    TypeError
        `data` is not a NumPy array of float32 or float64, or `requires_grad`, here or set later, is no bool.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> values = np.ones(3)
    >>> p = nn.Parameter(values)
    >>> p.data is values, p.grad, p.shape
    (True, None, (3,))
    >>> np.add(p, 1.0)
    array([2., 2., 2.])
    """

    __slots__ = ("__weakref__", "_data", "_hooks", "_requires_grad", "grad")

    grad: Array | None
    _hooks: dict[int, Callable[["Parameter"], Any]] | None

    def __init__(self, data: Array, requires_grad: bool = True) -> None:
        self.data = data
        self.grad = None
        self._hooks = None
        self.requires_grad = requires_grad

    @property
    def data(self) -> Array:
        """The array itself."""
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        if not is_parameter_data(value):
            came = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else f"{type(value).__name__} {shown(value)}"
            raise TypeError(
                f"Parameter: data must be a NumPy array of float32 or float64, got {came}: use .astype(np.float32)"
            )
        self._data = value
        parameters.made()

    @property
    def requires_grad(self) -> bool:
        """Whether layers compute the gradient."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self._requires_grad = flag("Parameter", "requires_grad", value)
        parameters.made()

    def accumulate(self, grad: Array) -> None:
        """Add a gradient that nobody else holds to `grad`."""
        if self.grad is None:
            self.grad = grad
        else:
            self.grad += grad
        if self._hooks:
            for hook in list(self._hooks.values()):
                hook(self)

    def register_post_accumulate_grad_hook(self, hook: Callable[["Parameter"], Any]) -> RemovableHandle:
        """Call ``hook(parameter)`` whenever a layer has added to `grad`, while ``backward`` goes on with other layers.

        Parameters
        ----------
        hook : callable
            What it returns is not looked at. Copies of the parameter do not have it.

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
        >>> net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Linear(4, 2, rng=1))
        >>> for name, parameter in net.named_parameters():
        ...     handle = parameter.register_post_accumulate_grad_hook(lambda p, name=name: print(name))
        >>> output = net(np.ones((5, 3), np.float32))
        >>> gradient = net.backward(output)
        1.weight
        1.bias
        0.weight
        0.bias
        """
        if self._hooks is None:
            self._hooks = {}
        return RemovableHandle(self._hooks, hook)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        state = {"_data": self._data, "grad": self.grad, "requires_grad": self.requires_grad, "_hooks": None}
        return None, state

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set `grad` to None, or to zeros; TypeError if `set_to_none` is no bool."""
        if flag("Parameter.zero_grad", "set_to_none", set_to_none) or self.grad is None:
            self.grad = None
        else:
            self.grad.fill(0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._data.size

    def __len__(self) -> int:
        return len(self._data)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy:
            return np.array(self._data, dtype=dtype)
        wanted = self._data.dtype if dtype is None else np.dtype(dtype)
        if wanted == self._data.dtype:
            return self._data
        if copy is False:
            raise ValueError(f"Parameter: a {wanted} array of {self._data.dtype} values needs a copy")
        return self._data.astype(wanted)

    def __repr__(self) -> str:
        flag = "" if self.requires_grad else ", requires_grad=False"
        return f"Parameter({self._data!r}{flag})"
