/* kernels.inc.h: the whole set of kernels, for one instruction set. Define KERNELS (the table's name) and
 * KERNELS_NAME ("avx2"), then include. */
#include "exec/kernel/kernels.h"

#include "exec/kernel/bits.h"
#include "exec/kernel/divide.h"
#include "exec/kernel/strings.h"

#define KERNEL_JOIN2(a, b)     a##_##b
#define KERNEL_JOIN3(a, b, c)  a##_##b##_##c
#define KERNEL_PASTE2(a, b)    KERNEL_JOIN2(a, b)
#define KERNEL_PASTE3(a, b, c) KERNEL_JOIN3(a, b, c)
#define KERNEL_NAME(tail)      KERNEL_PASTE3(KERNEL_VERB, KERNEL_TAG, tail)

/* ---- Arithmetic */

#define KERNEL_TAG  i32
#define KERNEL_TYPE int32_t
#define KERNEL_WRAP uint32_t
#define KERNEL_IS_INT
#include "exec/kernel/arith.inc.h"

#define KERNEL_TAG  i64
#define KERNEL_TYPE int64_t
#define KERNEL_WRAP uint64_t
#define KERNEL_IS_INT
#include "exec/kernel/arith.inc.h"

#define KERNEL_TAG  f32
#define KERNEL_TYPE float
#define KERNEL_WRAP float
#include "exec/kernel/arith.inc.h"

#define KERNEL_TAG  f64
#define KERNEL_TYPE double
#define KERNEL_WRAP double
#include "exec/kernel/arith.inc.h"

/* ---- Comparison */

#define KERNEL_TAG  i32
#define KERNEL_TYPE int32_t
#define KERNEL_ORDERED
#include "exec/kernel/compare.inc.h"

#define KERNEL_TAG  i64
#define KERNEL_TYPE int64_t
#define KERNEL_ORDERED
#include "exec/kernel/compare.inc.h"

#define KERNEL_TAG  f32
#define KERNEL_TYPE float
#define KERNEL_ORDERED
#include "exec/kernel/compare.inc.h"

#define KERNEL_TAG  f64
#define KERNEL_TYPE double
#define KERNEL_ORDERED
#include "exec/kernel/compare.inc.h"

#define KERNEL_TAG  u8
#define KERNEL_TYPE uint8_t
#include "exec/kernel/compare.inc.h"

/* ---- Conversion */

#define KERNEL_TAG  i32_i64
#define KERNEL_FROM int32_t
#define KERNEL_OUT  int64_t
#include "exec/kernel/convert.inc.h"

#define KERNEL_TAG  i32_f32
#define KERNEL_FROM int32_t
#define KERNEL_OUT  float
#include "exec/kernel/convert.inc.h"

#define KERNEL_TAG  i32_f64
#define KERNEL_FROM int32_t
#define KERNEL_OUT  double
#include "exec/kernel/convert.inc.h"

#define KERNEL_TAG  i64_f32
#define KERNEL_FROM int64_t
#define KERNEL_OUT  float
#include "exec/kernel/convert.inc.h"

#define KERNEL_TAG  i64_f64
#define KERNEL_FROM int64_t
#define KERNEL_OUT  double
#include "exec/kernel/convert.inc.h"

#define KERNEL_TAG  f32_f64
#define KERNEL_FROM float
#define KERNEL_OUT  double
#include "exec/kernel/convert.inc.h"

/* ---- Choice */

#define KERNEL_TYPE uint8_t
#define KERNEL_SIZE 1
#include "exec/kernel/choose_shapes.inc.h"

#define KERNEL_TYPE uint32_t
#define KERNEL_SIZE 4
#include "exec/kernel/choose_shapes.inc.h"

#define KERNEL_TYPE uint64_t
#define KERNEL_SIZE 8
#include "exec/kernel/choose_shapes.inc.h"

#define KERNEL_TYPE weir_string
#define KERNEL_SIZE 16
#include "exec/kernel/choose_shapes.inc.h"

/* ---- Logic over bytes of 0 and 1 */

static void and_bytes(uint32_t n, const uint8_t *restrict a, const uint8_t *restrict b,
                      uint8_t *restrict out) {
    for (uint32_t r = 0; r < n; r++) out[r] = a[r] & b[r];
}

/* Where b is garbage because a is 1, the result must still be 1. */
static void or_bytes(uint32_t n, const uint8_t *restrict a, const uint8_t *restrict b,
                     uint8_t *restrict out) {
    for (uint32_t r = 0; r < n; r++) out[r] = (a[r] | b[r]) & 1;
}

static void not_bytes(uint32_t n, const uint8_t *restrict a, const uint8_t *restrict b,
                      uint8_t *restrict out) {
    (void)b;
    for (uint32_t r = 0; r < n; r++) out[r] = (a[r] ^ 1) & 1;
}

/* ---- Selection */

