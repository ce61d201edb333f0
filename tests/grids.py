"""Named grids of shapes and options, and makers of arrays, shared by the tests.

Integer-valued arrays are small enough for every product and sum of these grids to be exact in float32: whatever the
order of a sum, a right result is bit-equal to the plain loops.
"""

import zlib
from collections.abc import Iterable
from math import lcm, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastconv import _geometry

Shape = tuple[int, ...]
Sides = tuple[tuple[int, int], tuple[int, int]]


class Conv2d(NamedTuple):
    """One convolution: shapes and options as in `fastconv.functional.conv2d`."""

    input: Shape
    weight: Shape
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1

    def geometry(self) -> _geometry.Conv2dGeometry:
        return _geometry.conv2d_geometry("conv2d", *self)[0]

    def output(self) -> Shape:
        g = self.geometry()
        return g.N, g.K, g.P, g.Q


class Pool2d(NamedTuple):
    """One pooling: shape and options as in `fastconv.functional.max_pool2d`."""

    input: Shape
    kernel_size: Any
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: bool = False

    def geometry(self) -> _geometry.Pool2dGeometry:
        return _geometry.pool2d_geometry("pool2d", *self)

    def output(self) -> Shape:
        g = self.geometry()
        return self.input[0], self.input[1], g.P, g.Q


class Pad2d(NamedTuple):
    """One padding: shape, amounts ((top, bottom), (left, right)) and mode as in `fastconv.functional.pad2d`."""

    input: Shape
    padding: Sides
    mode: str = "constant"

    def geometry(self) -> _geometry.Pad2dGeometry:
        return _geometry.pad2d_geometry("pad2d", "padding", self.input, self.padding, self.mode)

    def output(self) -> Shape:
        g = self.geometry()
        return (*self.input[:-2], g.P, g.Q)


