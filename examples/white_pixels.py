"""How white is it? A fully connected network that looks at 5 × 5 images
=====================================================================

Every image has 25 pixels, black (0) or white (1). The network sees an image as a row vector of 25
numbers and tells to which of three classes the share of its white pixels belongs: less than 40 %,
from 40 to 60 %, more than 60 %. The classes are one-hot encoded: (1, 0, 0), (0, 1, 0), (0, 0, 1).
Softmax turns the three outputs into probabilities, and the cross-entropy -sum(t * log(p)) compares
them with the one-hot target. Then the error travels back through the network and every weight takes
a step against its gradient.

Run it:  python examples/white_pixels.py
"""

import numpy as np

from fastconv import nn, optim

CLASSES = ("mostly black", "about half", "mostly white")


def make_images(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random images (count, 5, 5) and their one-hot classes (count, 3)."""
    # A share for each image first: with plain coin flips nearly all images would be about half white.
    share = rng.uniform(size=(count, 1, 1))
    images = (rng.uniform(size=(count, 5, 5)) < share).astype(np.float32)
    white = images.mean(axis=(1, 2))
    one_hot = np.eye(3, dtype=np.float32)[np.digitize(white, [0.39, 0.61])]
    return images, one_hot


def main() -> float:
    """Train, show predictions for three images, and return the accuracy on images never seen before."""
    rng = np.random.default_rng(0)
    x, t = make_images(2000, rng)
    x_test, t_test = make_images(500, rng)

    model = nn.Sequential(
        nn.Flatten(),  # 5 × 5 image -> row vector of 25
        nn.Linear(25, 16, rng=rng),
        nn.Sigmoid(),
        nn.Linear(16, 3, rng=rng),
    )
    loss = nn.CrossEntropyLoss()  # softmax and cross-entropy in one, as it is more accurate
    optimizer = optim.Adam(model.parameters(), lr=0.02)

    for epoch in range(1, 21):
        total = 0.0
        for batch in np.array_split(rng.permutation(len(x)), 40):
            total += loss(model(x[batch]), t[batch])  # the signal goes forward
            optimizer.zero_grad()
            model.backward(loss.backward(), input_grad=False)  # the error goes backward
            optimizer.step()
        if epoch % 5 == 0:
            print(f"epoch {epoch:2}  cross-entropy {total / 40:.4f}")

    model.eval()
    logits = model(x_test)
    for image, output in zip(x_test[:3], logits[:3], strict=True):
        probabilities = np.exp(output - output.max())
        probabilities /= probabilities.sum()
        print()
        print("\n".join("".join("# " if pixel else ". " for pixel in row) for row in image))
        shares = ", ".join(f"{name} {100 * p:.1f} %" for name, p in zip(CLASSES, probabilities, strict=True))
        print(f"white {100 * image.mean():.0f} %: {shares}")
    accuracy = float((logits.argmax(axis=1) == t_test.argmax(axis=1)).mean())
    print(f"\naccuracy on {len(x_test)} new images: {100 * accuracy:.1f} %")
    return accuracy


if __name__ == "__main__":
    main()
