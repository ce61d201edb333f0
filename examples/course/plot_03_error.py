r"""
The error, by hand
==================

*How wrong is a network, as one number?*

To learn is to become less wrong. So first of all we have to measure it: we compute the **error**
(误差) of a network that is small enough for paper and pencil, and then let the library do the same.
"""

# %%
# The network
# -----------
#
# It has two inputs, three neurons in layer 1, and two in layer 2. In :math:`w_{ij}^{(l)}`,
# :math:`l` is the layer, :math:`i` the number of the input, :math:`j` that of the neuron. The
# figure shows the names; numbers are below.

from math import exp, log

import matplotlib.pyplot as plt
import numpy as np

from fastconv import nn

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE = "#0072B2", "#D55E00"

columns = {"input": "x", "layer 1\n(sigmoid)": "a", "layer 2": "y", "softmax": "o"}
sizes = (2, 3, 2, 2)


def height(column, row):
    """Where the middle of a neuron is."""
    return (sizes[column] - 1) / 2 - row


fig, ax = plt.subplots(figsize=(4.2, 3.0), layout="constrained")
for column, (text, letter) in enumerate(columns.items()):
    for row in range(sizes[column]):
        here = height(column, row)
        for before in range(sizes[column - 1] if column else 0):
            ax.plot([column - 1, column], [height(column - 1, before), here], color="0.75", zorder=1)
        ax.scatter(column, here, s=700, color="white", edgecolor="0.3", zorder=2)
        ax.text(column, here, f"${letter}_{row + 1}$", ha="center", va="center", zorder=3)
    ax.text(column, -1.4, text, ha="center", va="top")
ax.text(0.5, 1.0, "$w_{11}^{(1)}$", ha="center")
ax.text(1.5, 1.0, "$w_{11}^{(2)}$", ha="center")
ax.set(xlim=(-0.4, 3.4), ylim=(-2.1, 1.5))
ax.axis("off")
plt.show()

# %%
# Layer 1
# -------
#
# The first neuron of layer 1 adds up, and its sigmoid is :math:`a_1`. The other two do the same
# with their own weights.
#
# .. math:: a_1 = \sigma\left(w_{11}^{(1)} x_1 + w_{21}^{(1)} x_2 + b_1^{(1)}\right)
# .. math:: \sigma(z) = \frac{1}{1 + e^{-z}}


def sigmoid(z):
    return 1 / (1 + exp(-z))


x1, x2 = 1.0, 0.5

a1 = sigmoid(0.2 * x1 + 0.4 * x2 + 0.1)
a2 = sigmoid(-0.5 * x1 + 0.3 * x2 + 0.2)
a3 = sigmoid(0.6 * x1 - 0.1 * x2 - 0.3)
print(f"a1 = {a1:.4f}   a2 = {a2:.4f}   a3 = {a3:.4f}")

# %%
# Layer 2
# -------
#
# .. math:: y_1 = w_{11}^{(2)} a_1 + w_{21}^{(2)} a_2 + w_{31}^{(2)} a_3 + b_1^{(2)}
#
# There is no sigmoid here: what comes next wants numbers of any size. Such numbers are called
# logits.

y1 = 0.5 * a1 - 0.3 * a2 + 0.8 * a3 + 0.1
y2 = -0.2 * a1 + 0.7 * a2 + 0.1 * a3 - 0.1
print(f"y1 = {y1:.4f}   y2 = {y2:.4f}")

# %%
# Softmax makes them probabilities
# --------------------------------
#
# Say the two outputs stand for "cat" and "dog". We want one **distribution of probability**
# (概率分布) over the two: no number below 0, and together 1. Softmax does it:
#
# .. math:: o_i = \frac{e^{y_i}}{\sum_j e^{y_j}}

o1 = exp(y1) / (exp(y1) + exp(y2))
o2 = exp(y2) / (exp(y1) + exp(y2))
print(f"o1 = {o1:.4f}   o2 = {o2:.4f}   together {o1 + o2}")

# %%
# Cross-entropy: how surprised we are
# -----------------------------------
#
# The image shows a cat. So the target is :math:`o^* = (1, 0)`, and the network gave the truth a
# probability of :math:`o_1 = 0.638`. The **cross-entropy loss** (交叉熵损失) is
#
# .. math:: H = -\sum_i o_i^* \log o_i
#
# All terms but that of the true class are multiplied by zero. What is left is :math:`-\log o_1`.

