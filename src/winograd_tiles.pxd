"""Images in tiles of 4 x 4 outputs, their transforms with channels in lanes, and the products of transforms.

A unit is a row of tiles (a part of it in wide images). Units are numbered over images, so that small maps fill the
products. V = B^T d B of the tiles of some units lies as

    values[point][tile][channel]        36 points; tiles of a unit follow each other; channels padded to vectors

so that a product of one point is a small matrix product, whose register tile is picked by `widest` or `square`.
"""
from libc.string cimport memset

from .band cimport ceil_div
from .minimal_filter cimport INPUTS, OUTPUTS, filter_tile, image_tile, lines_to_lanes
from .simd cimport LANES, NO_SUMS, TILE_ROWS, real, vec, vec_fma, vec_load, vec_set, vec_store
from .tile cimport shorter_tiles

cdef enum:
    WIDTH = 56                  # tiles in a unit, at most
    MOST_ROWS = 12              # tiles, or channels, in a register tile


cdef inline int square_rows() noexcept nogil:
    """Channels in lanes on one side of a tile, so many on the other: a divisor of LANES."""
    return min(8 if TILE_ROWS == 8 else 4, LANES)


ctypedef void (*Product)(
    Py_ssize_t depth,                           # at least 1
    const real* a, Py_ssize_t a_row, Py_ssize_t a_k,
    const real* b, Py_ssize_t b_k,              # vectors side by side
    real* c, Py_ssize_t c_row,
    bint accumulate,
) noexcept nogil


cdef inline void product(
    const int rows, const int vectors,          # constants at every call
    Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b, Py_ssize_t b_k,
    real* c, Py_ssize_t c_row, bint accumulate,
) noexcept nogil:
    """C[i, j] (+)= sum over k of A[i, k] * B[k, j], where j runs over vectors."""
    cdef vec acc[MOST_ROWS][4]
    cdef vec held[4]
    cdef vec one
    cdef const real* sums = <const real*>c if accumulate else NO_SUMS
    cdef Py_ssize_t sums_row = c_row if accumulate else 0
    cdef int i, j
    for i in range(rows):
        for j in range(vectors):
            acc[i][j] = vec_load(sums + i * sums_row + j * LANES)
    while True:
        for j in range(vectors):
            held[j] = vec_load(b + j * LANES)
        for i in range(rows):
            one = vec_set(a[i * a_row])
            for j in range(vectors):
                acc[i][j] = vec_fma(one, held[j], acc[i][j])
        a += a_k
        b += b_k
        depth -= 1
        if depth == 0:
            break
    for i in range(rows):
        for j in range(vectors):
            vec_store(c + i * c_row + j * LANES, acc[i][j])


