"""
Sigmoid, and the gradient that vanishes
=======================================

*Why does a network of ten sigmoid layers learn nothing?*

After each convolution or fully connected layer comes an **activation function** (激活函数).
First we see why there must be one at all. Then we follow a gradient back through ten layers of
sigmoids, and measure what is left of it.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn, optim

BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's colors: told apart with any color vision

# %%
# Why an activation at all
# ------------------------
# Two convolutions of 3 × 3, one after the other, see 5 × 5 pixels. Nothing **nonlinear**
# (非线性) is between them. So a single kernel of 5 × 5 can do what both do:

rng = np.random.default_rng(0)
x = rng.standard_normal((1, 1, 12, 12))
first, second = rng.standard_normal((2, 1, 1, 3, 3))

# Two kernels in one: each weight of the second brings a copy of the first, moved by its place.
both = F.conv_transpose2d(first, second)
print("the one kernel:", both.shape)
np.testing.assert_allclose(F.conv2d(F.conv2d(x, first), second), F.conv2d(x, both))

# %%
# A hundred such layers are worth no more than one. A nonlinear function between them changes
# that: the two layers then compute what no single kernel can.

with_sigmoid = F.conv2d(F.sigmoid(F.conv2d(x, first)), second)
assert not np.allclose(with_sigmoid, F.conv2d(x, both))
straight = F.conv2d(2 * x, both) / F.conv2d(x, both)
bent = F.conv2d(F.sigmoid(F.conv2d(2 * x, first)), second) / with_sigmoid
print("input × 2, output times")
print(f"{straight.min():.2f} to {straight.max():.2f} without sigmoid")
print(f"{bent.min():.2f} to {bent.max():.2f} with sigmoid")
assert np.allclose(straight, 2) and not np.allclose(bent, 2)

# %%
# Sigmoid
# -------
# It presses any number into the range from 0 to 1:
#
# .. math::
#
#    \sigma(x) = \frac{1}{1 + e^{-x}}
#
#    \sigma'(x) = \sigma(x)\,(1 - \sigma(x))
#
# Its **derivative** (导数) is what the gradient is multiplied by on its way back.

x = np.linspace(-10, 10, 201)
sigmoid = F.sigmoid(x)
slope = F.sigmoid_backward(np.ones_like(x), sigmoid)  # takes the output
np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-x)))
np.testing.assert_allclose(slope, sigmoid * (1 - sigmoid))
assert slope.max() == slope[100] == 0.25

fig, ax = plt.subplots(figsize=(4.8, 2.7), layout="constrained")
ax.plot(x, sigmoid, color=BLUE, label="sigmoid")
ax.plot(x, slope, "--", color=ORANGE, label="its derivative")
ax.axhline(0.25, color="0.6", linewidth=0.8)
ax.set(xlabel="x", xticks=range(-10, 11, 5), yticks=[0, 0.25, 0.5, 1])
ax.legend()
plt.show()

# %%
# The derivative has two faults. It is never more than 1/4, at x = 0. And for large x, of either
# sign, it is almost 0: the sigmoid is **saturated** (饱和).

for value in (0, 2, 5, 10):
    print(f"x = {value:2}: derivative {slope[100 + 10 * value]:.6f}")

# %%
# One factor for each layer
# -------------------------
# The gradient passes each layer on its way back, and takes a factor of at most 1/4 from each
# sigmoid. After ten layers that is at most:

print(f"{0.25**10:.1e}")

# %%
# The weights on the way are factors too. They could make up for it if they were large. But
# large weights make large inputs, and these saturate the sigmoid.
#
# Measured
# --------
# Here are ten layers of 64 units each, and a last one of 10. Each activation gets the first
# weights that are usual with it: Glorot's for sigmoid [1]_, He's for ReLU [2]_, the subject
# of the next page. One batch of digits goes forward, its error comes back. How large
# is the gradient in each layer?


def deep(activation, first_weights, depth=10):
    rng = np.random.default_rng(0)
    layers = [nn.Flatten()]
    for _ in range(depth):
        layers += [nn.Linear(64, 64, rng=rng), activation()]
    layers.append(nn.Linear(64, 10, rng=rng))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            first_weights(layer.weight, rng=rng)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def gradients(model):
    """Root of the mean square of the gradient of each layer's weights."""
    criterion = nn.CrossEntropyLoss()
    criterion(model(x_train), y_train)
    model.backward(criterion.backward(), input_grad=False)
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    return [np.sqrt((layer.weight.grad**2).mean()) for layer in linear]


(x_train, y_train), (x_test, y_test) = fc.data.digits()
of_sigmoid = gradients(deep(nn.Sigmoid, nn.init.xavier_uniform_))
of_relu = gradients(deep(nn.ReLU, nn.init.kaiming_uniform_))