/* For each set of four bits: which are set, and how many. Unused places write numbers that the next group
 * overwrites. */
static const uint32_t compact_place[16][4] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0}, {0, 2, 0, 0},
    {1, 2, 0, 0}, {0, 1, 2, 0}, {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
    {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3},
};
static const uint8_t compact_count[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};

/* Without a branch on the data: four places are written for each four rows, and the end moves by as many as
 * were meant. Never writes past sel[n - 1]: the numbers kept are never more than the rows gone by. */
static uint32_t compact(uint32_t n, const uint8_t *restrict mask, uint32_t *restrict sel) {
    uint32_t *restrict end = sel;
    uint32_t r = 0;
    for (; r + 8 <= n; r += 8) {
        uint64_t bytes;
        memcpy(&bytes, mask + r, 8);
        uint32_t bits = wr_bits_gather(bytes), low = bits & 15, high = bits >> 4;
        for (uint32_t j = 0; j < 4; j++) end[j] = r + compact_place[low][j];
        end += compact_count[low];
        for (uint32_t j = 0; j < 4; j++) end[j] = r + 4 + compact_place[high][j];
        end += compact_count[high];
    }
    for (; r < n; r++) {
        *end = r;
        end += mask[r];
    }
    return (uint32_t)(end - sel);
}

/* ---- Merging */

#include "exec/kernel/merge.inc.h"

/* ---- The table */

#define BINARY2(verb, tag)                                                                                   \
    {                                                                                                        \
        {verb##_##tag##_vv, verb##_##tag##_vv_sel}, { verb##_##tag##_vc, verb##_##tag##_vc_sel }             \
    }
#define BINARY3(verb, tag)                                                                                   \
    {                                                                                                        \
        {verb##_##tag##_vv, verb##_##tag##_vv_sel}, {verb##_##tag##_vc, verb##_##tag##_vc_sel}, {            \
            verb##_##tag##_cv, verb##_##tag##_cv_sel                                                         \
        }                                                                                                    \
    }
#define NUMERIC(row, verb)                                                                                   \
    [WEIR_INT] = row(verb, i32), [WEIR_LONG] = row(verb, i64), [WEIR_FLOAT] = row(verb, f32),                \
    [WEIR_DOUBLE] = row(verb, f64)
#define WIDEN(tag)                                                                                           \
    { widen_##tag, widen_##tag##_sel }
#define CHOOSE(size)                                                                                         \
    {                                                                                                        \
        {choose_##size##_vv, choose_##size##_vv_sel}, {choose_##size##_vc, choose_##size##_vc_sel},          \
            {choose_##size##_cv, choose_##size##_cv_sel}, {                                                  \
            choose_##size##_cc, choose_##size##_cc_sel                                                       \
        }                                                                                                    \
    }

const wr_kernels KERNELS = {
    .name = KERNELS_NAME,
    .arith =
        {
            [WR_ADD] = {NUMERIC(BINARY3, add)},
            [WR_SUB] = {NUMERIC(BINARY3, sub)},
            [WR_MUL] = {NUMERIC(BINARY3, mul)},
            [WR_DIV] = {NUMERIC(BINARY3, quo)},
            [WR_MOD] = {NUMERIC(BINARY3, rem)},
        },
    .compare =
        {
            [WR_EQ] =
                {NUMERIC(BINARY2, eq), [WEIR_BOOL] = BINARY2(eq, u8), [WEIR_STRING] = BINARY2(wr_string, eq)},
            [WR_NE] =
                {NUMERIC(BINARY2, ne), [WEIR_BOOL] = BINARY2(ne, u8), [WEIR_STRING] = BINARY2(wr_string, ne)},
            [WR_LT] = {NUMERIC(BINARY2, lt)},
            [WR_LE] = {NUMERIC(BINARY2, le)},
            [WR_GT] = {NUMERIC(BINARY2, gt)},
            [WR_GE] = {NUMERIC(BINARY2, ge)},
        },
    .convert =
        {
            [WEIR_INT] =
                {[WEIR_LONG] = WIDEN(i32_i64), [WEIR_FLOAT] = WIDEN(i32_f32), [WEIR_DOUBLE] = WIDEN(i32_f64)},
            [WEIR_LONG] = {[WEIR_FLOAT] = WIDEN(i64_f32), [WEIR_DOUBLE] = WIDEN(i64_f64)},
            [WEIR_FLOAT] = {[WEIR_DOUBLE] = WIDEN(f32_f64)},
        },
    .choose = {[0] = CHOOSE(1), [2] = CHOOSE(4), [3] = CHOOSE(8), [4] = CHOOSE(16)},
    .and_ = and_bytes,
    .or_ = or_bytes,
    .not_ = not_bytes,
    .compact = compact,
    .merge = {[0] = merge_1, [2] = merge_4, [3] = merge_8, [4] = merge_16},
};
