"""
Padding, and how large the output is
====================================

*A kernel hangs over the edge of the image. What now?*

At the border there are not enough pixels under the kernel. Either it stays inside, and the
map gets smaller. Or the image gets a frame of zeros first: **padding** (填充). One formula
tells the size in all cases.
"""

import matplotlib.pyplot as plt
import numpy as np

from fastconv import functional as F
from fastconv import nn

frame = {"fill": False, "color": "#D55E00", "linewidth": 2.5, "clip_on": False}

# %%
# Without padding, images shrink
# ------------------------------
# A kernel of 5 fits into a row of 32 pixels at 28 places. Each layer takes 4 pixels away. With
# two zeros on each side, nothing is lost.

bare = padded = np.zeros((1, 1, 32, 32), np.float32)
kernel = np.ones((1, 1, 5, 5), np.float32)
for layer in range(1, 8):
    bare, padded = F.conv2d(bare, kernel), F.conv2d(padded, kernel, padding=2)
    print(f"layer {layer}: {bare.shape[3]:2} without, {padded.shape[3]} with")
assert bare.shape[3] == 32 - 7 * 4 and padded.shape[3] == 32

# %%
# After seven layers 4 × 4 are left. An eighth would not fit.
#
# The formula
# -----------
# A row of W pixels, a kernel of F, P zeros on each side, and the kernel moves by S, the
# **stride** (步长). The output has
#
# .. math:: N = \left\lfloor \frac{W - F + 2P}{S} \right\rfloor + 1
#
# numbers [1]_. The row with its zeros has W + 2P pixels. The kernel starts at the left, and can
# then move W − F + 2P pixels to the right, in steps of S. The brackets say: a step that is not
# whole does not count.


def output_size(W, F, P, S):
    return (W - F + 2 * P) // S + 1


for W, size, P, S in [(32, 5, 0, 1), (32, 5, 2, 1), (28, 5, 2, 1), (224, 7, 3, 2), (224, 11, 2, 4)]:
    print(f"W {W:3}, F {size:2}, P {P}, S {S}: N = {output_size(W, size, P, S)}")

# %%
# The last two are the first layers of ResNet and AlexNet, as torchvision has them. Is the
# formula right? We ask a real convolution, for all sizes up to 12:

count = 0
for W in range(1, 13):
    for size in range(1, 13):
        for P in range(0, 4):
            for S in range(1, 6):
                if size <= W + 2 * P:
                    row, weight = np.zeros((1, 1, W)), np.zeros((1, 1, size))
                    made = F.conv1d(row, weight, stride=S, padding=P).shape[2]
                    assert made == output_size(W, size, P, S)
                    count += 1
print(count, "cases, all as the formula says")

# %%
# Height and width each follow it, on their own.

image, kernel = np.zeros((1, 1, 20, 33)), np.zeros((1, 1, 3, 5))
maps = F.conv2d(image, kernel, stride=(2, 1), padding=(1, 0))
assert maps.shape[2:] == (output_size(20, 3, 1, 2), output_size(33, 5, 0, 1))
print(maps.shape[2:])

# %%
# When the kernel runs over the edge
# ----------------------------------
# An image of 4 × 4, a kernel of 3 × 3, stride 2. (4 − 3) / 2 is not whole: after one step of 2
# the kernel would hang **over the edge** (越界) by one pixel. Here is how many windows see each
# pixel, with three answers to that. The gradient of a sum counts it.


def seen(padding):
    """How often each pixel, and each zero of the frame, is under the kernel."""
    (top, bottom), (left, right) = padding
    framed_shape = (1, 1, 4 + top + bottom, 4 + left + right)
    ones = np.ones((1, 1, 3, 3))
    maps = F.conv2d(np.zeros(framed_shape), ones, stride=2)
    counts, _, _ = F.conv2d_backward(np.ones_like(maps), np.zeros(framed_shape), ones, stride=2)
    return counts[0, 0], maps.shape[2:]


