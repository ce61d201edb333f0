"""Winograd's F(4, 3): the matrices from their six points, checked against the direct sum, and what they save."""

import matplotlib.pyplot as plt
import numpy as np

POINTS = (0, 3 / 4, -3 / 4, 5 / 4, -5 / 4)


def values(coefficients: int) -> np.ndarray:
    """Polynomials at the points, and at infinity, where the leading coefficient is all that counts."""
    rows = np.array([[point**power for power in range(coefficients)] for point in POINTS])
    return np.vstack([rows, np.eye(coefficients)[-1]])


A, G = values(4), values(3)
BT = np.linalg.inv(values(6)).T

rng = np.random.default_rng(0)
image, kernel = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
products = (G @ kernel @ G.T) * (BT @ image @ BT.T)
outputs = A.T @ products @ A
windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
assert np.allclose(outputs, np.einsum("pqrs,rs->pq", windows, kernel))

figure, axes = plt.subplots(2, 4, figsize=(8, 4.9))
for ax, title, picture in zip(
    axes.flat,
    ("6x6 pixels $d$", "$B^T d\\,B$", "$U \\odot V$: 36 products", "$A^T(\\cdot)\\,A$: 4x4 outputs",
     "3x3 kernel $g$", "$G\\,g\\,G^T$", "$B^T$", "$A^T$"),
    (image, BT @ image @ BT.T, products, outputs, kernel, G @ kernel @ G.T, BT, A.T),
    strict=True,
):  # fmt: skip
    most = np.abs(picture).max()
    ax.imshow(picture, cmap="RdBu", vmin=-most, vmax=most)
    ax.set_title(title, fontsize=10)
    ax.set_xticks([])
    ax.set_yticks([])
figure.suptitle(f"{outputs.size * kernel.size} products of the direct sum, {products.size} here", fontsize=10)
figure.tight_layout()