CONV2D = {
    "one pixel": Conv2d((1, 1, 1, 1), (1, 1, 1, 1)),
    "one tap": Conv2d((2, 3, 5, 7), (4, 3, 1, 1)),
    "one tap, stride": Conv2d((2, 3, 6, 9), (4, 3, 1, 1), stride=(2, 3)),
    "no image": Conv2d((0, 3, 5, 5), (4, 3, 3, 3), padding=1),
    "lenet 1": Conv2d((2, 1, 12, 12), (6, 1, 5, 5), padding=2),
    "lenet 2": Conv2d((2, 6, 9, 9), (16, 6, 5, 5)),
    "3x3": Conv2d((2, 4, 6, 6), (8, 4, 3, 3), padding=1),
    "kernel is image": Conv2d((3, 5, 4, 6), (7, 5, 4, 6)),
    "kernel is padded image": Conv2d((2, 2, 2, 3), (3, 2, 4, 5), padding=1),
    "kernel beyond image": Conv2d((1, 2, 2, 2), (3, 2, 5, 4), padding=((2, 1), (1, 1))),
    "wide": Conv2d((1, 2, 3, 40), (3, 2, 2, 3)),
    "tall": Conv2d((1, 2, 40, 3), (3, 2, 3, 2)),
    "row kernel": Conv2d((2, 3, 4, 9), (5, 3, 1, 7), padding=(0, 3)),
    "column kernel": Conv2d((2, 3, 9, 4), (5, 3, 7, 1), padding=(3, 0)),
    "stride 2": Conv2d((2, 3, 9, 10), (4, 3, 3, 3), stride=2, padding=1),
    "stride 3x2": Conv2d((2, 3, 11, 8), (4, 3, 3, 2), stride=(3, 2)),
    "stride beyond kernel": Conv2d((2, 2, 11, 13), (3, 2, 2, 2), stride=(4, 5), padding=1),
    "stride beyond image": Conv2d((2, 2, 4, 5), (3, 2, 2, 2), stride=(9, 7), padding=1),
    "rest after last window": Conv2d((1, 2, 10, 11), (2, 2, 3, 3), stride=4),
    "dilation 2": Conv2d((2, 3, 8, 9), (4, 3, 3, 3), dilation=2),
    "dilation 3x1, padded": Conv2d((2, 3, 8, 7), (4, 3, 3, 3), dilation=(3, 1), padding=(3, 1)),
    "dilation and stride": Conv2d((2, 2, 11, 12), (3, 2, 3, 3), stride=2, padding=2, dilation=2),
    "dilation beyond image": Conv2d((1, 2, 3, 3), (2, 2, 3, 3), padding=7, dilation=7),
    "dilation 3, stride 2x3": Conv2d((1, 3, 13, 14), (2, 3, 3, 2), stride=(2, 3), padding=3, dilation=3),
    "top and right": Conv2d((2, 3, 6, 5), (4, 3, 3, 3), padding=((2, 0), (0, 1))),
    "bottom and left": Conv2d((2, 3, 6, 5), (4, 3, 3, 3), stride=2, padding=((0, 3), (1, 0))),
    "padding beyond kernel": Conv2d((1, 2, 3, 3), (2, 2, 2, 2), padding=4),
    "padding beyond kernel, stride": Conv2d((1, 2, 3, 4), (2, 2, 2, 2), stride=3, padding=((5, 4), (3, 7))),
    "same": Conv2d((2, 3, 7, 6), (4, 3, 4, 3), padding="same"),
    "same, stride 2": Conv2d((2, 3, 7, 6), (4, 3, 3, 4), stride=2, padding="same"),
    "same, stride 3, dilation 2": Conv2d((1, 2, 9, 8), (3, 2, 3, 2), stride=3, padding="same", dilation=2),
    "groups 2": Conv2d((2, 4, 6, 6), (6, 2, 3, 3), padding=1, groups=2),
    "groups 3, stride": Conv2d((2, 6, 7, 8), (9, 2, 3, 2), stride=(2, 1), padding=1, groups=3),
    "groups 5 of one output": Conv2d((1, 10, 5, 5), (5, 2, 3, 3), groups=5),
    "depthwise": Conv2d((2, 5, 7, 7), (5, 1, 3, 3), padding=1, groups=5),
    "depthwise x 3": Conv2d((1, 5, 6, 7), (15, 1, 3, 3), padding=1, groups=5),
    "depthwise, stride 2": Conv2d((2, 7, 9, 9), (7, 1, 3, 3), stride=2, padding=1, groups=7),
    "depthwise, dilation": Conv2d((1, 3, 9, 9), (6, 1, 3, 3), padding=2, dilation=2, groups=3),
    "prime channels": Conv2d((2, 7, 5, 6), (11, 7, 3, 3), padding=1),
    "13 to 17": Conv2d((1, 13, 4, 5), (17, 13, 2, 3)),
    "1 to 19": Conv2d((2, 1, 6, 7), (19, 1, 3, 3)),
    "19 to 1": Conv2d((2, 19, 6, 7), (1, 19, 3, 3)),
    "31 channels, one tap": Conv2d((1, 31, 3, 3), (23, 31, 1, 1)),
    "259 channels, one tap": Conv2d((1, 259, 3, 5), (24, 259, 1, 1)),
    "67 outputs": Conv2d((1, 2, 3, 3), (67, 2, 2, 2)),
    "33 outputs, stride 2": Conv2d((2, 5, 9, 11), (33, 5, 3, 3), stride=2, padding=1),
    "17 outputs, dilation 3": Conv2d((3, 18, 9, 8), (17, 18, 3, 3), padding=3, dilation=3),
    "48 outputs, one tap, stride": Conv2d((2, 35, 7, 9), (48, 35, 1, 1), stride=2),
    "70 outputs, 5x5, padding 4": Conv2d((5, 3, 6, 7), (70, 3, 5, 5), padding=4),
    "64 outputs, padding beyond kernel": Conv2d((2, 3, 3, 4), (64, 3, 2, 2), padding=4),
    "65 outputs, wide": Conv2d((1, 3, 2, 520), (65, 3, 2, 3), padding=(0, 1)),
    "groups of 20 to 30": Conv2d((2, 40, 6, 5), (60, 20, 3, 3), padding=1, groups=2),
    "630 taps deep": Conv2d((2, 70, 5, 6), (35, 70, 3, 3), padding=1),
    "12 outputs, more spans than regions": Conv2d((1, 2, 3, 41), (12, 2, 1, 41), padding=(0, 20)),
    "18 outputs, 7x7 same": Conv2d((2, 3, 7, 7), (18, 3, 7, 7), padding=3),
    "21 outputs, 2x2": Conv2d((2, 10, 6, 5), (21, 10, 2, 2)),
    "37 outputs, 7x1 same": Conv2d((3, 3, 8, 7), (37, 3, 7, 1), padding="same"),
    "35 inputs, stride 2": Conv2d((3, 35, 9, 12), (5, 35, 3, 3), stride=2, padding=1),
    "34 inputs, stride 3x2": Conv2d((2, 34, 11, 8), (7, 34, 5, 2), stride=(3, 2), padding=1),
    "26 inputs, column phase without taps": Conv2d(
        (1, 26, 1, 27), (3, 26, 1, 2), stride=(1, 3), padding=((1, 3), (4, 0)), dilation=(1, 2)
    ),
    "24 inputs, one tap, stride 1x2": Conv2d((3, 24, 1, 26), (16, 24, 1, 1), stride=(1, 2), padding=(1, 2)),
    "33 inputs, dilation 3, stride 2x3": Conv2d((1, 33, 13, 14), (4, 33, 3, 2), stride=(2, 3), padding=3, dilation=3),
    "18 inputs, stride beyond kernel": Conv2d((2, 18, 11, 13), (3, 18, 2, 2), stride=(4, 5), padding=1),
    "18 inputs, stride beyond image": Conv2d((2, 18, 4, 5), (3, 18, 2, 2), stride=(9, 7), padding=1),
    "40 inputs, padding beyond kernel": Conv2d((1, 40, 3, 4), (2, 40, 2, 2), stride=3, padding=((5, 4), (3, 7))),
    "20 inputs, 7x1": Conv2d((2, 20, 9, 6), (5, 20, 7, 1), padding=(3, 0)),
    "17 inputs, wide, stride 2": Conv2d((1, 17, 3, 1101), (2, 17, 2, 3), stride=2, padding=1),
    "17 inputs, many spans": Conv2d((1, 17, 30, 4), (2, 17, 21, 1), stride=2, padding=(10, 0)),
    "groups of 16 inputs, stride 2": Conv2d((2, 48, 8, 7), (15, 16, 3, 3), stride=2, padding=1, groups=3),
    "257 taps deep": Conv2d((1, 29, 4, 4), (3, 29, 3, 3)),
    "many small images": Conv2d((13, 2, 3, 3), (3, 2, 3, 3)),
    "300 pixels": Conv2d((1, 1, 17, 19), (2, 1, 2, 2)),
    "five images of 1x1": Conv2d((5, 9, 1, 1), (8, 9, 1, 1)),
} | {
    f"width {width}, stride {stride}": Conv2d((1, 2, 3, width), (3, 2, 2, 3), stride=(1, stride), padding=(0, 1))
    for width in (*range(1, 36), 47, 48, 49, 63, 64, 65, 67)
    for stride in (1, 2)
}

