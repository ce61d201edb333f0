"""
Updating weights, batch by batch
================================

*We know which way each weight should go. How far, and after how many images?*

The **update of the weights** (权重的更新) is one subtraction. Two decisions are in it: how large
the step is, and how many images are looked at before it is taken.
"""

# %%
# One step
# --------
#
# The gradient says where the loss grows. So each weight goes the other way, by the gradient times
# the **learning rate** (学习率) :math:`\alpha`:
#
# .. math:: w_{new} = w_{old} - \alpha \frac{\partial H}{\partial w}
#
# Here is a network of two inputs, three neurons and two outputs, and one image, a cat. We take one
# step by hand, and one with ``optim.SGD``.

import matplotlib.pyplot as plt
import numpy as np

import fastconv as fc
from fastconv import nn, optim

# Okabe and Ito's colors: told apart with any color vision
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"

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
image, cat = np.array([[1.0, 0.5]]), np.array([0])

before = criterion(network(image), cat)
network.backward(criterion.backward())

weight = network[2].weight
by_hand = weight.data[0, 0] - 0.5 * weight.grad[0, 0]
print(f"{weight.data[0, 0]} - 0.5 · ({weight.grad[0, 0]:.4f}) = {by_hand:.4f}")

optim.SGD(network.parameters(), lr=0.5).step()
assert weight.data[0, 0] == by_hand

after = criterion(network(image), cat)
print(f"loss before {before:.4f}, after {after:.4f}")
assert after < before

# %%
# How far?
# --------
#
# The gradient is the slope where we stand. Of the next valley it knows nothing. The figure shows
# the loss of one weight, a parabola, and twelve steps with three learning rates. Too small, and it
# takes forever. Too large, and each step lands higher up on the other side.


def descend(lr, start=-3.0, steps=12):
    """The places that are visited on the loss w² / 2, whose gradient is w."""
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - lr * places[-1])
    return np.array(places)


w = np.linspace(-7, 7, 141)
fig, axes = plt.subplots(1, 3, figsize=(4.2, 2.4), layout="constrained", sharey=True)
for ax, lr, color in zip(axes, (0.05, 0.6, 2.05), (BLUE, GREEN, ORANGE), strict=True):
    places = descend(lr)
    ax.plot(w, w**2 / 2, color="0.75")
    ax.plot(places, places**2 / 2, "o-", color=color, markersize=3.5, linewidth=1)
    ax.set(title=f"$\\alpha$ = {lr}", xlabel="w", ylim=(-0.5, 16))
    print(f"learning rate {lr:4}: w = {places[-1]:9.5f} after 12 steps")
axes[0].set_ylabel("loss")
plt.show()

slow, right, wild = (abs(descend(lr)[-1]) for lr in (0.05, 0.6, 2.05))
assert right < 0.001 < 1 < slow < 3 < wild

# %%
# All images at once?
# -------------------
#
# The loss that we want to be small is the mean over all images. Its gradient is the mean of their
# gradients. To know it exactly, we would have to look at every image before each step. ImageNet has
# 1.2 million images; their pixels alone do not fit into the memory of most machines:

gigabytes = 1_200_000 * 3 * 224 * 224 * 4 / 1e9
print(f"1.2 million images of 3 × 224 × 224 numbers, 4 bytes each: {gigabytes:.0f} GB")

# %%
# So the images are taken in portions, each a **batch** (批次). For the digits we can do both. A
# small network, and the gradient of all 1,437 images. It is the mean of the gradients of three
# batches of 479:

(x, y), (x_test, y_test) = fc.data.digits()


def small_network():
    """64 pixels, 32 neurons, 10 digits."""
    rng = np.random.default_rng(0)
    first, second = nn.Linear(64, 32, rng=rng), nn.Linear(32, 10, rng=rng)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), second)


def gradient(model, images, labels):
    """The gradient of the loss with respect to all weights, as one vector."""
    model.zero_grad()
    criterion(model(images), labels)
    model.backward(criterion.backward(), input_grad=False)
    return np.concatenate([p.grad.ravel() for p in model.parameters()])


model = small_network()
whole = gradient(model, x, y)
of_batches = [gradient(model, x[i : i + 479], y[i : i + 479]) for i in (0, 479, 958)]
mean = np.mean(of_batches, axis=0)
print(f"largest gradient {abs(whole).max():.3f}, largest difference {abs(mean - whole).max():.1e}")
assert np.allclose(mean, whole, atol=1e-7)

# %%
# How good is the direction of a batch?
# -------------------------------------
#
# The gradient of a few images does not point exactly where that of all images points. The figure
# shows the angle between the two, for 200 random batches of each size. A direction chosen blindly
# would be off by 90°. With one image it is hardly better. With 32 images it is 53°: more than half
# of each step goes the right way, for a fortieth of the work.
#
# The tangent of the angle compares what goes astray with what goes right. Four times as many images
# halve it: the error of a mean falls with the root of their number.

rng = np.random.default_rng(0)
sizes = [1, 4, 16, 32, 64, 256]
angles = np.empty((200, len(sizes)))
for column, size in enumerate(sizes):
    for row in range(200):
        chosen = rng.choice(len(x), size, replace=False)
        g = gradient(model, x[chosen], y[chosen])
        cosine = g @ whole / np.linalg.norm(g) / np.linalg.norm(whole)
        angles[row, column] = np.degrees(np.arccos(cosine))
    angle = angles[:, column].mean()
    print(f"batches of {size:3}: {angle:4.1f}°, tangent {np.tan(np.radians(angle)):.2f}")

fig, ax = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
ax.boxplot(angles, tick_labels=sizes, showfliers=False, medianprops={"color": ORANGE})
ax.set(xlabel="images in the batch", ylabel="angle in degrees", ylim=(0, None))
ax.grid(alpha=0.3, axis="y")
plt.show()

# %%
# More steps for the same work
# ----------------------------
#
# To see all images once is an **epoch** (训练周期). It costs nearly the same work, however it is
# cut. But a large batch gives one good step, and small batches give many fair ones. The figure
# shows the loss over ten epochs, with the same learning rate.

fig, ax = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
reached = {}
for size, color in ((1437, BLUE), (128, GREEN), (16, ORANGE)):
    model = small_network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses = [criterion(model(x), y)]
    loader = fc.data.DataLoader(x, y, batch_size=size, shuffle=True, rng=0)
    for _ in range(10):
        for images, labels in loader:
            criterion(model(images), labels)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        losses.append(criterion(model(x), y))
    reached[size] = losses[-1]
    accuracy = (model(x_test).argmax(axis=1) == y_test).mean()
    print(f"batches of {size:4}: {10 * len(loader):3} steps, loss {losses[-1]:.3f},", end=" ")
    print(f"{100 * accuracy:.1f} % of the test images right")
    ax.plot(losses, "o-", color=color, markersize=3.5, label=f"{size} images a step")
ax.set(xlabel="epoch", ylabel="loss of all 1,437 images")
ax.grid(alpha=0.3)
ax.legend(loc=(0.42, 0.14), fontsize=9)
plt.show()

assert reached[16] < reached[128] < reached[1437]

# %%
# Answer
# ------
#
# Each weight takes a step against its gradient, as long as the learning rate says. Batches make the
# steps cheap: they fit into memory, and their direction is good enough. The price is noise: each
# step walks to where *its* batch would be better off, not all images. The next page shows what
# optimizers do about that.