loss = -(1 * log(o1) + 0 * log(o2))
print(f"loss = {loss:.4f}")

# %%
# The figure shows why this is a good measure. Who gives the truth a probability of 1 pays nothing.
# Who gives it 0.01 pays 4.6, and who is certain of the wrong thing pays without limit.

p = np.linspace(0.005, 1, 400)
fig, ax = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
ax.plot(p, -np.log(p), color=BLUE)
ax.plot(o1, loss, "o", color=ORANGE)
ax.text(o1 - 0.05, loss + 0.6, f"our network: {loss:.2f}")
ax.set(xlabel="probability given to the true class", ylabel="loss")
ax.grid(alpha=0.3)
plt.show()

# %%
# The same by the library
# -----------------------
#
# ``nn.CrossEntropyLoss`` takes logits and the number of the true class. Softmax is inside it: done
# together, the two are more exact, and large logits do not overflow. Row :math:`j` of ``weight``
# holds the weights of neuron :math:`j`.

network = nn.Sequential(
    nn.Linear(2, 3, dtype=np.float64),
    nn.Sigmoid(),
    nn.Linear(3, 2, dtype=np.float64),
)
network[0].weight.data[...] = [[0.2, 0.4], [-0.5, 0.3], [0.6, -0.1]]
network[0].bias.data[...] = [0.1, 0.2, -0.3]
network[2].weight.data[...] = [[0.5, -0.3, 0.8], [-0.2, 0.7, 0.1]]
network[2].bias.data[...] = [0.1, -0.1]

cat = 0
logits = network(np.array([[x1, x2]]))
by_library = nn.CrossEntropyLoss()(logits, np.array([cat]))
print(f"by hand     {loss:.15f}")
print(f"by fastconv {by_library:.15f}")
assert f"{loss:.14f}" == f"{by_library:.14f}"

# %%
# When the answers do not exclude each other
# ------------------------------------------
#
# A photograph can show a cat *and* a dog. Then the outputs are **independent of each other**
# (互不相干), and should not have to sum to one. Each gets a sigmoid of its own instead of the
# softmax, and each is a question of yes or no. The loss is the **binary cross-entropy**
# (二分类交叉熵), averaged over the :math:`N` outputs:
#
# .. math:: H = -\frac{1}{N} \sum_{i=1}^{N} \left[o_i^* \log o_i
#           + (1 - o_i^*) \log(1 - o_i)\right]
#
# This time the image shows both: :math:`o^* = (1, 1)`.

p1, p2 = sigmoid(y1), sigmoid(y2)
loss = -(log(p1) + log(p2)) / 2
print(f"sigmoids {p1:.4f} and {p2:.4f}, together {p1 + p2:.4f}")

by_library = nn.BCEWithLogitsLoss()(logits, np.array([[1.0, 1.0]]))
print(f"by hand     {loss:.15f}")
print(f"by fastconv {by_library:.15f}")
assert f"{loss:.14f}" == f"{by_library:.14f}"

# %%
# The figure puts both next to each other: the same two logits, read as one question with two
# answers, and as two questions.

fig, ax = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
left = ax.bar([0, 1], [o1, o2], 0.38, color=BLUE, label="softmax: cat or dog")
right = ax.bar([0.4, 1.4], [p1, p2], 0.38, color=ORANGE, label="sigmoid: cat? dog?")
for bars in (left, right):
    ax.bar_label(bars, fmt="%.2f")
ax.set(xticks=[0.2, 1.2], xticklabels=["cat", "dog"], ylim=(0, 1.2), ylabel="output")
ax.legend(loc="upper right")
plt.show()

# %%
# Answer
# ------
#
# The error is the cross-entropy. One class out of several: softmax, then minus the logarithm of
# what the truth was given. Several yes-or-no questions: a sigmoid for each, then the mean of the
# same logarithms. Ours is 0.449; with a guess by the toss of a coin it would be :math:`\log 2 =
# 0.693`. The next page asks how one weight should change to make it smaller.
