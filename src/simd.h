/* The vector vocabulary of fastconv: a few operations on one vector type, the same names on every machine.

   The build compiles each kernel once per element type and instruction set:
     FASTCONV_DOUBLE         real is double (otherwise float)
     FASTCONV_VECTOR_BYTES   width of a vector: 16, 32 or 64; 0 is the scalar fallback with one lane
   Everything is written over GCC/Clang vector extensions, so the compiler picks the instructions.

   Lane-wise comparisons give a mask: all bits of a lane set (true) or clear (false). */
#ifndef FASTCONV_SIMD_H
#define FASTCONV_SIMD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef FASTCONV_DOUBLE
typedef double real;
typedef int64_t lane_int;
enum { REAL_MANTISSA_BITS = 52, REAL_EXPONENT_BIAS = 1023 };
#else
typedef float real;
typedef int32_t lane_int;
enum { REAL_MANTISSA_BITS = 23, REAL_EXPONENT_BIAS = 127 };
#endif

#ifndef FASTCONV_VECTOR_BYTES
#define FASTCONV_VECTOR_BYTES 16
#endif

/* The register tile is TILE_ROWS x TILE_VECTORS accumulators. 16 registers hold 6x2 accumulators, two vectors and a
   broadcast; 32 registers hold 8x3. */
#if FASTCONV_VECTOR_BYTES == 64
enum { TILE_ROWS = 8, TILE_VECTORS = 3, MOST_TILE_VECTORS = 4 };
#else
enum { TILE_ROWS = 6, TILE_VECTORS = 2, MOST_TILE_VECTORS = 2 };
#endif
/* A tile whose rows are single numbers anywhere in memory is up to PANEL_VECTORS wide and POINTS high: each row needs a
   general register, of which there are 15, and six are taken. */
#if FASTCONV_VECTOR_BYTES == 64
enum { PANEL_VECTORS = 4, POINTS = 9 };
#else
enum { PANEL_VECTORS = 2, POINTS = 8 };
#endif

#define VINLINE static inline __attribute__((always_inline, unused))

#if FASTCONV_VECTOR_BYTES > 0
typedef real vec __attribute__((vector_size(FASTCONV_VECTOR_BYTES)));
typedef lane_int mask __attribute__((vector_size(FASTCONV_VECTOR_BYTES)));
enum { LANES = FASTCONV_VECTOR_BYTES / (int)sizeof(real) };
#define LANE(v, i) ((v)[i])
VINLINE vec vec_set(real x) { vec zero = {0}; return x - zero; } /* x - (+0) keeps -0 and NaN */
VINLINE mask mask_set(lane_int x) { mask zero = {0}; return zero + x; }
#else
typedef real vec;
typedef lane_int mask;
enum { LANES = 1 };
#define LANE(v, i) (v)
VINLINE vec vec_set(real x) { return x; }
VINLINE mask mask_set(lane_int x) { return x; }
#endif
enum { TILE_COLUMNS = TILE_VECTORS * LANES };

VINLINE mask mask_load(const lane_int *p) { mask m; memcpy(&m, p, sizeof m); return m; }
VINLINE void mask_store(lane_int *p, mask m) { memcpy(p, &m, sizeof m); }
VINLINE mask vec_bits(vec v) { mask m; memcpy(&m, &v, sizeof m); return m; }
VINLINE vec bits_vec(mask m) { vec v; memcpy(&v, &m, sizeof v); return v; }

/* Memory. No alignment is needed; the *_part forms touch `count` < LANES elements only, the other lanes read as 0. */
VINLINE vec vec_load(const real *p) { vec v; memcpy(&v, p, sizeof v); return v; }
VINLINE void vec_store(real *p, vec v) { memcpy(p, &v, sizeof v); }
/* The same vector, held in a register: what was loaded once is not loaded again for every use. */
#if FASTCONV_VECTOR_BYTES > 0 && defined(__x86_64__)
VINLINE vec vec_keep(vec v) { __asm__("" : "+v"(v)); return v; }
#else
VINLINE vec vec_keep(vec v) { return v; }
#endif
VINLINE vec vec_load_part(const real *p, int64_t count) {
    real lanes[LANES] = {0};
    for (int64_t i = 0; i < count; i++) lanes[i] = p[i];
    return vec_load(lanes);
}
VINLINE void vec_store_part(real *p, vec v, int64_t count) {
    real lanes[LANES];
    vec_store(lanes, v);
    for (int64_t i = 0; i < count; i++) p[i] = lanes[i];
}

