"""The gradient of the weight of a convolution with one input channel for each group.

grad_weight[k, 0, r, s] is the dot product of a plane of grad_output and the input that tap (r, s) met, over all images.

    items: output channels x parts of their images, or of their bands
        lay out a band of the input with zeros around it                     (plane.pxd: 20 KB, stays in L1)
        dots: vectors of partial sums, one for each tap                      (stencil.pxd: registers)
    add up the lanes

    small planes, items: LANES output channels x parts of their images
        lay out both planes side by side, one in each lane                   (planes.pxd)
        add the products of all positions; each lane is the sum of its channel

There are as many parts as shapes say, added in order: no thread changes a bit.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport Tap, ceil_div, clamp
from .geometry cimport Conv, read_geometry
from .phases cimport Phases, forward_axis
from .plane cimport Plane, Unit, fill, kernel_of, lay_out, place, unit_of, zeros
from .planes cimport Grid, add_products, few_pixels, new_grid, pack, whole_taps
from .workspace cimport LINE, aligned, memory, whole_lines
from .simd cimport LANES, real, vec_load, vec_sum
from .stencil cimport Dots, dots_of

cdef enum:
    ITEMS = 32                  # about, where there are fewer channels
    MOST_PARTS = 16             # of the sums of one channel


cdef struct WeightGradient:
    Py_ssize_t N, K, share      # output channels that read the same input
    const real* input
    const real* input_end
    const real* grad_output
    const real* grad_end
    Plane plane                 # as in the forward pass; its axes also where planes are small
    Grid grid
    Py_ssize_t taps, kernel
    Py_ssize_t* offset
    Py_ssize_t bands, parts     # of one channel, all images
    real* sums                  # parts x (K, taps); the weight's gradient itself if there is one part
    real* total
    real* scratch
    Py_ssize_t lines_size, scratch_size     # reals per thread


cdef inline void add_dots(WeightGradient* j, const Unit* u, const real* pixels, const real* grad, Py_ssize_t pitch,
                          Py_ssize_t ahead, real* sums) noexcept nogil:
    """Add the products of one band to the vectors of sums of all taps."""
    cdef Py_ssize_t t = 0, columns = j.plane.column.taps, count
    cdef Dots dots = dots_of(j.kernel, 0)
    if j.kernel == 3:
        dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset, grad, pitch, ahead, sums, columns * LANES)
    elif j.kernel > 1:
        for t in range(columns):
            dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset + t, grad, pitch, ahead, sums + t * LANES,
                 columns * LANES)
    else:
        while t < j.taps:
            count = 9 if j.taps - t >= 9 else (4 if j.taps - t >= 4 else 1)
            dots = dots_of(1, count)
            dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset + t, grad, pitch, ahead, sums + t * LANES, 0)
            t += count


cdef void weight_part(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Plane* v = &j.plane
    cdef Py_ssize_t k = item // j.parts, part = item % j.parts, number, n, t
    cdef Py_ssize_t bands = v.row_items * v.column_items
    cdef real* sums = j.scratch + thread * j.scratch_size
    cdef real* lines = sums + whole_lines(j.taps * LANES)
    cdef real* pixels = lines + j.lines_size
    cdef const real* grad
    cdef const real* source
    cdef Unit u
    memset(sums, 0, j.taps * LANES * sizeof(real))
    for number in range(part * j.bands // j.parts, (part + 1) * j.bands // j.parts):
        u = unit_of(v, number % bands)
        n = number // bands
        source = j.input + (n * j.K + k) // j.share * v.row.size * v.column.size
        fill(v, source, j.input_end, u.row, u.rows, u.column, u.columns,
             j.K // j.share * v.row.size * v.column.size if bands == 1 else 0, pixels)
        grad = j.grad_output + ((n * j.K + k) * v.row.grid + u.row) * v.column.grid + u.column
        if u.columns < LANES and grad + (u.rows - 1) * v.column.grid + LANES > j.grad_end:
            memcpy(lines, grad, ((u.rows - 1) * v.column.grid + u.columns) * sizeof(real))
            grad = lines
        add_dots(j, &u, pixels, grad, v.column.grid, j.K * v.row.grid * v.column.grid if bands == 1 else 0, sums)
    for t in range(j.taps):
        j.sums[(part * j.K + k) * j.taps + t] = vec_sum(vec_load(sums + t * LANES))


cdef void weight_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """LANES output channels side by side."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Grid* g = &j.grid
    cdef Py_ssize_t block = item // j.parts, part = item % j.parts, n, k, lane, t
    cdef Py_ssize_t used = min(LANES, j.K - block * LANES)
    cdef real* sums = j.scratch + thread * j.scratch_size
    cdef real* grads = sums + whole_taps(j.taps) * LANES
    cdef real* pixels = grads + g.area * LANES
    cdef const real* from_[LANES]
    memset(sums, 0, whole_taps(j.taps) * LANES * sizeof(real))
    zeros(pixels, g.size)
    for n in range(part * j.N // j.parts, (part + 1) * j.N // j.parts):
        for lane in range(LANES):
            k = block * LANES + min(lane, used - 1)
            from_[lane] = j.input + (n * j.K + k) // j.share * g.source_area
        pack(from_, j.input_end, g.source_area, g.place, pixels)
        for lane in range(LANES):
            from_[lane] = j.grad_output + (n * j.K + block * LANES + min(lane, used - 1)) * g.area
        pack(from_, j.grad_end, g.area, g.to, grads)
        add_products(j.taps, g.area, grads, pixels, g.at, g.offset, sums)
    for lane in range(used):
        for t in range(j.taps):
            j.sums[(part * j.K + block * LANES + lane) * j.taps + t] = sums[t * LANES + lane]


cdef void add_parts(WeightGradient* j) noexcept nogil:
    cdef Py_ssize_t part, t, size = j.K * j.taps
    memcpy(j.total, j.sums, size * sizeof(real))
    for part in range(1, j.parts):
        for t in range(size):
            j.total[t] += j.sums[part * size + t]


cdef int sum_weights(WeightGradient* j, const Conv* v) except -1:
    cdef Plane* plane = &j.plane
    cdef Phases rows, columns
    cdef Py_ssize_t ends[4]
    cdef Py_ssize_t r, s, items, units
    cdef int threads
    cdef bint small
    cdef void* taps = NULL
    cdef void* tables = NULL
    cdef void* scratch = NULL
    cdef real* parts = NULL
    try:
        taps = memory((v.R + v.S) * sizeof(Tap))
        plane.row.tap = <Tap*>taps
        plane.column.tap = plane.row.tap + v.R
        rows.first, columns.first = ends, ends + 2
        forward_axis(&plane.row, &rows, v.R, v.stride_h, v.dilation_h, v.pad_top, v.H, v.P)
        forward_axis(&plane.column, &columns, v.S, v.stride_w, v.dilation_w, v.pad_left, v.W, v.Q)
        small = 2 * v.K >= LANES and few_pixels(&plane.row, &plane.column, &rows, &columns)
        if small:
            tables = new_grid(&j.grid, &plane.row, &plane.column, &rows, &columns, v.R, v.S)
            j.scratch_size = whole_lines((whole_taps(j.taps) + j.grid.area) * LANES + j.grid.size)
            items, units = ceil_div(v.K, LANES), v.N
        else:
            lay_out(plane)
            j.offset = <Py_ssize_t*>memory(j.taps * sizeof(Py_ssize_t))
            tables = j.offset
            for r in range(v.R):
                for s in range(v.S):
                    j.offset[r * v.S + s] = place(plane, r, s)
            j.kernel = kernel_of(&plane.row, 0, v.R, v.S)
            j.lines_size = whole_lines(plane.rows * LANES + LANES)
            j.scratch_size = whole_lines(j.taps * LANES) + j.lines_size + whole_lines(plane.size)
            items, units = v.K, v.N * plane.row_items * plane.column_items
        j.bands = units
        j.parts = clamp(ceil_div(ITEMS, items), 1, min(units, MOST_PARTS))
        items *= j.parts
        threads = team(items, 2.0 * v.N * v.K * v.P * v.Q * (j.taps + 8))
        scratch = memory(threads * j.scratch_size * sizeof(real) + LINE)
        j.scratch = aligned(scratch)
        j.sums = j.total
        if j.parts > 1:
            j.sums = parts = <real*>memory(j.parts * v.K * j.taps * sizeof(real))
        with nogil:
            run(weight_block if small else weight_part, j, items, threads)
            if j.parts > 1:
                add_parts(j)
    finally:
        free(taps)
        free(tables)
        free(scratch)
        free(parts)
    return 0


def depthwise_conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight[k, 0, r, s] = sum over images and outputs of grad_output times the input it met."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient j
    cdef Buffers held
    held.count = 0
    try:
        j.N, j.K, j.share, j.taps = v.N, v.K, v.K // v.C, v.R * v.S
        j.grad_output = <const real*>pointer(&held, grad_output, READ)
        j.grad_end = j.grad_output + v.N * v.K * v.P * v.Q
        j.input = <const real*>pointer(&held, input, READ)
        j.input_end = j.input + v.N * v.C * v.H * v.W
        j.total = <real*>pointer(&held, grad_weight, WRITE)
        sum_weights(&j, &v)
    finally:
        release(&held)
