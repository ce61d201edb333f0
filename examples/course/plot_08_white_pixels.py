r"""
White pixels: from an image to a row of numbers
===============================================

*How does an image get into a fully connected network, and an answer out of it?*

A fully connected layer wants a row of numbers. An image is none. And what comes out is numbers
again, but we want a digit. This page goes the whole way with a simple recipe: count white pixels,
flatten, and encode the answer.
"""

# %%
# From gray to black and white
# ----------------------------
#
# A handwritten digit, enlarged to 40 × 40 pixels. What is brighter than one half becomes white (1),
# all else black (0).

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn, optim

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE = "#0072B2", "#D55E00"

(x_train, y_train), (x_test, y_test) = fc.data.digits(size=40)
white_train = (x_train > 0.5).astype(np.float32)
white_test = (x_test > 0.5).astype(np.float32)

example = white_test[0, 0]
print(f"image of a {y_test[0]}, {example.shape}: {100 * example.mean():.1f} % is white")

# %%
# One box
# -------
#
# Lay a box (框) of 8 × 8 pixels on the image. Which share of its pixels is white (白色像素的比例)?
# Add the 64 pixels up, and divide by 64. That is a neuron: each pixel is an input, each weight is
# 1/64, and the bias is 0.

box = example[8:16, 16:24]
neuron = nn.Linear(64, 1)
neuron.weight.data[...] = 1 / 64
neuron.bias.data[...] = 0

print("white pixels:", int(box.sum()), "of", box.size)
print("share:       ", box.sum() / 64)
print("the neuron:  ", neuron(box.reshape(1, 64))[0, 0])
assert box.sum() / 64 == neuron(box.reshape(1, 64))[0, 0]

# %%
# All boxes: a matrix of 5 × 5
# ----------------------------
#
# Five boxes fit next to each other, and five below each other. Their shares are a matrix of 5 × 5:
# a coarse picture of the digit. ``avg_pool2d`` moves the box over all images at once.

shares_train = F.avg_pool2d(white_train, 8)
shares_test = F.avg_pool2d(white_test, 8)
shares = shares_test[0, 0]
print(shares.round(2))
assert shares[1, 2] == box.mean()

fig, axes = plt.subplots(1, 2, figsize=(4.2, 2.6), layout="constrained")
axes[0].imshow(example, cmap="gray", extent=(0, 40, 40, 0))
for edge in range(0, 41, 8):
    axes[0].axhline(edge, color=ORANGE, linewidth=1)
    axes[0].axvline(edge, color=ORANGE, linewidth=1)
axes[0].set_title("40 × 40 pixels")
axes[1].imshow(shares, cmap="gray", vmin=0, vmax=1)
for (i, j), share in np.ndenumerate(shares):
    color = "black" if share > 0.5 else "white"
    axes[1].text(j, i, f"{share:.2f}", ha="center", va="center", color=color, fontsize=9)
axes[1].set_title("share of white")
for ax in axes:
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Flattening: a row vector
# ------------------------
#
# Now the matrix is unfolded (展开): its rows are put one after the other, into one **row vector**
# (行向量) of 25 numbers. This is the input layer (输入层) of the network. ``nn.Flatten`` does it
# for many images.

row = np.concatenate([shares[0], shares[1], shares[2], shares[3], shares[4]])
flat = nn.Flatten()(shares_test)
print("one image:", row.shape, "  all images:", flat.shape)
assert np.array_equal(flat[0], row)

fig, ax = plt.subplots(figsize=(4.2, 1.1), layout="constrained")
ax.imshow(row[None], cmap="gray", vmin=0, vmax=1, aspect="auto")
for edge in range(5, 25, 5):
    ax.axvline(edge - 0.5, color=ORANGE)
names = [f"row {i}" for i in range(1, 6)]
ax.set(xticks=[2, 7, 12, 17, 22], xticklabels=names, yticks=[])
plt.show()

