"""Rates that functions of the user decide."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from fastconv._geometry import shown

from .._hyperparameters import number
from .scheduler import HasGroups, LRScheduler, with_groups

Factor = Callable[[int], float]


class _FactorLR(LRScheduler):
    """What `LambdaLR` and `MultiplicativeLR` share: one function per group."""

    _not_saved = LRScheduler._not_saved | {"lr_lambdas"}

    def __init__(self, optimizer: HasGroups, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1) -> None:
        name = type(self).__name__
        groups = len(with_groups(name, optimizer).param_groups)
        factors: list[Any] = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * groups
        if len(factors) != groups:
            raise ValueError(f"{name}: lr_lambda has {len(factors)} functions for {groups} parameter groups")
        for factor in factors:
            if not callable(factor):
                raise TypeError(f"{name}: lr_lambda must be a function, got {shown(factor)}")
        self.lr_lambdas: list[Factor] = factors
        super().__init__(optimizer, last_epoch)

    def _factors(self) -> list[float]:
        name = type(self).__name__
        return [number(name, "the value of lr_lambda", factor(self.last_epoch)) for factor in self.lr_lambdas]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions; of callable objects, their attributes."""
        attributes = [deepcopy(vars(f)) if _has_attributes(f) else None for f in self.lr_lambdas]
        return super().state_dict() | {"lr_lambdas": attributes}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; functions stay those of this scheduler."""
        super().load_state_dict(state_dict)
        for factor, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                vars(factor).update(deepcopy(attributes))

    def _saved_keys(self) -> set[str]:
        return super()._saved_keys() | {"lr_lambdas"}

    def _check_state(self, state_dict: Any) -> None:
        super()._check_state(state_dict)
        saved = state_dict["lr_lambdas"]
        if not isinstance(saved, list) or len(saved) != len(self.lr_lambdas):
            raise ValueError(f"{type(self).__name__}: state_dict needs {len(self.lr_lambdas)} 'lr_lambdas'")


class LambdaLR(_FactorLR):
    r"""Set the rate to :math:`\gamma_t = \gamma_0\, f(t)` with a function of the step.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callable
        From the number of steps to a factor >= 0; one for all groups, or one each.
    last_epoch : int

    Raises
    ------
    TypeError, ValueError
        An argument, or what the function returns, is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = LambdaLR(optimizer, lambda step: 1 / (1 + step))
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        return [base * factor for base, factor in zip(self.base_lrs, self._factors(), strict=True)]


class MultiplicativeLR(_FactorLR):
    r"""Multiply the rate by a function of the step: :math:`\gamma_t = \gamma_{t-1}\, f(t)`.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callable
        From the number of steps, 1 at first, to a factor >= 0; one for all groups, or one each.
    last_epoch : int

    Raises
    ------
    TypeError, ValueError
        An argument, or what the function returns, is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = MultiplicativeLR(optimizer, lambda step: 1 / step)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    >>> [round(rate, 4) for rate in schedule.get_last_lr()]
    [0.0417]
    """

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        return [rate * factor for rate, factor in zip(self._current(), self._factors(), strict=True)]

    def _first_lr(self) -> list[float]:
        return self._current()

    def _restart(self) -> None:
        """Go on from the rates that the groups have, with the factor of step 0."""
        self._rewind()
        self.step()


def _has_attributes(factor: Factor) -> bool:
    return hasattr(factor, "__dict__") and not isinstance(factor, FunctionType | MethodType | BuiltinFunctionType)
