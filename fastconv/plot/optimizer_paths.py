"""Ways of optimizers over a surface, as one picture and as an animation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import integer, shown

from ._arguments import numbers
from ._canvas import COLORS, Axes, axes_or_new, check_axes, library

Surface = Callable[[Array, Array], Any]
Range = tuple[float, float]

# Points of the surface along each axis, and levels of its contour lines.
RESOLUTION, LEVELS = 200, 24


class _Scene(NamedTuple):
    """What both pictures are made of, checked."""

    x: Array
    y: Array
    z: Array
    paths: dict[str, Array]
    minimum: Array | None


def optimizer_paths(
    surface: Surface,
    paths: Mapping[str, Any],
    *,
    xlim: Range | None = None,
    ylim: Range | None = None,
    minimum: Sequence[float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the ways of optimizers over the contour lines of a loss with two parameters.

    Between neighbouring lines lies the same area, so that lines are seen in the valley as on the slopes.

    Parameters
    ----------
    surface : callable
        The loss ``f(x, y)``, for arrays.
    paths : mapping of str to array, shape (steps + 1, 2)
        What each way is called, and its points, such as `trace_optimizer` gives them. A dot marks where a way ends.
    xlim, ylim : pair of float, optional
        What is shown; by default all ways, with a margin.
    minimum : pair of float, optional
        Marked by a star.
    ax : Axes, optional
        By default those of a new figure of pyplot.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> from fastconv import optim
    >>> scale = np.array([1.0, 8.0])
    >>> make = {"SGD": lambda p: optim.SGD(p, lr=0.1), "Adam": lambda p: optim.Adam(p, lr=0.1)}
    >>> paths = {name: fc.plot.trace_optimizer(lambda p: scale * p, [-4, 2], f, 50) for name, f in make.items()}
    >>> ax = fc.plot.optimizer_paths(lambda x, y: (x**2 + 8 * y**2) / 2, paths, minimum=(0, 0))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['SGD', 'Adam', 'minimum']
    """
    scene = _scene("optimizer_paths", surface, paths, xlim, ylim, minimum)
    check_axes("optimizer_paths", ax)
    ax = axes_or_new(ax, 7.2, 4.5)
    for line, end, points in _lines(ax, scene):
        line.set_data(points[:, 0], points[:, 1])
        end.set_data(points[-1:, 0], points[-1:, 1])
    return ax


def animate_optimizer_paths(
    surface: Surface,
    paths: Mapping[str, Any],
    *,
    xlim: Range | None = None,
    ylim: Range | None = None,
    minimum: Sequence[float] | None = None,
    every: int = 1,
    interval: int = 50,
    ax: Axes | None = None,
) -> Any:
    """`optimizer_paths` as an animation, in which all optimizers take their steps at the same time.

    Parameters
    ----------
    surface, paths, xlim, ylim, minimum, ax
        As in `optimizer_paths`.
    every : int
        Steps from one frame to the next.
    interval : int
        Milliseconds from one frame to the next.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Keep it as long as it is to run. ``animation.save("paths.gif", writer="pillow")`` writes it into a file, and
        ``animation.to_jshtml()`` makes a player for a notebook.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> path = np.linspace([-2.0, 1.0], [0.0, 0.0], 5)
    >>> animation = fc.plot.animate_optimizer_paths(lambda x, y: x**2 + y**2, {"straight": path})
    >>> page = animation.to_jshtml()
    >>> page.count("data:image/png;base64")
    5
    """
    scene = _scene("animate_optimizer_paths", surface, paths, xlim, ylim, minimum)
    integer("animate_optimizer_paths", "every", every, 1)
    integer("animate_optimizer_paths", "interval", interval, 1)
    check_axes("animate_optimizer_paths", ax)
    own = ax is None
    ax = axes_or_new(ax, 7.2, 4.5)
    drawn = _lines(ax, scene)
    ax.set_title(" ")
    if own:  # where things stand is found once, not for every frame: that took two thirds of the time
        ax.figure.draw_without_rendering()
        ax.figure.set_layout_engine("none")
    last = max(len(points) for points in scene.paths.values()) - 1
    width = len(str(last))

    def draw(step: int) -> list[Any]:
        ax.set_title(f"step {step:{width}} of {last}")
        for line, end, points in drawn:
            line.set_data(points[: step + 1, 0], points[: step + 1, 1])
            now = min(step, len(points) - 1)
            end.set_data(points[now : now + 1, 0], points[now : now + 1, 1])
        return [artist for line, end, _ in drawn for artist in (line, end)]

    return library("animation").FuncAnimation(ax.figure, draw, [*range(0, last, every), last], interval=interval)


