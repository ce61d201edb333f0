r"""
Five optimizers, and what is wrong with each
============================================

*Why is there more than one way to take a step?*

An **optimizer** (优化器) turns gradients into steps. Its purpose is that the network converges
(收敛) faster. Each but the first cures a weakness of one before it. Here are their formulas, each
with the same few lines of NumPy, and each weakness is made to show.

In all formulas :math:`w_t` is a weight after :math:`t` steps, :math:`g_t` its gradient there,
:math:`\alpha` the learning rate (学习率).
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import nn, optim

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE, GREEN, PINK, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"


def loss(x, y):
    """A valley along x: across it, it is 25 times as steep."""
    return (x**2 + 25 * y**2) / 2


def gradient(point):
    return np.array([1.0, 25.0]) * point


def same(by_hand, make):
    """Whether an optimizer goes the way that we have computed by hand."""
    by_optimizer = fc.plot.trace_optimizer(gradient, by_hand[0], make, len(by_hand) - 1)
    assert np.allclose(by_hand, by_optimizer, rtol=1e-10, atol=1e-12)
    print(f"the same after {len(by_hand) - 1} steps: {by_optimizer[-1].round(6)}")


# %%
# SGD
# ---
#
# **Stochastic gradient descent** (随机梯度下降, SGD): the step of the last page. It is stochastic
# because the gradient is that of a random batch.
#
# .. math:: w_{t+1} = w_t - \alpha\, g_t

w = np.array([-4.0, 1.2])
way = [w]
for _ in range(100):
    w = w - 0.07 * gradient(w)
    way.append(w)
same(way, lambda params: optim.SGD(params, lr=0.07))

# %%
# **Weakness 1: noise of the samples** (样本噪声). Each batch pulls somewhere else, and SGD follows
# each of them. The figure shows it in the valley, with random numbers added to each gradient. It
# gets to the minimum, a star, but dances from wall to wall on its way. The second optimizer is
# already below it:
#
# SGD with momentum
# -----------------
#
# **Momentum** (动量) remembers where it was going. Its step :math:`v` is a running sum of
# gradients, in which each older one counts for a factor of :math:`\eta = 0.9` less. What pulls left
# and right by turns cancels; what always points the same way adds up, to as much as :math:`1 / (1 -
# \eta) = 10` steps. So a tenth of the learning rate is as fast [1]_.
#
# .. math:: v_t = \eta\, v_{t-1} + \alpha\, g_t
# .. math:: w_{t+1} = w_t - v_t

w, v = np.array([-4.0, 1.2]), 0.0
way = [w]
for _ in range(100):
    v = 0.9 * v + 0.007 * gradient(w)
    w = w - v
    way.append(w)
same(way, lambda params: optim.Momentum(params, lr=0.007, momentum=0.9))


def noisy(seed):
    """The gradient of the valley, with noise as that of batches."""
    rng = np.random.default_rng(seed)
    return lambda point: gradient(point) + rng.normal(0, 4, 2)


makers = {
    "SGD": lambda params: optim.SGD(params, lr=0.07),
    "SGD with momentum": lambda params: optim.Momentum(params, lr=0.007, momentum=0.9),
}
along, across = np.meshgrid(np.linspace(-5, 2.5, 100), np.linspace(-1.6, 1.6, 100))
spread = {}
levels = np.arange(1, 7) ** 2
fig, axes = plt.subplots(2, 1, figsize=(4.2, 4.2), layout="constrained", sharex=True)
for ax, (name, make), color in zip(axes, makers.items(), (BLUE, ORANGE), strict=True):
    way = fc.plot.trace_optimizer(noisy(0), [-4.0, 1.2], make, steps=300)
    ax.contour(along, across, loss(along, across), levels=levels, colors="0.85")
    ax.plot(*way[:150].T, color=color, linewidth=0.8)
    ax.plot(0, 0, "*", color="black", markersize=10)
    ax.set(title=name, ylabel="across the valley", ylim=(-1.6, 1.6))
    spread[name] = way[100:, 1].std()
    print(f"{name}: strays {spread[name]:.2f} across the valley")
axes[1].set_xlabel("along the valley")
plt.show()

assert spread["SGD with momentum"] < spread["SGD"] / 2

# %%
# **Weakness 2: local minima** (局部最优解). A loss can have several valleys. SGD ends in the first
# one, because at its bottom the gradient is zero. Momentum brings some speed, and may roll through.
# It depends on the run-up: from 4 it does, from 2.5 it does not.


def hill(w):
    """Two valleys; the left one is deeper."""
    return (w**2 - 4) ** 2 / 16 + 0.3 * w


def slope(w):
    return w * (w**2 - 4) / 4 + 0.3


w = np.linspace(-3.6, 4.1, 200)
fig, axes = plt.subplots(2, 1, figsize=(4.2, 4.2), layout="constrained", sharex=True)
for ax, start in zip(axes, (4.0, 2.5), strict=True):
    ax.plot(w, hill(w), color="0.75")
    for name, make, color, lift in (
        ("SGD", lambda params: optim.SGD(params, lr=0.05), BLUE, 0.35),
        ("momentum", lambda params: optim.Momentum(params, lr=0.05), ORANGE, 0.7),
    ):
        way = fc.plot.trace_optimizer(slope, [start], make, steps=300)[:, 0]
        ax.plot(way, hill(way) + lift, ".-", color=color, linewidth=0.8, markersize=3, label=name)
        ax.plot(way[-1], hill(way[-1]) + lift, "o", color=color, markersize=8)
        print(f"from {start}, {name}: ends at {way[-1]:.3f}, loss {hill(way[-1]):.3f}")
        assert (way[-1] < 0) == (start == 4.0 and name == "momentum")
    ax.set(ylabel="loss", ylim=(-1.2, 4.5), title=f"from {start}")
axes[0].legend()
axes[1].set_xlabel("weight")
plt.show()

# %%
# Adagrad
# -------
#
# In the valley, the two weights would need different learning rates. Adagrad gives each weight its
# own: an **adaptive learning rate** (自适应学习率). It divides by the root of the sum of all
# squared gradients so far, so steep directions get small steps, and flat ones large steps [2]_. The
# tiny :math:`\epsilon` is there against dividing by zero.
#
# .. math:: s_t = s_{t-1} + g_t^2
# .. math:: w_{t+1} = w_t - \frac{\alpha}{\sqrt{s_t + \epsilon}}\, g_t
#
# PyTorch, and fastconv unless it is told otherwise, adds :math:`\epsilon` after the root.

w, s = np.array([-4.0, 1.2]), 0.0
way = [w]
for _ in range(100):
    g = gradient(w)
    s = s + g**2
    w = w - 0.5 / np.sqrt(s + 1e-7) * g
    way.append(w)
same(way, lambda params: optim.Adagrad(params, lr=0.5, eps=1e-7, eps_inside_sqrt=True))

# %%
# **Weakness: the rate vanishes.** The sum :math:`s` only grows. So the learning rate only falls,
# and training can stop before it has converged.
#
# RMSProp
# -------
#
# A coefficient controls how fast the past decays (衰减系数). The sum becomes a moving average,
# which forgets [3]_.
#
# .. math:: s_t = \eta\, s_{t-1} + (1 - \eta)\, g_t^2
# .. math:: w_{t+1} = w_t - \frac{\alpha}{\sqrt{s_t + \epsilon}}\, g_t

w, s = np.array([-4.0, 1.2]), 0.0
way = [w]
for _ in range(100):
    g = gradient(w)
    s = 0.9 * s + 0.1 * g**2
    w = w - 0.05 / np.sqrt(s + 1e-7) * g
    way.append(w)
same(way, lambda params: optim.RMSprop(params, lr=0.05, alpha=0.9, eps=1e-7, eps_inside_sqrt=True))

# %%
# Both on a long, even slope: the gradient is 1 all the way down from −30, and turns at 0. Adagrad's
# rate after :math:`t` steps is :math:`\alpha / \sqrt{t}`, and it gets slower and slower. RMSProp
# keeps its pace, and is at the bottom after some fifty steps. There its own weakness shows. As the
# gradients get small, it forgets that they were ever large, and divides by smaller and smaller
# numbers; in the end its steps are half a unit long again, and it rattles about the minimum. A
# falling learning rate (``optim.lr_scheduler``) helps against that.


def turn(w):
    """The slope of a valley with even sides, rounded at the bottom."""
    return np.tanh(w)


ways = {}
fig, axes = plt.subplots(2, 1, figsize=(4.2, 4.2), layout="constrained", sharex=True)
for name, make, color in (
    ("Adagrad", lambda params: optim.Adagrad(params, lr=0.5), GREEN),
    ("RMSProp", lambda params: optim.RMSprop(params, lr=0.5, alpha=0.9), PINK),
):
    ways[name] = way = fc.plot.trace_optimizer(turn, [-30.0], make, 200)[:, 0]
    axes[0].plot(way, color=color, label=name)
    axes[1].plot(np.abs(np.diff(way)), color=color)
    print(f"{name}: at {way[50]:6.2f} after 50 steps, at {way[200]:6.2f} after 200")
axes[0].set(ylabel="weight")
axes[0].legend()
axes[1].set(xlabel="step", ylabel="length of the step")
for ax in axes:
    ax.grid(alpha=0.3)
plt.show()

assert ways["Adagrad"][200] < -15 and abs(ways["RMSProp"][60:]).max() < 1

# %%
# Adam
# ----
#
# Adam takes both: the momentum :math:`m`, and the moving average :math:`v` of squares [4]_. Both
# start at 0, and would be too small at first. Dividing by :math:`1 - \beta^t` corrects that.
#
# .. math:: m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t
# .. math:: v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2
# .. math:: \hat m_t = \frac{m_t}{1 - \beta_1^t}, \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t}
# .. math:: w_{t+1} = w_t - \frac{\alpha}{\sqrt{\hat v_t + \epsilon}}\, \hat m_t

w, m, v = np.array([-4.0, 1.2]), 0.0, 0.0
way = [w]
for t in range(1, 101):
    g = gradient(w)
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    w = w - 0.1 / np.sqrt(v / (1 - 0.999**t) + 1e-8) * (m / (1 - 0.9**t))
    way.append(w)
same(way, lambda params: optim.Adam(params, lr=0.1, betas=(0.9, 0.999), eps=1e-8, eps_inside_sqrt=True))

# %%
# The correction has a nice effect: the first step is as long as the learning rate, however large
# the gradient is.

for size in (1000.0, 0.001):
    parameter = nn.Parameter(np.array([0.0]))
    parameter.grad = np.array([size])
    optim.Adam([parameter], lr=0.1).step()
    print(f"gradient {size:8}: first step {parameter.data[0]:.4f}")
    assert abs(parameter.data[0] + 0.1) < 1e-5

# %%
# Does it matter for a network?
# -----------------------------
#
# All five on the same small network and the same batches of digits. The weakness of each is not
# always to be seen: with a fitting learning rate, all of them learn here. What differs is how fast.

(x, y), (x_test, y_test) = fc.data.digits()
makers = {
    "SGD": (lambda params: optim.SGD(params, lr=0.2), BLUE),
    "Momentum": (lambda params: optim.Momentum(params, lr=0.05), ORANGE),
    "Adagrad": (lambda params: optim.Adagrad(params, lr=0.02), GREEN),
    "RMSProp": (lambda params: optim.RMSprop(params, lr=0.002, alpha=0.9), PINK),
    "Adam": (lambda params: optim.Adam(params, lr=0.005), AMBER),
}
criterion = nn.CrossEntropyLoss()
fig, ax = plt.subplots(figsize=(4.2, 3.0), layout="constrained")
for name, (make, color) in makers.items():
    rng = np.random.default_rng(0)
    first, second = nn.Linear(64, 32, rng=rng), nn.Linear(32, 10, rng=rng)
    model = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second)
    optimizer = make(model.parameters())
    losses = [criterion(model(x), y)]
    loader = fc.data.DataLoader(x, y, batch_size=32, shuffle=True, rng=0)
    for _ in range(5):
        for images, labels in loader:
            criterion(model(images), labels)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        losses.append(criterion(model(x), y))
    accuracy = (model(x_test).argmax(axis=1) == y_test).mean()
    print(f"{name:9} loss {losses[-1]:.3f}, {100 * accuracy:.1f} % of test images right")
    assert accuracy > 0.85
    ax.semilogy(losses, "o-", color=color, markersize=3.5, label=name)
ax.set(xlabel="epoch", ylabel="loss")
ax.grid(alpha=0.3)
ax.legend(fontsize=9)
plt.show()

# %%
# Answer
# ------
#
# SGD follows every batch, and stays in the first valley. Momentum averages the noise away, and
# rolls on. Adagrad gives each weight its own rate, which vanishes. RMSProp forgets, so it does not.
# Adam does what both Momentum and RMSProp do, which makes it a good first choice, not always the
# best last one.
#
# *Try it:* at which learning rate does each of them fail on the digits?
#
# References
# ----------
#
# .. [1] B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR
#    Computational Mathematics and Mathematical Physics 4(5), 1-17, 1964.
#    https://doi.org/10.1016/0041-5553(64)90137-5
# .. [2] J. Duchi, E. Hazan and Y. Singer, *Adaptive subgradient methods for online learning and
#    stochastic optimization*, Journal of Machine Learning Research 12, 2121-2159, 2011.
# .. [3] T. Tieleman and G. Hinton, *Lecture 6.5: rmsprop*, Coursera, Neural Networks for Machine
#    Learning, 2012.
# .. [4] D. P. Kingma and J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015.
#    https://arxiv.org/abs/1412.6980
