/* report.c: all that is wrong with a text. */
#include <stdlib.h>

#include "api/internal.h"

weir_report *wr_report_new(wr_diag *diags, const wr_source *source) {
    weir_report *r = wr_alloc_zero(NULL, sizeof *r);
    if (!r) return NULL;
    wr_buf text = WR_BUF_INIT;
    wr_diag_sort(diags);
    wr_diag_render(diags, source, &text);
    r->diags = *diags;
    wr_diag_init(diags, 0);
    r->text = text.data;
    return r;
}

uint32_t weir_report_count(const weir_report *report) { return report ? report->diags.n : 0; }

const weir_error *weir_report_get(const weir_report *report, uint32_t index) {
    return report && index < report->diags.n ? &report->diags.list[index] : NULL;
}

char *weir_report_text(const weir_report *report) {
    const char *text = report && report->text ? report->text : "";
    size_t len = strlen(text);
    char *copy = wr_alloc(NULL, len + 1);
    if (copy) memcpy(copy, text, len + 1);
    return copy;
}

void weir_report_free(weir_report *report) {
    if (!report) return;
    wr_diag_fini(&report->diags);
    wr_free(NULL, report->text, 0);
    wr_free(NULL, report, sizeof *report);
}

void weir_free(void *block) { wr_free(NULL, block, 0); }
