"""
Five optimizers on one surface
==============================

*What does the way of each optimizer look like?*

A loss with two weights can be looked at from above, like a map. Here all five start at the same
place, and take their steps at the same time.
"""

# %%
# The map
# -------
#
# The loss is a narrow valley that bends: across, it is 50 times as steep as along it. Its lowest
# point is at (0, 0). Its gradient we know exactly; there is no noise.

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import optim


def loss(x, y):
    """A valley along x that bends a little."""
    return x**2 / 2 + 25 * (y + 0.15 * np.sin(x)) ** 2


def gradient(point):
    """Its slope in both directions."""
    x, y = point
    bend = 50 * (y + 0.15 * np.sin(x))
    return np.array([x + bend * 0.15 * np.cos(x), bend])


# %%
# The walkers
# -----------
#
# Each optimizer has a learning rate (学习率) that suits it on this map. ``fc.plot.trace_optimizer``
# notes where it is after each of 80 steps.

start = (-4.0, 1.2)
optimizers = {
    "SGD": lambda params: optim.SGD(params, lr=0.037),
    "Momentum": lambda params: optim.Momentum(params, lr=0.008, momentum=0.9),
    "Adagrad": lambda params: optim.Adagrad(params, lr=0.9),
    "RMSProp": lambda params: optim.RMSprop(params, lr=0.05),
    "Adam": lambda params: optim.Adam(params, lr=0.15),
}
paths = {
    name: fc.plot.trace_optimizer(gradient, start, make, steps=80)
    for name, make in optimizers.items()
}

print(f"loss at the start {loss(*start):.3f}")
for name, path in paths.items():
    print(f"{name:9} {loss(*path[-1]):.6f} after 80 steps")
    assert loss(*path[-1]) < loss(*start) / 100

# %%
# The animation
# -------------
#
# **Watch the beginning.** A frame is four steps. SGD (blue) jumps from wall to wall, as the steep
# direction is nearly too steep for its learning rate. Momentum (动量, orange) swings wide and comes
# back. The three with an adaptive learning rate (自适应学习率) do not care how steep it is: they
# scale each direction by its own past gradients.

view = {"xlim": (-4.6, 1.6), "ylim": (-2.2, 1.5), "minimum": (0, 0)}
fig, ax = plt.subplots(figsize=(4.2, 3.6), dpi=80)
fig.subplots_adjust(left=0.17, right=0.98, bottom=0.14, top=0.92)
animation = fc.plot.animate_optimizer_paths(loss, paths, every=4, interval=240, ax=ax, **view)
ax.legend(ncols=3, fontsize=9, columnspacing=1, handlelength=1.2, loc="lower center")
plt.rcParams["animation.html"] = "jshtml"  # in a notebook: a player
plt.rcParams["animation.frame_format"] = "jpeg"  # less than half the bytes of PNG
animation

# %%
# All the ways at once
# --------------------
#
# The same as a picture, to look at in peace. Between neighboring lines lies the same area. A dot
# marks where a way ends, a star the minimum.

fig, ax = plt.subplots(figsize=(4.2, 3.6), layout="constrained")
fc.plot.optimizer_paths(loss, paths, ax=ax, **view)
ax.legend(ncols=3, fontsize=9, columnspacing=1, handlelength=1.2, loc="lower center")
plt.show()

# %%
# And the loss at each step, which the map does not show well.

fig, ax = plt.subplots(figsize=(4.2, 3.0), layout="constrained")
colors = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # those of the map
for (name, path), color in zip(paths.items(), colors, strict=True):
    ax.semilogy(loss(*path.T), color=color, label=name)
ax.set(xlabel="step", ylabel="loss")
ax.grid(alpha=0.3)
ax.legend(fontsize=9)
plt.show()

# %%
# Answer
# ------
#
# SGD zigzags, because one learning rate has to do for both directions. Momentum makes curves, like
# a ball. Adagrad, RMSProp and Adam turn into the valley at once. Which is first down here is a
# matter of this map and of these learning rates: there is no noise, no second valley, and the way
# is too short for Adagrad's rate to vanish.
#
# *Try it:* give SGD a learning rate of 0.04. Why does it leave the map?
