"""The comparison itself: the same arrays on every backend, results compared before anything is timed."""

import importlib.util
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from fastconv import _backend, _config, _threads
from fastconv._extras import require
from fastconv._version import __version__

from . import bridges, figure, networks, operations, peak, shapes, table, written
from .shapes import Layer
from .task import Task
from .timing import ROUNDS, Contestant, compete

LIBRARIES = ("torch", "onnxruntime")
"""What fastconv is compared with beside its own backends, if it is installed."""

OPERATIONS: dict[str, Callable[[Layer], list[Task]]] = {
    "conv2d": operations.conv2d,
    "pad2d": operations.pad2d,
    "max_pool2d": operations.max_pool2d,
    "avg_pool2d": operations.avg_pool2d,
    "linear": operations.linear,
    "relu": operations.activation,
    "sigmoid": operations.activation,
    "cross_entropy": operations.cross_entropy,
    "network": networks.network,
    "step": networks.step,
    "torch_model": bridges.torch_model,
}

ABOUT = {"bridges": ["torch: a model of torch; the others: the same model after fastconv.torch.replace_layers."]}
"""What is compared, where it is not fastconv's own networks and functions."""


def numbers(results: Sequence[Any]) -> list[NDArray[Any]]:
    """Copies of results as arrays, whatever computed them."""
    return [np.array(r.detach().numpy() if hasattr(r, "detach") else r, dtype=np.float64) for r in results]


def difference(a: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]) -> float:
    """Largest difference between two lists of results, each relative to its largest value; inf if shapes differ.

    NaN in either is a difference of NaN.
    """
    worst = 0.0
    for left, right in zip(a, b, strict=True):
        if left.shape != right.shape:
            return float("inf")
        if left.size:
            scale = float(np.maximum(np.abs(left).max(), np.abs(right).max())) or 1.0
            worst = float(np.maximum(worst, np.abs(left - right).max() / scale))
    return worst


