#include "exec/pattern_events.h"

#include "data/schema.h"
#include "data/value.h"
#include "exec/match_value.h"
#include "state/writer.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the matches of a pattern");
}

static bool is_object(const wr_kept_column *k) { return k->boxed || k->type == WEIR_OBJECT; }

weir_status wr_event_pool_init(wr_event_pool *p, const wr_plan_item *item, wr_account *account,
                               weir_error *err) {
    uint32_t n = item->schema->n_attrs;
    *p = (wr_event_pool){.n_schema = n, .is_plain = true};
    wr_cell_pool_init(&p->cells, sizeof(wr_taken), account);
    p->kept = wr_alloc_zero(account, (n + 1) * sizeof *p->kept);
    p->kept_at = wr_alloc_zero(account, (n + 1) * sizeof *p->kept_at);
    if (!p->kept || !p->kept_at) return no_memory(err);
    for (uint32_t c = 0; c < n; c++) {
        p->kept_at[c] = WR_NO_COLUMN;
        if (!item->keeps[c]) continue;
        const wr_attr *a = &item->schema->attrs[c];
        p->kept[p->n_kept] = (wr_kept_column){.column = c,
                                              .type = a->type,
                                              .boxed = a->boxed,
                                              .size = (uint32_t)wr_type_size(a->type, a->boxed)};
        p->is_plain &= !is_object(&p->kept[p->n_kept]) && a->type != WEIR_STRING;
        p->kept_at[c] = p->n_kept++;
    }
    uint32_t at = (uint32_t)sizeof(wr_taken) + p->n_kept;
    for (uint32_t k = 0; k < p->n_kept; k++) {
        uint32_t align = WR_MIN(p->kept[k].size, 8);
        at = (at + align - 1) & ~(align - 1);
        p->kept[k].at = at;
        at += p->kept[k].size;
    }
    wr_cell_pool_init(&p->cells, at, account);
    return WEIR_OK;
}

/* ---- Values -----------------------------------------------------------------------------------------------
 */

static void drop_values(wr_event_pool *p, uint32_t id) {
    for (uint32_t k = 0; k < p->n_kept && !p->is_plain; k++) {
        const void *value = wr_event_value(p, id, k);
        if (!value) continue;
        if (is_object(&p->kept[k])) {
            weir_object *o;
            memcpy(&o, value, sizeof o);
            weir_object_unref(o);
        } else if (p->kept[k].type == WEIR_STRING) {
            weir_string s;
            memcpy(&s, value, sizeof s);
            if (s.len > WEIR_STRING_INLINE) wr_free(p->cells.account, (void *)(uintptr_t)s.u.ptr, s.len);
        }
    }
}

void wr_event_pool_clear(wr_event_pool *p) {
    for (uint32_t id = 0; id < p->cells.n_cells; id++)
        if (wr_taken_at(p, id)->refs) drop_values(p, id);
    wr_cell_pool_clear(&p->cells);
}

void wr_event_pool_fini(wr_event_pool *p) {
    if (!p->kept && !p->kept_at) return;
    wr_account *account = p->cells.account;
    wr_event_pool_clear(p);
    wr_cell_pool_fini(&p->cells);
    if (p->kept) wr_free(account, p->kept, (p->n_schema + 1) * sizeof *p->kept);
    if (p->kept_at) wr_free(account, p->kept_at, (p->n_schema + 1) * sizeof *p->kept_at);
    p->kept = NULL;
    p->kept_at = NULL;
}

/* Makes a copied cell's value the event's own. */
static weir_status own_value(wr_event_pool *p, const wr_kept_column *k, char *value, weir_error *err) {
    if (is_object(k)) {
        weir_object *o;
        memcpy(&o, value, sizeof o);
        weir_object_ref(o);
    } else if (k->type == WEIR_STRING) {
        weir_string s;
        memcpy(&s, value, sizeof s);
        if (s.len <= WEIR_STRING_INLINE) return WEIR_OK;
        char *bytes = wr_alloc(p->cells.account, s.len);
        if (!bytes) return no_memory(err);
        memcpy(bytes, s.u.ptr, s.len);
        s.u.ptr = bytes;
        memcpy(value, &s, sizeof s);
    }
    return WEIR_OK;
}

static weir_status copy_values(wr_event_pool *p, const weir_batch *b, uint32_t row, char *cell,
                               weir_error *err) {
    char *present = cell + sizeof(wr_taken);
    for (uint32_t k = 0; k < p->n_kept; k++) {
        const wr_kept_column *kept = &p->kept[k];
        const weir_column *c = b ? &b->cols[kept->column] : NULL;
        if (!c || !c->data || weir_is_null(c, row)) continue;
        wr_match_copy_value(cell + kept->at, (const char *)c->data + (size_t)row * kept->size, kept->size);
        if (!p->is_plain) WR_TRY(own_value(p, kept, cell + kept->at, err));
        present[k] = 1;
    }
    return WEIR_OK;
}

