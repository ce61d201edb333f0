"""
History, and LeNet-5 (1998)
===========================

*Where do convolutional networks come from, and how long does the first one take today?*

We look at four years that made the field, build the network of 1998 layer by layer, and train it.
"""

# %%
# Four years
# ----------
#
# **1986.** Rumelhart, Hinton and Williams show how a network of several layers learns: the error at
# its output is sent back through the layers, and each weight finds out its share of it. This is
# **back-propagation** (反向传播, BP) [1]_.
#
# **1998.** LeCun, Bottou, Bengio and Haffner train LeNet-5 with it: a network that moves small
# filters over an image of a digit [2]_. It is the **prototype** (雏形) of all **convolutional
# neural networks** (卷积神经网络, CNN). It reads cheques in banks, but the **hardware** (硬件) of
# the time is too slow for anything much larger.
#
# **2006.** Hinton and Salakhutdinov train networks of many layers, which had been hard to train
# [3]_. The name **deep learning** (深度学习) spreads from here on.
#
# **2012.** Krizhevsky, Sutskever and Hinton train a deep convolutional network on two graphics
# cards (GPU), and win the ILSVRC-2012 contest. The task is to sort photographs, after 1.2 million
# examples from ImageNet, into 1,000 classes. They have the right class among five guesses for 84.7
# % of the images; the second best entry, which has no such network, for 73.8 % [4]_.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import nn, optim

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE = "#0072B2", "#D55E00"

years = {
    1986: "back-propagation",
    1998: "LeNet-5",
    2006: "deep learning",
    2012: "AlexNet wins ImageNet",
}

fig, ax = plt.subplots(figsize=(4.2, 2.2), layout="constrained")
ax.plot(list(years), range(len(years)), "o-", color=BLUE)
for height, (year, event) in enumerate(years.items()):
    ax.text(year - 1, height + 0.1, f"{year}: {event}", ha="right")
ax.set(xlim=(1968, 2015), ylim=(-0.5, 3.9), xticks=list(years), yticks=[])
ax.spines[["left", "right", "top"]].set_visible(False)
plt.show()

# %%
# The network of 1998, layer by layer
# -----------------------------------
#
# LeNet-5 takes a gray image of 32 × 32 pixels. Two pairs of layers find features in it: a
# **convolutional layer** (卷积层) moves filters of 5 × 5 over the image, and a **pooling layer**
# (池化层) halves height and width. Three **fully connected layers** (全连接层) turn the features
# into ten numbers, one for each digit.

rng = np.random.default_rng(0)
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, rng=rng), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5, rng=rng), nn.Tanh(), nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(400, 120, rng=rng), nn.Tanh(),
    nn.Linear(120, 84, rng=rng), nn.Tanh(),
    nn.Linear(84, 10, rng=rng),
)  # fmt: skip
print(fc.summary(model, (1, 1, 32, 32)))

# %%
# It has 61,706 weights. ``fc.models.lenet5(activation="tanh", pool="avg")`` makes the same network
# in one line. Both simplify the original a little. In 1998 each average was multiplied by a trained
# number, a map of the second convolution saw only some of the six maps before it, and the last
# layer measured distances to ten patterns.
#
# Here is what the layers hand on, drawn to scale: **maps** (特征图) get smaller and more, until
# only a row of numbers is left.

images, labels = fc.data.digits(size=32)[0]
signal = images[:1]
steps = [("image", signal)]
for layer in model:
    signal = layer(signal)
    if isinstance(layer, (nn.AvgPool2d, nn.Conv2d, nn.Linear)):
        steps.append((type(layer).__name__, signal))

fig, ax = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
left = 0.0
for name, array in steps:
    # Numbers in a row are drawn as a column a quarter of a pixel apart.
    maps = array[0] if array.ndim == 4 else np.empty((1, array.shape[1] // 4, 2))
    count, height, width = maps.shape
    for i in range(count):
        corner = (left + i, i - height / 2)
        ax.add_patch(plt.Rectangle(corner, width, height, facecolor=BLUE, edgecolor="white"))
    size = "×".join(map(str, array.shape[1:]))
    ax.text(left, -19, f"{name} {size}", rotation=-60, va="top", rotation_mode="anchor")
    left += width + count + 5
ax.set(xlim=(-2, left + 10), ylim=(-64, 22), aspect="equal")
ax.axis("off")
plt.show()

# %%
# Training it
# -----------
#
# The digits that ship with fastconv are 1,797 real handwritten ones, enlarged to 32 × 32: 1,437 to
# learn from, 360 to be measured on. Eight times the network sees all of the 1,437. How each step
# works is what the next pages are about.

train, test = fc.data.digits(size=32)
optimizer = optim.Adam(model.parameters(), lr=0.002)
trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer)
start = perf_counter()
history = trainer.fit(train, validation=test, epochs=8, rng=0, progress=False)
seconds = perf_counter() - start

accuracy = trainer.evaluate(test)["accuracy"]
print(f"trained in {seconds:.1f} s; right on {100 * accuracy:.1f} % of the test images")
assert accuracy > 0.95

fig, axes = plt.subplots(2, 1, figsize=(4.2, 4.4), layout="constrained")
fc.plot.learning_curve(history, axes=axes)
plt.show()

# %%
# What it still gets wrong
# ------------------------
#
# These are the test images about which the network is most wrong. Some are hard to read for us as
# well.

x_test, y_test = test
fig, ax = plt.subplots(figsize=(4.2, 2.4), layout="constrained")
fc.plot.most_confused(x_test, y_test, trainer.predict(x_test), n=6, ax=ax)
plt.show()

# %%
# Answer
# ------
#
# Convolutional networks are the work of 1986 (how to learn) and 1998 (what to learn with). They won
# in 2012, when the images and the machines were there. The network of 1998 now learns to read
# digits in seconds, without a GPU.
#
# References
# ----------
#
# .. [1] D. E. Rumelhart, G. E. Hinton and R. J. Williams, *Learning representations by
#    back-propagating errors*, Nature 323, 533-536, 1986. https://doi.org/10.1038/323533a0
# .. [2] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to document
#    recognition*, Proceedings of the IEEE 86(11), 2278-2324, 1998. https://doi.org/10.1109/5.726791
# .. [3] G. E. Hinton and R. R. Salakhutdinov, *Reducing the dimensionality of data with neural
#    networks*, Science 313, 504-507, 2006. https://doi.org/10.1126/science.1127647
# .. [4] A. Krizhevsky, I. Sutskever and G. E. Hinton, *ImageNet classification with deep
#    convolutional neural networks*, Advances in Neural Information Processing Systems 25, 2012. The
#    accuracies are one minus its top-5 errors, 15.3 % and 26.2 %.
