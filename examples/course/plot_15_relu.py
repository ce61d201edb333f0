"""
ReLU, and a unit that dies
==========================

*What can one single bad step do to a unit, for ever?*

ReLU is the activation that made deep networks trainable. It has one weakness, and this page
brings it about on purpose.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import nn, optim

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito: for any color vision

# %%
# The function
# ------------
# What is below 0 becomes 0, the rest stays:
#
# .. math::
#
#    f(x) = \max(0, x)
#
#    f'(x) = 1 \text{ for } x > 0, \quad 0 \text{ for } x < 0
#
# The name is short for rectified linear unit [1]_. At 0 itself the derivative is taken as 0.

x = np.linspace(-3, 3, 601)
output = F.relu(x)
slope = F.relu_backward(np.ones_like(x), output)
assert np.array_equal(output, np.maximum(0, x))
assert np.array_equal(slope, x > 0)

fig, ax = plt.subplots(figsize=(4.8, 2.5), layout="constrained")
ax.plot(x, output, color=BLUE, label="ReLU")
ax.plot(x, slope, "--", color=ORANGE, label="its derivative")
ax.set(xlabel="x")
ax.legend()
plt.show()

# %%
# The derivative is 1, not 1/4: a gradient passes as many ReLUs as you like and keeps its size,
# if it passes at all. Where the input is negative, it is stopped: the derivative is exactly 0.
#
# A healthy unit
# --------------
# One input, one weight, one bias, one ReLU. The task is y = 2x + 0.5, for x from 0 to 1.

x = np.linspace(0, 1, 64, dtype=np.float32)[:, None]
target = 2 * x + 0.5


def unit(activation):
    model = nn.Sequential(nn.Linear(1, 1), activation)
    model[0].weight.data[...] = 1
    model[0].bias.data[...] = 0
    return model


def learn(model, target, steps, clip=None):
    """Take so many steps, and return the loss before each."""
    criterion, losses = nn.MSELoss(), []
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        losses.append(criterion(model(x), target))
        optimizer.zero_grad()
        model.backward(criterion.backward(), input_grad=False)
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
    return losses


model = unit(nn.ReLU())
relu_losses = learn(model, target, 50)
print(f"loss {relu_losses[0]:.3f} -> {relu_losses[-1]:.3f}")
assert relu_losses[-1] < 0.01

# %%
# One large update
# ----------------
# Now one batch comes with wrong targets, 100 too low. The error is large, so the gradient is
# large, so the step is large.


def state(model):
    return f"weight {model[0].weight.data.item():+.2f}, bias {model[0].bias.data.item():+.2f}"


print("before:", state(model))
alive = F.linear(x, model[0].weight.data, model[0].bias.data)
relu_losses += learn(model, target - 100, 1)
print("after: ", state(model))
killed = F.linear(x, model[0].weight.data, model[0].bias.data)

fig, ax = plt.subplots(figsize=(4.8, 2.7), layout="constrained")
ax.plot(x, alive, color=BLUE, label="before the step")
ax.plot(x, killed, "--", color=ORANGE, label="after it")
ax.axhspan(-32, 0, color="0.92")
ax.text(0.02, -8, "ReLU makes this 0")
ax.set(xlabel="x", ylabel="what enters the ReLU", ylim=(-32, 6))
ax.legend(loc="lower left")
plt.show()

# %%
# The step went far too far. What enters the ReLU is now negative for *every* x. So the output
# is 0, and so is the derivative, for every x.

assert (alive > 0).all() and (killed < 0).all()
assert not model(x).any()

# %%
# For ever
# --------
# The targets are right again. The unit gets 500 steps to recover. Its gradient is exactly 0 in
# each, so not one bit of its weight or bias changes. It is **dead** (失活).

before = [parameter.data.copy() for parameter in model.parameters()]
relu_losses += learn(model, target, 500)
gradient = [parameter.grad.item() for parameter in model.parameters()]
print("gradient:", gradient)
print("after 500 good steps:", state(model))
assert gradient == [0, 0]
for parameter, old in zip(model.parameters(), before, strict=True):
    assert np.array_equal(parameter.data, old)

# %%
# Three ways out
# --------------
# **Leaky ReLU** (带泄漏的 ReLU) does not stop the gradient: for x < 0 it has a small slope, here
# 0.1 [2]_. The unit falls just as deep, and climbs out.
#
# **Clipping the gradient** (梯度裁剪) makes a large one shorter before the step [3]_. The unit
# does not fall at all.
#
# The third is the simplest: a smaller learning rate.


def accident(model, clip=None):
    before = learn(model, target, 50, clip)
    return before + learn(model, target - 100, 1, clip) + learn(model, target, 500, clip)


leaky, clipped = unit(nn.LeakyReLU(0.1)), unit(nn.ReLU())
leaky_losses, clipped_losses = accident(leaky), accident(clipped, clip=1.0)
print("leaky:  ", state(leaky))
print("clipped:", state(clipped))

fig, ax = plt.subplots(figsize=(4.8, 3), layout="constrained")
for losses, style, color, label in (
    (relu_losses, "-", ORANGE, "ReLU"),
    (leaky_losses, "--", BLUE, "leaky ReLU"),
    (clipped_losses, ":", GREEN, "ReLU, gradient clipped"),
):
    ax.semilogy(np.delete(losses, 50), style, color=color, label=label)
ax.axvline(50, color="0.6", linewidth=0.8)
ax.set(xlabel="step (the gray line: the bad one)", ylabel="loss", ylim=(1e-10, 1e5))
ax.legend(loc="lower left")
plt.show()

assert relu_losses[-1] > 1 and leaky_losses[-1] < 0.01 and clipped_losses[-1] < 1e-4

# %%
# In a network
# ------------
# A network of 100 hidden units reads digits. A unit is dead if it is 0 for all 1,437 training
# images. How many are, after three rounds with a small or a large learning rate?

(images, labels), (test_images, test_labels) = fc.data.digits()


def train(lr):
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 100, rng=rng), nn.ReLU(), nn.Linear(100, 10, rng=rng)
    )
    hidden, criterion = model[:3], nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    dead = [~hidden(images).any(axis=0)]
    for epoch in range(3):
        for x, y in fc.data.DataLoader(images, labels, batch_size=32, shuffle=True, rng=epoch):
            criterion(model(x), y)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        dead.append(~hidden(images).any(axis=0))
        assert dead[-1][dead[-2]].all()  # who was dead is dead
    return dead[-1].sum(), (model(test_images).argmax(axis=1) == test_labels).mean()


rates = (0.1, 0.3, 1, 2)
counts, accuracies = zip(*map(train, rates), strict=True)
for rate, count, accuracy in zip(rates, counts, accuracies, strict=True):
    print(f"rate {rate:3}: {count:2} of 100 dead, {accuracy:.1%} right")

fig, ax = plt.subplots(figsize=(4.8, 2.5), layout="constrained")
ax.bar_label(ax.bar([f"{rate:g}" for rate in rates], counts, color=ORANGE))
ax.set(xlabel="learning rate", ylabel="dead units of 100", ylim=(0, 115))
plt.show()
assert max(counts[:2]) < 10 < 20 < counts[2] < 50 < 80 < counts[3]
assert accuracies[3] < 0.4 < 0.6 < accuracies[2]

# %%
# A few are dead from the start. With a rate of 1, about a third die, and the others still do
# the work. With 2, hardly any is left, and the network can only guess.
#
# Why can they not come back? Their input is the image, which does not change. In a deeper layer
# it may: when the layers before it learn, their outputs move, and a dead unit may by luck become
# positive again. It cannot do so by itself.
#
# Answer
# ------
# One large update can move a unit to where its ReLU is 0 for all data. There its gradient is
# exactly 0, and it stays as it is. One dead unit does no harm, a hundred do. If the loss stops
# early with ReLU, count the zeros.
#
# *Try it:* put ``nn.ELU()`` in the first unit. Does it recover? How fast?
#
# .. [1] V. Nair and G. E. Hinton, *Rectified Linear Units Improve Restricted Boltzmann
#    Machines*, ICML 2010. https://icml.cc/Conferences/2010/papers/432.pdf
# .. [2] A. L. Maas, A. Y. Hannun and A. Y. Ng, *Rectifier Nonlinearities Improve Neural Network
#    Acoustic Models*, ICML 2013.
# .. [3] R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural
#    networks*, ICML 2013. https://proceedings.mlr.press/v28/pascanu13.html
