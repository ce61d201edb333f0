"""Cython's view of simd.h: the element type, the vector type and the words that kernels are written in."""

cdef extern from "simd.h" nogil:
    ctypedef double real        # float or double, whichever this module is built for
    ctypedef int lane_int
    ctypedef struct vec:        # LANES reals; opaque here
        pass
    ctypedef struct mask:       # LANES integers, or a lane-wise truth value
        pass

    enum:
        LANES
        TILE_ROWS
        TILE_VECTORS
        TILE_COLUMNS
        PANEL_VECTORS
        POINTS
        REAL_EXPONENT_BIAS

    vec vec_set(real x) noexcept
    mask mask_set(lane_int x) noexcept
    mask vec_to_int(vec v) noexcept

    vec vec_load(const real* p) noexcept
    void vec_store(real* p, vec v) noexcept
    vec vec_load_part(const real* p, Py_ssize_t count) noexcept
    void vec_store_part(real* p, vec v, Py_ssize_t count) noexcept
    void prefetch(const real* p) noexcept
    void prefetch_to_write(const real* p) noexcept
    void copy_reals(real* to, const real* from_, Py_ssize_t count) noexcept      # a short run

    vec vec_add(vec a, vec b) noexcept
    vec vec_sub(vec a, vec b) noexcept
    vec vec_mul(vec a, vec b) noexcept
    vec vec_div(vec a, vec b) noexcept
    vec vec_fma(vec a, vec b, vec c) noexcept       # a*b + c
    vec vec_max(vec a, vec b) noexcept
    vec vec_abs(vec a) noexcept
    real vec_sum(vec a) noexcept
    vec vec_exp2_int(mask n) noexcept

    mask vec_lt(vec a, vec b) noexcept
    mask vec_eq(vec a, vec b) noexcept
    mask vec_is_nan(vec a) noexcept
    mask mask_or(mask a, mask b) noexcept
    vec vec_select(mask m, vec a, vec b) noexcept   # m ? a : b
    mask mask_select(mask m, mask a, mask b) noexcept
    void mask_store(lane_int* p, mask m) noexcept

    vec vec_zip_low(vec a, vec b) noexcept          # a0 b0 a1 b1 ... of the lower halves
    vec vec_zip_high(vec a, vec b) noexcept
    vec vec_even(vec a, vec b) noexcept             # a0 a2 ... b0 b2 ...
    vec vec_odd(vec a, vec b) noexcept
    void vec_transpose(vec* rows) noexcept          # rows[LANES]
