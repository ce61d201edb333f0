"""Modules side by side."""

from collections.abc import Mapping
from itertools import accumulate, pairwise

import numpy as np

from fastconv._arrays import Array, check_shape, real

from . import _tape
from ._parts import Parts, set_parts
from .module import Module


class Concat(Parts):
    """Modules that are applied to the same input, and whose outputs are joined along the channels (axis 1).

    The branches of the inception blocks of Szegedy et al., "Going deeper with convolutions" (2015), for instance.

    Parameters
    ----------
    *branches : Module
        Named ``"0"``, ``"1"``, ...; or one mapping of names to modules.

    Raises
    ------
    TypeError
        Something else than a Module.
    ValueError
        No branch.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> block = nn.Concat(nn.Conv2d(3, 4, 1, rng=0), nn.Conv2d(3, 8, 3, padding=1, rng=1))
    >>> block(np.zeros((2, 3, 6, 6), np.float32)).shape
    (2, 12, 6, 6)
    >>> list(block.state_dict())
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, *branches: Module | Mapping[str, Module]) -> None:
        set_parts(self, branches)
        if not len(self):
            raise ValueError("Concat: at least one branch is needed")

    def forward(self, input: Array) -> Array:
        """The outputs, joined.

        Raises
        ------
        ValueError
            The outputs differ in another axis than that of the channels.
        TypeError
            They differ in dtype.
        """
        outputs: list[Array] = []
        for name, branch in self._parts().items():
            what = f"what branch {name!r} gives"
            output = real("Concat", what, branch(input), outputs[0].dtype if outputs else None)
            outputs.append(output)
            if output.ndim < 2:
                raise ValueError(f"Concat: {what} must be at least 2-D, (N, C, ...), got shape {output.shape}")
            first = outputs[0].shape
            if output.shape[:1] + output.shape[2:] != first[:1] + first[2:]:
                raise ValueError(
                    f"Concat: {what} must have the shape of what the first branch gives, {first}, but for the "
                    f"channels (axis 1), got {output.shape}"
                )
        joined = np.concatenate(outputs, axis=1)
        ends = np.cumsum([0, *(output.shape[1] for output in outputs)]).tolist()
        self.save_for_backward(joined.shape, ends)
        return joined

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Run ``backward`` of every branch with its channels; return the sum of their gradients of the input."""
        shape, ends = self.saved_for_backward()
        grad = real("Concat.backward", "grad_output", grad_output)
        check_shape("Concat.backward", "grad_output", grad, shape, "that of the output")
        total: Array | None = None
        # The other way round than forward: a layer that stands in two branches takes the last use first.
        for branch, (start, stop) in reversed(list(zip(self, pairwise(ends), strict=True))):
            if input_grad:
                grad_branch = branch.backward(np.array(grad[:, start:stop], order="C"))
                total = grad_branch if total is None else np.add(total, grad_branch)
            elif branch._is_trained():
                branch.backward(np.array(grad[:, start:stop], order="C"), input_grad=False)
        return total

    def _selection(self, parts: dict[str, Module]) -> "Concat":
        return Concat(parts)

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        branches = [branch._record(tape, input) for branch in self]
        shapes = [branch.shape for branch in branches]
        first = shapes[0]
        if any(len(shape) < 2 or shape[:1] + shape[2:] != first[:1] + first[2:] for shape in shapes):
            raise _tape.Unrecordable
        ends = [0, *accumulate(shape[1] for shape in shapes)]
        output = tape.new((first[0], ends[-1], *first[2:]))
        tape.call(_join, output, *branches)
        tape.save(self, output.shape, ends)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            back.call(_split, grad, ends, *(back.grad(branch) for branch in branches))

        tape.on_backward(output, branches, pull)
        return output


def _join(output: Array, *parts: Array) -> None:
    """Write arrays one after the other along the channels."""
    np.concatenate(parts, axis=1, out=output)


def _split(whole: Array, ends: list[int], *parts: Array | None) -> None:
    """Copy to arrays what lies between the ends of their channels; None is passed over."""
    for part, (start, stop) in zip(parts, pairwise(ends), strict=True):
        if part is not None:
            np.copyto(part, whole[:, start:stop])
