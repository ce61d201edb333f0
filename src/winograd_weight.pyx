"""The gradient of a convolution in its weight by Winograd's F(3x3, 4x4), with a quarter of the multiplications.

The taps are outputs here and the gradient of the outputs is the filter: for each tile of 4 x 4 outputs (in units, see
winograd_tiles.pxd) V = B^T d B of the 6 x 6 pixels below and D = G g G^T of the gradient, and for each of 36 points

    M[c, k] += V[tile, c] * D[tile, k]              summed over tiles in order

and at the end taps = A^T M A. Two ways, by the size of M:

    alone     items: parts of the units     V and D of some units, in buffers of the thread; M             (L2)
              items: channels x panels      the sum over parts in order; taps
    shared    items: units                  V and D, in buffers of all threads                    (L1 -> L3)
              items: channels x panels      M; taps

How many parts there are depends on shapes only, so that no thread changes a bit. A result that is not finite is
reported rather than trusted, as in winograd.pyx.
"""
from ...parallel cimport run, stopping, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport ceil_div, clamp
from .minimal_filter cimport INPUTS, KERNEL, OUTPUTS, POINTS, lanes_to_lines, output_tile
from .geometry cimport Conv, read_geometry
from .simd cimport LANES, real, vec, vec_add, vec_fma, vec_load, vec_set, vec_store, vec_sum
from .winograd_tiles cimport Images, Shape, Tiles, cut, in_vectors, line_reals, see, square, transform_unit
from .workspace cimport Workspace, give_back, reserve, take, whole_lines

cdef enum:
    OWN = 1 << 18               # reals in the V, D and M of a thread, about: they stay in L2
    MOST_PARTS = 16
    PARTS = 1 << 20             # reals in the M of all parts, about
    VALUES = 1 << 20            # reals in the shared V and D, about, or as many as M has: they stay in L3 ...
    SHARED = 7 << 18            # ... and, for each thread, below 8 MB


cdef struct WeightGradient:
    Images images, grads
    Tiles tiles
    Py_ssize_t first, count     # units in the shared V and D
    Py_ssize_t channels, rows   # input and output channels
    Shape tile
    Py_ssize_t panel, panels, blocks            # output channels in one panel; panels; vectors of input channels
    real* products              # M: parts x blocks x panels x POINTS x LANES x panel
    Py_ssize_t block_size, part_size            # reals in M for a block and panel, for a part
    Py_ssize_t parts, units     # parts; units that a part takes at a time
    Py_ssize_t taps_size        # reals
    real* grad_weight
    real* scratch
    Py_ssize_t scratch_size
    int suspect                 # a result is not finite


