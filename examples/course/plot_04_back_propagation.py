r"""
Back-propagation: the error of one weight
=========================================

*If this one weight were a little larger, how much would the error change?*

That number is the **gradient** (梯度) of the weight. We compute it by hand, with the **chain rule**
(链式法则), for the small network whose error is 0.449. Then the library does it for all weights at
once.
"""

# %%
# The way forward, once more
# --------------------------
#
# Two inputs, three neurons with a sigmoid, two outputs, softmax, cross-entropy. The image shows a
# cat, class 1.

from math import exp, log

import matplotlib.pyplot as plt
import numpy as np

from fastconv import nn

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE = "#0072B2", "#D55E00"


def sigmoid(z):
    return 1 / (1 + exp(-z))


def forward(w11):
    """The signals of the network, if the weight from a1 to y1 is w11."""
    x1, x2 = 1.0, 0.5
    a1 = sigmoid(0.2 * x1 + 0.4 * x2 + 0.1)
    a2 = sigmoid(-0.5 * x1 + 0.3 * x2 + 0.2)
    a3 = sigmoid(0.6 * x1 - 0.1 * x2 - 0.3)
    y1 = w11 * a1 - 0.3 * a2 + 0.8 * a3 + 0.1
    y2 = -0.2 * a1 + 0.7 * a2 + 0.1 * a3 - 0.1
    o1 = exp(y1) / (exp(y1) + exp(y2))
    o2 = exp(y2) / (exp(y1) + exp(y2))
    return a1, o1, o2, -log(o1)


a1, o1, o2, loss = forward(0.5)
print(f"a1 = {a1:.4f}   o1 = {o1:.4f}   o2 = {o2:.4f}   loss = {loss:.4f}")

# %%
# What we are looking for
# -----------------------
#
# We want the **partial derivative** (偏导数) of the loss with respect to :math:`w_{11}^{(2)}`, the
# weight from :math:`a_1` to :math:`y_1`. In the figure the loss is drawn for many values of this
# weight, while all others stay. The number that we want is the slope at 0.5, where we are.

weights = np.linspace(-4, 6, 101)
losses = [forward(w)[-1] for w in weights]
fig, ax = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
ax.plot(weights, losses, color=BLUE, label="loss")
near = np.array([-2.0, 2.5])
nudge = 1e-6
slope = (forward(0.5 + nudge)[-1] - forward(0.5 - nudge)[-1]) / (2 * nudge)
tangent = loss + slope * (near - 0.5)
ax.plot(near, tangent, "--", color=ORANGE, label=f"slope {slope:.3f}")
ax.plot(0.5, loss, "o", color=ORANGE)
ax.set(xlabel="weight from $a_1$ to $y_1$", ylabel="loss")
ax.grid(alpha=0.3)
ax.legend()
plt.show()

# %%
# We have it already, as good as it gets with a nudge to the left and one to the right. But that
# took two ways forward for one weight. A network with a million weights would need two million. The
# chain rule needs one way back.
#
# One link after the other
# ------------------------
#
# How does the weight reach the loss? It is part of :math:`y_1`; :math:`y_1` is part of :math:`o_1`;
# and the loss is :math:`H = -\log o_1`. Three links, so three derivatives, to be multiplied:
#
# .. math:: \frac{\partial H}{\partial w_{11}^{(2)}} =
#           \frac{\partial H}{\partial o_1} \cdot \frac{\partial o_1}{\partial y_1} \cdot
#           \frac{\partial y_1}{\partial w_{11}^{(2)}}
#
# **Link 1**, the logarithm: :math:`\partial H / \partial o_1 = -1 / o_1`.

loss_by_o1 = -1 / o1
print(f"{loss_by_o1:.6f}")

# %%
# **Link 2**, the softmax: :math:`\partial o_1 / \partial y_1 = o_1 (1 - o_1)`.

o1_by_y1 = o1 * (1 - o1)
print(f"{o1_by_y1:.6f}")

# %%
# **Link 3**, the weighted sum: the weight is multiplied with :math:`a_1`, so :math:`\partial y_1 /
# \partial w_{11}^{(2)} = a_1`.

y1_by_w11 = a1
print(f"{y1_by_w11:.6f}")

# %%
# Their product is the gradient. It agrees with the slope in the figure.

gradient = loss_by_o1 * o1_by_y1 * y1_by_w11
print(f"{loss_by_o1:.6f} · {o1_by_y1:.6f} · {y1_by_w11:.6f} = {gradient:.6f}")
assert abs(gradient - slope) < 1e-9

# %%
# Something cancels
# -----------------
#
# :math:`o_1` is divided by in link 1, and multiplied with in link 2. What is left is :math:`o_1 -
# 1`. For the other output it is :math:`o_2 - 0`. So the error that softmax and cross-entropy
# together send back is *what was said, minus what is true*, :math:`o - o^*`. Nothing could be
# simpler, and nothing is divided by a small number.
#
# The gradient of a weight is this error, times the signal that went through the weight.

