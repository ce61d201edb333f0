"""A named grid of transposed convolutions, as those of `grids`."""

from typing import Any, NamedTuple

from grids import Shape


def two(size: Any) -> tuple[int, int]:
    """Height and width."""
    return size if isinstance(size, tuple) else (size, size)


class Transposed(NamedTuple):
    """One transposed convolution: shapes and options as in `fastconv.functional.conv_transpose2d`."""

    input: Shape
    weight: Shape
    stride: Any = 1
    padding: Any = 0
    output_padding: Any = 0
    groups: int = 1
    dilation: Any = 1

    def output(self) -> Shape:
        """The formula of the semantics."""
        sizes = zip(
            self.input[2:], self.weight[2:], *map(two, (self.stride, self.padding, self.output_padding, self.dilation)),
            strict=True,
        )  # fmt: skip
        size = tuple((h - 1) * s - 2 * p + d * (r - 1) + more + 1 for h, r, s, p, more, d in sizes)
        return (self.input[0], self.weight[1] * self.groups, *size)


TRANSPOSED = {
    "one pixel": Transposed((1, 1, 1, 1), (1, 1, 1, 1)),
    "one tap": Transposed((2, 3, 5, 7), (3, 4, 1, 1)),
    "one tap, stride": Transposed((2, 3, 4, 5), (3, 4, 1, 1), (2, 3)),
    "one tap, stride, more": Transposed((2, 3, 4, 5), (3, 4, 1, 1), (2, 3), output_padding=(1, 2)),
    "no image": Transposed((0, 3, 5, 5), (3, 4, 3, 3), 2, 1, 1),
    "3x3": Transposed((2, 4, 6, 6), (4, 8, 3, 3), 1, 1),
    "3x3, no padding": Transposed((2, 4, 6, 5), (4, 8, 3, 3)),
    "2x2 s2": Transposed((2, 5, 6, 7), (5, 3, 2, 2), 2),
    "3x3 s2 p1 more": Transposed((2, 4, 5, 6), (4, 3, 3, 3), 2, 1, 1),
    "4x4 s2 p1": Transposed((2, 4, 5, 6), (4, 3, 4, 4), 2, 1),
    "5x5 s2 p2 more": Transposed((2, 4, 5, 6), (4, 3, 5, 5), 2, 2, 1),
    "stride 3x2": Transposed((2, 3, 4, 5), (3, 4, 3, 2), (3, 2), output_padding=(2, 1)),
    "stride beyond kernel": Transposed((2, 2, 4, 3), (2, 3, 2, 2), (5, 4)),
    "stride beyond kernel, more": Transposed((2, 2, 4, 3), (2, 3, 2, 2), (5, 4), 0, (4, 3)),
    "stride beyond kernel, padding": Transposed((2, 2, 4, 3), (2, 3, 2, 2), (5, 4), (3, 2), (4, 0)),
    "dilation 2": Transposed((2, 3, 5, 6), (3, 4, 3, 3), dilation=2),
    "dilation 2, more": Transposed((2, 3, 5, 6), (3, 4, 3, 3), 1, 1, 1, 1, 2),
    "dilation beyond stride, more": Transposed((2, 3, 4, 5), (3, 4, 2, 3), 2, (1, 2), (3, 4), 1, (4, 5)),
    "dilation and stride": Transposed((2, 2, 4, 5), (2, 3, 3, 2), (2, 3), 1, 0, 1, (3, 2)),
    "padding beyond kernel": Transposed((1, 2, 7, 9), (2, 3, 2, 3), 1, 3),
    "padding leaves one pixel": Transposed((1, 2, 3, 3), (2, 3, 3, 3), 1, 2),
    "padding beyond kernel, stride": Transposed((1, 2, 4, 4), (2, 3, 2, 2), 3, 4),
    "groups 2": Transposed((2, 4, 4, 5), (4, 3, 3, 3), 2, 1, 1, 2),
    "groups 3": Transposed((2, 6, 4, 5), (6, 2, 2, 3), (1, 2), 0, 0, 3),
    "depthwise": Transposed((2, 5, 7, 6), (5, 1, 3, 3), 1, 1, 0, 5),
    "depthwise, stride 2": Transposed((2, 5, 4, 6), (5, 1, 3, 3), 2, 1, 1, 5),
    "depthwise, many channels": Transposed((2, 19, 5, 6), (19, 1, 3, 3), 2, 1, 1, 19),
    "depthwise, stride beyond kernel": Transposed((2, 19, 3, 4), (19, 1, 2, 2), 4, 0, 3, 19),
    "three inputs to each output": Transposed((2, 6, 5, 6), (6, 1, 3, 3), 1, 1, 0, 2),
    "two outputs of each input": Transposed((2, 5, 4, 5), (5, 2, 3, 3), 2, 1, 1, 5),
    "one row": Transposed((2, 3, 1, 9), (3, 4, 1, 3), (1, 2), (0, 1), (0, 1)),
    "one column": Transposed((2, 3, 9, 1), (3, 4, 3, 1), (2, 1), (1, 0), (1, 0)),
    "prime channels": Transposed((2, 7, 5, 6), (7, 11, 3, 3), 2, 1),
    "19 to 1": Transposed((2, 19, 6, 7), (19, 1, 3, 3), 2, 1, 1),
    "1 to 19": Transposed((2, 1, 6, 7), (1, 19, 3, 3), 2, 1, 1),
    "33 to 40, stride 2": Transposed((2, 33, 5, 6), (33, 40, 3, 3), 2, 1, 1),
    "70 deep": Transposed((2, 70, 4, 5), (70, 35, 2, 2), 2),
} | {
    f"width {width}, stride {stride}": Transposed((1, 2, 3, width), (2, 3, 2, 3), (1, stride), (0, 1))
    for width in (2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 65)
    for stride in (1, 2, 3)
}
