"""The packed matrix product: which block of B stays in which cache, and where the tile is at work."""

from drawing import PIXEL, SUM, WEIGHT, arrow, box, frame, note, sheet

ax = sheet(26, 15.3)
box(ax, 1, 6, 7, 7, "", WEIGHT)
note(ax, 1, 5.4, "A: rows are read where they lie", size=9)
box(ax, 11, 0.6, 12, 4.4, "", PIXEL)
note(ax, 11, 0.3, "B: a chunk of k is packed into panels", size=9)
box(ax, 11, 6, 12, 7, "", SUM)
note(ax, 23.2, 12.4, "C", size=9)

frame(ax, 1, 7.5, 7, 1.2, "#ff7f0e")
note(ax, 1.2, 8.1, "6 rows: L1", size=9)
frame(ax, 11, 0.6, 8, 2.2, "#1f77b4")
note(ax, 11.2, 2.3, "block: L2", size=9)
frame(ax, 13, 0.6, 2, 2.2)
note(ax, 13.1, 1.2, "panel", size=8)
frame(ax, 13, 7.5, 2, 1.2)
note(ax, 13.1, 8.1, "tile", size=8)
arrow(ax, (14, 2.9), (14, 7.4))
arrow(ax, (8.1, 8.1), (12.9, 8.1))
note(ax, 1, 14, "for each chunk of k, for each few rows, for each panel:", size=9)
note(ax, 1, 14.7, "the sums of a tile stay in registers over the chunk", size=9)
