/* diag.h: the errors of one text, collected so that all of them can be told at once. */
#ifndef WR_LANG_DIAG_H
#define WR_LANG_DIAG_H

#include "lang/source.h"

#define WR_DIAG_LIMIT 1000u /* errors kept by default */

typedef struct wr_diag {
    weir_error *list;
    uint32_t n, cap;
    uint32_t limit; /* list holds no more than this */
    uint64_t total; /* added, kept or not */
    bool sorted;
} wr_diag;

void wr_diag_init(wr_diag *diags, uint32_t limit); /* 0: WR_DIAG_LIMIT. Allocates nothing */
void wr_diag_fini(wr_diag *diags);
/* Keeps a copy. Past the limit, or when memory is out, the error is only counted. diags may be NULL. */
void wr_diag_add(wr_diag *diags, const weir_error *err);
/* No more errors are kept: making one would be wasted work, wr_diag_count is enough. NULL is full. */
bool wr_diag_is_full(const wr_diag *diags);
void wr_diag_count(wr_diag *diags); /* one more that is not kept; NULL is fine */
/* As wr_diag_add, for an error that is made on the spot; hint may be NULL. */
void wr_diag_addf(wr_diag *diags, const wr_source *source, wr_span span, weir_status code, const char *hint,
                  const char *format, ...) WR_PRINTF(6, 7);
/* By position; errors without one first; else in the order they were added. */
void wr_diag_sort(wr_diag *diags);
/* All of them, sorted, as text; "and N more errors" at the end when some were not kept. */
void wr_diag_render(wr_diag *diags, const wr_source *source, wr_buf *out);
/* The first by position, for callers that can hand on only one; its hint tells how many more there are
 * unless it has one already. Does nothing when there is none. */
void wr_diag_first(wr_diag *diags, weir_error *err);

#endif
