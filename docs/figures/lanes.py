"""The three orientations of a convolution: what lies side by side in a vector."""

from drawing import PIXEL, SUM, WEIGHT, cells, frame, note, sheet

WAYS = (
    ("pixels in lanes", "few output channels, wide maps", [f"pixel {i}" for i in range(4)], ["w"], PIXEL, WEIGHT),
    ("channels in lanes", "many output channels, any map", [f"chan {i}" for i in range(4)], ["x"], WEIGHT, PIXEL),
    ("images in lanes", "small maps, a batch of images", [f"image {i}" for i in range(4)], ["w"], PIXEL, WEIGHT),
)

ax = sheet(26, 14.4)
for k, (name, where, lanes, number, vector, single) in enumerate(WAYS):
    top = 0.4 + 4.4 * k
    note(ax, 0.3, top + 0.5, name, size=11)
    note(ax, 0.3, top + 1.6, where, size=9)
    cells(ax, 9, top, [number], single, 1.6)
    note(ax, 11.1, top + 0.8, "x", size=11)
    cells(ax, 12, top, [lanes], vector, 3.2, 8)
    frame(ax, 12, top, 12.8, 3.2)
    note(ax, 9, top + 2.6, "broadcast")
cells(ax, 0.3, 13.4, [["", "", ""]], SUM, 0.6)
note(ax, 2.6, 13.7, "sums lie as the vector does, and are put where they belong at the end", size=9)