def _scene(function: str, surface: Any, paths: Any, xlim: Any, ylim: Any, minimum: Any) -> _Scene:
    if not callable(surface):
        raise TypeError(f"{function}: surface must be callable, got {shown(surface)}")
    if not isinstance(paths, Mapping):
        raise TypeError(f"{function}: paths must be a mapping of names to points, got {shown(paths)}")
    if not paths:
        raise ValueError(f"{function}: paths must have a path, got none")
    points = {str(name): _points(function, name, path) for name, path in paths.items()}
    star = None if minimum is None else np.array(_pair(function, "minimum", minimum))
    seen = np.concatenate([*points.values(), *([] if star is None else [star[None]])])
    left, right = _limits(function, "xlim", xlim, seen[:, 0])
    bottom, top = _limits(function, "ylim", ylim, seen[:, 1])
    x, y = np.meshgrid(np.linspace(left, right, RESOLUTION), np.linspace(bottom, top, RESOLUTION))
    z = numbers(function, "surface(x, y)", surface(x, y))
    if z.shape != x.shape:
        raise ValueError(f"{function}: surface(x, y) must be as many numbers as x, {x.shape}, got {z.shape}")
    return _Scene(x, y, z, points, star)


def _points(function: str, name: Any, path: Any) -> Array:
    points = numbers(function, f"paths[{name!r}]", path)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"{function}: paths[{name!r}] must be points, (steps + 1, 2), got shape {points.shape}")
    return points


def _pair(function: str, name: str, value: Any) -> tuple[float, float]:
    """Two finite numbers."""
    pair = numbers(function, name, value)
    if pair.shape != (2,) or not np.isfinite(pair).all():
        raise ValueError(f"{function}: {name} must be two finite numbers, got {shown(value)}")
    first, second = pair.tolist()
    return first, second


def _limits(function: str, name: str, value: Any, seen: Array) -> tuple[float, float]:
    """From where to where an axis goes."""
    if value is None:
        low, high = float(seen.min()), float(seen.max())
        margin = 0.15 * (high - low) or 1.0
        return low - margin, high + margin
    low, high = _pair(function, name, value)
    if not low < high:
        raise ValueError(f"{function}: {name} must grow, got {shown(value)}")
    return low, high


def _lines(ax: Axes, scene: _Scene) -> list[tuple[Any, Any, Array]]:
    """Draw the surface, and for each path an empty line with an empty dot at its end."""
    finite = scene.z[np.isfinite(scene.z)]
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, LEVELS))) if finite.size else finite
    if len(levels) > 1:
        norm = library("colors").BoundaryNorm(levels, 256)
        ax.contourf(scene.x, scene.y, scene.z, levels, cmap="Greys", norm=norm, alpha=0.5)
        ax.contour(scene.x, scene.y, scene.z, levels, colors="white", linewidths=0.5)
    drawn = []
    for i, (name, points) in enumerate(scene.paths.items()):
        color = COLORS[i % len(COLORS)]
        (line,) = ax.plot([], [], color=color, linewidth=1.6, label=name, solid_capstyle="round")
        (end,) = ax.plot([], [], "o", color=color, markersize=6, markeredgecolor="white")
        drawn.append((line, end, points))
    if scene.minimum is not None:
        ax.plot(*scene.minimum, "*", color="black", markersize=12, markeredgecolor="white", label="minimum")
    ax.set_xlim(scene.x.min(), scene.x.max())
    ax.set_ylim(scene.y.min(), scene.y.max())
    ax.set_xlabel("first parameter")
    ax.set_ylabel("second parameter")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0, frameon=False)
    return drawn
