"""
Channels in, channels out
=========================

*A color image has three numbers for each pixel. What shape must the kernels have, and what
comes out?*

Two rules answer it, and this page checks both:

1. A kernel has as many **channels** (通道) as its input.
2. The output has as many channels as there are kernels.
"""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

from fastconv import functional as F
from fastconv import nn

# %%
# An image of three channels
# --------------------------
# Red, green and blue: three planes of the same height and width. We paint a red ball and
# a blue one on dark green grass.

row, column = np.mgrid[0:32, 0:32]
red_ball = (row - 11) ** 2 + (column - 10) ** 2 < 49
blue_ball = (row - 20) ** 2 + (column - 22) ** 2 < 49
grass = ~(red_ball | blue_ball)
image = np.stack([red_ball, 0.4 * grass, blue_ball]).astype(np.float32)
print("image", image.shape)

fig, axes = plt.subplots(1, 4, figsize=(4.8, 1.6), layout="constrained")
axes[0].imshow(image.transpose(1, 2, 0))
for ax, plane in zip(axes[1:], image, strict=True):
    ax.imshow(plane, cmap="gray", vmin=0, vmax=1)
for ax, title in zip(axes, ["image", "red", "green", "blue"], strict=True):
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Rule 1: as deep as the input
# ----------------------------
# A kernel for this image is a block of 3 × 5 × 5: a window of 5 × 5 for each channel. It does
# not move from channel to channel. It stands on all three at once, and adds up all
# 75 products. This kernel looks for red: red counts for it, green and blue against it.

red_finder = np.empty((3, 5, 5), np.float32)
red_finder[0] = 1 / 25  # the mean of red,
red_finder[1:] = -1 / 25  # minus the mean of green, minus the mean of blue
red_map = F.conv2d(image, red_finder[None])
print("one kernel", red_finder.shape, "makes", red_map.shape)

# %%
# So a kernel of three channels is three convolutions, added up. Three channels go in, one
# comes out.

planes = [F.conv2d(image[c : c + 1], red_finder[None, c : c + 1]) for c in range(3)]
np.testing.assert_allclose(red_map, planes[0] + planes[1] + planes[2], atol=1e-6)

# %%
# With another number of channels, a kernel does not fit:

try:
    F.conv2d(image, np.zeros((1, 4, 5, 5), np.float32))
except ValueError as error:
    print(textwrap.fill(str(error), 50))
else:
    raise AssertionError("a kernel of 4 channels fits an image of 3")

# %%
# Rule 2: one map for each kernel
# -------------------------------
# The second kernel looks for edges between left and right, in any color. Stack the two
# kernels, and two maps come out: one channel for each.

edge_finder = np.zeros((3, 5, 5), np.float32)
edge_finder[:, :, 0], edge_finder[:, :, 4] = -1 / 5, 1 / 5
kernels = np.stack([red_finder, edge_finder])
maps = F.conv2d(image, kernels)
print(f"{image.shape} * {kernels.shape} -> {maps.shape}")
assert maps.shape == (2, 28, 28)
np.testing.assert_allclose(maps[:1], red_map, atol=1e-6)

fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.9), layout="constrained")
axes[0].imshow(image.transpose(1, 2, 0))
axes[1].imshow(maps[0], cmap="RdBu_r", vmin=-1, vmax=1)
axes[2].imshow(maps[1], cmap="RdBu_r", vmin=-1, vmax=1)
for ax, title in zip(axes, ["image", "is it red?", "an edge?"], strict=True):
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# The first map is 1 in the red ball and −1 in the blue one. The mean of 5 × 5 blurs what is
# between them. The second sees edges of both balls.

assert np.isclose(maps[0].max(), 1) and np.isclose(maps[0].min(), -1)

# %%
# Layer after layer
# -----------------
# The channels that come out are no colors any more: "red", "an edge". To the next layer,
# they are just channels. Its kernels must be as deep as there are maps before it.

model = nn.Sequential(
    nn.Conv2d(3, 6, 5, rng=0),
    nn.Conv2d(6, 16, 5, rng=1),
)
signal = image[None]
for layer in model:
    count, depth, height, width = layer.weight.shape
    print(f"in  {signal.shape[1:]}: {count} kernels of {depth} × {height} × {width}")
    assert depth == signal.shape[1]
    signal = layer(signal)
    print(f"out {signal.shape[1:]}")
    assert signal.shape[1] == count

# %%
# Counting the weights
# --------------------
# Channels in times channels out times the kernel's area: both numbers of channels count.
# Twice as many maps in each layer make four times as many weights.


def weight_count(channels_in, channels_out):
    layer = nn.Conv2d(channels_in, channels_out, 5, bias=False)
    assert layer.weight.size == channels_in * channels_out * 5 * 5
    return layer.weight.size


for channels in ((6, 16), (12, 32), (24, 64)):
    print(channels, f"{weight_count(*channels):,}")
assert weight_count(12, 32) == 4 * weight_count(6, 16)

# %%
# A kernel of one pixel
# ---------------------
# A kernel of 1 × 1 sees no neighbors, but all channels. It mixes them, pixel by pixel: a fully
# connected layer that is moved over the image [1]_. One such kernel makes a gray image, with
# weights that follow how bright we see each color [2]_.

brightness = np.array([0.299, 0.587, 0.114], np.float32)
gray = F.conv2d(image, brightness.reshape(1, 3, 1, 1))
pixels = image.reshape(3, -1).T  # a row of three numbers for each pixel
by_hand = F.linear(pixels, brightness[None]).reshape(1, 32, 32)
np.testing.assert_allclose(gray, by_hand, atol=1e-6)
print("gray image", gray.shape)

# %%
# Answer
# ------
# For C channels in and K out, the layer has K kernels, each C × height × width. All numbers
# of its weight are (K, C, height, width). It makes K maps. Our color image needs kernels of
# depth 3, and their number is ours to choose.
#
# *Try it:* how many weights have 64 kernels of 3 × 3 on an input of 32 channels? Ask
# ``nn.Conv2d(32, 64, 3).weight.size``.
#
# .. [1] Min Lin, Qiang Chen and Shuicheng Yan, *Network In Network*, 2013.
#    https://arxiv.org/abs/1312.4400
# .. [2] Recommendation ITU-R BT.601: how luminance is made of red, green and blue.
#    https://www.itu.int/rec/R-REC-BT.601
