"""The rows of a summary as text and as HTML."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from .observation import Shapes


class Row(NamedTuple):
    """One call of one module."""

    name: str
    """The dotted name of the module, empty for the model itself."""
    type: str
    depth: int
    leaf: bool
    """Whether it called no other module."""
    input_shape: Shapes
    output_shape: Shapes
    """None if the module was not called."""
    parameters: int
    """Numbers in the parameters of the module itself that no row before has."""
    multiply_adds: int
    activation_bytes: int
    """Memory of the output, 0 for a view."""
    forward_ms: float | None = None
    backward_ms: float | None = None
    forward_share: float | None = None
    """Of the machine's peak."""
    backward_share: float | None = None


def size(count: int) -> str:
    """Bytes for people.

    Examples
    --------
    >>> size(470), size(6_123_000)
    ('470 B', '6.1 MB')
    """
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def shape(value: Shapes) -> str:
    """A shape for people."""
    return "not called" if value is None else str(value)


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The heading and the texts of all rows."""
    timed = any(row.forward_ms is not None for row in rows)
    shared = any(row.forward_share is not None for row in rows)
    heading = ["layer", "output shape", "parameters", "multiply-adds", "activations"]
    if timed:
        heading += ["forward ms", "of peak"] if shared else ["forward ms"]
        heading += ["backward ms", "of peak"] if shared else ["backward ms"]
    lines = []
    for row in rows:
        last = row.name.rpartition(".")[2]
        line = [
            "  " * row.depth + (f"{last} ({row.type})" if last else row.type),
            shape(row.output_shape),
            f"{row.parameters:,}" if row.parameters else "",
            f"{row.multiply_adds:,}" if row.multiply_adds else "",
            size(row.activation_bytes) if row.activation_bytes else "",
        ]
        if timed:
            for ms, share in ((row.forward_ms, row.forward_share), (row.backward_ms, row.backward_share)):
                line.append("" if ms is None else f"{ms:.3f}")
                if shared:
                    line.append(_share(share))
        lines.append(line)
    return heading, lines


def text(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The table with a rule below its heading, and the notes below it."""
    heading, lines = cells(rows)
    widths = [max(map(len, column)) for column in zip(heading, *lines, strict=True)]
    aligned = [
        "  ".join(
            [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
            + [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        ).rstrip()
        for line in (heading, *lines)
    ]
    rule = "-" * max(map(len, aligned))
    return "\n".join([aligned[0], rule, *aligned[1:], rule, *notes])


def html(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The table for a notebook."""
    heading, lines = cells(rows)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heading)
    body = []
    for row, line in zip(rows, lines, strict=True):
        first = f'<td style="text-align:left;padding-left:{row.depth + 0.5}em">{escape(line[0].strip())}</td>'
        second = f'<td style="text-align:left">{escape(line[1])}</td>'
        body.append(f"<tr>{first}{second}{''.join(f'<td>{escape(cell)}</td>' for cell in line[2:])}</tr>")
    below = "<br>".join(map(escape, notes))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table><p>{below}</p>"