answers = {
    "stay inside": ((0, 0), (0, 0)),
    "pad right, bottom": ((0, 1), (0, 1)),
    "pad all sides": ((1, 1), (1, 1)),
}
fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.2), width_ratios=[4, 5, 6], layout="constrained")
for ax, (name, padding) in zip(axes, answers.items(), strict=True):
    counts, shape = seen(padding)
    ax.imshow(counts, cmap="Blues", vmin=0, vmax=8)
    for (i, j), value in np.ndenumerate(counts):
        ax.text(j, i, f"{value:g}", ha="center", va="center")
    corner = (padding[1][0] - 0.5, padding[0][0] - 0.5)
    ax.add_patch(plt.Rectangle(corner, 4, 4, **frame))
    ax.set(title=f"{name}\n→ {shape[0]} × {shape[1]}", xticks=[], yticks=[])
    ax.title.set_fontsize(9)
plt.show()

# %%
# The orange frame is the image. Staying inside gives one number, and seven pixels are seen by
# nobody. A column of zeros on the right and a row below are enough to see them all, and give
# 2 × 2. Zeros on all sides give 2 × 2 as well.

inside, _ = seen(answers["stay inside"])
assert (inside == 0).sum() == 7
for name in ("pad right, bottom", "pad all sides"):
    assert seen(answers[name])[1] == (2, 2)
    (top, _), (left, _) = answers[name]
    assert (seen(answers[name])[0][top : top + 4, left : left + 4] > 0).all()

# %%
# fastconv takes such a padding as it is written here, one number for each side:

image = np.random.default_rng(0).standard_normal((1, 1, 4, 4), dtype=np.float32)
weight = np.ones((1, 1, 3, 3), np.float32)
right_bottom = F.conv2d(image, weight, stride=2, padding=((0, 1), (0, 1)))
by_hand = np.pad(image, ((0, 0), (0, 0), (0, 1), (0, 1)))
assert np.array_equal(right_bottom, F.conv2d(by_hand, weight, stride=2))

# %%
# The same size as before
# -----------------------
# For N = W with stride 1, the formula wants P = (F − 1) / 2: 1 for a kernel of 3, 2 for one of 5.
# That is whole for odd F only, and one reason why kernels are odd. ``padding="same"`` computes it.

for size in (1, 3, 5, 7):
    layer = nn.Conv2d(1, 1, size, padding="same", rng=0)
    assert layer(np.zeros((1, 1, 32, 32), np.float32)).shape == (1, 1, 32, 32)
    assert output_size(32, size, (size - 1) // 2, 1) == 32

# %%
# What to pad with
# ----------------
# Zeros are the usual choice. They are black, and an edge finder sees the border of the image
# as an edge. Others repeat what is there. Three numbers beyond each end of a row 1 2 3 4 5:

row = np.arange(1.0, 6.0).reshape(1, 1, 1, 5)
modes = ("constant", "replicate", "reflect", "circular")
rows = [F.pad2d(row, (0, 3), mode=mode)[0, 0, 0] for mode in modes]
for mode, padded in zip(modes, rows, strict=True):
    print(f"{mode:10}", *(f"{value:g}" for value in padded))

fig, ax = plt.subplots(figsize=(4.8, 1.9), layout="constrained")
ax.imshow(rows, cmap="Blues", vmin=0, vmax=10)
for (i, j), value in np.ndenumerate(rows):
    ax.text(j, i, f"{value:g}", ha="center", va="center")
ax.add_patch(plt.Rectangle((2.5, -0.5), 5, 4, **frame))
ax.set(xticks=[], yticks=range(4), yticklabels=modes)
plt.show()

# %%
# Answer
# ------
# Put zeros around the image. With (F − 1) / 2 of them on each side, the map is as large as
# the image, and layers can follow each other for ever. In every case, the size is
# (W − F + 2P) / S + 1, rounded down.
#
# *Try it:* an image of 227, a kernel of 11, stride 4, no padding. How large is the map? Ask
# ``output_size(227, 11, 0, 4)``.
#
# .. [1] V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016,
#    relationship 6. https://arxiv.org/abs/1603.07285
