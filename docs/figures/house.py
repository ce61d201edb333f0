"""The rooms of the house, one above the other, and the way of a call down through them."""

from drawing import PIXEL, PLAIN, SUM, WEIGHT, arrow, box, note, sheet

import fastconv as fc
from fastconv import _backend

ROOMS = (
    ("your script, Trainer, fastconv train", "arrays, labels", PLAIN),
    ("nn, optim: layers, losses, optimizers", "parameters; what backward needs of forward", SUM),
    ("functional: check, geometry, allocate", "shapes in Python integers; every text of an error", SUM),
    ("backend table: ops(dtype)", "one contract of kernels, three who keep it", WEIGHT),
)

ax = sheet(20, 12.2)
for i, (name, what, color) in enumerate(ROOMS):
    top = 0.2 + 2.1 * i
    box(ax, 0.2, top, 10.8, 1.5, name, color, 9)
    note(ax, 11.4, top + 0.75, what)
    arrow(ax, (5.6, top + 1.5), (5.6, top + 2.1))

backends = fc.available_backends()
width = 10.8 / len(backends)
for i, name in enumerate(backends):
    box(ax, 0.2 + i * width, 8.6, width - 0.2, 1.5, name, PIXEL, 9)
kernels = len(vars(_backend.ops("float32")))
note(ax, 11.4, 9.35, f"{kernels} kernels; compiled for each\ninstruction set and dtype, chosen at import")
arrow(ax, (5.6, 10.1), (5.6, 10.6))
box(ax, 0.2, 10.6, 10.8, 1.3, "memory of C-contiguous arrays", PLAIN, 9)
note(ax, 11.4, 11.25, "results are written where the caller said")
