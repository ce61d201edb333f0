"""Positions by the taps that they meet.

At the border of an image some taps fall outside and meet zeros. An axis is cut into spans of positions that meet the
same taps; a region is a span of rows and one of columns, whose taps have to be summed:

    padding 1, 3 taps       0 | 1 2 3 4 5 | 6       three spans: taps 1 2, taps 0 1 2, taps 0 1
Nothing is multiplied by zeros of the border. As 0 * inf is NaN, that is only right where all weights are finite.
Each region needs tiles and a table of its own, so that an axis is only cut where that saves work: mostly the rows, and
the columns of those rows that are many. Where an axis has phases, each has spans of its own:

    gradient of stride 2    0 2 4 | 6, 1 3 5              taps 0 2, tap 0; tap 1
"""
from libc.string cimport memcpy

from .band cimport Axis, Band, Piece, ceil_div, stand
from .simd cimport LANES, POINTS
from .tile cimport TILE_CYCLES, Term, shorter_tiles

cdef enum:
    MOST_REGIONS = 32
    TABLE_LINES = 1             # of tiles, that the table of a region costs when it is used,
    ENTRY_CYCLES = 3            # and an entry of it when it is made


cdef struct Span:
    Py_ssize_t start, stop, pace        # positions start, start + pace, ...
    Py_ssize_t tap, taps                # the first tap that meets the source, and how many of its phase do


cdef struct Region:
    Span row, column


cdef struct Border:
    Region region[MOST_REGIONS]
    Py_ssize_t regions
    bint is_cut                 # or all taps everywhere
    Py_ssize_t table            # entries for each region, in the order c, r, s:
    Term* terms                 # where the taps of a chunk of channels are in the window, and their weights


cdef inline Py_ssize_t whole(const Axis* axis, Span* spans) noexcept nogil:
    """The spans of an axis if taps that leave the source count too: one for each phase; their number."""
    cdef Py_ssize_t first, t, count = min(axis.phases, axis.grid)
    for first in range(count):
        spans[first].start, spans[first].stop, spans[first].pace = first, axis.grid, axis.phases
        spans[first].tap, spans[first].taps = 0, 0
        for t in range(axis.taps):
            if axis.tap[t].phase == (first + axis.lead) % axis.phases:
                if spans[first].taps == 0:
                    spans[first].tap = t
                spans[first].taps += 1
    return count


cdef inline Py_ssize_t cut(const Axis* axis, Span* spans) noexcept nogil:
    """The spans of an axis, phase after phase; their number, or 0 if there are more than MOST_REGIONS.

    Taps are in the order of their offsets or in the opposite one.
    """
    cdef Py_ssize_t first, phase, i, h, t, tap, taps, begun, count = 0
    for first in range(min(axis.phases, axis.grid)):
        begun, i, phase = count, first, (first + axis.lead) % axis.phases
        h = stand(axis, first)
        while i < axis.grid:
            tap, taps = 0, 0
            for t in range(axis.taps):
                if axis.tap[t].phase == phase and 0 <= h + axis.tap[t].offset < axis.size:
                    if taps == 0:
                        tap = t
                    taps += 1
            if count == begun or spans[count - 1].tap != tap or spans[count - 1].taps != taps:
                if count == MOST_REGIONS:
                    return 0
                spans[count].start, spans[count].pace, spans[count].tap, spans[count].taps = i, axis.phases, tap, taps
                count += 1
            i += axis.phases
            h += axis.step
            spans[count - 1].stop = i
    return count


cdef inline Py_ssize_t first_in(const Span* span, Py_ssize_t position) noexcept nogil:
    """The first of start, start + pace, ... that is not before a position."""
    if position <= span.start:
        return span.start
    return position if span.pace == 1 else span.start + ceil_div(position - span.start, span.pace) * span.pace