/* What sums begin with that do not go on from others, and what is added where there is no bias: it changes no number, not
   even -0. A pointer is picked; after a branch GCC keeps what it holds in registers in memory. */
enum { ROW_REALS = 64 };        /* as wide as any row of a tile */
static const real NO_SUMS[ROW_REALS] __attribute__((unused)) = {0};
static const real NO_BIAS[ROW_REALS] __attribute__((unused)) = {[0 ... ROW_REALS - 1] = (real)-0.0};

/* The same address, in a register of its own: compilers otherwise add up again in a loop what it was made of. */
VINLINE const real *in_register(const real *p) {
#if defined(__GNUC__)
    __asm__("" : "+r"(p));
#endif
    return p;
}

/* Ask for the line of the cache at p, to be read or written soon; the address need not exist. */
VINLINE void prefetch(const real *p) { __builtin_prefetch(p); }
VINLINE void prefetch_write(const real *p) { __builtin_prefetch(p, 1, 3); }

/* Past the caches, into memory, for results of STREAM_BYTES and more: with what they are made of they would not stay in
   a cache anyway, and their old content is not fetched first. p is a multiple of the vector's size; stream_end() comes
   before another thread may read. */
enum { STREAM_BYTES = 16 << 20 };
VINLINE void vec_stream(real *p, vec v) {
#if defined(__clang__) && FASTCONV_VECTOR_BYTES > 0
    __builtin_nontemporal_store(v, (vec *)p);
#elif defined(__x86_64__) && FASTCONV_VECTOR_BYTES > 0
    typedef float bits __attribute__((vector_size(FASTCONV_VECTOR_BYTES)));
#if FASTCONV_VECTOR_BYTES == 64
    __builtin_ia32_movntps512((float *)p, (bits)v);
#elif FASTCONV_VECTOR_BYTES == 32
    __builtin_ia32_movntps256((float *)p, (bits)v);
#else
    __builtin_ia32_movntps((float *)p, (bits)v);
#endif
#else
    vec_store(p, v);
#endif
}
VINLINE int64_t stream_offset(const real *p) { /* elements up to the next such place */
    return (int64_t)((0 - (uintptr_t)p) % sizeof(vec) / sizeof(real));
}
VINLINE void stream_end(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

/* A short run: the last vector overlaps the one before, so that no element is handled alone; a call would cost more. */
VINLINE void copy_reals(real *to, const real *from, int64_t count) {
    int64_t i;
    if (count < LANES) {
        for (i = 0; i < count; i++) to[i] = from[i];
        return;
    }
    for (i = 0; i < count - LANES; i += LANES) vec_store(to + i, vec_load(from + i));
    vec_store(to + count - LANES, vec_load(from + count - LANES));
}

/* Likewise zeros. The compiler does not know which number they are, or it would call memset. */
VINLINE void zero_reals(real *to, int64_t count) {
    vec zero = vec_keep(vec_set(0));
    int64_t i;
    if (count < LANES) {
        for (i = 0; i < count; i++) to[i] = LANE(zero, 0);
        return;
    }
    for (i = 0; i < count - LANES; i += LANES) vec_store(to + i, zero);
    vec_store(to + count - LANES, zero);
}

/* Arithmetic. vec_fma is one rounding where the machine has it, two elsewhere. */
VINLINE vec vec_add(vec a, vec b) { return a + b; }
VINLINE vec vec_sub(vec a, vec b) { return a - b; }
VINLINE vec vec_mul(vec a, vec b) { return a * b; }
VINLINE vec vec_div(vec a, vec b) { return a / b; }
VINLINE vec vec_fma(vec a, vec b, vec c) { return a * b + c; } /* contracted by -ffp-contract=fast */
#ifdef FASTCONV_DOUBLE
#define ROOT sqrt
#else
#define ROOT sqrtf
#endif
VINLINE vec vec_sqrt(vec a) { /* one instruction, as -fno-math-errno spares the call */
    for (int i = 0; i < LANES; i++) LANE(a, i) = ROOT(LANE(a, i));
    return a;
}

#if FASTCONV_VECTOR_BYTES > 0
VINLINE mask vec_lt(vec a, vec b) { return (mask)(a < b); }
VINLINE mask vec_eq(vec a, vec b) { return (mask)(a == b); }
VINLINE mask vec_is_nan(vec a) { return (mask)(a != a); }
VINLINE mask mask_lt(mask a, mask b) { return (mask)(a < b); }
VINLINE mask mask_eq(mask a, mask b) { return (mask)(a == b); }
#else
VINLINE mask vec_lt(vec a, vec b) { return -(mask)(a < b); }
VINLINE mask vec_eq(vec a, vec b) { return -(mask)(a == b); }
VINLINE mask vec_is_nan(vec a) { return -(mask)(a != a); }
VINLINE mask mask_lt(mask a, mask b) { return -(mask)(a < b); }
VINLINE mask mask_eq(mask a, mask b) { return -(mask)(a == b); }
#endif
VINLINE mask mask_or(mask a, mask b) { return a | b; }
VINLINE mask mask_and(mask a, mask b) { return a & b; }
VINLINE mask mask_add(mask a, mask b) { return a + b; }
VINLINE int mask_any(mask m) {
    lane_int any = 0;
    for (int i = 0; i < LANES; i++) any |= LANE(m, i);
    return any != 0;
}
VINLINE mask mask_shift_left(mask a, int bits) {
#if FASTCONV_VECTOR_BYTES > 0
    return a << bits;
#else
    return (mask)((uint64_t)a << bits);
#endif
}
VINLINE mask mask_select(mask m, mask a, mask b) { return (a & m) | (b & ~m); } /* m ? a : b */
VINLINE vec vec_select(mask m, vec a, vec b) { return bits_vec((vec_bits(a) & m) | (vec_bits(b) & ~m)); } /* m ? a : b */
VINLINE vec vec_max(vec a, vec b) { return vec_select(vec_lt(a, b), b, a); } /* a where either is NaN */
VINLINE vec vec_abs(vec a) { return bits_vec(vec_bits(a) & ~mask_set((lane_int)((uint64_t)1 << (8 * sizeof(real) - 1)))); }

/* Shuffles. zip_low and zip_high interleave the lower and the upper halves of a and b: a0 b0 a1 b1 ...; load_even and
   load_odd read every second of 2 * LANES reals. With 32 bytes, their units of 16 are loaded crosswise, after which no
   shuffle leaves its unit: those that do take three times as long. */
#if FASTCONV_VECTOR_BYTES > 0
#ifdef FASTCONV_DOUBLE
#define LANES_2 (FASTCONV_VECTOR_BYTES == 16)
#define LANES_4 (FASTCONV_VECTOR_BYTES == 32)
#define LANES_8 (FASTCONV_VECTOR_BYTES == 64)
#else
#define LANES_2 0
#define LANES_4 (FASTCONV_VECTOR_BYTES == 16)
#define LANES_8 (FASTCONV_VECTOR_BYTES == 32)
#endif
#if LANES_2
#define ZIP_LOW 0, 2
#define ZIP_HIGH 1, 3
#define EVEN 0, 2
#define ODD 1, 3
#define FOLD(v) v += __builtin_shufflevector(v, v, 1, 0)
#elif LANES_4
#define ZIP_LOW 0, 4, 1, 5
#define ZIP_HIGH 2, 6, 3, 7
#if FASTCONV_VECTOR_BYTES == 32
#define EVEN 0, 4, 2, 6
#define ODD 1, 5, 3, 7
#else
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#endif
#define FOLD(v) v += __builtin_shufflevector(v, v, 2, 3, 0, 1), v += __builtin_shufflevector(v, v, 1, 0, 3, 2)
#elif LANES_8
#define ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#if FASTCONV_VECTOR_BYTES == 32
#define EVEN 0, 2, 8, 10, 4, 6, 12, 14
#define ODD 1, 3, 9, 11, 5, 7, 13, 15
#else
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#endif
#define FOLD(v)                                                  \
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3),  \
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5),  \
    v += __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6)
