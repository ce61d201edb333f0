"""Cython's view of simd.h: the element type, the vector type and the words that kernels are written in."""
from libc.stdint cimport int64_t

cdef extern from "simd.h" nogil:
    ctypedef double real        # float or double, whichever this module is built for
    ctypedef int lane_int
    ctypedef struct vec:        # LANES reals; opaque here
        pass
    ctypedef struct mask:       # LANES integers, or a lane-wise truth value
        pass

    enum:
        LANES
        UNIT                    # reals in 16 bytes; 1 without vectors
        STREAM_BYTES
        TILE_ROWS
        TILE_VECTORS
        TILE_COLUMNS
        REAL_MANTISSA_BITS
        MOST_TILE_VECTORS
        PANEL_VECTORS
        POINTS
        REAL_EXPONENT_BIAS

    vec vec_set(real x) noexcept
    mask mask_set(lane_int x) noexcept
    mask vec_bits(vec v) noexcept                   # the same bits, taken as integers
    vec bits_vec(mask m) noexcept

    vec vec_load(const real* p) noexcept
    void vec_store(real* p, vec v) noexcept
    vec vec_keep(vec v) noexcept                    # v, held in a register
    vec vec_load_part(const real* p, Py_ssize_t count) noexcept
    void vec_store_part(real* p, vec v, Py_ssize_t count) noexcept
    void prefetch(const real* p) noexcept           # the line of the cache, to be read ...
    void prefetch_write(const real* p) noexcept     # ... or written
    const real* NO_SUMS
    const real* NO_BIAS
    const real* in_register(const real* p) noexcept
    void vec_stream(real* p, vec v) noexcept        # past the caches; p is a multiple of the vector's size
    Py_ssize_t stream_offset(const real* p) noexcept    # elements up to the first such place
    void stream_end() noexcept
    void copy_reals(real* to, const real* from_, Py_ssize_t count) noexcept      # a short run
    void zero_reals(real* to, Py_ssize_t count) noexcept                         # likewise

    vec vec_add(vec a, vec b) noexcept
    vec vec_sub(vec a, vec b) noexcept
    vec vec_mul(vec a, vec b) noexcept
    vec vec_div(vec a, vec b) noexcept
    vec vec_fma(vec a, vec b, vec c) noexcept       # a*b + c
    vec vec_sqrt(vec a) noexcept
    vec vec_max(vec a, vec b) noexcept              # a where either is NaN
    vec vec_abs(vec a) noexcept
    real vec_sum(vec a) noexcept

    mask vec_lt(vec a, vec b) noexcept
    mask vec_eq(vec a, vec b) noexcept
    mask vec_is_nan(vec a) noexcept
    mask mask_lt(mask a, mask b) noexcept
    mask mask_eq(mask a, mask b) noexcept
    mask mask_add(mask a, mask b) noexcept
    mask mask_or(mask a, mask b) noexcept
    mask mask_and(mask a, mask b) noexcept
    bint mask_any(mask m) noexcept                  # whether any lane is not 0; takes a while
    mask mask_shift_left(mask a, int bits) noexcept
    vec vec_select(mask m, vec a, vec b) noexcept   # m ? a : b
    mask mask_select(mask m, mask a, mask b) noexcept
    mask mask_load(const lane_int* p) noexcept
    void mask_store(lane_int* p, mask m) noexcept
    mask mask_load_wide(const int64_t* p) noexcept  # -1 for what a lane cannot hold, and for some that are negative

    vec vec_zip_low(vec a, vec b) noexcept          # a0 b0 a1 b1 ... of the lower halves
    vec vec_zip_high(vec a, vec b) noexcept
    vec vec_load_even(const real* p) noexcept       # p[0], p[2], ... of 2 * LANES reals
    vec vec_load_odd(const real* p) noexcept        # p[1], p[3], ...
    void vec_store_zipped(real* p, vec even, vec odd) noexcept      # p[0], p[2], ... and p[1], p[3], ...
    void vec_transpose(vec* rows) noexcept          # rows[LANES]
    void vec_load_turned(const real* p, Py_ssize_t step, vec* rows) noexcept    # rows[i][j] = p[j*step + i], i < UNIT
