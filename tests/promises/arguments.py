"""A bad argument is a TypeError or ValueError that names it, and changes nothing, with and without `python -O`."""

import os
import tempfile
from functools import partial
from typing import Any

import numpy as np
from contract.calls import CALLS as CLASSES
from contract.test_contract import CELLS, snapshot
from functional.calls import CALLS as FUNCTIONS
from functional.calls import Maker
from functional.test_error_contract import DTYPES, NOT_ARRAYS, fixed_shape, optional

import fastconv as fc
from fastconv import functional as F

from .promise import Promise, Tally
from .supervised import supervise

Cell = tuple[str, str, type[Exception], Any]
"""A function, an argument, the error, and the value or what makes it of the valid one."""


def _of_arrays(name: str, argument: str, value: np.ndarray) -> list[Cell]:
    wrong: list[Any] = [
        change
        for kind, change in NOT_ARRAYS.items()
        if not (kind == "C35-None" and optional(name, argument)) and not (kind == "bytes" and value.dtype.kind == "i")
    ]
    if value.dtype.kind == "f":
        wrong += [partial(lambda dtype, x: np.zeros(x.shape, dtype), dtype) for dtype in DTYPES]
    elif value.dtype.kind == "i":
        wrong += [lambda x, dtype=dtype: x.astype(dtype) for dtype in ("bool", "object", "float16", "float32")]
    cells: list[Cell] = [(name, argument, TypeError, change) for change in wrong]
    if fixed_shape(name, argument):
        cells += [(name, argument, ValueError, change) for change in (lambda x: x.reshape(1, *x.shape), lambda x: x[0])]
    return cells


def _of_sizes(name: str, argument: str) -> list[Cell]:
    pair = (1.0,) if "1d" in name else (1.0, 2)
    wrong: list[Cell] = [(name, argument, TypeError, value) for value in (2.0, b"2", True, np.float64(2), {}, 2j, pair)]
    return wrong + [
        (name, argument, ValueError, value) for value in (-1, (), (1, 2, 3), 2**31, 2**63, 10**400, -(2**70))
    ]


def functions() -> list[Cell]:
    """Cells of `fastconv.functional`."""
    cells: list[Cell] = []
    for name, make in FUNCTIONS.items():
        for argument, value in make(Maker()).items():
            if isinstance(value, np.ndarray):
                cells += _of_arrays(name, argument, value)
            elif argument in ("stride", "dilation", "kernel_size", "output_padding") or (
                argument == "padding" and "pad" not in name
            ):
                cells += _of_sizes(name, argument)
            elif isinstance(value, bool):
                cells += [(name, argument, TypeError, wrong) for wrong in (1, 0, None, "yes", np.array(True))]
            elif argument in ("mode", "padding_mode", "reduction", "approximate"):
                cells += [(name, argument, TypeError, wrong) for wrong in (None, 3, b"mean", ["mean"])]
                cells += [(name, argument, ValueError, wrong) for wrong in ("Reflect", "", "zeros ")]
    return cells


def cells() -> list[tuple[bool, Cell]]:
    """All cells; whether it is one of `fastconv.functional`."""
    others = [cell.values for cell in CELLS if cell.values[0] not in fc.plot.__all__]
    return [(True, cell) for cell in functions()] + [(False, cell) for cell in others]  # type: ignore[misc]


ALL = cells()


def _wrong(is_function: bool, cell: Cell) -> str | None:
    """What the library did instead."""
    name, argument, error, value = cell
    names, call = (name, name.removesuffix("_")), CLASSES.get(name)
    if is_function:
        given = FUNCTIONS[name](Maker())
        given[argument] = value(given[argument]) if callable(value) and not isinstance(value, type) else value
        function, says = getattr(F, name), argument
    else:
        given = call.arguments() | {argument: value}
        function, says = call.function, call.says.get(argument, argument)
    before = repr(snapshot(given))
    try:
        function(**given)
    except Exception as caught:
        said, _, text = str(caught).partition(": ")
        if type(caught) is not error:
            return f"raised {type(caught).__name__}: {caught}"
        if said.partition(".")[0] not in names or (says not in text and error is TypeError):
            return f"did not name it: {caught}"
        return None if repr(snapshot(given)) == before else "changed an argument"
    return "raised nothing"


def _case(order: list[int], i: int) -> Tally:
    is_function, cell = ALL[order[i]]
    os.chdir(tempfile.gettempdir())
    wrong = _wrong(is_function, cell)
    name, argument, error, value = cell
    mode = "" if __debug__ else "python -O: "
    return Tally(
        1,
        lost=[f"case {i}: {mode}{name}({argument}={str(value)[:60]}) should raise {error.__name__} and {wrong}"]
        if wrong
        else [],
    )


def _attack(n: int, rng: np.random.Generator) -> Tally:
    """As many cells in each mode."""
    order = [int(i) for i in rng.permutation(len(ALL))]
    each = min(-(-n // 2), len(ALL))
    total = Tally()
    for environment in ({}, {"PYTHONOPTIMIZE": "1"}):
        total += supervise(partial(_case, order), each, chunk=len(ALL), environment=environment)
    return total


PROMISES = [
    Promise(
        "arguments",
        "a bad argument is a TypeError or ValueError that names function and argument, and changes nothing; "
        "also with `python -O`",
        3000,
        2 * len(ALL),
        _attack,
    )
]
