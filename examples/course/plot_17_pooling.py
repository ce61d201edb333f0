"""
Pooling: smaller maps, no weights
=================================

*Three of four numbers are thrown away. Why is that good?*

A **pooling layer** (池化层) looks at small windows, like a convolution. But it has no weights.
It takes the largest number of each window, or the mean. So it thins maps out (稀疏处理): less
data, and less work for the layers after it. Another name is **downsampling** (下采样).
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn

BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's colors: told apart with any color vision

# %%
# Max pooling and average pooling
# -------------------------------
# The window is 2 × 2, and moves by 2. **Max pooling** (最大池化, MaxPooling) keeps the largest
# number of each window. **Average pooling** (平均池化, AveragePooling) keeps the mean.

image = np.array([[1, 3, 2, 0], [4, 0, 0, 1], [5, 1, 0, 0], [0, 2, 8, 0]], np.float32)[None, None]
largest = F.max_pool2d(image, 2)
mean = F.avg_pool2d(image, 2)

windows = image.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(2, 2, 4)
assert np.array_equal(largest[0, 0], windows.max(axis=2))
assert np.array_equal(mean[0, 0], windows.mean(axis=2))


def grid(ax, values, title):
    """Draw an array as a picture with its numbers."""
    ax.imshow(values, cmap="Blues", vmin=0, vmax=14)
    ax.set(title=title, xticks=[], yticks=[])
    for (i, j), value in np.ndenumerate(values):
        ax.text(j, i, f"{value:g}", ha="center", va="center")


fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.2), width_ratios=[4, 2, 2], layout="constrained")
grid(axes[0], image[0, 0], "before")
grid(axes[1], largest[0, 0], "max")
grid(axes[2], mean[0, 0], "average")
axes[0].axvline(1.5, color=ORANGE, linewidth=2.5)
axes[0].axhline(1.5, color=ORANGE, linewidth=2.5)
plt.show()

# %%
# No parameters
# -------------
# There is nothing to learn. A pooling layer has a size, and that is all.

for layer in (nn.MaxPool2d(2), nn.AvgPool2d(2)):
    print(type(layer).__name__, len(list(layer.parameters())), "parameters")
    assert not list(layer.parameters())

# %%
# Height and width change, channels do not
# ----------------------------------------
# Each channel is pooled by itself. The size follows the formula of the page before, with
# P = 0 and, as usual, a stride that is equal to the window: the windows touch, and do not
# overlap.

maps = np.random.default_rng(0).standard_normal((1, 6, 28, 28), dtype=np.float32)
for size, stride in ((2, 2), (4, 4), (3, 2)):
    pooled = F.max_pool2d(maps, size, stride)
    print(f"{size} by {stride}: {maps.shape[1:]} -> {pooled.shape[1:]}")
    assert pooled.shape[1] == 6 and pooled.shape[2] == (28 - size) // stride + 1
    for channel in range(6):
        alone = F.max_pool2d(maps[:, channel : channel + 1], size, stride)
        assert np.array_equal(pooled[:, channel : channel + 1], alone)

assert nn.MaxPool2d(2).stride == nn.AvgPool2d(2).stride == 2  # if we do not say otherwise

# %%
# The last one is an exception: windows of 3 that move by 2 overlap. AlexNet has such [1]_.
#
# Less work
# ---------
# LeNet-5 with its two pooling layers, and without. What comes after them grows:

pooled = fc.models.lenet5(rng=0)
unpooled = nn.Sequential(
    nn.Conv2d(1, 6, 5, rng=0), nn.ReLU(),
    nn.Conv2d(6, 16, 5, rng=1), nn.ReLU(),
    nn.Flatten(), nn.Linear(16 * 24 * 24, 120, rng=2), nn.ReLU(),
    nn.Linear(120, 84, rng=3), nn.ReLU(), nn.Linear(84, 10, rng=4),
)  # fmt: skip
costs = {}
for name, model in (("with pooling", pooled), ("without", unpooled)):
    totals = fc.summary(model, (1, 1, 32, 32)).totals
    costs[name] = totals.parameters, totals.multiply_adds
    print(f"{name}:\n{totals.parameters:>12,} parameters\n{totals.multiply_adds:>12,} products")

fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.3), layout="constrained")
for i, (ax, title) in enumerate(zip(axes, ["parameters", "products"], strict=True)):
    bars = ax.bar(list(costs), [cost[i] / 1e6 for cost in costs.values()], color=[BLUE, ORANGE])
    ax.bar_label(bars, fmt="%.2f")
    ax.set(title=f"{title}, millions", yticks=[])
    ax.margins(y=0.15)
    ax.spines[["top", "left", "right"]].set_visible(False)
plt.show()
assert costs["without"][0] > 18 * costs["with pooling"][0]
assert costs["without"][1] > 6 * costs["with pooling"][1]  # 5 of 6 are saved

# %%
# Small shifts matter less
# ------------------------
# A digit moves by one pixel to the right. How much do the edges in its map change? Less, when
# only the largest of each window is kept: within the window, it may move for free [2]_.

_, (digits, labels) = fc.data.digits(size=32)
edges = np.array([[[[-1, 0, 1]] * 3]], np.float32)
edges = np.concatenate([edges, -edges, edges.swapaxes(2, 3), -edges.swapaxes(2, 3)])
framed = F.pad2d(digits, 4)
moved = np.roll(framed, 1, axis=3)


def change(pool):
    before, after = (pool(F.relu(F.conv2d(x, edges, padding=1))) for x in (framed, moved))
    return np.abs(after - before).sum() / np.abs(before).sum()


changes = {"no pooling": change(lambda maps: maps)}
for size in (2, 4, 8):
    changes[f"max {size} × {size}"] = change(lambda maps, size=size: F.max_pool2d(maps, size))
    changes[f"average {size} × {size}"] = change(lambda maps, size=size: F.avg_pool2d(maps, size))
for name, value in changes.items():
    print(f"{name:13} {value:.0%} of the map changed")
for size in (2, 4, 8):
    assert changes[f"max {size} × {size}"] < changes[f"average {size} × {size}"]
    assert changes[f"average {size} × {size}"] < changes["no pooling"]

# %%
# The way back
# ------------
# In max pooling, only the winner of a window had a part in the output. So it gets the whole
# gradient, and the others nothing. In average pooling, all get the same share.

_, winners = F.max_pool2d(image, 2, return_indices=True)
gradient = np.full((1, 1, 2, 2), 4, np.float32)
to_the_winner = F.max_pool2d_backward(gradient, winners, image.shape)
to_everyone = F.avg_pool2d_backward(gradient, image.shape, 2)
print(to_the_winner[0, 0].astype(int))
assert np.array_equal(to_the_winner != 0, image == np.kron(largest[0, 0], np.ones((2, 2))))
assert (to_everyone == 1).all()

fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.4), layout="constrained")
grid(axes[0], to_the_winner[0, 0], "gradient, max")
grid(axes[1], to_everyone[0, 0], "gradient, average")
plt.show()

# %%
# Answer
# ------
# What a map tells is "here is an edge, so strong". To the pixel, "here" is rarely needed. So
# pooling keeps how strong, and gives up exactly where. It costs no parameter, halves height
# and width, leaves the channels, and saves LeNet-5 five of six products.
#
# In 1998 pooling was not quite free: LeNet-5 added up each window, multiplied the sum by a
# trained number and added a trained bias: 2 parameters for each map [3]_.
#
# *Try it:* what does ``F.max_pool2d(image, 3, 1)`` give? Work it out first.
#
# .. [1] A. Krizhevsky, I. Sutskever and G. E. Hinton, *ImageNet classification with deep
#    convolutional neural networks*, Advances in Neural Information Processing Systems 25,
#    2012, section 3.4.
# .. [2] I. Goodfellow, Y. Bengio and A. Courville, `Deep Learning, section 9.3
#    <https://www.deeplearningbook.org/contents/convnets.html>`_, MIT Press, 2016.
# .. [3] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to
#    document recognition*, Proceedings of the IEEE 86(11), 1998, section II.B.
#    https://doi.org/10.1109/5.726791
