"""Layers that are products of matrices: the fully connected layer, output = input . weight^T + bias, and its gradients;
and convolution with a kernel of 1x1.
"""
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .gemm cimport Gemm, gemm
from .geometry cimport Conv, read_geometry
from .simd cimport LANES, TILE_COLUMNS, TILE_ROWS, real, vec, vec_add, vec_load, vec_set, vec_store
from .tile cimport packed_tile

cdef enum:
    BIAS_VECTORS = 8            # of columns, in one item of the sum
    BIAS_BLOCK = BIAS_VECTORS * LANES
    PEAK_DEPTH = 128            # tiles of this depth stay in the nearest cache


def linear(input, weight, bias, output):
    """output[m, o] = bias[o] + sum over i of input[m, i] * weight[o, i]."""
    cdef Gemm g
    cdef Buffers held
    held.count = 0
    try:
        g.a = <const real*>pointer(&held, input, READ)
        g.M, g.depth = last(&held).shape[0], last(&held).shape[1]
        g.b = <const real*>pointer(&held, weight, READ)
        g.N = last(&held).shape[0]
        g.bias = <const real*>pointer(&held, bias, READ)
        g.c = <real*>pointer(&held, output, WRITE)
        g.a_row, g.a_k, g.b_k, g.b_column = g.depth, 1, 1, g.depth
        g.count, g.cycle, g.row_bias = 1, 1, NULL
        gemm(&g)
    finally:
        release(&held)


def linear_grad_input(grad_output, weight, grad_input):
    """grad_input[m, i] = sum over o of grad_output[m, o] * weight[o, i]."""
    cdef Gemm g
    cdef Buffers held
    held.count = 0
    try:
        g.a = <const real*>pointer(&held, grad_output, READ)
        g.M, g.depth = last(&held).shape[0], last(&held).shape[1]
        g.b = <const real*>pointer(&held, weight, READ)
        g.N = last(&held).shape[1]
        g.bias = NULL
        g.c = <real*>pointer(&held, grad_input, WRITE)
        g.a_row, g.a_k, g.b_k, g.b_column = g.depth, 1, g.N, 1
        g.count, g.cycle, g.row_bias = 1, 1, NULL
        gemm(&g)
    finally:
        release(&held)


def linear_grad_weight(grad_output, input, grad_weight):
    """grad_weight[o, i] = sum over m of grad_output[m, o] * input[m, i]."""
    cdef Gemm g
    cdef Buffers held
    held.count = 0
    try:
        g.a = <const real*>pointer(&held, grad_output, READ)
        g.depth, g.M = last(&held).shape[0], last(&held).shape[1]
        g.b = <const real*>pointer(&held, input, READ)
        g.N = last(&held).shape[1]
        g.bias = NULL
        g.c = <real*>pointer(&held, grad_weight, WRITE)
        g.a_row, g.a_k, g.b_k, g.b_column = 1, g.M, g.N, 1
        g.count, g.cycle, g.row_bias = 1, 1, NULL
        gemm(&g)
    finally:
        release(&held)


def pointwise_conv2d(input, weight, bias, output, geometry):
    """conv2d with a kernel of 1x1, stride 1 and no padding: a product of matrices for each image and group."""
    cdef Conv v = read_geometry(geometry)
    cdef Gemm g
    cdef Buffers held
    held.count = 0
    try:
        g.count, g.cycle = v.N * v.groups, v.groups
        g.M, g.N, g.depth = v.K // v.groups, v.P * v.Q, v.C // v.groups
        g.a = <const real*>pointer(&held, weight, READ)
        g.b = <const real*>pointer(&held, input, READ)
        g.bias, g.row_bias = NULL, <const real*>pointer(&held, bias, READ)
        g.c = <real*>pointer(&held, output, WRITE)
        g.a_row, g.a_k, g.b_k, g.b_column = g.depth, 1, g.N, 1
        gemm(&g)
    finally:
        release(&held)


