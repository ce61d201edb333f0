"""A band: the taps of a 3x3 kernel read one copy of the image in place, each from an offset of its own."""

from drawing import PIXEL, SUM, WEIGHT, ZERO, arrow, cells, frame, note, sheet

WIDTH, HEIGHT, PITCH = 4, 3, 6

image = [[f"{i}{j}" for j in range(WIDTH)] for i in range(HEIGHT)]
padded = [[("0", ZERO)] * PITCH for _ in range(HEIGHT + 2)]
for i, row in enumerate(image):
    padded[i + 1] = [("0", ZERO), *((pixel, PIXEL) for pixel in row), ("0", ZERO)]
line = [cell for row in padded for cell in row]
tap = PITCH * 1 + 1  # row 1, column 1 of the kernel

ax = sheet(31, 13)
cells(ax, 0.5, 1.5, image)
note(ax, 0.5, 0.8, "image, 3 x 4", size=9)
cells(ax, 7, 0.5, padded)
note(ax, 14, 1, "laid out once, with zeros around it", size=9)
note(ax, 14, 2, "a tap is an offset into the sequence below;", size=9)
note(ax, 14, 2.9, "neighbours on the output are neighbours in memory,", size=9)
note(ax, 14, 3.8, "so a vector load has 8 outputs of one tap", size=9)
arrow(ax, (4.7, 3), (6.8, 3))

cells(ax, 0.5, 7, [line], text=6)
frame(ax, 0.5, 7, PITCH * HEIGHT - 2, 1, "#1f77b4")
note(ax, 0.5, 6.4, "tap (0, 0) begins here", size=8)
frame(ax, 0.5 + tap, 7, PITCH * HEIGHT - 2, 1)
note(ax, 0.5 + tap, 8.6, f"tap (1, 1) begins {tap} places later", size=8)
outputs = [(f"{p}{q}", SUM) if q < WIDTH else ("", WEIGHT) for p in range(HEIGHT) for q in range(PITCH)]
cells(ax, 0.5, 10, [outputs[: WIDTH - PITCH]], text=6)
note(ax, 0.5, 11.6, "outputs in the same order; the last two of a row are computed and thrown away", size=8)
