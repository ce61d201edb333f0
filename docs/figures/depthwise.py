"""Depthwise convolution: rows slide, so that a vector of the plane, once loaded, meets every tap that needs it."""

from drawing import PIXEL, SUM, WEIGHT, arrow, cells, note, sheet

ROWS, KERNEL = 4, 3

ax = sheet(26, 9.5)
note(ax, 0.5, 0.6, "rows of the plane", size=9)
cells(ax, 0.5, 1.2, [[f"row {i}"] for i in range(ROWS + KERNEL - 1)], PIXEL, 1.2, 7)
cells(ax, 11, 2.4, [[f"out {i}"] for i in range(ROWS)], SUM, 1.2, 7)
note(ax, 10.4, 0.6, "sums of 4 rows", size=9)
for out in range(ROWS):
    for tap in range(KERNEL):
        arrow(ax, (1.8, 1.8 + 1.2 * (out + tap)), (10.9, 3 + 1.2 * out))
cost = f"{ROWS + KERNEL - 1} vectors loaded,\n{ROWS * KERNEL} multiply-adds"
note(ax, 13.5, 2.4, f"one column of a 3x3 kernel:\n{cost}", size=9)
cells(ax, 14, 4.2, [[f"w{i}"] for i in range(KERNEL)], WEIGHT, 1.2, 8)
note(ax, 15.6, 6, "all 9 weights stay in registers", size=9)
