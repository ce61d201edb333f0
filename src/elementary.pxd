"""exp and expm1 of vectors, for arguments <= 0: all that sigmoid, tanh and softmax need.

    x = n*ln2 + r, |r| <= ln2/2      ln2 in two parts, so that r is exact to the last bits (Cody and Waite, 1980)
    p = exp(r) - 1                   Taylor series: degree 7 in float32, 13 in float64; truncation below a quarter ulp
    exp(x) = 2^n * (1 + p)           2^n in two factors, so that subnormal results come out right
    expm1(x) = 2^n * p + (2^n - 1)
NaN gives NaN. Arguments below the range where exp(x) rounds to 0 are raised to its end.
"""
from .simd cimport (
    mask, real, vec, vec_add, vec_exp2_int, vec_fma, vec_max, vec_mul, vec_set, vec_sub, vec_to_int,
)

cdef extern from * nogil:
    """
    #ifdef FASTCONV_DOUBLE
    enum { EXP_DEGREE = 13 };
    static const real EXP_LOWEST = -746.0, ROUND_MAGIC = 6755399441055744.0;            /* 1.5 * 2^52 */
    static const real LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
    #else
    enum { EXP_DEGREE = 7 };
    static const real EXP_LOWEST = -104.0f, ROUND_MAGIC = 12582912.0f;                  /* 1.5 * 2^23 */
    static const real LN2_HIGH = 6.93145752e-01f, LN2_LOW = 1.42860677e-06f;
    #endif
    static const real LOG2_E = (real)1.44269504088896340736;
    static const real ONE_OVER_FACTORIAL[] = {1, 1, (real)(1.0/2), (real)(1.0/6), (real)(1.0/24), (real)(1.0/120),
        (real)(1.0/720), (real)(1.0/5040), (real)(1.0/40320), (real)(1.0/362880), (real)(1.0/3628800),
        (real)(1.0/39916800), (real)(1.0/479001600), (real)(1.0/6227020800.0)};
    """
    enum:
        EXP_DEGREE
    const real EXP_LOWEST, ROUND_MAGIC, LN2_HIGH, LN2_LOW, LOG2_E
    const real ONE_OVER_FACTORIAL[14]


cdef struct ExpParts:
    vec p                       # exp(r) - 1
    vec first, second           # 2^n = first * second


cdef inline vec vec_round(vec x) noexcept nogil:
    """To the nearest integer, for |x| below 2^22 (float32) or 2^51 (float64)."""
    return vec_sub(vec_add(x, vec_set(ROUND_MAGIC)), vec_set(ROUND_MAGIC))


cdef inline ExpParts exp_parts(vec x) noexcept nogil:
    cdef ExpParts e
    cdef vec n, half, r, series
    cdef int i
    x = vec_max(x, vec_set(EXP_LOWEST))
    n = vec_round(vec_mul(x, vec_set(LOG2_E)))
    r = vec_fma(n, vec_set(-LN2_HIGH), x)
    r = vec_fma(n, vec_set(-LN2_LOW), r)
    series = vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE])
    for i in range(EXP_DEGREE - 2):
        series = vec_fma(series, r, vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE - 1 - i]))
    e.p = vec_fma(vec_mul(r, r), series, r)
    half = vec_round(vec_mul(n, vec_set(<real>0.5)))
    e.first = vec_exp2_int(vec_to_int(half))
    e.second = vec_exp2_int(vec_to_int(vec_sub(n, half)))
    return e


cdef inline vec vec_exp(vec x) noexcept nogil:
    """exp(x) for x <= 0."""
    cdef ExpParts e = exp_parts(x)
    return vec_mul(vec_fma(e.p, e.first, e.first), e.second)


cdef inline vec vec_expm1(vec x) noexcept nogil:
    """exp(x) - 1 for x <= 0, exact near 0."""
    cdef ExpParts e = exp_parts(x)
    cdef vec scale = vec_mul(e.first, e.second)
    return vec_fma(e.p, scale, vec_sub(scale, vec_set(1)))
