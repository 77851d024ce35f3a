/* strings.c: see strings.h. Most comparisons are decided by the first 8 bytes, length and prefix; with a
 * short constant, all are decided by 16 without following a pointer. Each loop is written once, with the
 * selection or NULL and the sense as parameters, and becomes eight kernels by inlining. */
#include "exec/kernel/strings.h"

WR_INLINE uint64_t first_half(const weir_string *s) {
    uint64_t w;
    memcpy(&w, s, 8);
    return w;
}

WR_INLINE uint64_t second_half(const weir_string *s) {
    uint64_t w;
    memcpy(&w, (const char *)s + 8, 8);
    return w;
}

WR_INLINE void compare_vv(uint32_t n, const uint32_t *sel, const weir_string *a, const weir_string *b,
                          bool differ, uint8_t *out) {
    for (uint32_t k = 0; k < n; k++) {
        uint32_t r = sel ? sel[k] : k;
        out[r] = weir_string_equal(&a[r], &b[r]) != differ;
    }
}

WR_INLINE void compare_short(uint32_t n, const uint32_t *sel, const weir_string *a, const weir_string *b,
                             bool differ, uint8_t *out) {
    uint64_t first = first_half(b), second = second_half(b);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t r = sel ? sel[k] : k;
        uint64_t difference = (first_half(&a[r]) ^ first) | (second_half(&a[r]) ^ second);
        out[r] = (difference == 0) != differ;
    }
}

WR_INLINE void compare_long(uint32_t n, const uint32_t *sel, const weir_string *a, const weir_string *b,
                            bool differ, uint8_t *out) {
    uint64_t first = first_half(b);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t r = sel ? sel[k] : k;
        bool equal = first_half(&a[r]) == first && weir_string_equal(&a[r], b);
        out[r] = equal != differ;
    }
}

WR_INLINE void compare_vc(uint32_t n, const uint32_t *sel, const weir_string *a, const weir_string *b,
                          bool differ, uint8_t *out) {
    if (b->len <= WEIR_STRING_INLINE)
        compare_short(n, sel, a, b, differ, out);
    else
        compare_long(n, sel, a, b, differ, out);
}

void wr_string_eq_vv(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    (void)sel;
    compare_vv(n, NULL, a, b, false, out);
}
void wr_string_eq_vv_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    compare_vv(n, sel, a, b, false, out);
}
void wr_string_eq_vc(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    (void)sel;
    compare_vc(n, NULL, a, b, false, out);
}
void wr_string_eq_vc_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    compare_vc(n, sel, a, b, false, out);
}
void wr_string_ne_vv(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    (void)sel;
    compare_vv(n, NULL, a, b, true, out);
}
void wr_string_ne_vv_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    compare_vv(n, sel, a, b, true, out);
}
void wr_string_ne_vc(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    (void)sel;
    compare_vc(n, NULL, a, b, true, out);
}
void wr_string_ne_vc_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out) {
    compare_vc(n, sel, a, b, true, out);
}