gradient = (o1 - 1) * a1
print(f"({o1:.6f} - 1) · {a1:.6f} = {gradient:.6f}")

# %%
# It is negative: a larger weight makes the loss smaller. That makes sense. The image is a cat, so
# output 1 should be larger, and :math:`a_1` is positive, so more of it helps.
#
# One layer further back
# ----------------------
#
# Now :math:`w_{11}^{(1)}`, from :math:`x_1` to :math:`a_1`. From :math:`a_1` there are two ways to
# the loss, through both outputs. Each brings its error, times the weight that it goes through; the
# two are added. This is why it is called **back-propagation** (反向传播): the errors of layer 2
# come back through the same weights, and become the error of layer 1.
#
# .. math:: \frac{\partial H}{\partial a_1} = (o_1 - 1)\, w_{11}^{(2)} + (o_2 - 0)\, w_{12}^{(2)}
#
# Then through the sigmoid, whose derivative is :math:`a_1 (1 - a_1)`, and times the signal
# :math:`x_1`.

error_at_a1 = (o1 - 1) * 0.5 + (o2 - 0) * -0.2
gradient_1 = error_at_a1 * a1 * (1 - a1) * 1.0
print(f"error at a1: {error_at_a1:.6f}")
print(f"gradient:    {gradient_1:.6f}")

# %%
# The figure shows the way of the error. The thicker an arrow, the more of it arrives.

fig, ax = plt.subplots(figsize=(4.2, 2.9), layout="constrained")
place = {"x_1": (0, 1), "a_1": (1, 1), "y_1": (2, 1), "y_2": (2, 0), "H": (3, 0.5)}
errors = {
    ("H", "y_1"): o1 - 1,
    ("H", "y_2"): o2,
    ("y_1", "a_1"): (o1 - 1) * 0.5,
    ("y_2", "a_1"): o2 * -0.2,
    ("a_1", "x_1"): error_at_a1 * a1 * (1 - a1),
}
for (start, end), error in errors.items():
    width = 1 + 10 * abs(error)
    style = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": width, "shrinkB": 12}
    ax.annotate("", place[end], place[start], arrowprops=style)
    across, up = np.mean([place[start], place[end]], axis=0)
    ax.text(across, up + 0.1, f"{error:.3f}", ha="center", bbox={"color": "white", "pad": 0})
for name, (across, up) in place.items():
    ax.scatter(across, up, s=700, color="white", edgecolor="0.3", zorder=3)
    ax.text(across, up, f"${name}$", ha="center", va="center", zorder=4)
ax.set(xlim=(-0.3, 3.3), ylim=(-0.3, 1.35))
ax.axis("off")
plt.show()

# %%
# The same by ``backward``
# ------------------------
#
# The network as layers. The criterion starts with :math:`o - o^*`, and every layer hands the error
# on to the one before it. On its way each weight gets its gradient, in ``.grad``.

network = nn.Sequential(
    nn.Linear(2, 3, dtype=np.float64),
    nn.Sigmoid(),
    nn.Linear(3, 2, dtype=np.float64),
)
network[0].weight.data[...] = [[0.2, 0.4], [-0.5, 0.3], [0.6, -0.1]]
network[0].bias.data[...] = [0.1, 0.2, -0.3]
network[2].weight.data[...] = [[0.5, -0.3, 0.8], [-0.2, 0.7, 0.1]]
network[2].bias.data[...] = [0.1, -0.1]
criterion = nn.CrossEntropyLoss()

cat = 0  # fastconv counts classes from 0
criterion(network(np.array([[1.0, 0.5]])), np.array([cat]))
network.backward(criterion.backward())

for name, by_hand, by_backward in (
    ("layer 2", gradient, network[2].weight.grad[0, 0]),
    ("layer 1", gradient_1, network[0].weight.grad[0, 0]),
):
    print(f"{name}: by hand     {by_hand:.15f}")
    print(f"         by backward {by_backward:.15f}")
    assert f"{by_hand:.15f}" == f"{by_backward:.15f}"

# %%
# Equal to the last digit. And all other weights have theirs as well:

print(network[2].weight.grad.round(4))
print(network[0].weight.grad.round(4))

# %%
# Answer
# ------
#
# The gradient of a weight is the error at its end, times the signal at its start. The error at the
# end of the network is :math:`o - o^*`; further back it comes through the weights, and is added up.
# One way forward and one way back give the gradients of all weights [1]_.
#
# *Try it:* let the image show a dog. Do both gradients change their sign? Why?
#
# References
# ----------
#
# .. [1] D. E. Rumelhart, G. E. Hinton and R. J. Williams, *Learning representations by
#    back-propagating errors*, Nature 323, 533-536, 1986. https://doi.org/10.1038/323533a0
