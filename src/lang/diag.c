/* diag.c: see diag.h. */
#include "lang/diag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wr_diag_init(wr_diag *diags, uint32_t limit) {
    memset(diags, 0, sizeof *diags);
    diags->limit = limit ? limit : WR_DIAG_LIMIT;
}

void wr_diag_fini(wr_diag *diags) {
    wr_free(NULL, diags->list, (size_t)diags->cap * sizeof *diags->list);
    memset(diags, 0, sizeof *diags);
}

bool wr_diag_is_full(const wr_diag *diags) { return !diags || diags->n >= diags->limit; }

void wr_diag_count(wr_diag *diags) {
    if (diags) diags->total++;
}

void wr_diag_add(wr_diag *diags, const weir_error *err) {
    wr_diag_count(diags);
    if (wr_diag_is_full(diags)) return;
    if (wr_grow(NULL, &diags->list, &diags->cap, diags->n + 1, sizeof *diags->list)) return;
    diags->list[diags->n++] = *err;
    diags->sorted = false;
}

void wr_diag_addf(wr_diag *diags, const wr_source *source, wr_span span, weir_status code, const char *hint,
                  const char *format, ...) {
    weir_error err = {.code = code};
    if (wr_diag_is_full(diags)) {
        wr_diag_count(diags);
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    if (hint) snprintf(err.hint, sizeof err.hint, "%s", hint);
    wr_source_place(source, span, &err);
    wr_diag_add(diags, &err);
}

static bool comes_before(const weir_error *a, const weir_error *b) {
    if (!a->line != !b->line) return !a->line;
    return a->begin < b->begin;
}

/* Insertion sort: stable, in place, and the list is short and nearly sorted. */
void wr_diag_sort(wr_diag *diags) {
    for (uint32_t i = 1; i < diags->n && !diags->sorted; i++) {
        if (!comes_before(&diags->list[i], &diags->list[i - 1])) continue;
        weir_error moved = diags->list[i];
        uint32_t k = i;
        for (; k > 0 && comes_before(&moved, &diags->list[k - 1]); k--) diags->list[k] = diags->list[k - 1];
        diags->list[k] = moved;
    }
    diags->sorted = true;
}

void wr_diag_render(wr_diag *diags, const wr_source *source, wr_buf *out) {
    wr_diag_sort(diags);
    for (uint32_t i = 0; i < diags->n; i++) wr_error_render(&diags->list[i], source, out);
    uint64_t more = diags->total - diags->n;
    if (more) wr_buf_printf(out, "and %" PRIu64 " more error%s\n", more, more == 1 ? "" : "s");
}

void wr_diag_first(wr_diag *diags, weir_error *err) {
    if (diags->n == 0 || !err) return;
    wr_diag_sort(diags);
    *err = diags->list[0];
    uint64_t more = diags->total - 1;
    if (more && !err->hint[0])
        snprintf(err->hint, sizeof err->hint, "there %s %" PRIu64 " more error%s", more == 1 ? "is" : "are",
                 more, more == 1 ? "" : "s");
}
