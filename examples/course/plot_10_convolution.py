"""
Convolution: a small window that moves
======================================

*How do nine numbers find every edge of an image?*

A fully connected unit looks at all pixels at once. A **convolution** (卷积) looks at a few
neighbors, writes down one number, moves on by one pixel, and looks again. Its purpose is
**feature extraction** (特征提取): its numbers tell where in the image there is something
like what it looks for.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation

import fastconv as fc
from fastconv import functional as F

# %%
# One number
# ----------
# The image below is dark (0) with a bright corner (3). The window is a **kernel** (卷积核)
# of 3 × 3 **weights** (权值). It subtracts what is on its left from what is on its right.

image = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 0, 3, 3, 3],
        [0, 0, 3, 3, 3],
        [0, 0, 3, 3, 3],
        [0, 0, 3, 3, 3],
    ]
)
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])

# %%
# Lay the kernel on the upper left corner of the image. Multiply each weight by the pixel
# under it. Add the nine products. That is all.

products = kernel * image[0:3, 0:3]
print(products)
print("sum:", products.sum())
assert products.sum() == 6

# %%
# All numbers
# -----------
# Do the same at every place where the kernel fits: two nested loops. There are three rows
# and three columns of such places, so the result is 3 × 3. It is called a **feature map**
# (特征图).

feature_map = np.empty((3, 3), int)
for i in range(3):
    for j in range(3):
        feature_map[i, j] = (kernel * image[i : i + 3, j : j + 3]).sum()
print(feature_map)

# %%
# :func:`fastconv.functional.conv2d` does this with floating-point numbers, for many images,
# channels and kernels at once. That is why its arrays have four dimensions: images are
# (N, C, H, W), for number, channels, height and width. Here, N = C = 1.

images = image[None, None].astype(np.float32)
kernels = kernel[None, None].astype(np.float32)
maps = F.conv2d(images, kernels)
print("images ", images.shape)
print("kernels", kernels.shape)
print("maps   ", maps.shape)
assert np.array_equal(maps[0, 0], feature_map)

# %%
# Watch it move
# -------------
# The frame is the window. Above stands the sum that it has just written. (In a notebook, give
# ``animation.to_jshtml()`` to ``IPython.display.HTML`` to play it.)


def grid(ax, values, title, brightest):
    """Draw an array as a picture with its numbers."""
    ax.imshow(values, cmap="gray", vmin=0, vmax=brightest)
    ax.set(title=title, xticks=[], yticks=[], facecolor="lightsteelblue")
    for (i, j), value in np.ndenumerate(values):
        text = "" if np.isnan(value) else f"{value:g}"
        color = "black" if value > brightest / 2 else "white"
        ax.text(j, i, text, color=color, ha="center", va="center")


def draw(step):
    """The window at its place, and the numbers written so far."""
    i, j = divmod(step, 3)
    window.set_xy((j - 0.5, i - 0.5))
    right.clear()
    written = np.where(np.arange(9).reshape(3, 3) <= step, feature_map, np.nan)
    grid(right, written, "feature map", 9)
    first, _, last = image[i : i + 3, j : j + 3].sum(axis=0)
    fig.suptitle(f"right {last} − left {first} = {feature_map[i, j]}")


fig, (left, right) = plt.subplots(1, 2, figsize=(4.8, 2.9), width_ratios=[5, 3])
fig.subplots_adjust(left=0.02, right=0.98, bottom=0.04, top=0.8, wspace=0.1)
grid(left, image, "image", 3)
window = left.add_patch(plt.Rectangle((0, 0), 3, 3, fill=False, color="#D55E00", linewidth=4))
animation = FuncAnimation(fig, draw, frames=9, interval=900)
plt.show()

# %%
# The map is 9 where the window stands on the edge, 6 where it meets the corner, and 0 where
# its left is as bright as its right. Bright or dark does not matter, only the difference
# does.
#
# A real image
# ------------
# The same kernel on a handwritten digit, and the same one turned by 90°. One finds edges
# from left to right, the other from top to bottom. These weights are chosen by hand; they
# are Prewitt's [1]_. A network learns its own.

_, (digits, labels) = fc.data.digits(size=32)
five = digits[labels == 5][:1]
kernels = np.stack([kernel, kernel.T])[:, None].astype(np.float32)
maps = F.conv2d(five, kernels)
print("image  ", five.shape)
print("kernels", kernels.shape)
print("maps   ", maps.shape)

fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.9), layout="constrained")
axes[0].imshow(five[0, 0], cmap="gray")
axes[1].imshow(maps[0, 0], cmap="RdBu_r", vmin=-3, vmax=3)
axes[2].imshow(maps[0, 1], cmap="RdBu_r", vmin=-3, vmax=3)
for ax, title in zip(axes, ["a five", "left → right", "top → bottom"], strict=True):
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Red is positive: it gets brighter. Blue is negative: it gets darker. White is 0: no edge.
#
# It sees only its neighborhood
# -----------------------------
# Each number of a map depends on 9 pixels, not on all 1,024. This is **local perception**
# (局部感知). Change one pixel, and of 900 numbers only 3 × 3 can change: those whose window
# contains it.

changed = five.copy()
changed[0, 0, 16, 16] += 1
nine_ones = np.ones((1, 1, 3, 3), np.float32)
different = F.conv2d(changed, nine_ones) != F.conv2d(five, nine_ones)
print(different.sum(), "of", different.size, "numbers changed")
assert different.sum() == 9

# %%
# A word on the word
# ------------------
# In mathematics, a convolution turns its kernel round first. What networks compute is the
# *cross-correlation* (互相关), which does not [2]_. Since the kernel is learned, this makes no
# difference: the network learns the other one. NumPy has both, in one dimension.

row, weights = np.array([0.0, 0, 1, 2, 3, 3]), np.array([-1.0, 0, 1])
ours = F.conv1d(row[None, None], weights[None, None])[0, 0]
print(ours)
assert np.array_equal(ours, np.correlate(row, weights))
assert np.array_equal(ours, np.convolve(row, weights[::-1], mode="valid"))

# %%
# Answer
# ------
# The nine weights are a small pattern. Where the image looks like the pattern, the sum of
# products is large. Where the image is flat, positive and negative weights cancel. The
# window visits every place, so it misses no edge.
#
# *Try it:* write a kernel that finds single bright pixels, with 8 in its middle and −1
# around. Why must its weights sum to 0?
#
# .. [1] J. M. S. Prewitt, *Object Enhancement and Extraction*, in B. S. Lipkin and
#    A. Rosenfeld (editors), Picture Processing and Psychopictorics, Academic Press, 1970.
# .. [2] I. Goodfellow, Y. Bengio and A. Courville, `Deep Learning, chapter 9
#    <https://www.deeplearningbook.org/contents/convnets.html>`_, MIT Press, 2016.