cdef inline void product_8x1(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 1, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_8x2(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 2, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_8x3(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 3, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_12x1(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(12, 1, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_11x1(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(11, 1, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_12x2(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(12 if TILE_ROWS == 8 else 6, 2, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_11x2(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(11 if TILE_ROWS == 8 else 5, 2, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_7x3(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows() - 1, 3, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_6x4(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(6, 4, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_5x4(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(5, 4, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef struct Shape:              # of a register tile
    int rows, vectors
    Product multiply
    Product shorter             # by one row


cdef inline Shape shape(int vectors) noexcept nogil:
    cdef Shape found
    found.vectors = vectors
    if TILE_ROWS == 8 and vectors == 4:
        found.rows, found.multiply, found.shorter = 6, product_6x4, product_5x4
    elif TILE_ROWS == 8 and vectors == 3:
        found.rows, found.multiply, found.shorter = 8, product_8x3, product_7x3
    elif vectors == 2:
        found.rows, found.multiply, found.shorter = (12 if TILE_ROWS == 8 else 6), product_12x2, product_11x2
    else:
        found.rows, found.multiply, found.shorter = 12, product_12x1, product_11x1
    return found


cdef inline Py_ssize_t rows_computed(const Shape* tile, Py_ssize_t rows) noexcept nogil:
    """As many as asked for, or a few more."""
    return ceil_div(rows, tile.rows) * tile.rows - shorter_tiles(rows, tile.rows)


cdef inline void multiply_rows(
    const Shape* tile, Py_ssize_t rows, Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k,
    const real* b, Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate,
) noexcept nogil:
    """Tiles below each other: rows_computed() of them, where those before the last are full."""
    cdef Py_ssize_t tiles = ceil_div(rows, tile.rows), height = tile.rows, t
    cdef Py_ssize_t full = tiles - shorter_tiles(rows, tile.rows)
    cdef Product product = tile.multiply
    for t in range(tiles):
        if t == full:
            product = tile.shorter
            height -= 1
        product(depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)
        a += height * a_row
        c += height * c_row


cdef inline Shape widest(Py_ssize_t lanes, Py_ssize_t tiles) noexcept nogil:
    """The tile that computes least in vain for so many output channels and tiles; the widest of those."""
    cdef Shape found = shape(1), tried
    cdef Py_ssize_t vectors = (lanes + LANES - 1) // LANES, least = -1, cost
    cdef int v
    for v in range(4 if TILE_ROWS == 8 else 2, 0, -1):
        tried = shape(v)
        cost = rows_computed(&tried, tiles) * ceil_div(vectors, v) * v
        if v == 1:
            cost += cost // 2                   # two loads for a multiplication instead of one
        if least < 0 or cost < least:
            least, found = cost, tried
    return found


cdef inline Shape square(Py_ssize_t lanes) noexcept nogil:
    """The tile with square_rows() rows for so many output channels."""
    cdef Shape found = widest(lanes, MOST_ROWS * LANES)
    if found.vectors == 4:
        found.vectors = 2
    found.rows = square_rows()
    found.multiply = product_8x1 if found.vectors == 1 else product_8x2 if found.vectors == 2 else product_8x3
    return found


cdef struct Images:             # planes that tiles read
    const real* first
    const real* end
    Py_ssize_t channels, H, W
    Py_ssize_t top, left        # of the first tile, outside the image if negative
    Py_ssize_t size             # of a tile: INPUTS pixels of an image, OUTPUTS of a gradient
    Py_ssize_t lanes            # channels rounded up to vectors
    real* values                # the transform: POINTS x tiles x lanes
    Py_ssize_t point_step


cdef struct Tiles:
    Py_ssize_t N, rows, parts, width            # images; units in a column, in a row; tiles in a unit
    Py_ssize_t units                            # N * rows * parts


cdef inline Tiles cut(Py_ssize_t N, Py_ssize_t P, Py_ssize_t Q) noexcept nogil:
    cdef Tiles t
    cdef Py_ssize_t columns = ceil_div(Q, OUTPUTS)
    t.N, t.rows = N, ceil_div(P, OUTPUTS)
    t.parts = ceil_div(columns, WIDTH)
    t.width = ceil_div(columns, t.parts)
    t.units = N * t.rows * t.parts
    return t


cdef inline void lay_out(const Images* images, const Tiles* tiles, Py_ssize_t unit, Py_ssize_t channel,
                         real* to) noexcept nogil:
    """The pixels of a unit for LANES channels: `size` rows, zero outside the image."""
    cdef Py_ssize_t columns = OUTPUTS * (tiles.width - 1) + images.size, count = min(images.channels - channel, LANES)
    cdef Py_ssize_t top = images.top + unit // tiles.parts % tiles.rows * OUTPUTS
    cdef Py_ssize_t left = images.left + unit % tiles.parts * tiles.width * OUTPUTS
    cdef Py_ssize_t x0 = max(0, -left), x1 = min(columns, images.W - left), y, area = images.H * images.W
    cdef const real* plane = images.first + (unit // (tiles.parts * tiles.rows) * images.channels + channel) * area
    for y in range(images.size):
        if top + y < 0 or top + y >= images.H or x1 <= x0:
            memset(to, 0, columns * LANES * sizeof(real))
        else:
            memset(to, 0, x0 * LANES * sizeof(real))
            lines_to_lanes(plane + (top + y) * images.W + left + x0, area, count, x1 - x0, images.end, to + x0 * LANES)
            memset(to + x1 * LANES, 0, (columns - x1) * LANES * sizeof(real))
        to += columns * LANES


cdef inline void transform_unit(const Images* images, const Tiles* tiles, Py_ssize_t unit, Py_ssize_t place,
                                real* pixels) noexcept nogil:
    """Put V of a unit where unit number `place` of the values belongs; `pixels` holds line_reals()."""
    cdef Py_ssize_t block, j, columns = OUTPUTS * (tiles.width - 1) + images.size
    cdef real* to
    for block in range(images.lanes // LANES):
        lay_out(images, tiles, unit, block * LANES, pixels)
        to = images.values + place * tiles.width * images.lanes + block * LANES
        for j in range(tiles.width):
            if images.size == INPUTS:
                image_tile(pixels + j * OUTPUTS * LANES, columns * LANES, to, images.point_step)
            else:
                filter_tile(pixels + j * OUTPUTS * LANES, columns * LANES, LANES, OUTPUTS, to, images.point_step)
            to += images.lanes


cdef inline Py_ssize_t line_reals(const Tiles* tiles) noexcept nogil:
    """What the pixels of a unit take."""
    return INPUTS * (OUTPUTS * (tiles.width - 1) + INPUTS) * LANES


cdef inline Py_ssize_t in_vectors(Py_ssize_t channels) noexcept nogil:
    return ceil_div(channels, LANES) * LANES


cdef inline void see(Images* images, const real* first, Py_ssize_t N, Py_ssize_t channels, Py_ssize_t H, Py_ssize_t W,
                     Py_ssize_t top, Py_ssize_t left) noexcept nogil:
    images.first, images.end = first, first + N * channels * H * W
    images.channels, images.H, images.W = channels, H, W
    images.top, images.left = top, left
