/* strings.h: equality of strings. They follow pointers, so the dense ones are for batches without a
 * selection, where every row holds a string. */
#ifndef WR_STRINGS_H
#define WR_STRINGS_H

#include "exec/kernel/kernels.h"

/* wr_binary_kernel each: equal or not equal, shape VV or VC, dense or selected. */
void wr_string_eq_vv(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_eq_vv_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_eq_vc(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_eq_vc_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_ne_vv(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_ne_vv_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_ne_vc(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);
void wr_string_ne_vc_sel(uint32_t n, const uint32_t *sel, const void *a, const void *b, void *out);

#endif
