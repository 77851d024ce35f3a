/* choose.inc.h: mask ? a : b, for values of one size and operands of one shape, dense and selected.
 *
 * A template: define KERNEL_TAG (8_vc), KERNEL_TYPE (some type of that size), KERNEL_A(r) and KERNEL_B(r),
 * which index a vector or read a constant. Undefines all but KERNEL_TYPE. */

static void KERNEL_PASTE2(choose, KERNEL_TAG)(uint32_t n, const uint32_t *sel, const uint8_t *restrict mask,
                                              const void *va, const void *vb, void *vout) {
    (void)sel;
    const KERNEL_TYPE *restrict a = va, *restrict b = vb;
    KERNEL_TYPE *restrict out = vout;
    for (uint32_t r = 0; r < n; r++) out[r] = mask[r] ? a[KERNEL_A(r)] : b[KERNEL_B(r)];
}

static void KERNEL_PASTE3(choose, KERNEL_TAG, sel)(uint32_t n, const uint32_t *sel,
                                                   const uint8_t *restrict mask, const void *va,
                                                   const void *vb, void *vout) {
    const KERNEL_TYPE *restrict a = va, *restrict b = vb;
    KERNEL_TYPE *restrict out = vout;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t r = sel[k];
        out[r] = mask[r] ? a[KERNEL_A(r)] : b[KERNEL_B(r)];
    }
}

#undef KERNEL_B
#undef KERNEL_A
#undef KERNEL_TAG