weir_status wr_event_take(wr_event_pool *p, const weir_batch *b, uint32_t row, uint32_t *id,
                          weir_error *err) {
    char *cell = wr_cell_pool_take(&p->cells, id);
    if (!cell) return no_memory(err);
    *(wr_taken *)(void *)cell =
        (wr_taken){.ts = b ? b->ts[row] : -1, .refs = 1, .next = WR_NO_EVENT, .last = *id, .n = 1};
    memset(cell + sizeof(wr_taken), 0, p->n_kept);
    weir_status st = copy_values(p, b, row, cell, err);
    if (st != WEIR_OK) wr_event_unref(p, *id);
    return st;
}

void wr_event_unref(wr_event_pool *p, uint32_t id) {
    while (id != WR_NO_EVENT && --wr_taken_at(p, id)->refs == 0) {
        uint32_t next = wr_taken_at(p, id)->next;
        drop_values(p, id);
        wr_cell_pool_give(&p->cells, id);
        id = next;
    }
}

/* ---- Chains -----------------------------------------------------------------------------------------------
 */

void wr_event_chain(wr_event_pool *p, uint32_t head, uint32_t id) {
    wr_taken *first = wr_taken_at(p, head);
    wr_taken_at(p, first->last)->next = id;
    first->last = id;
    first->n++;
}

uint32_t wr_event_nth(const wr_event_pool *p, uint32_t head, uint32_t n) {
    if (head == WR_NO_EVENT || n >= wr_taken_at(p, head)->n) return WR_NO_EVENT;
    if (n == wr_taken_at(p, head)->n - 1) return wr_taken_at(p, head)->last;
    while (n-- > 0) head = wr_taken_at(p, head)->next;
    return head;
}

/* ---- Saving: live cells by their numbers. -----------------------------------------------------------------
 */

static weir_value value_of(const wr_event_pool *p, uint32_t id, uint32_t k) {
    const wr_kept_column *kept = &p->kept[k];
    weir_value v = {.type = is_object(kept) ? WEIR_OBJECT : kept->type};
    const void *value = wr_event_value(p, id, k);
    v.is_null = !value;
    if (value) memcpy(&v.as, value, kept->size);
    return v;
}

void wr_event_pool_save(const wr_event_pool *p, uint32_t *numbers, weir_writer *w) {
    uint32_t n = 0;
    for (uint32_t id = 0; id < p->cells.n_cells; id++)
        numbers[id] = wr_taken_at(p, id)->refs ? n++ : WR_NO_EVENT;
    weir_write_u32(w, n);
    for (uint32_t id = 0; id < p->cells.n_cells; id++) {
        const wr_taken *t = wr_taken_at(p, id);
        if (!t->refs) continue;
        weir_write_i64(w, t->ts);
        weir_write_u32(w, t->next == WR_NO_EVENT ? WR_NO_EVENT : numbers[t->next]);
        weir_write_u32(w, numbers[t->last]);
        weir_write_u32(w, t->n);
        for (uint32_t k = 0; k < p->n_kept; k++) {
            weir_value v = value_of(p, id, k);
            weir_write_value(w, &v);
        }
    }
}

static weir_status load_value(wr_event_pool *p, uint32_t id, uint32_t k, weir_reader *r, weir_arena *arena,
                              weir_error *err) {
    const wr_kept_column *kept = &p->kept[k];
    char *cell = wr_cell(&p->cells, id);
    weir_value v;
    if (weir_read_value(r, arena, &v) != WEIR_OK) return weir_reader_status(r, err);
    if (v.is_null) return WEIR_OK;
    if (v.type != (is_object(kept) ? WEIR_OBJECT : kept->type))
        return weir_fail(err, WEIR_ESTATE, "the saved matches of a pattern have values of another type");
    memcpy(cell + kept->at, &v.as, kept->size);
    WR_TRY(own_value(p, kept, cell + kept->at, err));
    cell[sizeof(wr_taken) + k] = 1;
    return WEIR_OK;
}

weir_status wr_event_pool_load(wr_event_pool *p, weir_reader *r, weir_arena *arena, weir_error *err) {
    uint32_t n = wr_read_count(r, 20);
    if (wr_cell_pool_fill(&p->cells, n)) return no_memory(err);
    for (uint32_t id = 0; id < n; id++) {
        wr_taken *t = wr_taken_at(p, id);
        t->ts = weir_read_i64(r);
        t->next = weir_read_u32(r);
        t->last = weir_read_u32(r);
        t->n = weir_read_u32(r);
        bool links = (t->next == WR_NO_EVENT || t->next < n) && t->last < n && t->n && t->n <= n;
        if (!links) return weir_fail(err, WEIR_ESTATE, "the saved matches of a pattern are damaged");
        t->refs = 1;
        for (uint32_t k = 0; k < p->n_kept; k++) WR_TRY(load_value(p, id, k, r, arena, err));
    }
    return weir_reader_status(r, err);
}