WINOGRAD = {
    "one tile": Conv2d((1, 1, 4, 4), (1, 1, 3, 3), padding=1),
    "one output": Conv2d((1, 1, 3, 3), (1, 1, 3, 3)),
    "one row": Conv2d((2, 3, 1, 19), (4, 3, 3, 3), padding=1),
    "one column": Conv2d((2, 3, 19, 1), (4, 3, 3, 3), padding=1),
    "7x7": Conv2d((3, 20, 7, 7), (18, 20, 3, 3), padding=1),
    "no padding": Conv2d((2, 17, 9, 10), (33, 17, 3, 3)),
    "top and right": Conv2d((2, 18, 6, 5), (20, 18, 3, 3), padding=((1, 0), (0, 1))),
    "padding 2": Conv2d((2, 16, 6, 7), (16, 16, 3, 3), padding=2),
    "padding beyond kernel": Conv2d((1, 4, 5, 6), (3, 4, 3, 3), padding=((3, 5), (4, 3))),
    "primes": Conv2d((2, 23, 11, 13), (37, 23, 3, 3), padding=1),
    "many outputs": Conv2d((1, 16, 8, 8), (130, 16, 3, 3), padding=1),
    "many inputs": Conv2d((1, 131, 8, 8), (16, 131, 3, 3), padding=1),
    "few tiles, many channels": Conv2d((1, 70, 6, 7), (260, 70, 3, 3), padding=1),
    "several parts of a row": Conv2d((1, 2, 5, 459), (3, 2, 3, 3), padding=1),
    "several portions": Conv2d((3, 290, 30, 14), (17, 290, 3, 3), padding=1),
    "many small images": Conv2d((31, 16, 5, 6), (16, 16, 3, 3), padding=1),
    "few channels, many tiles": Conv2d((50, 5, 29, 30), (9, 5, 3, 3), padding=1),
    "weights that outgrow a cache": Conv2d((1, 349, 41, 42), (351, 349, 3, 3), padding=1),
    "the same on few tiles": Conv2d((4, 349, 14, 13), (351, 349, 3, 3), padding=1),
    "a tall image, many inputs": Conv2d((1, 1200, 180, 3), (3, 1200, 3, 3), padding=1),
    "a tall image, many outputs": Conv2d((1, 3, 180, 3), (1200, 3, 3, 3), padding=1),
} | {f"width {width}": Conv2d((1, 2, 5, width), (3, 2, 3, 3), padding=1) for width in (*range(2, 36), 63, 64, 65, 67)}

