"""Correlation with pixels in lanes: for few output channels.

    for each chunk of channels:        lay out the band                                      (stays in L1/L2)
        for each TILE_ROWS channels:   weights were packed once per call                     (stream from L2/L3)
            for each run of pixels:    tile, reading the band in place                       (registers)
    store the band, adding the bias

Where the positions of a band lie as those of the result, and all channels are in one chunk, the tile adds the bias and
stores its sums where they belong; the last run begins earlier and computes some pixels twice.
"""
from libc.string cimport memset

from .band cimport Band, Piece, ceil_div, piece, positions
from .correlation cimport Correlation
from .simd cimport LANES, TILE_ROWS, copy_reals, real
from .tile cimport MOST_VECTORS, InPlace, tile_in_place, vectors_of


cdef inline void pack_weights(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """packed[g][block][(c, r, s)][i] = weight of row block*TILE_ROWS + i; rows beyond the last are zero."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t block = item % j.row_blocks, count = min(j.rows - block * TILE_ROWS, TILE_ROWS), c, r, s, i
    cdef const real* first = j.weight + item // j.row_blocks * j.group_stride + block * TILE_ROWS * j.row_stride
    cdef const real* base
    cdef real* to = j.packed + item * j.depth * TILE_ROWS
    for c in range(j.channels):
        for r in range(j.row.taps):
            for s in range(j.column.taps):
                base = first + c * j.channel_stride + j.row.tap[r].index * j.kernel_width + j.column.tap[s].index
                if count == TILE_ROWS:
                    for i in range(TILE_ROWS):
                        to[i] = base[i * j.row_stride]
                else:
                    for i in range(TILE_ROWS):
                        to[i] = base[i * j.row_stride] if i < count else 0
                to += TILE_ROWS


cdef inline void store_band(Correlation* j, const Piece* at, const real* c, Py_ssize_t c_step) noexcept nogil:
    cdef Py_ssize_t n, k, p, q
    cdef const real* sums
    cdef real* line
    cdef real add
    for n in range(at.images):
        for k in range(j.rows):
            add = 0
            if j.bias != NULL:
                add += j.bias[at.group * j.rows + k]      # a sum of -0 becomes +0, as in channel_lanes.pxd
            for p in range(at.rows):
                sums = c + k * c_step + n * j.band.image_size + p * j.band.pitch
                line = j.dst + ((((at.image + n) * j.groups + at.group) * j.rows + k) * j.dst_H
                                + j.first_row + (at.row + p) * j.row_step) * j.dst_W
                line += j.first_column + at.column * j.column_step
                if j.column_step == 1:
                    for q in range(at.columns):
                        line[q] = sums[q] + add
                else:
                    for q in range(at.columns):
                        line[q * j.column_step] = sums[q] + add


cdef inline void store_run(const real* c, Py_ssize_t c_step, Py_ssize_t rows, Py_ssize_t length, real* to,
                           Py_ssize_t area) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        copy_reals(to + i * area, c + i * c_step, length)


cdef inline void correlate_straight(const Correlation* j, const Piece* at, const real* first, const Py_ssize_t* offsets,
                                    real* c, Py_ssize_t c_step) noexcept nogil:
    """A band whose positions lie as in dst: rows of one image, and all channels."""
    cdef Py_ssize_t flat = at.rows * j.dst_W, area = j.dst_H * j.dst_W, block, row, width, start
    cdef const real* weights = j.packed + at.group * j.row_blocks * j.depth * TILE_ROWS
    cdef const real* bias
    cdef real zeros[TILE_ROWS]
    cdef real* to
    cdef int rows
    cdef InPlace tile
    memset(zeros, 0, TILE_ROWS * sizeof(real))
    for block in range(j.row_blocks):
        row = at.group * j.rows + block * TILE_ROWS
        rows = <int>min(j.rows - block * TILE_ROWS, TILE_ROWS)
        width = vectors_of(rows) * LANES
        tile = tile_in_place(rows)
        bias = j.bias + row if j.bias != NULL else zeros                    # a sum of -0 becomes +0
        to = j.dst + (at.image * j.groups * j.rows + row) * area + at.row * j.dst_W
        if flat < width:
            tile(1, j.depth, weights, first, offsets, c, c_step, bias, False)
            store_run(c, c_step, rows, flat, to, area)
        else:
            tile(flat // width, j.depth, weights, first, offsets, to, area, bias, False)
            if flat % width:
                start = flat - width
                tile(1, j.depth, weights, first + start, offsets, to + start, area, bias, False)
        weights += j.depth * TILE_ROWS


cdef inline void correlate_band(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Band* band = &j.band
    cdef Piece at = piece(band, item)
    cdef Py_ssize_t taps = j.row.taps * j.column.taps, area = j.row.size * j.column.size
    cdef Py_ssize_t flat = (at.images - 1) * band.image_size + at.rows * band.pitch
    cdef Py_ssize_t c_step = band.flat + MOST_VECTORS * LANES
    cdef Py_ssize_t chunk, c0, channels, block, width
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* c = pixels + band.size
    cdef const real* source = j.src + (at.image * j.groups + at.group) * j.channels * area
    cdef const real* end = j.src + j.N * j.groups * j.channels * area
    cdef const real* first
    cdef const Py_ssize_t* offsets
    cdef int rows
    cdef InPlace tile
    if j.depth == 0:                                      # a position that no tap meets
        memset(c, 0, j.rows * c_step * sizeof(real))
    else:
        memset(c - j.column.reach - MOST_VECTORS * LANES, 0, (j.column.reach + MOST_VECTORS * LANES) * sizeof(real))
        for chunk in range(ceil_div(j.channels, band.chunk)):
            c0 = chunk * band.chunk
            channels = min(j.channels - c0, band.chunk)
            first = positions(band, &at, source + c0 * area, channels, j.groups * j.channels * area, end,
                              flat + MOST_VECTORS * LANES, pixels, j.offsets, &offsets)
            if j.straight:
                correlate_straight(j, &at, first, offsets, c, c_step)
                return
            for block in range(j.row_blocks):
                rows = <int>min(j.rows - block * TILE_ROWS, TILE_ROWS)
                width = vectors_of(rows) * LANES
                tile = tile_in_place(rows)
                tile(ceil_div(flat, width), channels * taps,
                     j.packed + ((at.group * j.row_blocks + block) * j.depth + c0 * taps) * TILE_ROWS,
                     first, offsets, c + block * TILE_ROWS * c_step, c_step, NULL, chunk > 0)
    store_band(j, &at, c, c_step)
