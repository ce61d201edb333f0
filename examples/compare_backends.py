"""One script, three backends: compiled Cython, NumPy, and plain Python loops
==========================================================================

A few training steps of LeNet-5 on each of them, from the same weights with the same images. The
losses agree; the times do not.

Run it:  python examples/compare_backends.py
"""

from time import perf_counter

import numpy as np

import fastconv as fc
from fastconv import nn, optim


def train_steps(steps: int, batch_size: int) -> tuple[list[float], float]:
    """Train LeNet-5 for a few steps with the active backend; the loss of each step, and seconds per step."""
    (images, labels), _ = fc.data.digits(size=32)
    x, y = images[:batch_size], labels[:batch_size]
    model = fc.models.lenet5(rng=0)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses = []
    start = perf_counter()
    for _ in range(steps):
        losses.append(criterion(model(x), y))
        optimizer.zero_grad()
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
    return losses, (perf_counter() - start) / steps


def main(steps: int = 3, batch_size: int = 2) -> dict[str, list[float]]:
    """Train on every backend that is there, print losses and times, and return the losses."""
    losses = {}
    for name in fc.available_backends():
        with fc.use_backend(name):
            if name != "python":
                train_steps(1, batch_size)  # the first call loads the kernels: not part of the comparison
            losses[name], seconds = train_steps(steps, batch_size)
        shown = "  ".join(f"{loss:.6f}" for loss in losses[name])
        print(f"{name:7} {1000 * seconds:9.2f} ms a step   losses {shown}")
    spread = np.ptp(list(losses.values()), axis=0).max()
    print(f"largest difference between the losses: {spread:.1e}")
    return losses


if __name__ == "__main__":
    main()
