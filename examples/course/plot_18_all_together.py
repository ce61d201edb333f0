"""
All together: LeNet-5, part by part
===================================

*Where in a network are its weights, where is its work, and what do its layers see?*

Convolution, bias, ReLU, padding, pooling, fully connected layers: all parts are known. This
page puts them in a row, predicts each shape and each count by the rules of the pages before,
and then looks into the trained network.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import nn, optim

BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's colors: told apart with any color vision

# %%
# The rules
# ---------
# The course so far, as code. For each kind of layer: what it makes of a shape, and how many
# parameters and products it needs.


def rule(layer, shape):
    """The shape after the layer, its parameters, and its products for one image."""
    if isinstance(layer, nn.Conv2d):
        C, H, W = shape
        K, _, R, S = layer.weight.shape
        made = (K, H - R + 1, W - S + 1)  # W − F + 1 places; one map for each kernel
        return made, K * C * R * S + K, K * C * R * S * made[1] * made[2]
    if isinstance(layer, nn.MaxPool2d):
        C, H, W = shape
        return (C, H // 2, W // 2), 0, 0  # half the size, all channels, no parameters
    if isinstance(layer, nn.Linear):
        outputs, inputs = layer.weight.shape
        return (outputs,), outputs * inputs + outputs, outputs * inputs
    if isinstance(layer, nn.Flatten):
        return (int(np.prod(shape)),), 0, 0
    return shape, 0, 0  # an activation: each number by itself


# %%
# The network
# -----------
# Now predict, from the image of 1 × 32 × 32 to the ten outputs.

model = fc.models.lenet5(rng=0)
shape, predicted = (1, 32, 32), {}
for name, layer in model.named_children():
    shape, parameters, products = rule(layer, shape)
    predicted[name] = shape, parameters, products
    size = " × ".join(map(str, shape))
    print(f"{name:11} {size:12} {parameters:>6,} {products:>7,}")

# %%
# :func:`fastconv.summary` does not predict. It sends an image through the network and writes
# down what happens. It finds the same:

summary = fc.summary(model, (1, 1, 32, 32))
print(summary)
for row in summary.rows[1:]:
    measured = row.output_shape[1:], row.parameters or 0, row.multiply_adds or 0
    assert measured == predicted[row.name]

# %%
# Where the weights are, and where the work is
# --------------------------------------------

layers = {name: counts for name, (_, *counts) in predicted.items() if counts[0]}
shares = np.array(list(layers.values())) / np.sum(list(layers.values()), axis=0)
fig, ax = plt.subplots(figsize=(4.8, 3), layout="constrained")
rows = np.arange(len(layers))
for i, (label, color) in enumerate((("parameters", BLUE), ("products", ORANGE))):
    bars = ax.barh(rows + 0.4 * i - 0.2, shares[:, i], height=0.38, color=color, label=label)
    ax.bar_label(bars, fmt="{:.1%}", padding=3)
ax.set(yticks=rows, yticklabels=layers, xticks=[], xlim=(0, 1))
ax.invert_yaxis()
ax.spines[["top", "right", "bottom"]].set_visible(False)
ax.legend(loc="lower right", frameon=False)
plt.show()

in_convolutions = shares[:2].sum(axis=0)
print("the two convolutions have")
print(f"{in_convolutions[0]:.1%} of the parameters")
print(f"{in_convolutions[1]:.1%} of the products")
assert in_convolutions[0] < 0.05 and in_convolutions[1] > 0.85

# %%
# This is weight sharing at work. The convolutions have 4 % of the parameters and 86 % of the
# products. Memory is a matter of the fully connected layers, time one of the convolutions.
#
# Train it
# --------
# Three rounds through the 1,437 digits, with Adam.

train, (x_test, y_test) = fc.data.digits(size=32)
trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.002))
trainer.fit(train, epochs=3, batch_size=16, rng=0, progress=False)
accuracy = trainer.evaluate((x_test, y_test))["accuracy"]
print(f"right on {accuracy:.1%} of the test images")
assert accuracy > 0.9

# %%
# What it has learned to look for
# -------------------------------
# The six kernels of the first layer. Red weights count for brightness, blue ones against it.
# Nobody chose them. Compare them with the edge finders of the first page on convolution.

fig, ax = plt.subplots(figsize=(4.8, 3), layout="constrained")
fc.plot.filters(model[0], ax=ax)
plt.show()

# %%
# What it sees
# ------------
# A five goes through. The maps of the first convolution still look like it: its edges, its
# strokes. ReLU takes away all that is negative. Pooling keeps the strongest. The second
# convolution mixes six maps into each of its sixteen, and what they show has no name any more.

five = x_test[y_test == 5][0]
fig = plt.figure(figsize=(4.8, 6.4), layout="constrained")
names = ["conv1", "activation1", "pool1", "conv2", "activation2", "pool2", "linear3"]
fc.plot.feature_maps(model, five, layers=names, fig=fig)
plt.show()

prediction = model(five[None])[0].argmax()
print("The network says:", prediction)

# %%
# How far it sees
# ---------------
# A unit of the first convolution sees 5 × 5 pixels: that is its **receptive field** (感受野).
# Each layer after it sees more. After a pooling layer, two places that are neighbors are two
# pixels apart in the image, so the next kernel covers twice as much. The figure finds out by
# trying which pixels a unit in the middle of each layer depends on.

fig, ax = plt.subplots(figsize=(4.8, 3.8), layout="constrained")
fc.plot.receptive_field(model, five, layers=["conv1", "pool1", "conv2", "pool2"], ax=ax)
plt.show()

# %%
# Answer
# ------
# The weights are in the fully connected layers, the work is in the convolutions. The first
# layers see edges in small windows; later ones see larger parts of the image, and mix what was
# found; the last ones see everything, and decide.
#
# *Try it:* predict, with ``rule``, the counts for a first layer of 12 kernels instead of 6.
# Which other layer changes? Then build it and compare with ``fc.summary``.