def pointwise_conv2d_grad_input(grad_output, weight, grad_input, geometry, bias=None):
    """grad_input = the adjoint of pointwise_conv2d in its input, plus bias."""
    cdef Conv v = read_geometry(geometry)
    cdef Gemm g
    cdef Buffers held
    held.count = 0
    try:
        g.count, g.cycle = v.N * v.groups, v.groups
        g.M, g.N, g.depth = v.C // v.groups, v.P * v.Q, v.K // v.groups
        g.a = <const real*>pointer(&held, weight, READ)
        g.b = <const real*>pointer(&held, grad_output, READ)
        g.bias, g.row_bias = NULL, <const real*>pointer(&held, bias, READ)
        g.c = <real*>pointer(&held, grad_input, WRITE)
        g.a_row, g.a_k, g.b_k, g.b_column = 1, g.M, g.N, 1
        gemm(&g)
    finally:
        release(&held)


cdef struct BiasGradient:
    const real* grad_output
    real* grad_bias
    Py_ssize_t M, columns


cdef inline void sum_columns(const real* line, Py_ssize_t rows, Py_ssize_t columns, const int vectors,
                             real* to) noexcept nogil:
    """to[j] = sum of line[m*columns + j] over m, in order."""
    cdef vec sums[BIAS_VECTORS]
    cdef Py_ssize_t _m
    cdef int i
    for i in range(vectors):
        sums[i] = vec_set(0)
    for _m in range(rows):
        for i in range(vectors):
            sums[i] = vec_add(sums[i], vec_load(line + i * LANES))
        line += columns
    for i in range(vectors):
        vec_store(to + i * LANES, sums[i])


cdef void bias_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef BiasGradient* j = <BiasGradient*>argument
    cdef Py_ssize_t first = item * BIAS_BLOCK, stop = min(first + BIAS_BLOCK, j.columns), column = first, at, m
    if stop - first == BIAS_BLOCK:
        sum_columns(j.grad_output + first, j.M, j.columns, BIAS_VECTORS, j.grad_bias + first)
        return
    while column < stop and stop - first >= LANES:
        at = min(column, stop - LANES)                  # some once more, rather than a part of a vector
        sum_columns(j.grad_output + at, j.M, j.columns, 1, j.grad_bias + at)
        column += LANES
    for at in range(column, stop):
        j.grad_bias[at] = 0
        for m in range(j.M):
            j.grad_bias[at] += j.grad_output[m * j.columns + at]


def linear_grad_bias(grad_output, grad_bias):
    """grad_bias[o] = sum over m of grad_output[m, o], in order."""
    cdef BiasGradient job
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.grad_output = <const real*>pointer(&held, grad_output, READ)
        job.M, job.columns = last(&held).shape[0], last(&held).shape[1]
        job.grad_bias = <real*>pointer(&held, grad_bias, WRITE)
        items = (job.columns + BIAS_BLOCK - 1) // BIAS_BLOCK
        with nogil:
            run(bias_block, &job, items, team(items, <double>job.M * job.columns))
    finally:
        release(&held)


cdef struct Tiles:
    real a[TILE_ROWS * PEAK_DEPTH]
    real b[PEAK_DEPTH * TILE_COLUMNS]
    real c[TILE_ROWS * TILE_COLUMNS]
    Py_ssize_t repeats
    real sink[64]               # what is not read need not be computed


cdef void repeat_tile(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Tiles job = (<const Tiles*>argument)[0]
    cdef Py_ssize_t _repeat
    for _repeat in range(job.repeats):
        packed_tile(PEAK_DEPTH, job.a, 1, TILE_ROWS, job.b, job.c, True)
    for item in range(TILE_ROWS * TILE_COLUMNS):
        (<Tiles*>argument).sink[thread % 64] += job.c[item]


def _tiles(int threads, Py_ssize_t repeats):
    """Do nothing but tiles, on each thread its own; return the floating-point operations. For benchmarks."""
    cdef Tiles job
    memset(&job, 0, sizeof(Tiles))
    job.repeats = repeats
    with nogil:
        run(repeat_tile, &job, threads, threads)
    return 2 * TILE_ROWS * TILE_COLUMNS * PEAK_DEPTH * repeats * threads