# %%
# What gets lost: the network does not know any more which numbers were neighbors. It has to find
# out by itself, if it needs it. Convolution, from the next page on, does not forget it.
#
# One-hot codes: a digit as ten numbers
# -------------------------------------
#
# The network has ten outputs, one for each digit. The target for a 3 is the row in which number 3
# is one (hot), and all others are zero: its **one-hot code** (独热编码). Why not simply the number
# 3? Because then an 8 would be five times as wrong as a 4, and digits are names here, not amounts.
# Any two one-hot codes are equally far from each other.

codes = np.eye(10, dtype=np.float32)
for digit in (0, 1, 3):
    print(digit, "->", codes[digit].astype(int))

distances = np.linalg.norm(codes[:, None] - codes[None], axis=2)
assert np.allclose(distances[~np.eye(10, dtype=bool)], np.sqrt(2))

# %%
# The cross-entropy :math:`-\sum_i o_i^* \log o_i` multiplies the logarithms with exactly this code.
# ``nn.CrossEntropyLoss`` takes either codes or the digits themselves; it is the same.

logits = np.random.default_rng(0).normal(size=(4, 10)).astype(np.float32)
with_codes = nn.CrossEntropyLoss()(logits, codes[y_test[:4]])
with_digits = nn.CrossEntropyLoss()(logits, y_test[:4])
print(f"loss with codes {with_codes:.6f}, with digits {with_digits:.6f}")
assert np.isclose(with_codes, with_digits, rtol=1e-6)

# %%
# The network
# -----------
#
# 25 numbers in, 30 neurons with a sigmoid, ten numbers out. Its loop is the course so far: the
# signal goes forward, the error goes back, the weights are updated.

rng = np.random.default_rng(0)
first, second = nn.Linear(25, 30, rng=rng), nn.Linear(30, 10, rng=rng)
model = nn.Sequential(nn.Flatten(), first, nn.Sigmoid(), second)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

loader = fc.data.DataLoader(shares_train, codes[y_train], batch_size=32, shuffle=True, rng=0)

for epoch in range(30):
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
    if epoch % 10 == 9:
        guesses = model(shares_test).argmax(axis=1)
        accuracy = (guesses == y_test).mean()
        print(f"epoch {epoch + 1}: {100 * accuracy:.1f} % of the test images right")

assert accuracy > 0.9

# %%
# What it answers
# ---------------
#
# The figure shows the ten probabilities for our example. The largest is the answer. Reading it off
# turns a nearly one-hot row back into a digit.

probabilities = F.softmax(model(shares_test[:1]))[0]
fig, ax = plt.subplots(figsize=(4.2, 2.4), layout="constrained")
colors = [ORANGE if digit == y_test[0] else BLUE for digit in range(10)]
ax.bar(range(10), probabilities, color=colors)
ax.set(xticks=range(10), xlabel="digit (the true one is orange)", ylabel="probability")
plt.show()

print("answer:", probabilities.argmax(), "  truth:", y_test[0])
assert probabilities.argmax() == y_test[0]

# %%
# The box that moves is a convolution
# -----------------------------------
#
# We have moved one neuron with fixed weights over the image. With eight pixels from one place to
# the next, this is a convolution (卷积) whose 64 weights are all 1/64:

kernel = np.full((1, 1, 8, 8), 1 / 64, np.float32)
by_convolution = F.conv2d(white_test, kernel, stride=8)
assert np.allclose(by_convolution, shares_test, atol=1e-6)
print("largest difference:", abs(by_convolution - shares_test).max())

# %%
# Answer
# ------
#
# An image gets into a fully connected network as a row of numbers, here 25 shares of white,
# flattened row by row. The answer comes out as ten probabilities, which are compared with a one-hot
# code.
#
# Somebody had to invent the recipe, though. What if the 64 weights of the box were not all the
# same, and were learned? That is the second half of this course.
