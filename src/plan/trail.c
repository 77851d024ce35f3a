/* trail.c: is a pattern a trail? See pattern.h. */
#include "plan/pattern.h"

static bool is_step(const wr_plan_pattern *p, uint32_t at) {
    const wr_plan_item *item = &p->items[at];
    bool last = at + 1 == p->n_items;
    if (item->kind != WR_ITEM_STREAM || item->next != (last ? WR_NO_ITEM : at + 1)) return false;
    if (item->gives_output != last || item->callback != WR_NO_ITEM || item->is_start != (at == 0))
        return false;
    if (at) return item->every_next == WR_NO_ITEM && item->within_every == WR_NO_ITEM;
    return item->every_next == 0 && !item->n_keys && !item->n_tests && !item->residual;
}

/* The event of an earlier step, or of the last one in the output. */
static bool is_plain(const wr_event_ref *ref, uint32_t below) {
    bool picks_it = (ref->pick == WR_EVENT_AT || ref->pick == WR_EVENT_LAST) && ref->n == 0;
    return picks_it && ref->item < below && !ref->boxed && ref->type != WEIR_OBJECT;
}

static uint32_t count_fields(const wr_plan_pattern *p) {
    uint32_t n = 0;
    for (uint32_t i = 0; i + 1 < p->n_items; i++) {
        n++; /* its time */
        for (uint32_t c = 0; c < p->items[i].schema->n_attrs; c++) n += p->items[i].keeps[c];
    }
    return n;
}

bool wr_plan_is_trail(const wr_plan_pattern *p) {
    bool is = !p->is_sequence && p->n_items > 1 && count_fields(p) <= WR_TRAIL_FIELDS;
    for (uint32_t i = 0; i < p->n_items && is; i++) {
        const wr_plan_item *item = &p->items[i];
        is = is_step(p, i);
        for (uint32_t k = 0; k < item->n_keys; k++) is &= is_plain(&item->key_refs[k], i);
        for (uint32_t k = 0; k < item->n_refs; k++) is &= is_plain(&item->refs[k], i);
        for (uint32_t k = 0; k < item->n_tests; k++) is &= is_plain(&item->tests[k].ref, i);
    }
    for (uint32_t i = 0; i < p->n_outs && is; i++) is = is_plain(&p->outs[i], p->n_items);
    return is;
}
