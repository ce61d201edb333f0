"""The function `summary` and what it returns."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastconv._arrays import real_dtype
from fastconv._geometry import Shape, shape_argument, shown
from fastconv.nn import Module

from .multiply_adds import multiply_adds
from .observation import Call, observe
from .table import Row, html, size, text
from .timing import peak, times


class Totals(NamedTuple):
    """Sums over the model."""

    parameters: int
    """Each counted once, however often it is used."""
    trainable_parameters: int
    parameter_bytes: int
    input_bytes: int
    multiply_adds: int
    activation_bytes: int
    forward_ms: float | None = None
    backward_ms: float | None = None


class Summary:
    """A table of what a model is made of; `print` it, or let a notebook show it.

    Attributes
    ----------
    rows : list of Row
        The calls of one forward pass in their order, each before those that it makes itself.
    totals : Totals
    input_shape : tuple of int
    peak : float or None
        Floating-point operations in a second that the compiled kernels could make, if times were measured.
    """

    def __init__(self, rows: list[Row], totals: Totals, input_shape: Shape, peak: float | None) -> None:
        self.rows = rows
        self.totals = totals
        self.input_shape = input_shape
        self.peak = peak

    def _notes(self) -> list[str]:
        t = self.totals
        notes = [
            f"input {self.input_shape}: {size(t.input_bytes)}",
            f"parameters: {t.parameters:,} ({t.trainable_parameters:,} trainable), {size(t.parameter_bytes)}",
            f"multiply-adds: {t.multiply_adds:,}",
            f"activations: {size(t.activation_bytes)}",
        ]
        if t.forward_ms is not None and t.backward_ms is not None:
            notes.append(f"forward {t.forward_ms:.3f} ms, backward {t.backward_ms:.3f} ms")
        if self.peak is not None:
            notes.append(f"peak of this machine: {self.peak / 1e9:.0f} GFLOP/s")
        return notes

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "version": 1,
            "input_shape": list(self.input_shape),
            "peak_gflops": None if self.peak is None else self.peak / 1e9,
            "rows": [row._asdict() for row in self.rows],
            "totals": self.totals._asdict(),
        }

    def __str__(self) -> str:
        return text(self.rows, self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html(self.rows, self._notes())


def summary(
    model: Module, input_shape: Shape, *, dtype: npt.DTypeLike | None = None, timing: bool = False
) -> Summary:
    r"""Table of a model's layers: output shapes, parameters, multiply-adds, memory, and time.

    The model is run once in eval mode on zeros, and is left as it was.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int
        With the batch dimension.
    dtype : float32 or float64, optional
        Of the input; by default that of the model's first parameter.
    timing : bool
        Also measure a training step of a copy of the model: milliseconds forward and backward of each layer, and which
        share of the machine's peak that is. A layer's gradients cost twice its multiply-adds.

    Returns
    -------
    Summary
        With ``rows``, one for each call of a layer, and ``totals``; printed as a table. Sizes are those of the whole
        batch. A multiply-add is a multiplication with an addition: 2 floating-point operations.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible, or the model does not take such an input.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> from fastconv import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 10))
    >>> print(fc.summary(net, (1, 1, 8, 8)))
    layer          output shape  parameters  multiply-adds  activations
    -------------------------------------------------------------------
    Sequential     (1, 10)
      0 (Conv2d)   (1, 4, 6, 6)          40          1,296        576 B
      1 (ReLU)     (1, 4, 6, 6)                                   576 B
      2 (Flatten)  (1, 144)                                       576 B
      3 (Linear)   (1, 10)            1,450          1,440         40 B
    -------------------------------------------------------------------
    input (1, 1, 8, 8): 256 B
    parameters: 1,490 (1,490 trainable), 6.0 kB
    multiply-adds: 2,736
    activations: 1.8 kB

    What sharing weights spares: 1,000 hidden units that each see all of a 1280x720 image, against 1,000 kernels of
    5x5. (A view of one number stands for the weights of the former, which would take 3.7 GB.)

    >>> everywhere = nn.Parameter(np.broadcast_to(np.float32(0), (1000, 720 * 1280)))
    >>> kernels = nn.Conv2d(1, 1000, 5, bias=False).weight
    >>> print(f"{everywhere.size:,} {kernels.size:,}")
    921,600,000 25,000
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: model must be a Module, got {shown(model)}")
    if not isinstance(timing, bool):
        raise TypeError(f"summary: timing must be True or False, got {shown(timing)}")
    sizes = shape_argument("summary", "input_shape", input_shape)
    parameters = list(model.parameters())
    if dtype is None and parameters:
        dtype = parameters[0].dtype.type
    element = real_dtype("summary", dtype)
    input = np.zeros(sizes, element)
    calls = observe(model, input)
    rows = _rows(model, calls)
    limit = None
    if timing:
        measured = times(model, np.random.default_rng(0).standard_normal(sizes).astype(element))
        limit = peak(element.name)
        rows[: len(calls)] = [_timed(row, *ms, limit) for row, ms in zip(rows, measured, strict=False)]
    totals = Totals(
        sum(parameter.size for parameter in parameters),
        sum(parameter.size for parameter in parameters if parameter.requires_grad),
        sum(parameter.size * parameter.dtype.itemsize for parameter in parameters),
        input.nbytes,
        sum(row.multiply_adds for row in rows),
        sum(row.activation_bytes for row in rows),
        rows[0].forward_ms,
        rows[0].backward_ms,
    )
    return Summary(rows, totals, sizes, limit)


def _rows(model: Module, calls: list[Call]) -> list[Row]:
    """A row for each call, then one for each module with parameters that was not called."""
    names = {id(module): name for name, module in model.named_modules()}
    called = {id(call.module) for call in calls}
    counted: set[int] = set()

    def new_parameters(module: Module) -> int:
        new = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, new))
        return sum(p.size for p in new)

    rows = []
    for call in calls:
        work = 0
        if call.input is not None and call.output is not None:
            work = multiply_adds(call.module, call.input, call.output)
        rows.append(
            Row(
                names[id(call.module)], type(call.module).__name__, call.depth, call.leaf, call.input, call.output,
                new_parameters(call.module), work, call.bytes,
            )
        )  # fmt: skip
    for name, module in model.named_modules():
        count = new_parameters(module) if id(module) not in called else 0
        if count:
            rows.append(Row(name, type(module).__name__, 1, True, None, None, count, 0, 0))
    return rows


def _timed(row: Row, forward: float, backward: float, limit: float | None) -> Row:
    """The row with times, and with the shares of the peak that a layer with multiply-adds reached."""
    there = back = None
    if limit is not None and row.multiply_adds:
        flops = 2 * row.multiply_adds / limit
        there = flops / (1e-3 * forward) if forward else None
        back = 2 * flops / (1e-3 * backward) if backward else None
    return row._replace(forward_ms=forward, backward_ms=backward, forward_share=there, backward_share=back)