#else
#define ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define FOLD(v)                                                                               \
    v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7), \
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11), \
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13), \
    v += __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#endif
VINLINE vec vec_zip_low(vec a, vec b) { return __builtin_shufflevector(a, b, ZIP_LOW); }
VINLINE vec vec_zip_high(vec a, vec b) { return __builtin_shufflevector(a, b, ZIP_HIGH); }
#if FASTCONV_VECTOR_BYTES >= 32
typedef real unit __attribute__((vector_size(16), aligned(sizeof(real)), may_alias));
typedef real half __attribute__((vector_size(32), aligned(sizeof(real)), may_alias));
#ifdef FASTCONV_DOUBLE
#define TWO_UNITS 0, 1, 2, 3
#define TWO_HALVES 0, 1, 2, 3, 4, 5, 6, 7
#else
#define TWO_UNITS 0, 1, 2, 3, 4, 5, 6, 7
#define TWO_HALVES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#endif
VINLINE half two_units(const real *a, const real *b) {
    return __builtin_shufflevector(*(const unit *)a, *(const unit *)b, TWO_UNITS);
}
#endif
#if FASTCONV_VECTOR_BYTES == 32
VINLINE vec every_second_unit(const real *p) { return two_units(p, p + LANES); }
#define FIRST_PART(p) every_second_unit(p)
#define SECOND_PART(p) every_second_unit(p + LANES / 2)
#else
#define FIRST_PART(p) vec_load(p)
#define SECOND_PART(p) vec_load(p + LANES)
#endif
VINLINE vec vec_load_even(const real *p) { return __builtin_shufflevector(FIRST_PART(p), SECOND_PART(p), EVEN); }
VINLINE vec vec_load_odd(const real *p) { return __builtin_shufflevector(FIRST_PART(p), SECOND_PART(p), ODD); }
VINLINE real vec_sum(vec v) { FOLD(v); return LANE(v, 0); } /* by halves */
#else
VINLINE vec vec_zip_low(vec a, vec b) { (void)b; return a; }
VINLINE vec vec_zip_high(vec a, vec b) { (void)a; return b; }
VINLINE vec vec_load_even(const real *p) { return p[0]; }
VINLINE vec vec_load_odd(const real *p) { return p[1]; }
VINLINE real vec_sum(vec v) { return v; }
#endif
/* p[0], p[2], ... = even, p[1], p[3], ... = odd */
VINLINE void vec_store_zipped(real *p, vec even, vec odd) {
    vec_store(p, vec_zip_low(even, odd));
    vec_store(p + LANES, vec_zip_high(even, odd));
}
/* LANES integers of 64 bits; -1 for each that the lanes of a mask cannot hold, and for some that are negative. */
VINLINE mask mask_load_wide(const int64_t *p) {
#if defined(FASTCONV_DOUBLE)
    return mask_load(p);
#elif FASTCONV_VECTOR_BYTES > 0
    mask low = vec_bits(vec_load_even((const real *)p)), high = vec_bits(vec_load_odd((const real *)p));
    return low | (high != 0);
#else
    return *p == (int32_t)*p ? (int32_t)*p : -1;
#endif
}