# One input channel for each group: those of CONV2D, and more.
POINTWISE = {
    f"{c} to {k}, {h}x{w}": Conv2d((2, c, h, w), (k, c, 1, 1))
    for c, k in ((1, 1), (1, 5), (3, 2), (5, 1), (7, 19), (17, 8), (31, 33), (64, 130), (800, 9))
    for h, w in ((1, 1), (1, 3), (2, 4), (5, 7), (16, 3), (9, 13))
} | {
    "groups": Conv2d((3, 15, 6, 7), (21, 5, 1, 1), groups=3),
    "dilation": Conv2d((2, 6, 5, 5), (7, 6, 1, 1), dilation=3),
    "many pixels": Conv2d((2, 24, 40, 41), (26, 24, 1, 1)),
    "many images": Conv2d((19, 40, 6, 6), (33, 40, 1, 1)),
    "packed": Conv2d((2, 60, 30, 31), (68, 60, 1, 1)),
    "groups of whole blocks": Conv2d((2, 128, 8, 9), (128, 64, 1, 1), groups=2),
    "no image": Conv2d((0, 3, 4, 5), (2, 3, 1, 1)),
}
DEPTHWISE = {
    name: case for name, case in CONV2D.items() if case.input[1] == case.groups
} | {
    f"{c} channels": Conv2d((2, c, 5, 9), (c, 1, 3, 3), padding=1, groups=c) for c in (*range(1, 18), 31, 32, 33, 35)
} | {
    f"width {width}, stride {stride}": Conv2d((1, 2, 6, width), (2, 1, 3, 3), stride=stride, padding=1, groups=2)
    for width in (*range(1, 36), 47, 48, 49, 63, 64, 65, 67)
    for stride in (1, 2, 3)
} | {
    f"height {height}, stride {stride}": Conv2d((2, 2, height, 9), (2, 1, 3, 3), stride=stride, padding=1, groups=2)
    for height in range(1, 18)
    for stride in (1, 2, 3)
} | {
    f"{r}x{s}, stride {stride}, dilation {d}": Conv2d(
        (2, 2, 13, 21), (2, 1, r, s), stride, (r * d // 2, s * d // 2), d, 2
    )
    for r, s in ((1, 1), (2, 2), (2, 3), (3, 3), (3, 5), (4, 4), (5, 5), (5, 3), (6, 6), (7, 7), (1, 7), (7, 1), (9, 2))
    for stride in (1, 2, (1, 2), (2, 1), 3, (4, 5))
    for d in (1, 2, 3)
} | {
    f"multiplier {m}, stride {stride}": Conv2d((2, 3, 8, 19), (3 * m, 1, 3, 3), stride, 1, 1, 3)
    for m in (2, 3, 4, 7)
    for stride in (1, 2, 3)
} | {
    # As many channels as lanes and more: small maps lie side by side.
    f"19 channels, {r}x{s}, stride {stride}, dilation {d}": Conv2d(
        (2, 19, 6, 9), (19, 1, r, s), stride, (r * d // 2, s * d // 2), d, 19
    )
    for r, s in ((1, 1), (2, 2), (3, 3), (3, 5), (5, 3), (5, 5), (7, 7), (1, 7), (7, 1))
    for stride in (1, 2, (1, 2), (2, 1), 3, (4, 5))
    for d in (1, 2)
} | {
    f"19 channels, width {width}": Conv2d((1, 19, 3, width), (19, 1, 3, 3), padding=1, groups=19)
    for width in range(1, 36)
} | {
    f"17 channels, multiplier {m}, stride {stride}": Conv2d((2, 17, 5, 6), (17 * m, 1, 3, 3), stride, 1, 1, 17)
    for m in (2, 3)
    for stride in (1, 2)
} | {
    "bands of rows and columns": Conv2d((1, 2, 14, 530), (2, 1, 3, 3), padding=1, groups=2),
    "side by side, tiny": Conv2d((3, 33, 2, 2), (33, 1, 3, 3), padding=1, groups=33),
    "side by side, rest": Conv2d((2, 33, 10, 9), (33, 1, 3, 3), stride=4, groups=33),
    "side by side, padding beyond kernel": Conv2d((1, 33, 3, 4), (33, 1, 2, 3), padding=((4, 3), (2, 5)), groups=33),
    "side by side, stride beyond image": Conv2d((1, 33, 4, 5), (33, 1, 2, 2), stride=(9, 7), padding=1, groups=33),
    "one channel to 19, 5x5": Conv2d((2, 1, 7, 20), (19, 1, 5, 5), padding=2),
    "small maps": Conv2d((5, 7, 7, 7), (7, 1, 3, 3), padding=1, groups=7),
    "small maps, 5x5": Conv2d((2, 7, 7, 7), (7, 1, 5, 5), padding=2, groups=7),
    "small maps, stride 2": Conv2d((3, 7, 14, 14), (7, 1, 3, 3), stride=2, padding=1, groups=7),
    "tiny maps": Conv2d((5, 9, 2, 2), (9, 1, 3, 3), padding=1, groups=9),
    "maps of 1x1": Conv2d((5, 9, 1, 1), (9, 1, 3, 3), padding=1, groups=9),
    "columns": Conv2d((2, 5, 17, 1), (5, 1, 3, 3), padding=1, groups=5),
    "columns, stride 2": Conv2d((2, 5, 17, 1), (5, 1, 3, 3), stride=2, padding=1, groups=5),
    "bands of rows": Conv2d((1, 2, 131, 70), (2, 1, 3, 3), padding=1, groups=2),
    "bands of rows, stride 2": Conv2d((1, 2, 131, 70), (2, 1, 3, 3), stride=2, padding=1, groups=2),
    "bands of rows, few columns": Conv2d((1, 2, 700, 3), (2, 1, 3, 3), padding=1, groups=2),
    "bands of rows, multiplier": Conv2d((1, 2, 131, 70), (4, 1, 3, 3), padding=1, groups=2),
    "bands of columns": Conv2d((1, 2, 3, 1030), (2, 1, 3, 3), padding=1, groups=2),
    "bands of columns, stride 2": Conv2d((1, 2, 3, 2057), (2, 1, 3, 3), stride=2, padding=1, groups=2),
    "bands of columns in padding": Conv2d((1, 1, 2, 5), (2, 1, 2, 2), padding=((0, 0), (600, 1100))),
    "padding beyond kernel, groups": Conv2d((2, 3, 4, 5), (3, 1, 2, 3), padding=((7, 5), (6, 9)), groups=3),
    "padding beyond kernel, stride 2": Conv2d((2, 3, 4, 5), (3, 1, 2, 3), 2, ((7, 5), (6, 9)), groups=3),
    "padding beyond a vector": Conv2d((1, 2, 3, 4), (2, 1, 3, 3), padding=((1, 2), (37, 18)), groups=2),
    "four paddings": Conv2d((2, 3, 9, 20), (3, 1, 3, 3), padding=((2, 0), (0, 1)), groups=3),
    "four paddings, stride 2": Conv2d((2, 3, 9, 20), (3, 1, 5, 5), 2, ((1, 3), (4, 0)), groups=3),
    "rest after last window, groups": Conv2d((2, 3, 12, 23), (3, 1, 2, 2), stride=5, groups=3),
    "stride beyond image, groups": Conv2d((2, 3, 6, 7), (3, 1, 2, 3), stride=(11, 9), padding=1, groups=3),
    "dilation beyond image, groups": Conv2d((2, 3, 3, 4), (3, 1, 3, 3), padding=9, dilation=9, groups=3),
}

POOL2D = {
    "2x2": Pool2d((2, 3, 8, 8), 2),
    "2x2, odd image": Pool2d((2, 3, 7, 9), 2),
    "2x2, wide": Pool2d((2, 3, 6, 38), 2),
    "2x2, wide odd image": Pool2d((3, 2, 7, 37), 2),
    "2x2, planes of one window": Pool2d((3, 5, 2, 3), 2),
    "2x2, ceil": Pool2d((2, 3, 7, 9), 2, ceil_mode=True),
    "3x3 s2 p1": Pool2d((2, 3, 9, 10), 3, 2, 1),
    "3x3 s2 p1, ceil": Pool2d((2, 3, 9, 10), 3, 2, 1, ceil_mode=True),
    "3x3 s1": Pool2d((2, 3, 6, 7), 3, 1),
    "3x3 s1 p1": Pool2d((2, 3, 6, 7), 3, 1, 1),
    "3x2 s1x3": Pool2d((2, 3, 8, 11), (3, 2), (1, 3), (1, 0)),
    "5x5 s1 p2": Pool2d((1, 1, 5, 5), 5, 1, 2),
    "1x1": Pool2d((2, 3, 4, 5), 1),
    "1x1, stride 3": Pool2d((2, 3, 7, 8), 1, 3),
    "stride beyond kernel": Pool2d((2, 3, 9, 11), 2, (4, 5)),
    "stride beyond kernel, ceil": Pool2d((2, 3, 9, 11), 2, (4, 3), ceil_mode=True),
    "whole image": Pool2d((2, 5, 6, 4), (6, 4)),
    "kernel beyond image, ceil": Pool2d((2, 2, 3, 4), (5, 7), ceil_mode=True),
    "no image": Pool2d((0, 3, 4, 4), 2),
    "one pixel": Pool2d((1, 1, 1, 1), 1),
    "one row": Pool2d((2, 3, 1, 17), (1, 3), (1, 2), (0, 1)),
    "one column": Pool2d((2, 3, 17, 1), (3, 1), (2, 1), (1, 0)),
    "prime planes": Pool2d((3, 11, 5, 5), 2, 1),
    "many planes": Pool2d((5, 41, 6, 7), 2),
    "stride 3": Pool2d((1, 3, 10, 70), 3),
    "stride 3, padded": Pool2d((1, 3, 11, 71), 4, 3, 2, ceil_mode=True),
    "rows overlap far": Pool2d((1, 2, 30, 21), (12, 3), (1, 2), (5, 1)),
} | {f"width {width}": Pool2d((1, 2, 4, width), (2, 3), (2, 1), (0, 1)) for width in (*range(1, 34), 63, 64, 65, 67)}
# As many outputs as a vector has lanes, or a few more or less, with windows that leave the image on either side.
POOL2D |= {
    f"{kernel}x{kernel} s2 p{kernel // 2}, width {width}": Pool2d((1, 2, 5, width), kernel, 2, kernel // 2)
    for kernel in (2, 3, 4, 5)
    for width in (6, 7, 8, 9, 15, 16, 17, 29, 30, 31, 32, 33, 63, 64, 65, 69)
}

DILATED_POOL2D = {
    "dilation 2, wide": Pool2d((1, 2, 9, 70), 3, 2, 2, 2),
    "dilation 3, wide, padding on all sides": Pool2d((2, 2, 6, 40), 4, 1, 5, 3),
    "dilation 2": Pool2d((2, 3, 9, 10), 3, 1, 0, 2),
    "dilation 2, one pixel around": Pool2d((2, 3, 9, 10), 3, 2, 1, 2),
    "dilation 2, padded": Pool2d((2, 3, 9, 10), 3, 2, 2, 2),
    "dilation 3x1, ceil": Pool2d((2, 3, 9, 10), (2, 3), 2, (2, 1), (3, 1), True),
    "window in padding": Pool2d((2, 2, 1, 1), 2, 1, 1, 2),
    "windows in padding": Pool2d((1, 2, 2, 3), 2, 1, 2, 3),
}

MAX_POOL2D = POOL2D | DILATED_POOL2D

_PADDINGS: dict[str, tuple[Shape, Sides]] = {
    "none": ((2, 3, 4, 5), ((0, 0), (0, 0))),
    "one": ((2, 3, 4, 5), ((1, 1), (1, 1))),
    "top": ((2, 3, 4, 5), ((2, 0), (0, 0))),
    "bottom": ((2, 3, 4, 5), ((0, 3), (0, 0))),
    "left": ((2, 3, 4, 5), ((0, 0), (4, 0))),
    "right": ((2, 3, 4, 5), ((0, 0), (0, 3))),
    "four amounts": ((2, 3, 5, 6), ((1, 4), (3, 2))),
    "up to the axis": ((1, 2, 4, 5), ((3, 3), (4, 4))),
    "no image": ((0, 3, 4, 5), ((1, 2), (2, 1))),
    "wide": ((1, 1, 2, 67), ((1, 1), (1, 33))),
}

PAD2D = {
    f"{mode}, {name}": Pad2d(shape, padding, mode)
    for mode in ("constant", "reflect", "replicate", "circular")
    for name, (shape, padding) in _PADDINGS.items()
} | {
    "circular, whole axis": Pad2d((1, 2, 3, 4), ((3, 3), (4, 4)), "circular"),
    "replicate, beyond the axis": Pad2d((1, 2, 2, 1), ((5, 7), (9, 4)), "replicate"),
    "constant, beyond the axis": Pad2d((1, 2, 2, 1), ((5, 7), (9, 4))),
    "constant, crop": Pad2d((2, 3, 6, 7), ((-1, -2), (-3, -1))),
    "constant, crop and pad": Pad2d((2, 3, 6, 7), ((-1, 3), (2, -4))),
    "constant, crop to nothing": Pad2d((2, 3, 4, 5), ((-2, -2), (1, 1))),
    "constant, only padding left": Pad2d((1, 1, 4, 5), ((-6, 4), (0, 0))),
    "constant, no rows": Pad2d((2, 3, 0, 4), ((1, 2), (0, 1))),
}

# (rows, in_features, out_features)
LINEAR = {
    "one": (1, 1, 1),
    "lenet": (4, 400, 120),
    "last": (7, 84, 10),
    "no rows": (0, 3, 4),
    "no features": (3, 0, 4),
    "one output": (5, 33, 1),
    "one input": (5, 1, 33),
    "primes": (13, 17, 19),
    "deep": (3, 259, 5),
    "tall": (101, 3, 2),
    # a sample or a few: weights are read as they lie; also with fewer features and outputs than a vector has lanes
    "sample": (1, 37, 21),
    "few": (3, 16, 16),
    "few and narrow": (4, 5, 3),
    "few and deep": (2, 67, 17),
    # several vectors of outputs at a time, some left over; with lines of weights that meet few sets of a cache
    "sample, vectors": (1, 45, 103),
    "two samples, vectors": (2, 45, 71),
    "sample, 1024 apart": (1, 1024, 53),
    "sample, 512 apart": (1, 512, 53),
    # lines of weights that are packed: whole panels, and one with fewer columns than a vector
    "packed": (70, 131, 140),
    # panels of each width, rows left over from tiles of 6 and 8
    "panels": (29, 21, 67),
    "two panels": (11, 33, 101),
}

# (outer, classes, inner): a batch of logits (N, C), or (N, C, pixels)
LOGITS = {
    "one": (1, 1, 1),
    "two classes": (5, 2, 1),
    "digits": (32, 10, 1),
    "1000 classes": (2, 1000, 1),
    "pixels": (2, 3, 35),
    "no rows": (0, 3, 1),
    "no pixels": (2, 3, 0),
    "67 rows": (67, 3, 1),
}

# Shapes of elementwise arguments, 0-d and empty ones included.
ELEMENTWISE: dict[str, Shape] = {
    "0-d": (),
    "empty": (0,),
    "empty image": (2, 0, 3),
    "image": (2, 3, 5, 7),
    "two blocks": (33000,),
} | {f"{size}": (size,) for size in (*range(1, 20), 31, 32, 33, 63, 64, 65, 67)}

# Rows and columns of normalisation, and how many different coefficients the rows have.
ROWS: dict[str, tuple[int, int, int]] = {
    "one": (1, 1, 1),
    "one column": (6, 1, 3),
    "part of a vector": (6, 5, 6),
    "7x7": (12, 49, 3),
    "a run": (3, 512, 1),
    "a run and one more": (4, 513, 2),
    "three runs": (2, 1100, 2),
    "groups of rows": (131, 18, 131),
    "items": (40, 7, 5),
} | {f"{size}": (3, size, 3) for size in (2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 67)}


def seed(*words: object) -> int:
    """A seed that depends on the words only."""
    return zlib.crc32(repr(words).encode())


def integers(
    shape: Iterable[int], dtype: DTypeLike = np.float32, *, rng: object = 0, low: int = -4, high: int = 4
) -> NDArray[Any]:
    """Integer values low ... high, as real numbers."""
    generator = np.random.default_rng(seed(rng))
    return generator.integers(low, high, tuple(shape), endpoint=True).astype(dtype)


def normals(shape: Iterable[int], dtype: DTypeLike = np.float32, *, rng: object = 0) -> NDArray[Any]:
    """Standard normal values."""
    return np.asarray(np.random.default_rng(seed(rng)).standard_normal(tuple(shape))).astype(dtype)


def distinct(shape: Iterable[int], dtype: DTypeLike = np.float32, *, rng: object = 0) -> NDArray[Any]:
    """Every integer 0 ... size-1 once, in random order: no ties, and every place can be told from its value."""
    shape = tuple(shape)
    return np.random.default_rng(seed(rng)).permutation(prod(shape)).reshape(shape).astype(dtype)


def divisible(gradient: NDArray[Any], kernel_size: int | tuple[int, int]) -> NDArray[Any]:
    """Multiples of every size that a window of average pooling can have, so that its shares are exact."""
    r, s = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return gradient * gradient.dtype.type(lcm(*range(1, r + 1)) * lcm(*range(1, s + 1)))