cdef void multiply(WeightGradient* j, const Images* images, const Images* grads, Py_ssize_t item, Py_ssize_t units,
                   real* m, bint accumulate) noexcept nogil:
    """M of LANES input channels and a panel of output channels, over some units."""
    cdef Py_ssize_t panel = item // j.blocks, block = item % j.blocks, tiles = units * j.tiles.width, p, r
    for p in range(POINTS):
        for r in range(LANES // j.tile.rows):
            j.tile.multiply(tiles, images.values + p * images.point_step + block * LANES + r * j.tile.rows, 1,
                            images.lanes, grads.values + p * grads.point_step + panel * j.panel, grads.lanes,
                            m + (p * LANES + r * j.tile.rows) * j.panel, j.panel, accumulate)


cdef void part_item(void* argument, Py_ssize_t part, int thread) noexcept nogil:
    """M of a part of the units, with V and D of the thread's own."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t unit = part * j.tiles.units // j.parts, stop = (part + 1) * j.tiles.units // j.parts, units, u, item
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* m = j.products + part * j.part_size
    cdef Images images = j.images, grads = j.grads
    cdef bint accumulate = False
    images.values = pixels + whole_lines(line_reals(&j.tiles))
    grads.values = images.values + whole_lines(POINTS * images.point_step)
    while unit < stop and not stopping():
        units = min(j.units, stop - unit)
        for u in range(units):
            transform_unit(&images, &j.tiles, unit + u, u, pixels)
            transform_unit(&grads, &j.tiles, unit + u, u, pixels)
        for item in range(j.blocks * j.panels):
            multiply(j, &images, &grads, item, units, m + item * j.block_size, accumulate)
        accumulate = True
        unit += units


cdef void unit_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """V or D of a unit, for all threads."""
    cdef WeightGradient* j = <WeightGradient*>argument
    transform_unit(&j.images if item % 2 else &j.grads, &j.tiles, j.first + item // 2, item // 2,
                   j.scratch + thread * j.scratch_size)


cdef void store_weights(WeightGradient* j, Py_ssize_t channel, Py_ssize_t row, const real* m,
                        real* taps) noexcept nogil:
    """The taps of LANES input channels and LANES output channels."""
    cdef Py_ssize_t channels = min(j.channels - channel, LANES), rows = min(j.rows - row, LANES), c, t
    cdef vec outputs[KERNEL * KERNEL]
    cdef vec zero = vec_set(0), sum_of_zeros = vec_set(0)
    for c in range(channels):
        output_tile(m + c * j.panel, LANES * j.panel, KERNEL, outputs)
        for t in range(KERNEL * KERNEL):
            sum_of_zeros = vec_fma(outputs[t], zero, sum_of_zeros)
            vec_store(taps + (c * KERNEL * KERNEL + t) * LANES, outputs[t])
    if vec_sum(sum_of_zeros) != 0:
        j.suspect = 1
    lanes_to_lines(taps, channels * KERNEL * KERNEL, j.grad_weight + (row * j.channels + channel) * KERNEL * KERNEL,
                   j.channels * KERNEL * KERNEL, rows)


cdef void store_taps(WeightGradient* j, Py_ssize_t item, const real* m, real* taps) noexcept nogil:
    cdef Py_ssize_t v, row
    for v in range(j.tile.vectors):
        row = item // j.blocks * j.panel + v * LANES
        if row < j.rows:
            store_weights(j, item % j.blocks * LANES, row, m + v * LANES, taps)


cdef void block_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """M of one block and panel over the units at hand; if those are all, the taps."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef real* taps = j.scratch + thread * j.scratch_size
    if j.count == j.tiles.units:
        multiply(j, &j.images, &j.grads, item, j.count, taps + j.taps_size, False)
        store_taps(j, item, taps + j.taps_size, taps)
    else:
        multiply(j, &j.images, &j.grads, item, j.count, j.products + item * j.block_size, j.first > 0)


cdef void sum_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """One block and panel: the parts in order, and back from products to taps."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t part, i
    cdef real* m = j.products + item * j.block_size
    for part in range(1, j.parts):
        for i in range(POINTS * LANES * j.tile.vectors):
            vec_store(m + i * LANES, vec_add(vec_load(m + i * LANES), vec_load(m + part * j.part_size + i * LANES)))
    store_taps(j, item, m, j.scratch + thread * j.scratch_size)


cdef int sum_weights(WeightGradient* j) except -1:
    cdef Tiles* tiles = &j.tiles
    cdef Workspace space
    cdef Py_ssize_t units, images, grads, products, each, items, own, n
    cdef int threads
    cdef bint alone
    j.images.size, j.grads.size = INPUTS, OUTPUTS
    j.images.lanes, j.grads.lanes = in_vectors(j.channels), in_vectors(j.rows)
    j.tile = square(j.rows)
    j.panel, j.blocks = j.tile.vectors * LANES, j.images.lanes // LANES
    j.panels = ceil_div(j.rows, j.panel)
    items = j.blocks * j.panels
    j.block_size = whole_lines(POINTS * LANES * j.panel)
    j.part_size = items * j.block_size
    j.taps_size = whole_lines(KERNEL * KERNEL * LANES * LANES)
    threads = team(max(tiles.units, items), 2.0 * tiles.units * tiles.width * POINTS * j.channels * j.rows)
    own = (OWN - j.part_size) // (POINTS * tiles.width * (j.images.lanes + j.grads.lanes))
    alone = own > 0
    j.parts = clamp(PARTS // j.part_size, 1, min(tiles.units, MOST_PARTS)) if alone else 1
    if alone:
        units = j.units = min(own, ceil_div(tiles.units, j.parts))
    else:
        n = clamp(j.part_size, VALUES, SHARED * <Py_ssize_t>threads)
        units = clamp(n // (POINTS * tiles.width * (j.images.lanes + j.grads.lanes)), 1, tiles.units)
        units = ceil_div(tiles.units, ceil_div(tiles.units, units))
    j.images.point_step = whole_lines(units * tiles.width * j.images.lanes + LANES)
    j.grads.point_step = whole_lines(units * tiles.width * j.grads.lanes + j.panel)     # the last panel may be wider
    images, grads = whole_lines(POINTS * j.images.point_step), whole_lines(POINTS * j.grads.point_step)
    products = whole_lines(j.parts * j.part_size) if alone or units < tiles.units else 0
    each = whole_lines(line_reals(tiles))
    if alone:
        each += images + grads
        images = grads = 0
    each = max(each, j.taps_size + j.block_size)
    j.scratch_size = each
    space.block = NULL
    j.suspect = 0
    try:
        reserve(&space, images + grads + products + threads * each)
        j.images.values, j.grads.values = take(&space, images), take(&space, grads)
        j.products, j.scratch = take(&space, products), take(&space, threads * each)
        with nogil:
            if alone:
                run(part_item, j, j.parts, threads)
            else:
                for n in range(ceil_div(tiles.units, units)):
                    j.first = n * units
                    j.count = min(units, tiles.units - j.first)
                    run(unit_item, j, 2 * j.count, threads)
                    run(block_item, j, items, threads)
            if products:
                run(sum_item, j, items, min(threads, team(items, <double>(j.parts + 4) * j.part_size)))
    finally:
        give_back(&space)
    return 0


def winograd_conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight = the adjoint of conv2d in its weight; returns whether a result is not finite."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient j
    cdef Buffers held
    held.count = 0
    try:
        see(&j.grads, <const real*>pointer(&held, grad_output, READ), v.N, v.K, v.P, v.Q, 0, 0)
        see(&j.images, <const real*>pointer(&held, input, READ), v.N, v.C, v.H, v.W, -v.pad_top, -v.pad_left)
        j.tiles = cut(v.N, v.P, v.Q)
        j.channels, j.rows = v.C, v.K
        j.grad_weight = <real*>pointer(&held, grad_weight, WRITE)
        sum_weights(&j)
        return j.suspect != 0
    finally:
        release(&held)
