"""Pooling with stride 2: two loads are sorted into even and odd pixels, which are two taps of the same windows."""

from drawing import PIXEL, SUM, WEIGHT, arrow, cells, note, sheet

LANES = 4

ax = sheet(22, 10)
note(ax, 0.5, 0.6, "two vectors of a row", size=9)
cells(ax, 0.5, 1.2, [[(str(i), PIXEL if i % 2 == 0 else WEIGHT) for i in range(2 * LANES)]], size=1.3)
note(ax, 0.5, 4, "even: tap 0 of four windows", size=9)
cells(ax, 0.5, 4.5, [[str(2 * i) for i in range(LANES)]], PIXEL, 1.3)
note(ax, 8, 4, "odd: tap 1 of the same windows", size=9)
cells(ax, 8, 4.5, [[str(2 * i + 1) for i in range(LANES)]], WEIGHT, 1.3)
arrow(ax, (3.5, 2.6), (3, 3.6))
arrow(ax, (6.5, 2.6), (9.5, 3.6))
note(ax, 10.2, 8.6, "lane by lane:\nthe larger, or the sum", size=9)
cells(ax, 4.2, 8, [[f"{2 * i},{2 * i + 1}" for i in range(LANES)]], SUM, 1.3, 7)
arrow(ax, (3, 5.9), (5.6, 7.9))
arrow(ax, (10, 5.9), (8, 7.9))
