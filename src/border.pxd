"""Positions by the taps that they meet.

At the border of an image some taps fall outside and meet zeros. An axis is cut into spans of positions that meet the
same taps; a region is a span of rows and one of columns, whose taps have to be summed:

    padding 1, 3 taps       0 | 1 2 3 4 5 | 6       three spans: taps 1 2, taps 0 1 2, taps 0 1
Nothing is multiplied by zeros of the border. As 0 * inf is NaN, that is only right where all weights are finite.
Each region needs tiles and a table of its own, so that an axis is only cut where that saves work: mostly the rows, and
the columns of those rows that are many.
"""
from .band cimport Axis, Band, Piece, ceil_div
from .simd cimport LANES, POINTS
from .tile cimport TILE_CYCLES, Term, shorter_tiles

cdef enum:
    MOST_REGIONS = 32
    TABLE_LINES = 1             # of tiles, that the table of a region costs when it is used,
    ENTRY_CYCLES = 3            # and an entry of it when it is made


cdef struct Span:
    Py_ssize_t start, stop      # positions
    Py_ssize_t tap, taps        # the first tap that meets the source, and how many do


cdef struct Region:
    Span row, column


cdef struct Border:
    Region region[MOST_REGIONS]
    Py_ssize_t regions
    Py_ssize_t table            # entries for each region, in the order c, r, s:
    Term* terms                 # where the taps of a chunk of channels are in the window, and their weights


cdef inline Span whole(const Axis* axis) noexcept nogil:
    cdef Span span
    span.start, span.stop, span.tap, span.taps = 0, axis.grid, 0, axis.taps
    return span


cdef inline Py_ssize_t cut(const Axis* axis, Span* spans) noexcept nogil:
    """The spans of an axis, whose taps are in the order of their offsets or in the opposite one; their number.

    One span is all there is, and more than MOST_REGIONS of them are not cut.
    """
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
            if count == MOST_REGIONS:
                spans[0] = whole(axis)
                return 1
            spans[count].start, spans[count].tap, spans[count].taps = i, tap, taps
            count += 1
        spans[count - 1].stop = i + 1
    return count


