"""How five optimizers walk down the same valley
=============================================

A loss with two parameters can be looked at from above, like a map. This one is a narrow valley: steep
across, 50 times flatter along. Every optimizer starts at the same point, gets the gradient at the place
where it is, and takes 80 steps. Plain gradient descent jumps from slope to slope, momentum overshoots
and comes back. The adaptive ones scale each coordinate by its own past gradients and soon go along the
valley: how fast is a matter of their learning rates.

The picture and the animation are written into paths.png and paths.gif (needs matplotlib).

Run it:  python examples/optimizer_paths.py
"""

from pathlib import Path

import numpy as np

import fastconv as fc
from fastconv import optim

START = (-4.0, 1.2)
OPTIMIZERS = {
    "SGD": lambda params: optim.SGD(params, lr=0.037),
    "Momentum": lambda params: optim.Momentum(params, lr=0.008, momentum=0.9),
    "Adagrad": lambda params: optim.Adagrad(params, lr=0.9),
    "RMSProp": lambda params: optim.RMSprop(params, lr=0.03),
    "Adam": lambda params: optim.Adam(params, lr=0.15),
}


def loss(x, y):
    """A valley along x that bends a little."""
    return x**2 / 2 + 25 * (y + 0.15 * np.sin(x)) ** 2


def gradient(point):
    """Its slope in both directions."""
    x, y = point
    bend = 50 * (y + 0.15 * np.sin(x))
    return np.array([x + bend * 0.15 * np.cos(x), bend])


def main(folder: Path = Path(), steps: int = 80) -> dict[str, float]:
    """Walk, draw, and return the loss that each optimizer has reached."""
    paths = {name: fc.plot.trace_optimizer(gradient, START, make, steps) for name, make in OPTIMIZERS.items()}
    losses = {name: float(loss(*path[-1])) for name, path in paths.items()}
    print(f"loss at the start {loss(*START):.3f}")
    for name, value in losses.items():
        print(f"{name:9} {value:.6f} after {steps} steps")

    view = {"xlim": (-4.6, 1.6), "ylim": (-1.1, 1.5), "minimum": (0, 0)}
    ax = fc.plot.optimizer_paths(loss, paths, **view)
    ax.figure.savefig(folder / "paths.png", dpi=120)
    animation = fc.plot.animate_optimizer_paths(loss, paths, every=2, **view)
    animation.save(folder / "paths.gif", writer="pillow", dpi=80)
    return losses


if __name__ == "__main__":
    main()
