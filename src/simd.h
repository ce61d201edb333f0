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
#define REAL_MANTISSA_BITS 52
#define REAL_EXPONENT_BIAS 1023
#else
typedef float real;
typedef int32_t lane_int;
#define REAL_MANTISSA_BITS 23
#define REAL_EXPONENT_BIAS 127
#endif

#ifndef FASTCONV_VECTOR_BYTES
#define FASTCONV_VECTOR_BYTES 16
#endif

/* The register tile is TILE_ROWS x TILE_VECTORS accumulators. 16 registers hold 6x2 accumulators, two vectors and a
   broadcast; 32 registers hold 8x3. */
#if FASTCONV_VECTOR_BYTES == 64
enum { TILE_ROWS = 8, TILE_VECTORS = 3 };
#else
enum { TILE_ROWS = 6, TILE_VECTORS = 2 };
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
VINLINE mask vec_to_int(vec v) { return __builtin_convertvector(v, mask); }
VINLINE vec int_to_vec(mask m) { return __builtin_convertvector(m, vec); }
#else
typedef real vec;
typedef lane_int mask;
enum { LANES = 1 };
#define LANE(v, i) (v)
VINLINE vec vec_set(real x) { return x; }
VINLINE mask mask_set(lane_int x) { return x; }
VINLINE mask vec_to_int(vec v) { return (mask)v; }
VINLINE vec int_to_vec(mask m) { return (vec)m; }
#endif
enum { TILE_COLUMNS = TILE_VECTORS * LANES };

VINLINE void mask_store(lane_int *p, mask m) { memcpy(p, &m, sizeof m); }
VINLINE mask vec_bits(vec v) { mask m; memcpy(&m, &v, sizeof m); return m; }
VINLINE vec bits_vec(mask m) { vec v; memcpy(&v, &m, sizeof v); return v; }

/* Memory. No alignment is needed; the *_part forms touch `count` < LANES elements only, the other lanes read as 0. */
VINLINE vec vec_load(const real *p) { vec v; memcpy(&v, p, sizeof v); return v; }
VINLINE void vec_store(real *p, vec v) { memcpy(p, &v, sizeof v); }
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

/* Bring the line of an address into the nearest cache; any address will do. */
VINLINE void prefetch(const real *p) { __builtin_prefetch(p, 0); }
VINLINE void prefetch_to_write(const real *p) { __builtin_prefetch(p, 1); }

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

/* Arithmetic. vec_fma is one rounding where the machine has it, two elsewhere. */
VINLINE vec vec_add(vec a, vec b) { return a + b; }
VINLINE vec vec_sub(vec a, vec b) { return a - b; }
VINLINE vec vec_mul(vec a, vec b) { return a * b; }
VINLINE vec vec_div(vec a, vec b) { return a / b; }
VINLINE vec vec_fma(vec a, vec b, vec c) { return a * b + c; } /* contracted by -ffp-contract=fast */

#if FASTCONV_VECTOR_BYTES > 0
VINLINE mask vec_lt(vec a, vec b) { return (mask)(a < b); }
VINLINE mask vec_eq(vec a, vec b) { return (mask)(a == b); }
VINLINE mask vec_is_nan(vec a) { return (mask)(a != a); }
#else
VINLINE mask vec_lt(vec a, vec b) { return -(mask)(a < b); }
VINLINE mask vec_eq(vec a, vec b) { return -(mask)(a == b); }
VINLINE mask vec_is_nan(vec a) { return -(mask)(a != a); }
#endif
VINLINE mask mask_or(mask a, mask b) { return a | b; }
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

/* Shuffles. zip_low and zip_high interleave the lower and the upper halves of a and b: a0 b0 a1 b1 ...; even and odd
   undo that: they pick every second lane of a, then of b. */
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
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#define FOLD(v) v += __builtin_shufflevector(v, v, 2, 3, 0, 1), v += __builtin_shufflevector(v, v, 1, 0, 3, 2)
#elif LANES_8
#define ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
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
VINLINE vec vec_even(vec a, vec b) { return __builtin_shufflevector(a, b, EVEN); }
VINLINE vec vec_odd(vec a, vec b) { return __builtin_shufflevector(a, b, ODD); }
VINLINE real vec_sum(vec v) { FOLD(v); return LANE(v, 0); } /* by halves */
#else
VINLINE vec vec_zip_low(vec a, vec b) { (void)b; return a; }
VINLINE vec vec_zip_high(vec a, vec b) { (void)a; return b; }
VINLINE vec vec_even(vec a, vec b) { (void)b; return a; }
VINLINE vec vec_odd(vec a, vec b) { (void)a; return b; }
VINLINE real vec_sum(vec v) { return v; }
#endif

/* rows[i][j] <-> rows[j][i]: log2(LANES) rounds, each of which zips the first half of the rows with the second. */
VINLINE void vec_transpose(vec rows[LANES]) {
    for (int round = 1; round < LANES; round *= 2) {
        vec zipped[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            zipped[2 * i] = vec_zip_low(rows[i], rows[i + LANES / 2]);
            zipped[2 * i + 1] = vec_zip_high(rows[i], rows[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++) rows[i] = zipped[i];
    }
}

/* 2^n for integers n with REAL_EXPONENT_BIAS + n in 1 ... 2*REAL_EXPONENT_BIAS (normal numbers). */
VINLINE vec vec_exp2_int(mask n) { return bits_vec(mask_shift_left(n + mask_set(REAL_EXPONENT_BIAS), REAL_MANTISSA_BITS)); }

#endif