fig, ax = plt.subplots(figsize=(4.8, 3), layout="constrained")
layers = np.arange(1, 12)
ax.semilogy(layers, of_relu, "o-", color=BLUE, label="ReLU")
ax.semilogy(layers, of_sigmoid, "s--", color=ORANGE, label="sigmoid")
ax.set(xlabel="layer, from the image to the output", ylabel="gradient", xticks=layers)
ax.grid(alpha=0.3)
ax.legend()
plt.show()

factor = (of_sigmoid[0] / of_sigmoid[9]) ** (1 / 9)
print("gradient in layer 10 and in layer 1:")
print(f"ReLU    {of_relu[9]:.1e} {of_relu[0]:.1e}")
print(f"sigmoid {of_sigmoid[9]:.1e} {of_sigmoid[0]:.1e}")
print(f"a factor of {factor:.2f} for each layer")
assert factor < 0.26 and of_sigmoid[0] < 1e-5 * of_sigmoid[9]
assert 0.2 < of_relu[0] / of_relu[9] < 5

# %%
# The factor is close to the 1/4 of the theory. This is the **vanishing gradient** (梯度消失)
# [3]_: the first layers hardly hear of the error.
#
# So it does not learn
# --------------------
# Four networks, trained by plain gradient descent for ten rounds through the data.


def train(model, lr):
    criterion, losses = nn.CrossEntropyLoss(), []
    optimizer = optim.SGD(model.parameters(), lr=lr)
    for epoch in range(10):
        total = 0.0
        batches = fc.data.DataLoader(x_train, y_train, batch_size=32, shuffle=True, rng=epoch)
        for x, y in batches:
            total += criterion(model(x), y)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        losses.append(total / len(batches))
    return losses, (model(x_test).argmax(axis=1) == y_test).mean()


runs = {
    "1 sigmoid layer": train(deep(nn.Sigmoid, nn.init.xavier_uniform_, depth=1), lr=1),
    "3 sigmoid layers": train(deep(nn.Sigmoid, nn.init.xavier_uniform_, depth=3), lr=1),
    "10 sigmoid layers": train(deep(nn.Sigmoid, nn.init.xavier_uniform_), lr=1),
    "10 ReLU layers": train(deep(nn.ReLU, nn.init.kaiming_uniform_), lr=0.03),
}
fig, ax = plt.subplots(figsize=(4.8, 3.4), layout="constrained")
for (name, (losses, accuracy)), style in zip(runs.items(), ("^:", "v-.", "s--", "o-"), strict=True):
    ax.plot(range(1, 11), losses, style, color=ORANGE if "sigmoid" in name else BLUE, label=name)
    print(f"{name:17} loss {losses[-1]:.2f}, {accuracy:.0%} right")
ax.axhline(np.log(10), color="0.6", linewidth=0.8)
ax.set(xlabel="round", ylabel="cross-entropy", ylim=(0, 2.6))
fig.legend(loc="outside lower center", ncols=2, frameon=False)
plt.show()

# %%
# The gray line is log 10 = 2.30: the loss of guessing. The network of ten sigmoid layers never
# leaves it. Nor does it with a learning rate that is smaller or larger:

for lr in (0.03, 0.3, 3):
    losses, accuracy = train(deep(nn.Sigmoid, nn.init.xavier_uniform_), lr)
    print(f"rate {lr:4}: loss {losses[-1]:.2f}, {accuracy:.0%} right")
    assert losses[-1] > 2.25
assert runs["10 sigmoid layers"][0][-1] > 2.25 and runs["10 ReLU layers"][0][-1] < 0.3
assert runs["1 sigmoid layer"][1] > 0.9 and runs["10 ReLU layers"][1] > 0.9

# %%
# Answer
# ------
# Each sigmoid multiplies the gradient by 1/4 at most. Ten of them leave a millionth. The
# first layers then stay as they were made by chance, and the last ones learn from noise.
# One sigmoid layer is fine. And where a number between 0 and 1 is wanted, as a probability at
# the output, sigmoid is still the right choice.
#
# *Try it:* tanh has a derivative of up to 1. Put ``nn.Tanh`` in, and measure.
#
# .. [1] X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward
#    neural networks*, AISTATS 2010. https://proceedings.mlr.press/v9/glorot10a.html
# .. [2] K. He, X. Zhang, S. Ren and J. Sun, *Delving Deep into Rectifiers*, ICCV 2015.
#    https://arxiv.org/abs/1502.01852
# .. [3] Y. Bengio, P. Simard and P. Frasconi, *Learning Long-Term Dependencies with Gradient
#    Descent is Difficult*, IEEE Transactions on Neural Networks 5(2), 1994.
#    https://doi.org/10.1109/72.279181
