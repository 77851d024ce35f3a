/* binary.inc.h: one operation over two operands of one type, in three shapes, dense and selected.
 *
 * A template: define KERNEL_OP(a, b), then include. Already defined: KERNEL_NAME(tail), the functions' name;
 * KERNEL_TYPE, of the operands; KERNEL_OUT, of the result; perhaps KERNEL_MASKED(a, b - 1), the same where b
 * is a constant power of two. Leaves six functions, name_vv, name_vv_sel, …, and undefines KERNEL_OP. */

static void KERNEL_NAME(vv)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    (void)sel;
    const KERNEL_TYPE *restrict a = va, *restrict b = vb;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t r = 0; r < n; r++) out[r] = (KERNEL_OUT)KERNEL_OP(a[r], b[r]);
}

static void KERNEL_NAME(vc)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    (void)sel;
    const KERNEL_TYPE *restrict a = va;
    const KERNEL_TYPE b = *(const KERNEL_TYPE *)vb;
    KERNEL_OUT *restrict out = vout;
#ifdef KERNEL_MASKED
    if (b > 0 && (b & (b - 1)) == 0) {
        for (uint32_t r = 0; r < n; r++) out[r] = (KERNEL_OUT)KERNEL_MASKED(a[r], b - 1);
        return;
    }
#endif
    for (uint32_t r = 0; r < n; r++) out[r] = (KERNEL_OUT)KERNEL_OP(a[r], b);
}

static void KERNEL_NAME(vv_sel)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    const KERNEL_TYPE *restrict a = va, *restrict b = vb;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t k = 0; k < n; k++) out[sel[k]] = (KERNEL_OUT)KERNEL_OP(a[sel[k]], b[sel[k]]);
}

static void KERNEL_NAME(vc_sel)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    const KERNEL_TYPE *restrict a = va;
    const KERNEL_TYPE b = *(const KERNEL_TYPE *)vb;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t k = 0; k < n; k++) out[sel[k]] = (KERNEL_OUT)KERNEL_OP(a[sel[k]], b);
}

#ifdef KERNEL_HAS_CV
static void KERNEL_NAME(cv)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    (void)sel;
    const KERNEL_TYPE a = *(const KERNEL_TYPE *)va;
    const KERNEL_TYPE *restrict b = vb;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t r = 0; r < n; r++) out[r] = (KERNEL_OUT)KERNEL_OP(a, b[r]);
}

static void KERNEL_NAME(cv_sel)(uint32_t n, const uint32_t *sel, const void *va, const void *vb, void *vout) {
    const KERNEL_TYPE a = *(const KERNEL_TYPE *)va;
    const KERNEL_TYPE *restrict b = vb;
    KERNEL_OUT *restrict out = vout;
    for (uint32_t k = 0; k < n; k++) out[sel[k]] = (KERNEL_OUT)KERNEL_OP(a, b[sel[k]]);
}
#endif

#undef KERNEL_OP
