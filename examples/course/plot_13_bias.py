"""
Bias: one more number for each kernel
=====================================

*A kernel can only weigh what it sees. What does it miss that a single number can give?*

The **bias** (偏移量) is added to each number of a map. There is one for each kernel, and it
is learned like a weight.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn, optim

BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's colors: told apart with any color vision

# %%
# How it is computed
# ------------------
# First the convolution, then the addition. All numbers of a map get the same bias. Two
# kernels make two maps here; the first gets +1, the second −2.

image = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
kernels = np.zeros((2, 1, 3, 3), np.float32)
kernels[0, 0, 1, 1] = 1  # takes the pixel in the middle
kernels[1, 0, 0, 0] = 1  # takes the one at the upper left
bias = np.array([1, -2], np.float32)

without = F.conv2d(image, kernels)
with_bias = F.conv2d(image, kernels, bias)
for k in range(2):
    print(without[k].astype(int).tolist(), "→", with_bias[k].astype(int).tolist())
assert np.array_equal(with_bias, without + bias[:, None, None])

# %%
# It costs next to nothing: one number for each kernel, whatever the kernel's size.

layer = nn.Conv2d(6, 16, 5, rng=0)
print(f"{layer.weight.size:,} weights and {layer.bias.size} biases")
assert layer.weight.size == 2400 and layer.bias.size == 16

# %%
# What cannot be done without
# ---------------------------
# Without a bias, a black image (all 0) always gives 0, and twice the light gives twice the
# answer. Whatever the weights are, such a layer can only scale.

x = np.random.default_rng(0).standard_normal((1, 6, 8, 8), dtype=np.float32)
without = nn.Conv2d(6, 16, 5, bias=False, rng=0)
assert not without(np.zeros_like(x)).any()
assert np.array_equal(without(2 * x), 2 * without(x))
assert layer(np.zeros_like(x)).any()

# %%
# The negative of a photograph is a task that shows it: bright becomes dark, y = 1 − x. It
# needs one kernel of one pixel, with the weight −1 and the bias 1. Let both layers learn it
# from digits.

(images, _), _ = fc.data.digits()
negatives = 1 - images


def learn(layer, steps=150):
    """The mean squared error before each step."""
    criterion, errors = nn.MSELoss(), []
    optimizer = optim.SGD(layer.parameters(), lr=0.7)
    for _ in range(steps):
        errors.append(criterion(layer(images), negatives))
        optimizer.zero_grad()
        layer.backward(criterion.backward(), input_grad=False)
        optimizer.step()
    return errors


flat, free = nn.Conv2d(1, 1, 1, bias=False, rng=0), nn.Conv2d(1, 1, 1, rng=0)
errors_without, errors_with = learn(flat), learn(free)
print(f"without: {flat.weight.data.item():+.3f} x, error {errors_without[-1]:.1e}")
print(f"with:    {free.weight.data.item():+.3f} x {free.bias.data.item():+.3f}", end=", ")
print(f"error {errors_with[-1]:.1e}")

fig, ax = plt.subplots(figsize=(4.8, 2.8), layout="constrained")
ax.semilogy(errors_without, "--", color=ORANGE, label="without bias")
ax.semilogy(errors_with, color=BLUE, label="with bias")
ax.set(xlabel="step", ylabel="mean squared error", title="learning y = 1 − x")
ax.grid(alpha=0.3)
ax.legend()
plt.show()

# %%
# With its bias, the layer finds −1 and 1. Without, it stops at the best that a straight line
# through 0 can do: the weight Σxy / Σx².

best = (images * negatives).sum() / (images**2).sum()
assert np.isclose(flat.weight.data.item(), best, rtol=1e-3)
assert errors_with[-1] < 1e-5 < 0.1 < errors_without[-1]

# %%
# The bias is a threshold
# -----------------------
# After the convolution comes an activation, often ReLU: what is below 0 becomes 0. A bias of
# −t then keeps only answers above t. The edges of a digit, with rising thresholds:

_, (digits, labels) = fc.data.digits(size=32)
edge = np.array([[[[-1, 0, 1]] * 3]], np.float32)
thresholds = (0, 0.25, 0.5)
fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.9), layout="constrained")
kept = []
for ax, t in zip(axes, thresholds, strict=True):
    answer = F.relu(F.conv2d(digits[labels == 5][:1], edge, np.array([-t], np.float32)))
    kept.append((answer > 0).mean())
    ax.imshow(answer[0, 0], cmap="viridis", vmin=0, vmax=1)
    ax.set(title=f"bias {-t}: {kept[-1]:.0%}", xticks=[], yticks=[])
plt.show()
assert kept == sorted(kept, reverse=True)

# %%
# The titles say how much of the map is left.
#
# How it learns
# -------------
# The bias went into each number of the map, so its gradient is the sum of all their
# gradients: over the images of the batch, and over all places.

rng = np.random.default_rng(1)
gradient = rng.integers(-3, 4, size=(2, 16, 4, 4)).astype(np.float32)
x = rng.standard_normal((2, 6, 8, 8), dtype=np.float32)
_, _, grad_bias = F.conv2d_backward(gradient, x, layer.weight.data)
assert np.array_equal(grad_bias, gradient.sum(axis=(0, 2, 3)))
print(grad_bias.astype(int))

# %%
# Where it is useless
# -------------------
# Batch normalization subtracts the mean of each channel. A bias before it is subtracted
# again, so such convolutions are written with ``bias=False`` [1]_.

norm = nn.BatchNorm2d(16)
maps = F.conv2d(x, layer.weight.data)
shifted = maps + 5
np.testing.assert_allclose(norm(shifted), norm(maps), atol=1e-4)

# %%
# Answer
# ------
# A kernel only weighs: nothing in, nothing out. The bias gives a number that is there
# without any input. It moves the whole map up or down, and so decides from which strength on
# an answer counts.
#
# *Try it:* train LeNet-5 without a single bias: ``bias=False`` in all its layers. How much
# worse is it?
#
# .. [1] S. Ioffe and C. Szegedy, *Batch Normalization: Accelerating Deep Network Training by
#    Reducing Internal Covariate Shift*, ICML 2015, section 3.2.
#    https://arxiv.org/abs/1502.03167
