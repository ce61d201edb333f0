"""Correlation with output channels in lanes.

    for each chunk of channels:        lay out the window, unless it is the image            (stays in L2)
        for each panel:                weights were packed once per call                     (stream from L2/L3)
            for each few positions:    tile, reading their pixels one by one                 (registers)
    turn the sums of each panel into planes, adding the bias

Positions are dealt with by the taps that they meet (see border.pxd), in whatever order; `slots` finds their sums.
"""
from libc.string cimport memset

from .band cimport Band, Piece, ceil_div, piece, window
from .border cimport Border, deal, positions_in
from .correlation cimport Correlation
from .panel cimport all_finite, first_vector, pack, unpack
from .simd cimport LANES, POINTS, real
from .tile cimport all_points


cdef inline void pack_panel(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """packed[g][panel][(c, r, s)][i]: one chunk of channels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t chunks = ceil_div(j.channels, j.band.chunk), taps = j.row.taps * j.column.taps
    cdef Py_ssize_t c0 = item % chunks * j.band.chunk, channels = min(j.channels - c0, j.band.chunk)
    cdef Py_ssize_t panel = item // chunks % j.panels.count, group = item // (chunks * j.panels.count), c, r, s
    cdef Py_ssize_t vector = first_vector(&j.panels, panel), stop = first_vector(&j.panels, panel + 1)
    cdef Py_ssize_t width = (stop - vector) * LANES, rows = min(j.rows - vector * LANES, width)
    cdef const real* first = (j.weight + group * j.group_stride + vector * LANES * j.row_stride
                              + c0 * j.channel_stride)
    cdef real* to = j.packed + (group * j.panels.vectors + vector) * LANES * j.depth + c0 * taps * width
    cdef real* line = to
    # As many numbers at a time as follow each other: tap by tap, unless
    cdef Py_ssize_t planes = channels, row_taps = j.row.taps, column_taps = j.column.taps, depth = 1, step = 1
    if taps == 1:
        planes, depth, step = 1, channels, j.channel_stride
    elif taps == j.channel_stride:                        # the weights of a row follow each other
        planes, row_taps, column_taps, depth = 1, 1, 1, channels * taps
    elif taps == j.row_stride:                            # or those of a channel
        row_taps, column_taps, depth = 1, 1, taps
    for c in range(planes):
        for r in range(row_taps):
            for s in range(column_taps):
                pack(first + c * j.channel_stride + j.row.tap[r].index * j.kernel_width + j.column.tap[s].index,
                     step, j.row_stride, depth, rows, width, line)
                line += depth * width
    if not all_finite(to, channels * taps * width):
        j.finite = False                                  # 0 * inf is NaN: taps outside the source count


cdef inline void store_panel(const Correlation* j, const Piece* at, Py_ssize_t panel, const real* c,
                             const Py_ssize_t* slots) noexcept nogil:
    cdef Py_ssize_t vector = first_vector(&j.panels, panel), vectors = first_vector(&j.panels, panel + 1) - vector
    cdef Py_ssize_t length = at.columns, lines = at.rows, area = j.dst_H * j.dst_W, i, n, p, row
    cdef const real* bias
    if j.row_step == j.column_step == 1 and at.columns == j.dst_W:      # rows follow each other
        length, lines = at.rows * at.columns, 1
    for i in range(vectors):
        row = at.group * j.rows + (vector + i) * LANES
        bias = j.bias + row if j.bias != NULL else NULL
        for n in range(at.images):
            for p in range(lines):
                unpack(c + i * LANES, vectors * LANES, slots + (n * lines + p) * length, length, bias,
                       min(j.rows - (vector + i) * LANES, LANES),
                       j.dst + ((at.image + n) * j.groups * j.rows + row) * area
                       + (j.first_row + (at.row + p) * j.row_step) * j.dst_W
                       + j.first_column + at.column * j.column_step,
                       area, j.column_step)


cdef inline void tiles(const Correlation* j, const Border* border, const Piece* at, int vectors, Py_ssize_t channels,
                       const real* first, const Py_ssize_t* places, const real* weights, real* c,
                       bint accumulate) noexcept nogil:
    """All positions of an item and one panel."""
    cdef Py_ssize_t i, count, depth, table, start = 0
    for i in range(border.regions):
        count = positions_in(&border.region[i], at)
        if count == 0:
            continue
        depth, table = channels * border.region[i].row.taps * border.region[i].column.taps, i * border.table
        if depth:
            all_points(vectors, count, depth, first, places + start, border.terms + table, weights,
                       c + start * vectors * LANES, accumulate)
        elif not accumulate:
            memset(c + start * vectors * LANES, 0, count * vectors * LANES * sizeof(real))
        start += count + POINTS


cdef inline void correlate_window(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """An item: some positions and some panels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Band* band = &j.band
    cdef const Border* border = &j.border if j.finite else &j.whole
    cdef Piece at = piece(band, number // j.panel_items)
    cdef Py_ssize_t first_panel = number % j.panel_items * j.panels.count // j.panel_items
    cdef Py_ssize_t stop_panel = (number % j.panel_items + 1) * j.panels.count // j.panel_items
    cdef Py_ssize_t taps = j.row.taps * j.column.taps, area = j.row.size * j.column.size
    cdef Py_ssize_t image_step = j.groups * j.channels * area, chunks = ceil_div(j.channels, band.chunk)
    cdef Py_ssize_t chunk, c0, channels, panel, vector, width
    cdef Py_ssize_t* slots = j.tables + thread * j.table_size
    cdef Py_ssize_t* places = slots + band.flat + LANES
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* c
    cdef const real* source = j.src + at.image * image_step + at.group * j.channels * area
    cdef const real* first
    deal(border, band, &at, places, slots)
    for chunk in range(chunks):
        c0 = chunk * band.chunk
        channels = min(j.channels - c0, band.chunk)
        first = window(band, &at, source + c0 * area, channels, image_step, pixels)
        for panel in range(first_panel, stop_panel):
            vector = first_vector(&j.panels, panel)
            width = first_vector(&j.panels, panel + 1) - vector
            c = pixels + band.size
            if chunks > 1:                                # otherwise one panel's sums are stored before the next begins
                c += (vector - first_vector(&j.panels, first_panel)) * LANES * (j.table_size - band.flat - LANES)
            tiles(j, border, &at, <int>width, channels, first, places,
                  j.packed + ((at.group * j.panels.vectors + vector) * j.depth + c0 * taps * width) * LANES,
                  c, chunk > 0)
            if chunk == chunks - 1:
                store_panel(j, &at, panel, c, slots)
