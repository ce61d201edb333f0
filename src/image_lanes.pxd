"""Correlation with images in lanes: for small maps and few output channels.

    for each LANES images:             stack them                                            (stays in L2)
        for each TILE_ROWS channels:   weights were packed once per call                     (stay in L1)
            for each few pixels of a row:  tile, over the taps that meet the source          (registers)
        put the sums of each channel back into images

Rows of taps are left out where they do not meet the source, columns where they meet it for no pixel of a tile; for the
other pixels there are a few columns of zeros. As 0 * inf is NaN, that is only right where all weights are finite.
"""
from libc.string cimport memset

from .band cimport Axis, Band, Piece, ceil_div, clamp, piece
from .correlation cimport Correlation
from .planes cimport unpack
from .simd cimport LANES, TILE_ROWS, real
from .stack cimport STACK, TURN_CYCLES, Stack, stack_images
from .tile cimport MOST_VECTORS, TILE_CYCLES, Nest, NestTile, tile_of_taps, vectors_of
from .workspace cimport whole_lines


cdef struct Meeting:            # taps of an axis that meet the source
    Py_ssize_t tap, taps


cdef inline Meeting meeting(const Axis* axis, Py_ssize_t position, Py_ssize_t positions) noexcept nogil:
    """For any of some positions, a step apart."""
    cdef Meeting m
    cdef Py_ssize_t t, first
    m.tap, m.taps = 0, 0
    for t in range(axis.taps):
        first = position * axis.step + axis.tap[t].offset
        if first + (positions - 1) * axis.step >= 0 and first < axis.size:
            if m.taps == 0:
                m.tap = t
            m.taps = t + 1 - m.tap
    return m


cdef inline Py_ssize_t lowest(const Axis* axis) noexcept nogil:
    return min(axis.tap[0].offset, axis.tap[axis.taps - 1].offset)


cdef inline Py_ssize_t highest(const Axis* axis) noexcept nogil:
    return max(axis.tap[0].offset, axis.tap[axis.taps - 1].offset)


cdef inline Py_ssize_t spacing(const Axis* axis) noexcept nogil:
    """From tap to tap: taps that meet a position are equally far apart."""
    return axis.tap[1].offset - axis.tap[0].offset if axis.taps > 1 else 0


cdef inline Py_ssize_t first_line(const Axis* row, Py_ssize_t position) noexcept nogil:
    """The first source row that positions from here on see."""
    return clamp(position * row.step + lowest(row), 0, row.size)


cdef inline Py_ssize_t last_line(const Axis* row, Py_ssize_t position) noexcept nogil:
    """The end of the source rows that positions up to here see."""
    return clamp(position * row.step + highest(row) + 1, 0, row.size)


cdef inline double tile_cycles(const Band* band, int rows) noexcept nogil:
    """What the tiles of up to TILE_ROWS channels take for LANES images and one source channel."""
    cdef Py_ssize_t width = vectors_of(rows), p, t, row_taps = 0, column_taps = 0, tiles
    tiles = ceil_div(band.column.grid, width)
    for p in range(band.row.grid):
        row_taps += meeting(&band.row, p, 1).taps
    for t in range(tiles):
        column_taps += meeting(&band.column, max(min(t * width, band.column.grid - width), 0),
                               min(width, band.column.grid)).taps
    return (0.5 * rows * width * row_taps * column_taps
            + TILE_CYCLES * band.row.grid * tiles / <double>band.channels)


cdef inline void cut_rows(Band* band, Py_ssize_t rows) noexcept nogil:
    """An item has up to so many rows of LANES images."""
    cdef Axis* row = &band.row
    cdef Py_ssize_t lines
    band.row_items = ceil_div(row.grid, rows)
    band.band_rows = ceil_div(row.grid, band.row_items)
    lines = min(row.size, (band.band_rows - 1) * row.step + highest(row) - lowest(row) + 1)
    band.plane = lines * band.pitch * LANES
    band.flat = band.band_rows * max(band.columns, MOST_VECTORS)
    band.size = whole_lines(band.channels * band.plane)


cdef inline double plan_images(Band* band, Py_ssize_t items) noexcept nogil:
    """Lay out an item for axes, N, channels and rows that the caller has set; return the cycles that a channel costs.

    items: as many as are wanted in all. Negative: what cannot be laid out so, or is too large.
    """
    cdef Axis* column = &band.column
    cdef Py_ssize_t overhang = MOST_VECTORS - 1, last = ceil_div(band.rows, TILE_ROWS) - 1
    cdef double cycles
    if column.step != 1:
        return -1
    band.images, band.image_items = LANES, ceil_div(band.N, LANES)
    band.columns, band.column_items = column.grid, 1
    band.pitch = column.size + clamp(-lowest(column), 0, overhang)
    if column.grid < MOST_VECTORS:
        band.pitch += overhang
    else:
        band.pitch += clamp(column.grid + highest(column) - column.size, 0, overhang)
    cut_rows(band, ceil_div(band.row.grid, clamp(ceil_div(items, band.image_items), 1, band.row.grid)))
    while band.size + band.rows * band.flat * LANES > STACK and band.band_rows > 1:
        cut_rows(band, band.band_rows - 1)
    if band.size + band.rows * band.flat * LANES > STACK:
        return -1
    cycles = last * tile_cycles(band, TILE_ROWS) + tile_cycles(band, <int>(band.rows - last * TILE_ROWS))
    return band.image_items * (cycles + TURN_CYCLES * (band.row_items * band.plane / <double>LANES
                                                       + band.rows * band.row.grid * column.grid
                                                       / <double>band.channels))


