"""The base of optimizers: parameter groups, checks, state."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar, overload

import numpy as np

from fastconv import _backend
from fastconv._arrays import FLOAT32, FLOAT64
from fastconv._geometry import shown
from fastconv.functional._options import flag
from fastconv.nn.parameter import Parameter

from ._groups import Params, check_distinct, split
from ._plan import Batch, Plan, Routine, Routines, check_gradient, fits, native, plain, state_of
from ._state import State, Watched, fitting, matched, parts, set_silently

Loss = TypeVar("Loss")


class Optimizer:
    """Base of the optimizers.

    A subclass writes three short methods: what its hyper-parameters may be (`_check`), which arrays it keeps for a
    parameter (`_buffers`), and which kernel updates many parameters at once (`_update`).

    Parameters
    ----------
    params : iterable
        Of `Parameter`; of ``(name, Parameter)``, so that saved states are matched by name; or of dictionaries, each a
        group with ``"params"`` and hyper-parameters of its own.
    defaults : dict
        Hyper-parameters of groups that do not set them.

    Attributes
    ----------
    param_groups : list of dict
        Hyper-parameters may be changed between steps.
    state : dict
        For each parameter that was updated, its ``"step"`` count and arrays.

    Raises
    ------
    TypeError, ValueError
        There is nothing to train, two parameters overlap, or a hyper-parameter is impossible.
    """

    _counts_steps: ClassVar[bool] = True
    """Whether an update depends on the number of steps; if not, a saved state need not tell it."""

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Parameter, State] = Watched()
        self._routines = Routines()
        name = type(self).__name__
        if isinstance(params, Parameter | np.ndarray | Mapping | str) or not isinstance(params, Iterable):
            raise TypeError(f"{name}: params must be an iterable of Parameters, got {type(params).__name__}")
        entries: list[Any] = list(params)
        if not entries:
            raise ValueError(f"{name}: params is empty: there is nothing to train")
        if not any(isinstance(entry, dict) for entry in entries):
            entries = [{"params": entries}]
        for entry in entries:
            self.add_param_group(entry)

    # ---- what a subclass writes

    def _check(self, group: dict[str, Any]) -> None:
        """Raise TypeError or ValueError if a hyper-parameter is impossible."""
        raise NotImplementedError

    def _buffers(self, group: dict[str, Any]) -> dict[str, float]:
        """Names and first values of the arrays that are kept for a parameter."""
        raise NotImplementedError

    def _update(self, ops: SimpleNamespace, batch: Batch) -> None:
        """Change the parameters and states of `batch` in place."""
        raise NotImplementedError

    # ---- steps

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], Loss]) -> Loss: ...

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, or none if anything is wrong.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients and returns the loss; called first.

        Returns
        -------
        object
            What `closure` returned, or None.

        Raises
        ------
        TypeError, ValueError
            A gradient has another kind, dtype or shape than its parameter, a parameter is read-only, or a
            hyper-parameter was set to an impossible value. Nothing was changed.
        """
        if closure is not None and not callable(closure):
            raise TypeError(f"{type(self).__name__}.step: closure must be callable, got {shown(closure)}")
        loss = None if closure is None else closure()
        for group in self.param_groups:
            routine = self._routines.get(id(group))
            if routine is None or not routine.knows(group):
                self._check(group)
        plan = Plan()
        position = 0
        for group in self.param_groups:
            self._prepare(plan, group, position)
            position += len(group["params"])
        for parameter, state in plan.states:
            if self.state.get(parameter) is not state:
                self.state[parameter] = state
            set_silently(state, "step", state["step"] + 1)
        for routine in plan.repeated:
            routine.advance()
        for batch in plan.batches.values():
            self._update(_backend.ops(batch.dtype), batch)
            batch.grads = []  # a routine may hold the batch, but not them
        for data, work in plan.copies:
            data[...] = work
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or to zeros; TypeError if `set_to_none` is no bool."""
        set_to_none = flag(f"{type(self).__name__}.zero_grad", "set_to_none", set_to_none)
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.zero_grad(set_to_none)

    def _prepare(self, plan: Plan, group: dict[str, Any], position: int) -> None:
        """Plan the update of a group, whose first parameter has this position; allocate what it needs.

        What is as kernels need it passes a few comparisons: a step of a small network takes hardly longer than they.
        """
        name = f"{type(self).__name__}.step"
        buffers, names = self._buffers(group), group.get("param_names")
        moves, maximize = group["lr"] != 0, group["maximize"]
        routine = self._routines.pop(id(group), None)
        if routine is not None and moves and not maximize and routine.repeat(plan, group, self.state, buffers):
            self._routines[id(group)] = routine
            return
        first = len(plan.states)
        batch: Batch | None = None
        parameter: Parameter
        simple = True
        for i, parameter in enumerate(group["params"]):
            grad = parameter.grad
            if grad is None:
                continue
            data = parameter.data
            shape, dtype = data.shape, data.dtype
            ready = (
                (dtype is FLOAT32 or dtype is FLOAT64)
                and type(grad) is np.ndarray
                and grad.dtype is dtype
                and grad.shape == shape
                and grad.flags.carray
                and data.flags.carray
            )
            if not ready:
                check_gradient(name, names[i] if names else position + i, data, grad)
                dtype = native(data)
            state, started = self.state.get(parameter), False
            if state is None or not fits(state, buffers, shape, dtype):
                started = state is None or not buffers.keys() <= state.keys()
                state = state_of(name, names[i] if names else position + i, data, state, buffers)

            work = data
            # With a rate of 0, a kernel that works on the parameter itself could change the sign of a zero.
            if not moves or not (ready or plain(data)):
                work = np.array(data, dtype, order="C")
                if moves:
                    plan.copies.append((data, work))
            apart = grad.base is None and data.base is None and grad is not data
            if not (ready or plain(grad)) or not (apart or not np.may_share_memory(grad, data)):
                grad = np.array(grad, dtype, order="C")
            if maximize:
                grad = np.negative(grad, out=np.empty(shape, dtype))

            plan.states.append((parameter, state))
            step = state["step"] + 1
            if batch is None or batch.step != step or batch.dtype is not dtype or batch.started is not started:
                batch = plan.batch(group, dtype, step, started, buffers)
            batch.params.append(work)
            batch.grads.append(grad)
            for buffer, arrays in batch.states.items():
                arrays.append(state[buffer])
            simple = simple and ready and apart and work is data and not started

        members = plan.states[first:]
        if batch is not None and simple and moves and not maximize and len(batch.params) == len(members):
            parameters, states = zip(*members, strict=True)
            if list(parameters) == group["params"]:
                self._routines[id(group)] = Routine(self.state, batch, list(parameters), list(states))

    def _members(self) -> Iterator[tuple[int | str, Parameter, dict[str, Any]]]:
        """Key (name, or position if there are no names), parameter and group of every parameter."""
        position = 0
        for group in self.param_groups:
            names = group.get("param_names")
            for i, parameter in enumerate(group["params"]):
                yield (names[i] if names else position), parameter, group
                position += 1

    # ---- groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters.

        Parameters
        ----------
        param_group : dict
            ``"params"``, and hyper-parameters that differ from the optimizer's.

        Raises
        ------
        TypeError, ValueError
            As the constructor. Nothing was changed.
        """
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{name}: a parameter group must be a dict, got {shown(param_group)}")
        if "params" not in param_group:
            raise ValueError(f"{name}: a parameter group needs 'params', got the keys {list(param_group)}")
        unknown = [key for key in param_group if key not in self.defaults and key not in ("params", "initial_lr")]
        if unknown:
            raise ValueError(f"{name}: unknown {unknown} in a parameter group; allowed: {list(self.defaults)}")
        parameters, names = split(name, param_group["params"])
        group = {**self.defaults, **param_group, "params": parameters}
        if names:
            group["param_names"] = names
        self._check(group)
        if self.param_groups and bool(names) != ("param_names" in self.param_groups[0]):
            raise ValueError(f"{name}: either all parameter groups have names or none")
        candidate = [*self.param_groups, group]
        check_distinct(name, candidate)
        self.param_groups = candidate

    # ---- state

    def state_dict(self) -> dict[str, Any]:
        """Copies of everything that `step` depends on besides parameters and gradients.

        Returns
        -------
        dict
            ``{"state": {key: {"step": int, name: array, ...}}, "param_groups": [...]}``; keys are the names of the
            parameters, or their positions if they were given without names. With positions, and with every array and
            step made a tensor, PyTorch's optimizer of the same name loads it.
        """
        keys = {parameter: key for key, parameter, _ in self._members()}
        return {
            "state": {
                keys[parameter]: {
                    name: value.copy() if isinstance(value, np.ndarray) else value for name, value in state.items()
                }
                for parameter, state in self.state.items()
            },
            "param_groups": [
                {key: value for key, value in group.items() if key not in ("params", "param_names")}
                | {"params": [keys[parameter] for parameter in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`: copies all of it, or nothing.

        Parameters
        ----------
        state_dict : mapping
            Of an optimizer of the same kind for parameters of the same shapes; PyTorch's own, with tensors on the CPU,
            is good as well. Parameters are matched by name if both sides have names, else by position.

        Raises
        ------
        TypeError, ValueError
            It does not fit; the text lists everything that differs. Nothing was changed.
        """
        name = f"{type(self).__name__}.load_state_dict"
        saved_groups, saved_states = parts(name, state_dict)
        if len(saved_groups) != len(self.param_groups):
            raise ValueError(
                f"{name}: state_dict has {len(saved_groups)} parameter groups instead of {len(self.param_groups)}"
            )
        groups: list[dict[str, Any]] = []
        states: dict[Parameter, State] = Watched()
        problems: list[str] = []
        keys = {parameter: key for key, parameter, _ in self._members()}
        for i, (group, saved) in enumerate(zip(self.param_groups, saved_groups, strict=True)):
            faults, pairs = matched(i, [keys[parameter] for parameter in group["params"]], saved)
            problems += faults
            options = (key for key in saved if key in self.defaults or key == "initial_lr")
            new = {**group, **{key: saved[key] for key in options}}
            self._check(new)
            groups.append(new)
            for parameter, (key, theirs) in zip(group["params"], pairs, strict=False):
                if theirs in saved_states:
                    faults, state = fitting(
                        key, parameter.data, saved_states[theirs], self._buffers(new), self._counts_steps
                    )
                    problems += faults
                    states[parameter] = state
        known = {key for saved in saved_groups for key in saved["params"]}
        problems += [f"there is a state of {key!r}, which is in no group" for key in saved_states if key not in known]
        if problems:
            raise ValueError(f"{name}: state_dict does not fit: " + "; ".join(problems))
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update(new)
        self.state = states

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key not in ("params", "param_names")]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"
