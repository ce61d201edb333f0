"""Elementary functions of vectors: what the activations need.

exp and expm1 of x <= 0:
    x = n*ln2 + r, |r| <= ln2/2      ln2 in two parts, so that r is exact to the last bits (Cody and Waite, 1980)
    p = exp(r) - 1                   Taylor series: degree 7 in float32, 13 in float64; truncation below a quarter ulp
    exp(x) = 2^n * (1 + p)
    expm1(x) = 2^n * p + (2^n - 1)
x*log2(e) is rounded to n by adding 1.5*2^m, m the bits of a mantissa, which leaves n in the lowest bits of the sum. A
bias is added with it, so that these bits, shifted into the place of the exponent, are 2^n: no conversion is needed.
Arguments below the range where a result changes are raised to its end.

log1p of 0 <= t <= 1:
    u = t / (1 + t/2)
    log(1 + t) = 2 artanh(u/2) = u + u^3/12 + u^5/80 + ...     7 terms in float32, 16 in float64

The tail of the normal distribution, a >= 0:
    1 - Phi(a) = exp(-a^2/2) * M(a),     (a + 4) * M(a) = a polynomial in (a - 4) / (a + 4)
after M. M. Shepherd and J. G. Laframboise, "Chebyshev Approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < oo",
Math. Comp. 36 (1981); interpolated anew at Chebyshev's points for 0 <= a <= 15.5 and 38.8. Degree 9 in float32, 22 in
float64: the polynomial errs by 1.4e-8 and 3.6e-17, relatively, and with all roundings M by 2.1 and 1.5 eps. a is cut in
two at the middle of its mantissa, so that the square of the first part is exact: an error in a^2 would grow with a^2 in
the result.

NaN gives NaN.
"""
from .simd cimport (
    REAL_EXPONENT_BIAS, REAL_MANTISSA_BITS, bits_vec, lane_int, mask_and, mask_set, mask_shift_left, real, vec, vec_add,
    vec_bits, vec_div, vec_fma, vec_max, vec_mul, vec_set, vec_sub,
)

cdef extern from * nogil:
    """
    #ifdef FASTCONV_DOUBLE
    enum { EXP_DEGREE = 13, EXP_SCALE_BITS = 128, LOG1P_TERMS = 16, TAIL_DEGREE = 22 };
    static const real EXP_LOWEST = -780.0, EXPM1_LOWEST = -64.0, ROUND_MAGIC = 6755399441055744.0;      /* 1.5 * 2^52 */
    static const real LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
    #define EXP_SCALE 0x1p128
    #define EXP_UNSCALE 0x1p-128
    #define TAIL_LAST 38.75
    static const lane_int HALF_MANTISSA = ~(lane_int)0x7ffffff;                         /* 26 of 53 bits */
    static const real TAIL[] = {7.5528513041575152e-01, -6.0789664197189175e-01, 3.8713740074221881e-01,
        -1.8652185795969428e-01, 6.0396574890704116e-02, -7.5401889655874318e-03, -3.4796923623325081e-03,
        1.6308184417814181e-03, 1.3334425489455777e-04, -2.3109481720714949e-04, -1.9078713520608456e-06,
        3.5144174548946783e-05, 7.1502133659890506e-07, -5.9188687353939516e-06, -6.2516227985084621e-07,
        1.0197509352516371e-06, 2.6371296915264994e-07, -1.5419013050135854e-07, -7.6389308526118305e-08,
        1.4523893955636184e-08, 1.3913724921090745e-08, 9.0052020527280884e-11, -9.5836161245976664e-10};
    #else
    enum { EXP_DEGREE = 7, EXP_SCALE_BITS = 64, LOG1P_TERMS = 7, TAIL_DEGREE = 9 };
    static const real EXP_LOWEST = -120.0f, EXPM1_LOWEST = -32.0f, ROUND_MAGIC = 12582912.0f;           /* 1.5 * 2^23 */
    static const real LN2_HIGH = 6.93145752e-01f, LN2_LOW = 1.42860677e-06f;
    #define EXP_SCALE 0x1p64f
    #define EXP_UNSCALE 0x1p-64f
    #define TAIL_LAST 15.4375f
    static const lane_int HALF_MANTISSA = ~(lane_int)0xfff;                             /* 12 of 24 bits */
    static const real TAIL[] = {7.55285144e-01f, -6.07896566e-01f, 3.87136698e-01f, -1.86523587e-01f, 6.04058504e-02f,
        -7.52379978e-03f, -3.51841329e-03f, 1.56492682e-03f, 1.83768090e-04f, -1.27931708e-04f};
    #endif
    static const real LOG2_E = (real)1.44269504088896340736;
    static const real ONE_OVER_FACTORIAL[] = {1, 1, (real)(1.0/2), (real)(1.0/6), (real)(1.0/24), (real)(1.0/120),
        (real)(1.0/720), (real)(1.0/5040), (real)(1.0/40320), (real)(1.0/362880), (real)(1.0/3628800),
        (real)(1.0/39916800), (real)(1.0/479001600), (real)(1.0/6227020800.0)};
    """
    enum:
        EXP_DEGREE
        EXP_SCALE_BITS
        LOG1P_TERMS
        TAIL_DEGREE
    const real EXP_LOWEST, EXPM1_LOWEST, EXP_SCALE, EXP_UNSCALE, ROUND_MAGIC, LN2_HIGH, LN2_LOW, LOG2_E, TAIL_LAST
    const real ONE_OVER_FACTORIAL[14]
    const real TAIL[23]
    const lane_int HALF_MANTISSA