cdef inline void put_back(const Correlation* j, const Piece* at, const real* sums, Py_ssize_t pitch) noexcept nogil:
    """Rows of positions, `pitch` of them from row to row, to where they belong."""
    cdef Py_ssize_t area = j.dst_H * j.dst_W, length = at.columns, lines = at.rows, k, p, x, lane
    cdef real* planes[LANES]
    if pitch == length and j.row_step == j.column_step == 1:            # rows follow each other
        length, lines = length * lines, 1
    for k in range(j.rows):
        for p in range(lines):
            for lane in range(at.images):
                planes[lane] = (j.dst + (((at.image + lane) * j.groups + at.group) * j.rows + k) * area
                                + (j.first_row + (at.row + p) * j.row_step) * j.dst_W + j.first_column)
            if j.column_step == 1:
                unpack(sums + p * pitch * LANES, length, planes, at.images)
            else:
                for x in range(length):
                    for lane in range(at.images):
                        planes[lane][x * j.column_step] = sums[(p * pitch + x) * LANES + lane]
        sums += j.band.flat * LANES


cdef inline void correlate_images(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """An item: LANES images, some rows, all channels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Band* band = &j.band
    cdef Piece at = piece(band, item)
    cdef Py_ssize_t width = j.column.taps * TILE_ROWS, line = band.pitch * LANES, pitch = max(at.columns, MOST_VECTORS)
    cdef Py_ssize_t area = j.row.size * j.column.size, image_step = j.groups * j.channels * area
    cdef Py_ssize_t block, p, t, tile_width, tiles, start
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* sums = pixels + band.size
    cdef real* c
    cdef const real* weights = j.packed + at.group * j.row_blocks * j.depth * TILE_ROWS
    cdef const real* bias
    cdef const real* source
    cdef real zeros[TILE_ROWS]
    cdef Meeting rows, columns
    cdef NestTile tile
    cdef Nest nest
    cdef Stack stack
    cdef int height
    memset(zeros, 0, TILE_ROWS * sizeof(real))
    stack.first = first_line(&j.row, at.row)
    stack.lines = last_line(&j.row, at.row + at.rows - 1) - stack.first
    stack.width, stack.pitch, stack.plane = j.column.size, band.pitch, band.plane
    stack.top, stack.left = 0, clamp(-lowest(&j.column), 0, MOST_VECTORS - 1)
    stack_images(&stack, j.src + at.image * image_step + at.group * j.channels * area, at.images, image_step,
                 j.channels, area, j.src + j.N * image_step, j.tables + thread * j.table_size, pixels)
    nest.channels, nest.a_channel, nest.a_row = j.channels, j.row.taps * width, width
    nest.b_channel, nest.b_row, nest.b_column = band.plane, spacing(&j.row) * line, spacing(&j.column) * LANES
    for block in range(j.row_blocks):
        height = <int>min(j.rows - block * TILE_ROWS, TILE_ROWS)
        tile, tile_width = tile_of_taps(height), vectors_of(height)
        tiles = ceil_div(at.columns, tile_width)
        bias = zeros                                      # a sum of -0 becomes +0
        if j.bias != NULL:
            bias = j.bias + at.group * j.rows + block * TILE_ROWS
        for p in range(at.rows):
            rows = meeting(&j.row, at.row + p, 1)
            nest.rows = rows.taps
            source = pixels + ((at.row + p) * j.row.step + j.row.tap[rows.tap].offset - stack.first) * line
            c = sums + (block * TILE_ROWS * band.flat + p * pitch) * LANES
            for t in range(tiles):
                start = max(min(t * tile_width, at.columns - tile_width), 0)
                columns = meeting(&j.column, start, min(tile_width, at.columns))
                nest.columns = columns.taps
                tile(1, &nest, weights + rows.tap * width + columns.tap * TILE_ROWS,
                     source + (stack.left + start + j.column.tap[columns.tap].offset) * LANES, c + start * LANES,
                     band.flat * LANES, bias)
        weights += j.depth * TILE_ROWS
    put_back(j, &at, sums, pitch)
