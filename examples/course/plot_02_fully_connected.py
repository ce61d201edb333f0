"""
The fully connected layer
=========================

*What does one neuron compute, and what does a whole layer of them?*

A **fully connected layer** (全连接层) is the simplest layer that learns. All of it is multiplying,
adding, and one bent curve.
"""

# %%
# One neuron
# ----------
#
# A **neuron** (神经元) has a **weight** (权值) for each of its inputs, and one number of its own,
# the **bias** (偏置). It adds up input times weight, and the bias:
#
# .. math:: z = w_1 x_1 + w_2 x_2 + b
#
# The older books call :math:`-b` a **threshold** (阈值): :math:`z` is above zero when the weighted
# sum is above it.

import matplotlib.pyplot as plt
import numpy as np

from fastconv import functional as F
from fastconv import nn

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE = "#0072B2", "#D55E00"

x = np.array([1.0, 0.5])
w = np.array([0.2, 0.4])
b = 0.1

z = w[0] * x[0] + w[1] * x[1] + b
print(f"z = 0.2 · 1 + 0.4 · 0.5 + 0.1 = {z}")

# %%
# A bent curve at its end
# -----------------------
#
# What the neuron hands on is not :math:`z` but :math:`a = \sigma(z)`, for a function :math:`\sigma`
# that is not a straight line: its **activation function** (激活函数). Here it is the sigmoid, which
# squeezes any number into the range from 0 to 1:
#
# .. math:: \sigma(z) = \frac{1}{1 + e^{-z}}
#
# The figure shows the curve, and where our neuron is on it.

a = 1 / (1 + np.exp(-z))
print(f"a = {a:.4f}")

curve = np.linspace(-6, 6, 121)
fig, ax = plt.subplots(figsize=(4.2, 2.4), layout="constrained")
ax.plot(curve, F.sigmoid(curve), color=BLUE)
ax.plot(z, a, "o", color=ORANGE)
ax.text(z + 0.5, a - 0.1, f"z = {z:.1f}, a = {a:.2f}")
ax.set(xlabel="z", ylabel="sigmoid(z)")
ax.grid(alpha=0.3)
plt.show()

# %%
# A layer is a matrix
# -------------------
#
# Three neurons that look at the same two inputs are a layer. Each input is connected with each
# neuron: that is why it is called fully connected. The weights are a matrix with one row for each
# neuron, the biases a vector:
#
# .. math:: z = W x + b

W = np.array([[0.2, 0.4], [-0.5, 0.3], [0.6, -0.1]])
b = np.array([0.1, 0.2, -0.3])
z = W @ x + b
print("z =", z.round(4))

# %%
# ``nn.Linear(2, 3)`` is this layer. It starts with random weights; we give it ours. It takes many
# examples at once, one in each row, and computes :math:`X W^T + b`. Here are two examples, the
# first one ours.

layer = nn.Linear(2, 3, dtype=np.float64)
layer.weight.data[...] = W
layer.bias.data[...] = b

X = np.array([[1.0, 0.5], [0.0, 2.0]])
print(layer(X).round(4))
assert np.allclose(layer(X)[0], z, rtol=1e-15)

# %%
# A network: the signal goes forward
# ----------------------------------
#
# The outputs of one layer are the inputs of the next. In the figure the signal goes from left to
# right: this is **forward propagation** (信号的前向传播). A blue line is a positive weight, an
# orange one a negative one; the thicker, the larger.

W2 = np.array([[0.5, -0.3, 0.8], [-0.2, 0.7, 0.1]])
b2 = np.array([0.1, -0.1])
output = nn.Linear(3, 2, dtype=np.float64)
output.weight.data[...] = W2
output.bias.data[...] = b2
network = nn.Sequential(layer, nn.Sigmoid(), output)

hidden = F.sigmoid(layer(X[:1]))[0]
y = network(X[:1])[0]
print("hidden:", hidden.round(4))
print("output:", y.round(4))

columns = [x, hidden, y]
fig, ax = plt.subplots(figsize=(4.2, 3.0), layout="constrained")
for left, weights in enumerate((W, W2)):
    for j, row in enumerate(weights):
        for i, weight in enumerate(row):
            ends = ((len(row) - 1) / 2 - i, (len(weights) - 1) / 2 - j)
            color = BLUE if weight > 0 else ORANGE
            ax.plot([left, left + 1], ends, color=color, linewidth=6 * abs(weight), zorder=1)
for left, values in enumerate(columns):
    for i, value in enumerate(values):
        place = (left, (len(values) - 1) / 2 - i)
        ax.scatter(*place, s=1500, color="white", edgecolor="0.3", zorder=2)
        ax.text(*place, f"{value:.2f}", ha="center", va="center", zorder=3)
for left, name in enumerate(("input x", "hidden a", "output y")):
    ax.text(left, -1.75, name, ha="center")
ax.set(xlim=(-0.4, 2.4), ylim=(-1.9, 1.5))
ax.axis("off")
plt.show()

# %%
# Why the curve has to be bent
# ----------------------------
#
# Without the sigmoid, two layers are no more than one. Multiply the two matrices, and a single
# layer does the same:
#
# .. math:: W_2 (W_1 x + b_1) + b_2
# .. math:: = (W_2 W_1)\, x + (W_2 b_1 + b_2)

straight = nn.Sequential(layer, output)
single = nn.Linear(2, 2, dtype=np.float64)
single.weight.data[...] = W2 @ W
single.bias.data[...] = W2 @ b + b2

print("two layers:", straight(X).round(4).tolist())
print("one layer: ", single(X).round(4).tolist())
assert np.allclose(straight(X), single(X), rtol=1e-14)

# %%
# What a connection costs
# -----------------------
#
# A layer with :math:`n` inputs and :math:`m` neurons has :math:`n \cdot m` weights and :math:`m`
# biases. Ours has 9 numbers to learn. A layer of 1,000 neurons that looks at a small photograph,
# 224 × 224 pixels in three colors, has 150 million.

for inputs, neurons in ((2, 3), (784, 100), (224 * 224 * 3, 1000)):
    count = inputs * neurons + neurons
    print(f"{inputs:7,} inputs, {neurons:5,} neurons: {count:11,} numbers to learn")
assert sum(p.size for p in layer.parameters()) == 9

# %%
# Answer
# ------
#
# A neuron adds up its inputs, each times a weight, and a bias, and sends the sum through a bent
# curve. A layer does so for many neurons at once, as one product of matrices.
#
# Where do good weights come from? The BP (back propagation) algorithm has two parts: the signal
# goes forward, which gives the error, and the **error goes back** (误差的反向传播), from the output
# to the input, which gives new weights. The next page computes the error.
