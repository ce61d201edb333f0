"""The register tile of AVX2: 6 rows by 2 vectors of sums, one step of its loop."""

from drawing import PIXEL, SUM, WEIGHT, arrow, cells, frame, note, sheet

ROWS, VECTORS, LANES = 6, 2, 8

ax = sheet(24, 12)
note(ax, 7, 0.5, "one row of B: 2 vector loads", size=9)
cells(ax, 7, 1, [[f"b{j}" for j in range(VECTORS * LANES)]], PIXEL, text=7)
for vector in range(VECTORS):
    frame(ax, 7 + vector * LANES, 1, LANES, 1)

note(ax, 0.2, 3.2, "one column of A:\n6 broadcasts", size=9)
cells(ax, 4.5, 4, [[f"a{i}"] for i in range(ROWS)], WEIGHT)
cells(ax, 7, 4, [[""] * (VECTORS * LANES) for _ in range(ROWS)], SUM)
for i in range(ROWS):
    for vector in range(VECTORS):
        frame(ax, 7 + vector * LANES, 4 + i, LANES, 1, "#2ca02c")
arrow(ax, (15, 2.1), (15, 3.9))
arrow(ax, (5.6, 7), (6.9, 7))
note(ax, 7, 10.5, "12 registers of sums stay where they are for the whole loop over k;", size=9)
note(ax, 7, 11.4, "C[i, :] += a[i] * b: 12 fused multiply-adds for 2 loads and 6 broadcasts", size=9)