def measure(task: Task, names: Sequence[str], libraries: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """One row: every contestant computes, the results are compared, then they are timed in turns.

    A library that has no such task sits out.

    Beside them, the limit takes part: for arithmetic a tile of the compiled backend on data that never leave the
    nearest cache, for memory NumPy's copy of an array.
    """
    contestants = {}
    results = {}
    makers: dict[str, Any] = {"torch": task.torch, "onnxruntime": task.onnxruntime}
    names = [name for name in names if makers.get(name, task.fastconv) is not None]
    for name in names:
        context: Callable[[], AbstractContextManager[Any]] = nullcontext
        if name == "serial":
            context = one_thread
        elif name == "onnxruntime":
            context = with_pause
        elif name != "torch":
            context = in_backend(name)
        with context():
            call = makers[name](libraries[name]) if name in LIBRARIES else task.fastconv()
            start = time.perf_counter()
            first = call()
            contestants[name] = Contestant(call, context, time.perf_counter() - start)
            results[name] = numbers(first)
    limit = None
    worst = 0.0
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            apart = difference(results[one], results[other])
            worst = max(worst, apart)
            if not apart <= task.tolerance:  # also when it is NaN
                raise ValueError(
                    f"bench: {task.title}, {task.direction}: {one} and {other} differ by {apart:.2g} of the largest "
                    f"value, more than {task.tolerance:.0e}: not timed"
                )
    if task.flops and names[0] == "cython":
        limit = peak.work(task.dtype)
        contestants["peak"] = Contestant(limit, nullcontext, 0.0)
    if task.copied is not None:
        contestants["copy"] = Contestant(task.copied.copy, nullcontext, 0.0)
    times = compete(contestants, names[0], rounds)
    tiles, copy = times.pop("peak", None), times.pop("copy", None)
    return {
        "row": task.title,
        "direction": task.direction,
        "flops": task.flops,
        "difference": worst,
        "peak": limit() / (times[names[0]][0] * tiles[1]) / 1e6 if limit and tiles else None,
        "copies": 1 / copy[1] if copy else None,
        "times": times,
    }


def in_backend(name: str) -> Callable[[], AbstractContextManager[Any]]:
    """A context in which fastconv computes on one backend."""
    return lambda: _backend.use_backend(name)


def one_thread() -> AbstractContextManager[None]:
    """A context in which fastconv computes with one thread."""
    return _threads.threads(1)


@contextmanager
def with_pause() -> Iterator[None]:
    """A context behind which others find the processors free: workers of onnxruntime spin for a while after a call."""
    yield
    time.sleep(0.02)


@contextmanager
def libraries_with_threads(names: Sequence[str], count: int) -> Iterator[dict[str, Any]]:
    """The modules of those libraries that are named, torch set to as many threads as fastconv."""
    extras = {"torch": "torch", "onnxruntime": "onnx"}
    found = {n: require(n, f"fastconv bench --against {n}", extras[n]) for n in LIBRARIES if n in names}
    if "onnxruntime" in found:
        require("onnx", "fastconv bench --against onnxruntime", "onnx")  # the networks come to it in files
    if "torch" not in found:
        yield found
        return
    before = found["torch"].get_num_threads()
    found["torch"].set_num_threads(count)
    try:
        yield found
    finally:
        found["torch"].set_num_threads(before)


def opponents(suite: str, against: Sequence[str] | None) -> list[str]:
    """Who is measured: the fastest backend first, then those that are named, or those that the suite is made for."""
    backends = _backend.available_backends()
    known = [*backends[1:], "serial", "torch", *(["onnxruntime"] if suite == "networks" else [])]
    for name in against or ():
        if name not in known:
            raise ValueError(f"bench: against must be among {', '.join(known)}, got {name!r}")
    if against is None:
        torch = ["torch"] if importlib.util.find_spec("torch") is not None else []
        against = [*backends[1:], *torch] if suite == "lenet" else torch or known[:1]
    return [backends[0], *(name for name in known if name in against)]


def machine(libraries: Mapping[str, Any]) -> dict[str, Any]:
    """What the numbers depend on besides the code."""
    facts = {
        "cpu": _config.cpu_name(),
        "isa": _backend.ISA,
        "threads": _threads.get_num_threads(),
        "fastconv": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.platform(),
    }
    return facts | {name: library.__version__ for name, library in libraries.items()}


def chosen(suite: str, names: Sequence[str] | None, quick: bool) -> list[Layer]:
    """The layers of the suite, or those that are named; of two images each if it must be quick."""
    if suite not in shapes.SUITES:
        raise ValueError(f"bench: suite must be one of {', '.join(shapes.SUITES)}, got {suite!r}")
    layers = shapes.read(suite)
    known = [layer.name for layer in layers]
    for name in names or ():
        if name not in known:
            raise ValueError(f"bench: rows must be among {', '.join(known)}, got {name!r}")
    layers = [layer for layer in layers if names is None or layer.name in names]
    return [layer._replace(input=(2, *layer.input[1:])) for layer in layers] if quick else layers


def run(
    suite: str = "lenet",
    rows: Sequence[str] | None = None,
    against: Sequence[str] | None = None,
    threads: int | None = None,
    json: Any = None,
    plot: Any = None,
    repeats: int = ROUNDS,
    quick: bool = False,
    stream: TextIO | None = None,
) -> dict[str, Any]:
    """Compare plain Python, NumPy, Cython and torch on the layers of LeNet-5, or Cython and torch on other work.

    Every contestant gets the same arrays, through the public functions. The results are compared first; then the
    contestants take turns, `repeats` times. A turn is the median of at least five calls after one that does not count
    (of slow calls: of one). Ratios are medians of the ratios within a round. The limit that the share of the peak
    refers to is measured in the same rounds.

    Parameters
    ----------
    suite : {"lenet", "layers", "networks", "bridges"}
        The list of work: the layers of LeNet-5, single layers of well-known networks, whole networks (a training
        step with Adam, of which the losses of the first five steps are compared, and inference), or torch models with
        `fastconv.torch.replace_layers` against the same without.
    rows : sequence of str, optional
        Names of the suite, such as ``["conv1", "step"]``; by default all.
    against : sequence of {"numpy", "python", "serial", "torch", "onnxruntime"}, optional
        What the fastest backend is compared with; ``"serial"`` is the same with one thread, and ``"onnxruntime"`` takes
        part in the inference of whole networks. By default all other backends and torch (``"lenet"``) or torch alone,
        as far as it is installed.
    threads : int, optional
        For Cython and torch. NumPy's matrix products have a pool of threads of their own.
    json, plot : path, optional
        Write the numbers to a JSON file, and a picture of the speed-ups to a .png, .pdf or .svg file.
    repeats : int
        Rounds.
    quick : bool
        Two images instead of a batch: shows that everything works, not how fast.
    stream : text file, optional
        Where the table is printed, row after row; by default standard output.

    Returns
    -------
    dict
        ``{"version": 1, "machine": {...}, "rows": [...]}`` with one row for each contestant of each line of the
        table: ``suite``, ``row``, ``direction``, ``backend``, ``ms``, ``gflops`` (None where memory is the work),
        ``peak`` (GFLOP/s, None likewise), ``copies`` (the time in copies of the input, None where arithmetic is the
        work) and ``ratio``, its time over that of the fastest fastconv backend.

    Raises
    ------
    ValueError
        An unknown suite, row or opponent, or a bad number; or two results differ, which nothing then is timed for.
    ImportError
        `plot` without matplotlib; or torch, onnxruntime or onnx, without which the latter gets no networks, is asked
        for and absent.
    OSError
        A file cannot be written.

    Examples
    --------
    >>> import io
    >>> from fastconv import bench
    >>> report = bench.run(rows=["loss"], against=["python"], quick=True, repeats=1, stream=io.StringIO())
    >>> sorted(report)
    ['machine', 'rows', 'version']
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int):
        raise TypeError(f"bench: repeats must be an int, got {type(repeats).__name__}")
    if repeats < 1:
        raise ValueError(f"bench: repeats must be >= 1, got {repeats}")
    layers = chosen(suite, rows, quick)
    names = opponents(suite, against)
    stream = sys.stdout if stream is None else stream
    written.check("json", json, ("json",))
    written.check("plot", plot, figure.FORMATS)
    if plot is not None:
        figure.matplotlib()
    with (
        _threads.threads(_threads.get_num_threads() if threads is None else threads),
        libraries_with_threads(names, _threads.get_num_threads()) as libraries,
    ):
        facts = machine(libraries)
        columns = table.Columns(names)
        print(table.header(facts), *ABOUT.get(suite, ()), columns.titles(), sep="\n\n", file=stream, flush=True)
        lines = []
        for layer in layers:
            for task in OPERATIONS[layer.operation](layer):
                lines.append(measure(task, names, libraries, repeats))
                print(columns.line(lines[-1]), file=stream, flush=True)
        print(table.footer(names, lines), file=stream, flush=True)
    report = {"version": 1, "machine": facts, "rows": written.rows(suite, lines)}
    if json is not None:
        written.json_file(json, report)
    if plot is not None:
        figure.speed_ups(plot, lines, names, facts)
    return report
