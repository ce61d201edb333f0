"""Ways of optimizers: their points, the picture, the animation."""

import numpy as np
import pytest

from fastconv import optim, plot
from fastconv.nn import Parameter

SCALE = np.array([1.0, 8.0])


def bowl(x, y):
    return (SCALE[0] * x**2 + SCALE[1] * y**2) / 2


def ways(steps=30):
    make = {"SGD": lambda p: optim.SGD(p, lr=0.1), "Adam": lambda p: optim.Adam(p, lr=0.1)}
    return {name: plot.trace_optimizer(lambda p: SCALE * p, [-4, 2], f, steps) for name, f in make.items()}


def test_trace_is_what_a_loop_does():
    parameter = Parameter(np.array([-4.0, 2.0]))
    optimizer = optim.Momentum([parameter], lr=0.05)
    expected = [parameter.data.copy()]
    for _ in range(20):
        parameter.grad = SCALE * parameter.data
        optimizer.step()
        expected.append(parameter.data.copy())
    start = np.array([-4.0, 2.0])
    found = plot.trace_optimizer(lambda p: SCALE * p, start, lambda p: optim.Momentum(p, lr=0.05), 20)
    np.testing.assert_array_equal(found, expected)
    assert start.tolist() == [-4, 2]


def test_trace_ends_where_numbers_do():
    with np.errstate(over="ignore"):
        path = plot.trace_optimizer(lambda p: p * p, [10.0], lambda p: optim.SGD(p, lr=1.0), 100)
    assert np.isfinite(path).all() and 1 < len(path) < 101


def test_trace_errors():
    make = lambda p: optim.SGD(p, lr=1.0)  # noqa: E731
    with pytest.raises(ValueError, match=r"trace_optimizer: gradient\(point\) must have shape \(2,\), got \(\)"):
        plot.trace_optimizer(lambda p: 1.0, [0, 0], make)
    with pytest.raises(ValueError, match="trace_optimizer: start must be finite coordinates"):
        plot.trace_optimizer(lambda p: p, [np.nan, 0], make)


def drawn(ax):
    return {line.get_label(): np.transpose(line.get_data()) for line in ax.get_lines()}


def test_lines_are_the_ways():
    paths = ways()
    ax = plot.optimizer_paths(bowl, paths, minimum=(0, 0))
    for name, points in paths.items():
        np.testing.assert_array_equal(drawn(ax)[name], points)
    np.testing.assert_array_equal(drawn(ax)["minimum"], [[0, 0]])
    points = np.concatenate(list(paths.values()))
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < points[:, 0].min() and right > points[:, 0].max()
    assert bottom < points[:, 1].min() and top > points[:, 1].max()


def test_lines_of_the_surface_lie_where_its_values_are():
    ax = plot.optimizer_paths(bowl, ways(), xlim=(-5, 5), ylim=(-3, 3))
    assert ax.get_xlim() == (-5, 5)
    contours = [c for c in ax.collections if c.get_array() is not None]
    lines = contours[-1]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        if len(path.vertices):
            values = bowl(*path.vertices.T)
            np.testing.assert_allclose(values, level, atol=0.03 * lines.levels[-1])


@pytest.mark.parametrize("surface", [lambda x, y: 0 * x, lambda x, y: x / 0 * np.nan, lambda x, y: np.log(x)])
def test_surfaces_with_little_to_draw(surface):
    with np.errstate(all="ignore"):
        plot.optimizer_paths(surface, ways(2)).figure.canvas.draw()


def test_animation_shows_as_many_steps_as_its_frame(tmp_path, ax):
    image = pytest.importorskip("PIL.Image")
    paths = ways(6) | {"short": np.array([[0.0, 1.0], [1.0, 1.0]])}
    animation = plot.animate_optimizer_paths(bowl, paths, ax=ax)
    frames = []

    def see(frame, count):
        frames.append(frame)
        for name, points in paths.items():
            np.testing.assert_array_equal(drawn(ax)[name], points[: frame + 1])
        assert ax.get_title() == f"step {frame} of 6" and count == 7

    animation.save(tmp_path / "ways.gif", writer="pillow", progress_callback=see)
    assert frames == list(range(7))
    with image.open(tmp_path / "ways.gif") as picture:
        assert picture.n_frames == 7
    static = drawn(plot.optimizer_paths(bowl, paths))
    for name in paths:
        np.testing.assert_array_equal(drawn(ax)[name], static[name])


def test_animation_of_some_steps(tmp_path, ax):
    animation = plot.animate_optimizer_paths(bowl, ways(7), every=3, ax=ax)
    titles = []
    animation.save(tmp_path / "a.gif", writer="pillow", progress_callback=lambda *_: titles.append(ax.get_title()))
    assert titles == [f"step {step} of 7" for step in (0, 3, 6, 7)]
    alone = plot.animate_optimizer_paths(bowl, {"point": [[0.0, 0.0]]})
    assert alone.to_jshtml().count("data:image/png") == 1


@pytest.mark.parametrize("draw", [plot.optimizer_paths, plot.animate_optimizer_paths])
def test_errors(draw):
    for paths, text in (
        ({}, "paths must have a path"),
        ({"a": [1, 2]}, r"paths\['a'\] must be points"),
        ({"a": np.empty((0, 2))}, r"paths\['a'\] must be points"),
    ):
        with pytest.raises(ValueError, match=f"{draw.__name__}: {text}"):
            draw(bowl, paths)
    with pytest.raises(ValueError, match="xlim must grow"):
        draw(bowl, ways(1), xlim=(1, 1))
    with pytest.raises(ValueError, match=r"surface\(x, y\) must be as many numbers as x, \(200, 200\), got \(\)"):
        draw(lambda x, y: 1.0, ways(1))
