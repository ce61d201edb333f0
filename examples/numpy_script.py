"""A network written by hand in NumPy, with the slow parts replaced
================================================================

Forward pass, backward pass and update are plain NumPy, as in a course or a blog post. Only the
convolution and the pooling, which are loops over pixels there, come from fastconv.functional. They
take arrays and give arrays, so nothing else in the script has to know.

Run it:  python examples/numpy_script.py
"""

import numpy as np

import fastconv as fc
from fastconv import functional as F


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities from logits, row by row."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main(epochs: int = 8) -> float:
    """Train on the digits, and return the accuracy on the test images."""
    rng = np.random.default_rng(0)
    (x_train, y_train), (x_test, y_test) = fc.data.digits()

    # One convolution of 12 filters 3 × 3, one fully connected layer.
    conv_w = rng.normal(0, np.sqrt(2 / 9), (12, 1, 3, 3)).astype(np.float32)
    conv_b = np.zeros(12, np.float32)
    full_w = rng.normal(0, np.sqrt(2 / 192), (192, 10)).astype(np.float32)
    full_b = np.zeros(10, np.float32)
    lr = np.float32(0.1)

    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in np.array_split(rng.permutation(len(x_train)), 45):
            x, y = x_train[batch], y_train[batch]

            # forward: 1 × 8 × 8 -> 12 × 8 × 8 -> 12 × 4 × 4 -> 192 -> 10
            conv = F.conv2d(x, conv_w, conv_b, padding=1)  # was: conv_forward(x, conv_w, conv_b)
            active = np.maximum(conv, 0)
            pooled, argmax = F.max_pool2d(active, 2, return_indices=True)  # was: pool_forward(active)
            flat = pooled.reshape(len(x), -1)
            p = softmax(flat @ full_w + full_b)
            total -= np.log(p[np.arange(len(x)), y]).sum()

            # backward
            dz = p
            dz[np.arange(len(x)), y] -= 1
            dz /= np.float32(len(x))
            dflat = dz @ full_w.T
            dactive = F.max_pool2d_backward(dflat.reshape(pooled.shape), argmax, active.shape)
            dconv = dactive * (conv > 0)
            _, dconv_w, dconv_b = F.conv2d_backward(
                dconv, x, conv_w, padding=1, output_mask=(False, True, True)
            )

            # update
            full_w -= lr * (flat.T @ dz)
            full_b -= lr * dz.sum(axis=0)
            conv_w -= lr * dconv_w
            conv_b -= lr * dconv_b
        print(f"epoch {epoch}  loss {total / len(x_train):.4f}")

    active = np.maximum(F.conv2d(x_test, conv_w, conv_b, padding=1), 0)
    logits = F.max_pool2d(active, 2).reshape(len(x_test), -1) @ full_w + full_b
    accuracy = float((logits.argmax(axis=1) == y_test).mean())
    print(f"test accuracy {100 * accuracy:.2f} %")
    return accuracy


if __name__ == "__main__":
    main()