/* rows[i][j] <-> rows[j][i], in units of 16 bytes, which shuffles do not leave if they are to be fast: first each UNIT
   rows exchange what is in the same unit, by zipping; then rows UNIT apart exchange units, by picking every second. */
#if FASTCONV_VECTOR_BYTES > 0
#ifdef FASTCONV_DOUBLE
#define UNIT 2
#define UNIT_LOW(n) (n), LANES + (n)
#define UNIT_HIGH(n) (n) + 1, LANES + (n) + 1
#define UNIT_ALL(n) (n), (n) + 1
#else
#define UNIT 4
#define UNIT_LOW(n) (n), LANES + (n), (n) + 1, LANES + (n) + 1
#define UNIT_HIGH(n) (n) + 2, LANES + (n) + 2, (n) + 3, LANES + (n) + 3
#define UNIT_ALL(n) (n), (n) + 1, (n) + 2, (n) + 3
#endif
#if FASTCONV_VECTOR_BYTES == 16
#define EACH_UNIT(half) half(0)
#define EVEN_UNITS UNIT_ALL(0)
#define ODD_UNITS UNIT_ALL(0)
#elif FASTCONV_VECTOR_BYTES == 32
#define EACH_UNIT(half) half(0), half(UNIT)
#define EVEN_UNITS UNIT_ALL(0), UNIT_ALL(LANES)
#define ODD_UNITS UNIT_ALL(UNIT), UNIT_ALL(LANES + UNIT)
#else
#define EACH_UNIT(half) half(0), half(UNIT), half(2 * UNIT), half(3 * UNIT)
#define EVEN_UNITS UNIT_ALL(0), UNIT_ALL(2 * UNIT), UNIT_ALL(LANES), UNIT_ALL(LANES + 2 * UNIT)
#define ODD_UNITS UNIT_ALL(UNIT), UNIT_ALL(3 * UNIT), UNIT_ALL(LANES + UNIT), UNIT_ALL(LANES + 3 * UNIT)
#endif
VINLINE void zip_units(vec rows[UNIT]) {
    vec was[UNIT];
    for (int step = 1; step < UNIT; step *= 2) {
        for (int i = 0; i < UNIT; i++) was[i] = rows[i];
        for (int i = 0; i < UNIT / 2; i++) {
            rows[2 * i] = __builtin_shufflevector(was[i], was[i + UNIT / 2], EACH_UNIT(UNIT_LOW));
            rows[2 * i + 1] = __builtin_shufflevector(was[i], was[i + UNIT / 2], EACH_UNIT(UNIT_HIGH));
        }
    }
}
VINLINE void vec_transpose(vec rows[LANES]) {
    enum { UNITS = LANES / UNIT };
    vec was[LANES];
    for (int first = 0; first < LANES; first += UNIT) zip_units(rows + first);
    for (int step = 1; step < UNITS; step *= 2) {
        for (int i = 0; i < LANES; i++) was[i] = rows[i];
        for (int k = 0; k < UNIT; k++) {
            for (int i = 0; i < UNITS / 2; i++) {
                vec a = was[2 * i * UNIT + k], b = was[(2 * i + 1) * UNIT + k];
                rows[i * UNIT + k] = __builtin_shufflevector(a, b, EVEN_UNITS);
                rows[(i + UNITS / 2) * UNIT + k] = __builtin_shufflevector(a, b, ODD_UNITS);
            }
        }
    }
}
VINLINE void vec_load_turned(const real *p, Py_ssize_t step, vec rows[UNIT]) {
    for (int i = 0; i < UNIT; i++) {
        const real *from = p + i * step;
#if FASTCONV_VECTOR_BYTES == 16
        rows[i] = vec_load(from);
#elif FASTCONV_VECTOR_BYTES == 32
        rows[i] = two_units(from, from + UNIT * step);
#else
        half a = two_units(from, from + UNIT * step), b = two_units(from + 2 * UNIT * step, from + 3 * UNIT * step);
        rows[i] = __builtin_shufflevector(a, b, TWO_HALVES);
#endif
    }
    zip_units(rows);
}
#else
VINLINE void vec_transpose(vec rows[LANES]) { (void)rows; }
#define UNIT 1
VINLINE void vec_load_turned(const real *p, Py_ssize_t step, vec rows[UNIT]) { (void)step; rows[0] = p[0]; }
#endif

#endif