cdef inline Py_ssize_t overlap(const Span* span, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
    """How many of `count` positions from `first` on lie in a span."""
    cdef Py_ssize_t length = max(min(span.stop, first + count) - first_in(span, first), 0)
    return length if span.pace == 1 else ceil_div(length, span.pace)


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


cdef struct Cuts:               # of an axis
    Span whole[MOST_REGIONS]    # all taps of a phase
    Span apart[MOST_REGIONS]    # those that meet the source
    Py_ssize_t wholes, aparts


cdef inline Cuts cuts_of(const Axis* axis) noexcept nogil:
    cdef Cuts c
    c.wholes, c.aparts = whole(axis, c.whole), cut(axis, c.apart)
    return c


cdef inline double cut_rows(Border* border, const Cuts* rows, bint rows_apart, const Cuts* columns, bint columns_apart,
                            const Band* band, Py_ssize_t height, Py_ssize_t panels) noexcept nogil:
    """Make regions of spans of rows, each with whole columns or, if that is allowed, cut ones; return their cycles."""
    cdef Py_ssize_t a, b, spans, row_spans = rows.aparts if rows_apart else rows.wholes
    cdef double straight, apart, part, cycles = 0
    cdef Region* region
    cdef int way
    border.regions = 0
    for a in range(row_spans):
        region = &border.region[border.regions]
        spans = columns.aparts if columns_apart else 0
        if border.regions + spans + (row_spans - a - 1) * columns.wholes > MOST_REGIONS:
            spans = 0
        straight, apart = 0, 0
        for way in range(3):                              # whole, cut, and whole again if that was better
            if way and spans == 0 or way == 2 and apart < straight:
                continue
            part = 0
            for b in range(spans if way == 1 else columns.wholes):
                region[b].row = rows.apart[a] if rows_apart else rows.whole[a]
                region[b].column = columns.apart[b] if way == 1 else columns.whole[b]
                part += region_cycles(&region[b], band, height, panels)
            if way == 1:
                apart = part
            else:
                straight = part
        if spans and apart < straight:
            border.regions += spans
            cycles += apart
        else:
            border.regions += columns.wholes
            cycles += straight
    return cycles


cdef inline double choose_regions(Border* uncut, Border* border, const Band* band, Py_ssize_t height,
                                  Py_ssize_t panels) noexcept nogil:
    """Cut the positions where it saves work; return the share of the work that is left. uncut: all taps everywhere."""
    cdef Cuts rows = cuts_of(&band.row), columns = cuts_of(&band.column)
    cdef double cycles, all_cycles = 0, least = 0
    cdef int attempt, way, last = 0, best = 0
    for attempt in range(4):                              # uncut, columns cut, rows too; then the best of them again
        way = attempt if attempt < 3 else best
        if attempt == 3 and last == best:
            break
        if way == 1 and columns.aparts <= columns.wholes or way == 2 and not (
                rows.wholes < rows.aparts and rows.aparts * columns.wholes <= MOST_REGIONS):
            continue
        last = way
        cycles = cut_rows(border, &rows, way == 2, &columns, way > 0, band, height, panels)
        if attempt == 0:
            all_cycles, least = cycles, 0.98 * cycles
            uncut.regions = border.regions
            memcpy(uncut.region, border.region, border.regions * sizeof(Region))
        elif cycles < least:
            best, least = way, cycles
    uncut.is_cut, border.is_cut = False, best > 0
    return least / all_cycles if best else 1


cdef inline void fill_tables(const Border* border, const Band* band) noexcept nogil:
    """For one chunk of channels, in the order c, r, s."""
    cdef Py_ssize_t i, c, r, s, _a, _b
    cdef Term* term
    cdef const Region* region
    for i in range(border.regions):
        region = &border.region[i]
        term = border.terms + i * border.table
        for c in range(band.chunk):
            r = region.row.tap
            for _a in range(region.row.taps):
                s = region.column.tap
                for _b in range(region.column.taps):
                    term.offset = <int>(c * band.plane + band.row.tap[r].shift * band.pitch
                                        + band.column.tap[s].shift)
                    term.line = <int>((c * band.row.taps + r) * band.column.taps + s) * LANES
                    term += 1
                    s += band.column.skip
                r += band.row.skip


cdef inline void deal(const Border* border, const Band* band, const Piece* at, Py_ssize_t* places,
                      Py_ssize_t* slots) noexcept nogil:
    """Where the positions of an item lie in its window, region after region; slots: which of them is which.

    After each region the last position is repeated, for a tile that goes beyond it.
    """
    cdef Py_ssize_t i, n, p, q, row, column, rows, columns, line, start, place, t = 0
    cdef Py_ssize_t flat = at.images * at.rows * at.columns, step = band.column.step, pace
    cdef Py_ssize_t* slot
    cdef const Region* region
    for i in range(border.regions):
        region = &border.region[i]
        if positions_in(region, at) == 0:
            continue
        row, rows = first_in(&region.row, at.row), overlap(&region.row, at.row, at.rows)
        column, columns = first_in(&region.column, at.column), overlap(&region.column, at.column, at.columns)
        line = stand(&band.row, row) - stand(&band.row, at.row)
        start = stand(&band.column, column) - stand(&band.column, at.column)
        pace = region.column.pace
        for n in range(at.images):
            for p in range(rows):
                place = n * band.image_size + (line + p * band.row.step) * band.pitch + start
                slot = slots + (n * at.rows + row - at.row + p * region.row.pace) * at.columns + column - at.column
                for q in range(columns):
                    places[t] = place
                    slot[q * pace] = t
                    place += step
                    t += 1
        for q in range(POINTS):
            places[t + q] = places[t - 1]
        t += POINTS
    for i in range(LANES):
        slots[flat + i] = slots[flat - 1]
