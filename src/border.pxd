"""Positions by the taps that they meet.

At the border of an image some taps fall outside and meet zeros. An axis is cut into spans of positions that meet the
same taps; a position's span of rows and span of columns then say which taps have to be summed:

    padding 1, 3 taps       0 | 1 2 3 4 5 | 6       three spans: taps 1 2, taps 0 1 2, taps 0 1
Nothing is multiplied by zeros of the border. As 0 * inf is NaN, that is only right where all weights are finite.
Each pair of spans needs tiles of its own, so that an axis is only cut where that saves work.
"""
from .band cimport Axis, Band, Piece, ceil_div
from .simd cimport LANES, POINTS

cdef enum:
    MOST_PAIRS = 32             # of spans


cdef struct Span:
    Py_ssize_t start, stop      # positions
    Py_ssize_t tap, taps        # the first tap that meets the source, and how many do


cdef struct Border:
    Span* row
    Span* column
    Py_ssize_t row_spans, column_spans
    Py_ssize_t table            # entries for each pair of spans, in the order c, r, s:
    Py_ssize_t* offsets         # where the taps of a chunk of channels are in the window ...
    Py_ssize_t* lines           # ... and their weights among those of all taps


cdef inline Py_ssize_t most_spans(const Axis* axis) noexcept nogil:
    """Each tap begins and ceases to meet the source once."""
    return 2 * axis.taps + 1


cdef inline Py_ssize_t whole(const Axis* axis, Span* spans) noexcept nogil:
    spans[0].start, spans[0].stop, spans[0].tap, spans[0].taps = 0, axis.grid, 0, axis.taps
    return 1


cdef inline Py_ssize_t cut(const Axis* axis, Span* spans) noexcept nogil:
    """The spans of an axis, whose taps are in the order of their offsets or in the opposite one; their number."""
    cdef Py_ssize_t i, t, h, tap, taps, count = 0
    for i in range(axis.grid):
        tap, taps = 0, 0
        for t in range(axis.taps):
            h = i * axis.step + axis.tap[t].offset
            if 0 <= h < axis.size:
                if taps == 0:
                    tap = t
                taps += 1
        if count == 0 or spans[count - 1].tap != tap or spans[count - 1].taps != taps:
            spans[count].start, spans[count].tap, spans[count].taps = i, tap, taps
            count += 1
        spans[count - 1].stop = i + 1
    return count


cdef inline Py_ssize_t overlap(const Span* span, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
    """How many of `count` positions from `first` on lie in a span."""
    return max(min(span.stop, first + count) - max(span.start, first), 0)


cdef inline double tile_steps(const Border* border, const Band* band, Py_ssize_t height) noexcept nogil:
    """How many steps of tiles of `height` positions all positions of some images take for one channel."""
    cdef Py_ssize_t row_item, column_item, a, b, rows, columns
    cdef double steps = 0
    for row_item in range(band.row_items):
        for a in range(border.row_spans):
            rows = overlap(&border.row[a], row_item * band.band_rows,
                           min(band.band_rows, band.row.grid - row_item * band.band_rows))
            if rows == 0:
                continue
            for column_item in range(band.column_items):
                for b in range(border.column_spans):
                    columns = overlap(&border.column[b], column_item * band.columns,
                                      min(band.columns, band.column.grid - column_item * band.columns))
                    steps += (ceil_div(band.images * rows * columns, height)
                              * <double>(border.row[a].taps * border.column[b].taps))
    return steps


cdef inline double choose_spans(Border* border, const Band* band, Py_ssize_t height) noexcept nogil:
    """Cut those axes where it saves work; return the share of the work that is left."""
    cdef int way, best = 0
    cdef double steps, least = 0, all_steps = 0
    for way in range(4):
        set_spans(border, band, way)
        if border.row_spans * border.column_spans > MOST_PAIRS:
            continue
        steps = tile_steps(border, band, height)
        if way == 0:
            all_steps = steps
            least = 0.98 * steps
        elif steps < least:
            best, least = way, steps
    set_spans(border, band, best)
    return least / all_steps if best else 1


cdef inline void set_spans(Border* border, const Band* band, int way) noexcept nogil:
    border.row_spans = cut(&band.row, border.row) if way & 1 else whole(&band.row, border.row)
    border.column_spans = cut(&band.column, border.column) if way & 2 else whole(&band.column, border.column)


cdef inline void fill_tables(const Border* border, const Band* band) noexcept nogil:
    """For one chunk of channels, in the order c, r, s."""
    cdef Py_ssize_t a, b, c, r, s, k
    cdef const Span* row
    cdef const Span* column
    for a in range(border.row_spans):
        row = &border.row[a]
        for b in range(border.column_spans):
            column = &border.column[b]
            k = (a * border.column_spans + b) * border.table
            for c in range(band.chunk):
                for r in range(row.tap, row.tap + row.taps):
                    for s in range(column.tap, column.tap + column.taps):
                        border.offsets[k] = (c * band.plane + band.row.tap[r].shift * band.pitch
                                             + band.column.tap[s].shift)
                        border.lines[k] = (c * band.row.taps + r) * band.column.taps + s
                        k += 1


cdef inline void deal(const Border* border, const Band* band, const Piece* at, Py_ssize_t* places,
                      Py_ssize_t* slots) noexcept nogil:
    """Where the positions of an item lie in its window, pair of spans after pair; slots: which of them is which.

    After each pair the last position is repeated, for a tile that goes beyond it.
    """
    cdef Py_ssize_t a, b, n, p, q, i, row, column, rows, columns, t = 0, flat = at.images * at.rows * at.columns
    for a in range(border.row_spans):
        row = max(border.row[a].start - at.row, 0)
        rows = overlap(&border.row[a], at.row, at.rows)
        for b in range(border.column_spans):
            column = max(border.column[b].start - at.column, 0)
            columns = overlap(&border.column[b], at.column, at.columns)
            if rows * columns == 0:
                continue
            for n in range(at.images):
                for p in range(row, row + rows):
                    for q in range(column, column + columns):
                        places[t] = (n * band.image_size + p * band.row.pace * band.pitch + q * band.column.pace)
                        slots[(n * at.rows + p) * at.columns + q] = t
                        t += 1
            for i in range(POINTS):
                places[t + i] = places[t - 1]
            t += POINTS
    for i in range(LANES):
        slots[flat + i] = slots[flat - 1]
