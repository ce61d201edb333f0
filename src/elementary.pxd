"""exp and expm1 of vectors, for arguments <= 0: all that sigmoid and tanh need.

    x = n*ln2 + r, |r| <= ln2/2      ln2 in two parts, so that r is exact to the last bits (Cody and Waite, 1980)
    p = exp(r) - 1                   Taylor series: degree 7 in float32, 13 in float64; truncation below a quarter ulp
    exp(x) = 2^n * (1 + p)
    expm1(x) = 2^n * p + (2^n - 1)
x*log2(e) is rounded to n by adding 1.5*2^m, m the bits of a mantissa, which leaves n in the lowest bits of the sum. A
bias is added with it, so that these bits, shifted into the place of the exponent, are 2^n: no conversion is needed.
NaN gives NaN. Arguments below the range where a result changes are raised to its end.
"""
from .simd cimport (
    REAL_EXPONENT_BIAS, REAL_MANTISSA_BITS, bits_vec, mask_shift_left, real, vec, vec_add, vec_bits, vec_fma, vec_max,
    vec_mul, vec_set, vec_sub,
)

cdef extern from * nogil:
    """
    #ifdef FASTCONV_DOUBLE
    enum { EXP_DEGREE = 13, EXP_SCALE_BITS = 64 };
    static const real EXP_LOWEST = -746.0, EXPM1_LOWEST = -64.0, ROUND_MAGIC = 6755399441055744.0;      /* 1.5 * 2^52 */
    static const real LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
    #else
    enum { EXP_DEGREE = 7, EXP_SCALE_BITS = 24 };
    static const real EXP_LOWEST = -104.0f, EXPM1_LOWEST = -32.0f, ROUND_MAGIC = 12582912.0f;           /* 1.5 * 2^23 */
    static const real LN2_HIGH = 6.93145752e-01f, LN2_LOW = 1.42860677e-06f;
    #endif
    static const real LOG2_E = (real)1.44269504088896340736;
    static const real EXP_SCALE = (real)((uint64_t)1 << (EXP_SCALE_BITS - 1)) * 2;
    static const real ONE_OVER_FACTORIAL[] = {1, 1, (real)(1.0/2), (real)(1.0/6), (real)(1.0/24), (real)(1.0/120),
        (real)(1.0/720), (real)(1.0/5040), (real)(1.0/40320), (real)(1.0/362880), (real)(1.0/3628800),
        (real)(1.0/39916800), (real)(1.0/479001600), (real)(1.0/6227020800.0)};
    """
    enum:
        EXP_DEGREE
        EXP_SCALE_BITS
    const real EXP_LOWEST, EXPM1_LOWEST, EXP_SCALE, ROUND_MAGIC, LN2_HIGH, LN2_LOW, LOG2_E
    const real ONE_OVER_FACTORIAL[14]


cdef struct ExpParts:
    vec p                       # exp(r) - 1
    vec power                   # 2^(n + scale_bits)


cdef inline ExpParts exp_parts(vec x, const int scale_bits) noexcept nogil:
    """For x whose power is a normal number."""
    cdef ExpParts e
    cdef vec magic = vec_set(ROUND_MAGIC + REAL_EXPONENT_BIAS + scale_bits)
    cdef vec rounded = vec_fma(x, vec_set(LOG2_E), magic)
    cdef vec n = vec_sub(rounded, magic)
    cdef vec r = vec_fma(n, vec_set(-LN2_LOW), vec_fma(n, vec_set(-LN2_HIGH), x))
    cdef vec series = vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE])
    cdef int i
    for i in range(EXP_DEGREE - 2):
        series = vec_fma(series, r, vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE - 1 - i]))
    e.p = vec_fma(vec_mul(r, r), series, r)
    e.power = bits_vec(mask_shift_left(vec_bits(rounded), REAL_MANTISSA_BITS))
    return e


cdef inline vec vec_exp_scaled(vec x) noexcept nogil:
    """EXP_SCALE * exp(x) for x <= 0: a normal number for every x whose exponential is not rounded to 0."""
    cdef ExpParts e = exp_parts(vec_max(x, vec_set(EXP_LOWEST)), EXP_SCALE_BITS)
    return vec_fma(e.p, e.power, e.power)


cdef inline vec vec_expm1(vec x) noexcept nogil:
    """exp(x) - 1 for x <= 0, exact near 0."""
    cdef ExpParts e = exp_parts(vec_max(x, vec_set(EXPM1_LOWEST)), 0)
    return vec_fma(e.p, e.power, vec_sub(e.power, vec_set(1)))
