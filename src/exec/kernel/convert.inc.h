/* convert.inc.h: one widening conversion between numeric types, as Java does it (to the nearest float).
 *
 * A template: define KERNEL_TAG (i32_f64), KERNEL_FROM and KERNEL_OUT. Undefines them. */

static void KERNEL_PASTE2(widen, KERNEL_TAG)(uint32_t n, const uint32_t *sel, const void *va, void *vout) {
    (void)sel;
    const KERNEL_FROM *restrict a = va;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t r = 0; r < n; r++) out[r] = (KERNEL_OUT)a[r];
}

static void KERNEL_PASTE3(widen, KERNEL_TAG, sel)(uint32_t n, const uint32_t *sel, const void *va,
                                                  void *vout) {
    const KERNEL_FROM *restrict a = va;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t k = 0; k < n; k++) out[sel[k]] = (KERNEL_OUT)a[sel[k]];
}

#undef KERNEL_OUT
#undef KERNEL_FROM
#undef KERNEL_TAG