cdef struct ExpParts:
    vec p                       # exp(r) - 1
    vec power                   # 2^(n + scale_bits)


cdef inline ExpParts exp_parts(vec high, vec low, const int scale_bits) noexcept nogil:
    """exp(high - low) with |low| < 0.06, for a power that is a normal number. Less 0 costs nothing, plus 0 would."""
    cdef ExpParts e
    cdef vec magic = vec_set(ROUND_MAGIC + REAL_EXPONENT_BIAS + scale_bits)
    cdef vec rounded = vec_fma(high, vec_set(LOG2_E), magic)
    cdef vec n = vec_sub(rounded, magic)
    cdef vec r = vec_sub(vec_fma(n, vec_set(-LN2_LOW), vec_fma(n, vec_set(-LN2_HIGH), high)), low)
    cdef vec series = vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE])
    cdef int i
    for i in range(EXP_DEGREE - 2):
        series = vec_fma(series, r, vec_set(ONE_OVER_FACTORIAL[EXP_DEGREE - 1 - i]))
    e.p = vec_fma(vec_mul(r, r), series, r)
    e.power = bits_vec(mask_shift_left(vec_bits(rounded), REAL_MANTISSA_BITS))
    return e


cdef inline vec vec_exp_scaled_less(vec high, vec low) noexcept nogil:
    """EXP_SCALE * exp(high - low) for high <= 0 and |low| < 0.06; see vec_exp_scaled."""
    cdef ExpParts e = exp_parts(vec_max(high, vec_set(EXP_LOWEST)), low, EXP_SCALE_BITS)
    return vec_fma(e.p, e.power, e.power)


cdef inline vec vec_exp_scaled(vec x) noexcept nogil:
    """EXP_SCALE * exp(x) for x <= 0: a normal number for every x for which x * exp(x) is not rounded to 0."""
    return vec_exp_scaled_less(x, vec_set(0))


cdef inline vec vec_expm1(vec x) noexcept nogil:
    """exp(x) - 1 for x <= 0, exact near 0."""
    cdef ExpParts e = exp_parts(vec_max(x, vec_set(EXPM1_LOWEST)), vec_set(0), 0)
    return vec_fma(e.p, e.power, vec_sub(e.power, vec_set(1)))


cdef inline vec vec_log1p(vec t) noexcept nogil:
    """log(1 + t) for 0 <= t <= 1, exact near 0."""
    cdef vec u = vec_div(t, vec_fma(t, vec_set(0.5), vec_set(1)))
    cdef vec square = vec_mul(vec_mul(u, u), vec_set(0.25))
    cdef vec series = vec_set(1.0 / (2 * LOG1P_TERMS - 1))
    cdef int i
    for i in range(LOG1P_TERMS - 2):
        series = vec_fma(series, square, vec_set(<real>1 / (2 * LOG1P_TERMS - 3 - 2 * i)))
    return vec_fma(vec_mul(u, square), series, u)


cdef struct Tail:
    vec density                 # EXP_SCALE * exp(-a^2/2)
    vec ratio                   # M(a) = (1 - Phi(a)) / exp(-a^2/2)


cdef inline Tail normal_tail(vec a) noexcept nogil:
    """For 0 <= a <= TAIL_LAST; a * exp(-a^2/2) is rounded to 0 at that end."""
    cdef Tail tail
    cdef vec cut = bits_vec(mask_and(vec_bits(a), mask_set(HALF_MANTISSA)))
    cdef vec rest = vec_mul(vec_sub(a, cut), vec_add(a, cut))
    cdef vec over = vec_div(vec_set(1), vec_add(a, vec_set(4)))
    cdef vec t = vec_mul(vec_sub(a, vec_set(4)), over)
    cdef vec series = vec_set(TAIL[TAIL_DEGREE])
    cdef int i
    for i in range(TAIL_DEGREE):
        series = vec_fma(series, t, vec_set(TAIL[TAIL_DEGREE - 1 - i]))
    tail.ratio = vec_mul(series, over)
    tail.density = vec_exp_scaled_less(vec_mul(vec_mul(cut, cut), vec_set(-0.5)), vec_mul(rest, vec_set(0.5)))
    return tail