cdef inline Py_ssize_t overlap(const Span* span, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
    """How many of `count` positions from `first` on lie in a span."""
    return max(min(span.stop, first + count) - max(span.start, first), 0)


cdef inline Py_ssize_t positions_in(const Region* region, const Piece* at) noexcept nogil:
    return at.images * overlap(&region.row, at.row, at.rows) * overlap(&region.column, at.column, at.columns)


cdef inline double region_cycles(const Region* region, const Band* band, Py_ssize_t height,
                                 Py_ssize_t panels) noexcept nogil:
    """What tiles of `height` positions take there for one channel, about."""
    cdef Py_ssize_t row_item, column_item, positions, tiles = 0, lines = 0, taps = region.row.taps * region.column.taps
    cdef Piece at
    at.images = band.images
    for row_item in range(band.row_items):
        at.row = row_item * band.band_rows
        at.rows = min(band.band_rows, band.row.grid - at.row)
        for column_item in range(band.column_items):
            at.column = column_item * band.columns
            at.columns = min(band.columns, band.column.grid - at.column)
            positions = positions_in(region, &at)
            if positions:
                tiles += ceil_div(positions, height)
                lines += ceil_div(positions, height) * height - shorter_tiles(positions, height) + TABLE_LINES
    return (panels * band.image_items * (<double>lines * taps + tiles * TILE_CYCLES / <double>band.chunk)
            + taps * ENTRY_CYCLES)


cdef inline double cut_rows(Border* border, const Span* rows, Py_ssize_t row_spans, const Span* columns,
                            Py_ssize_t column_spans, const Band* band, Py_ssize_t height,
                            Py_ssize_t panels) noexcept nogil:
    """Make regions of these spans of rows, each with whole columns or cut ones; return their cycles."""
    cdef Py_ssize_t a, b, parts
    cdef double straight, apart, part, cycles = 0
    cdef Region* region
    border.regions = 0
    for a in range(row_spans):
        region = &border.region[border.regions]
        parts = column_spans if border.regions + column_spans + row_spans - a - 1 <= MOST_REGIONS else 0
        straight, apart = 0, 0
        for b in range(-1, parts):                        # -1: whole
            region[max(b, 0)].row = rows[a]
            region[max(b, 0)].column = columns[b] if b >= 0 else whole(&band.column)
            part = region_cycles(&region[max(b, 0)], band, height, panels)
            if b < 0:
                straight = part
            else:
                apart += part
        if parts and apart < straight:
            border.regions += parts
            cycles += apart
        else:
            region.column = whole(&band.column)
            border.regions += 1
            cycles += straight
    return cycles


cdef inline void one_region(Border* border, const Band* band) noexcept nogil:
    border.regions, border.region[0].row, border.region[0].column = 1, whole(&band.row), whole(&band.column)


cdef inline double choose_regions(Border* border, const Band* band, Py_ssize_t height,
                                  Py_ssize_t panels) noexcept nogil:
    """Cut the positions where it saves work; return the share of the work that is left."""
    cdef Span rows[MOST_REGIONS]
    cdef Span columns[MOST_REGIONS]
    cdef Span all_rows = whole(&band.row)
    cdef Py_ssize_t row_spans = cut(&band.row, rows), column_spans = cut(&band.column, columns)
    cdef double cycles, uncut = 0, least = 0
    cdef int attempt, way, best = 0
    for attempt in range(4):                              # uncut, columns cut, rows too; then the best of them again
        way = attempt if attempt < 3 else best
        cycles = cut_rows(border, &rows[0] if way == 2 else &all_rows, row_spans if way == 2 else 1,
                          columns, column_spans if way else 0, band, height, panels)
        if attempt == 0:
            uncut, least = cycles, 0.98 * cycles
        elif cycles < least:
            best, least = way, cycles
    return least / uncut if best else 1


cdef inline void fill_tables(const Border* border, const Band* band) noexcept nogil:
    """For one chunk of channels, in the order c, r, s."""
    cdef Py_ssize_t i, c, r, s
    cdef Term* term
    cdef Span row, column
    for i in range(border.regions):
        row, column = border.region[i].row, border.region[i].column
        term = border.terms + i * border.table
        for c in range(band.chunk):
            for r in range(row.tap, row.tap + row.taps):
                for s in range(column.tap, column.tap + column.taps):
                    term.offset = <int>(c * band.plane + band.row.tap[r].shift * band.pitch
                                        + band.column.tap[s].shift)
                    term.line = <int>((c * band.row.taps + r) * band.column.taps + s) * LANES
                    term += 1


cdef inline void deal(const Border* border, const Band* band, const Piece* at, Py_ssize_t* places,
                      Py_ssize_t* slots) noexcept nogil:
    """Where the positions of an item lie in its window, region after region; slots: which of them is which.

    After each region the last position is repeated, for a tile that goes beyond it.
    """
    cdef Py_ssize_t i, n, p, q, row, column, rows, columns, t = 0, flat = at.images * at.rows * at.columns
    for i in range(border.regions):
        if positions_in(&border.region[i], at) == 0:
            continue
        row = max(border.region[i].row.start - at.row, 0)
        rows = overlap(&border.region[i].row, at.row, at.rows)
        column = max(border.region[i].column.start - at.column, 0)
        columns = overlap(&border.region[i].column, at.column, at.columns)
        for n in range(at.images):
            for p in range(row, row + rows):
                for q in range(column, column + columns):
                    places[t] = n * band.image_size + p * band.row.pace * band.pitch + q * band.column.pace
                    slots[(n * at.rows + p) * at.columns + q] = t
                    t += 1
        for q in range(POINTS):
            places[t + q] = places[t - 1]
        t += POINTS
    for i in range(LANES):
        slots[flat + i] = slots[flat - 1]
