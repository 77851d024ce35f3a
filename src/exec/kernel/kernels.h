/* kernels.h: the loops over raw arrays that expression programs are made of.
 *
 * A kernel computes one operation over the rows of one batch. Arrays are indexed by physical row. Dense ones
 * (sel is not read) compute rows 0..n-1, garbage in unselected rows included: they are safe on any bits.
 * Selected ones compute rows sel[0..n-1]. Operands that are constants are pointers to one value. Nulls are no
 * concern here: whoever calls ANDs the bitmaps afterwards.
 *
 * The loops are written once, in *.inc.h, and compiled for each instruction set that pays; all sets give
 * the same bits. A missing entry (NULL) is an operation that doesn't exist. */
#ifndef WR_KERNELS_H
#define WR_KERNELS_H

#include "base/compiler.h"
#include "plan/expr.h"

typedef enum wr_shape { WR_VV, WR_VC, WR_CV, WR_CC } wr_shape; /* a vector or constant, b likewise */
#define WR_SHAPE(a_is_const, b_is_const) ((wr_shape)(((a_is_const) ? 2 : 0) | ((b_is_const) ? 1 : 0)))

typedef enum wr_rows { WR_DENSE, WR_SELECTED } wr_rows;

#define WR_N_ARITH   5
#define WR_N_COMPARE 6

/* out never overlaps a or b. */
typedef void (*wr_binary_kernel)(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
typedef void (*wr_unary_kernel)(uint32_t n, const uint32_t *sel, const void *a, void *out);
/* mask bytes are 0 or 1 (in selected rows). */
typedef void (*wr_choose_kernel)(uint32_t n, const uint32_t *sel, const uint8_t *mask, const void *a,
                                 const void *b, void *out);
/* a and b hold at least n values each; mask bytes are 0 or 1. */
typedef uint32_t (*wr_merge_kernel)(uint32_t n, const uint8_t *mask, const void *a, const void *b, void *out);
typedef void (*wr_logic_kernel)(uint32_t n, const uint8_t *a, const uint8_t *b, uint8_t *out);

typedef struct wr_kernels {
    const char *name;
    /* [op][operand type][shape][rows]. Result: the operand type. Division by zero gives some value. */
    wr_binary_kernel arith[WR_N_ARITH][WEIR_N_TYPES][3][2];
    /* [op][operand type][shape][rows]. Result: bytes 0 or 1. Shape CV: turn the operator round instead. */
    wr_binary_kernel compare[WR_N_COMPARE][WEIR_N_TYPES][2][2];
    /* [from][to][rows]. */
    wr_unary_kernel convert[WEIR_N_TYPES][WEIR_N_TYPES][2];
    /* [log2 of the value's size][shape][rows]: mask ? a : b. */
    wr_choose_kernel choose[5][4][2];
    /* Over bytes, always dense: following a selection costs more than a byte. `or` leaves 0 or 1 wherever
     * either operand is 0 or 1 and not both are garbage; `not` reads a alone. */
    wr_logic_kernel and_, or_, not_;
    /* Row numbers r < n with mask[r] == 1, ascending; sel has room for n numbers. All mask bytes are 0 or 1.
     */
    uint32_t (*compact)(uint32_t n, const uint8_t *mask, uint32_t *sel);
    /* [log2 of the value's size]: out[r] is the next of a where mask is 1, the next of b where it is 0.
     * Returns how many were taken of a. */
    wr_merge_kernel merge[5];
} wr_kernels;

extern const wr_kernels wr_kernels_base; /* any machine */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WR_HAVE_AVX2 1
extern const wr_kernels wr_kernels_avx2;
#endif

/* The best set for this machine. */
const wr_kernels *wr_kernels_get(void);

#endif
