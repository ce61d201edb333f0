"""
Weight sharing: 25,000 weights instead of 921,600,000
=====================================================

*Why can a convolution afford an image of 1280 × 720, and a fully connected layer not?*

A convolution saves in two ways. Each unit sees only a few pixels: **local perception**
(局部感知). And all units of a map use the same few weights: **weight sharing** (权值共享, also
权重共享). This page counts what each is worth.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn

# Okabe and Ito's colors: told apart with any color vision
COLORS = {"weights": "#0072B2", "products": "#D55E00"}

# %%
# The example of the lecture
# --------------------------
# The image has 1280 × 720 pixels. The first **hidden layer** (隐藏层) has 1,000 units, or
# 1,000 kernels of 5 × 5. Biases are left out.

width, height, units, kernel = 1280, 720, 1000, 5

fully_connected = width * height * units  # a weight for each pixel and unit
convolutional = kernel * kernel * units  # a weight for each pixel of each kernel
print("fully connected, weights", f"{fully_connected:>11,}")
print("convolutional, weights  ", f"{convolutional:>11,}")
print("fully connected, bytes", f"{4 * fully_connected:>13,}")
print("convolutional, bytes  ", f"{4 * convolutional:>13,}")
assert (fully_connected, convolutional) == (921_600_000, 25_000)

# %%
# 3.7 GB against 0.1 MB, at 4 bytes for a weight. Training needs several times that: for the
# gradient, and for what the optimizer remembers of each weight. A larger image makes it worse
# for the fully connected layer. The convolution has 25,000 weights for an image of any size.
#
# Ask the layers
# --------------
# Do the layers really have so many? 3.7 GB are too much for a web page, so here are images
# of 32 × 18, with the same shape of layers.

connected = nn.Sequential(nn.Flatten(), nn.Linear(32 * 18, units, bias=False))
convolution = nn.Sequential(nn.Conv2d(1, units, kernel, bias=False))
for model in (connected, convolution):
    print(fc.summary(model, (1, 1, 18, 32)), end="\n\n")

assert sum(parameter.size for parameter in connected.parameters()) == 32 * 18 * units
assert sum(parameter.size for parameter in convolution.parameters()) == convolutional

# %%
# The rules hold: 32 × 18 × 1,000 = 576,000 weights fully connected. The convolution has its
# 25,000, as before.

# %%
# Fewer weights, not less work
# ----------------------------
# The tables also count **products** (乘积), a weight times an input, as multiply-adds. The
# fully connected layer uses each weight once. The convolution uses each weight at every
# place of its kernel. So it may need *more* products:

places = (width - kernel + 1) * (height - kernel + 1)
print("places       ", f"{places:>14,}")
print("products of the two layers:")
print("connected    ", f"{fully_connected:>14,}")
print("convolutional", f"{convolutional * places:>14,}")
assert places == 1276 * 716 == 913_616

# %%
# For that it tells more. The fully connected layer makes 1,000 numbers. The convolution
# makes 1,000 *maps* of 913,616 numbers: what it saw, and where. To compare fairly, let
# three layers make the same 1,000 maps:
#
# 1. fully connected: each number has its own weight for every pixel;
# 2. local: each number has its own 25 weights;
# 3. local and shared: each map has 25 weights. This is the convolution.

outputs = units * places
layers = {
    "fully connected": (outputs * width * height, outputs * width * height),
    "local": (outputs * kernel**2, outputs * kernel**2),
    "local and shared": (units * kernel**2, outputs * kernel**2),
}
for name, (weight_count, product_count) in layers.items():
    print(f"{name}:\n{weight_count:>27,} weights\n{product_count:>27,} products")

fig, ax = plt.subplots(figsize=(4.8, 2.9), layout="constrained")
rows = np.arange(len(layers))
for i, (what, color) in enumerate(COLORS.items()):
    counts = [layer[i] for layer in layers.values()]
    bars = ax.barh(rows + 0.4 * i - 0.2, counts, height=0.38, color=color, label=what)
    ax.bar_label(bars, fmt="{:.2g}", padding=3)
ax.set(xscale="log", xlim=(1e3, 1e18), yticks=rows, yticklabels=layers, title="for 1,000 maps")
ax.invert_yaxis()
ax.spines[["top", "right"]].set_visible(False)
fig.legend(loc="outside lower center", ncols=2, frameon=False)
plt.show()

# %%
# Local perception divides weights and products by 36,864. Weight sharing divides the weights
# once more, by 913,616. It saves no product.

local, shared = layers["local"], layers["local and shared"]
assert layers["fully connected"][0] // local[0] == width * height // kernel**2 == 36_864
assert local[0] // shared[0] == places
assert local[1] == shared[1]

# %%
# A convolution is a fully connected layer
# ----------------------------------------
# It is one with most weights fixed at 0, and the others equal in groups. Take an image of
# 6 × 6 and a kernel of 3 × 3. As a matrix, the convolution has a row for each of the
# 16 outputs and a column for each of the 36 pixels.

rng = np.random.default_rng(0)
small = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
one_pixel_each = np.eye(36).reshape(36, 1, 6, 6)
matrix = F.conv2d(one_pixel_each, small).reshape(36, 16).T

x = rng.standard_normal((1, 1, 6, 6))
np.testing.assert_allclose(F.linear(x.reshape(1, 36), matrix), F.conv2d(x, small).reshape(1, 16))

fig, ax = plt.subplots(figsize=(4.8, 2.6), layout="constrained")
picture = ax.imshow(np.where(matrix == 0, np.nan, matrix), cmap="viridis")
ax.set(xlabel="pixel", ylabel="output", title="the matrix of a 3 × 3 kernel (white: 0)")
fig.colorbar(picture, ax=ax, ticks=range(1, 10), label="weight", shrink=0.9)
plt.show()

print(f"{matrix.size} entries, {np.count_nonzero(matrix)} of them not 0")
print("different weights:", len(np.unique(matrix[matrix != 0])))
assert (matrix.size, np.count_nonzero(matrix)) == (576, 16 * 9)

# %%
# What sharing means for an image
# -------------------------------
# Move the image, and the map moves with it [1]_. A digit in the corner gives the same numbers
# as in the middle, only elsewhere. The network need not learn it twice. A fully connected
# layer has other weights in the corner, so it must.

(images, _), _ = fc.data.digits(size=16)
framed = F.pad2d(images[:1], 4)
moved = np.roll(framed, (2, 3), axis=(2, 3))  # 2 down, 3 to the right, over the empty frame
edges = rng.standard_normal((4, 1, 3, 3), dtype=np.float32)
before, after = F.conv2d(framed, edges), F.conv2d(moved, edges)
np.testing.assert_allclose(after[:, :, 2:, 3:], before[:, :, :-2, :-3], atol=1e-6)
print(after[:, :, 2:, 3:].size, "numbers, all the same")

# %%
# Answer
# ------
# The number of weights of a convolution depends on the kernel, not on the image. Local
# perception and weight sharing together leave 25 weights for each map. What stays is the
# work: every place of the image costs 25 products for each map. To do them fast is what
# fastconv is for.
#
# *Try it:* how many weights has a fully connected layer from 224 × 224 pixels to 1,000
# units? How many have 1,000 kernels of 3 × 3?
#
# .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-Based Learning Applied to
#    Document Recognition*, Proceedings of the IEEE 86(11), 1998, section II.A.
