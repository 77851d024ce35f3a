/* pattern_output.c: the rows of matches that go out. */
#include "exec/pattern_impl.h"

#include "data/column.h"
#include "data/value.h"

/* ---- Values -----------------------------------------------------------------------------------------------
 */

static weir_value kept_value(const wr_event_pool *pool, uint32_t ev, uint32_t column) {
    uint32_t k = pool->kept_at[column];
    const wr_kept_column *kept = &pool->kept[k];
    const void *value = wr_event_value(pool, ev, k);
    weir_value v = {.type = kept->boxed ? WEIR_OBJECT : kept->type, .is_null = !value};
    if (value) memcpy(&v.as, value, kept->size);
    return v;
}

static weir_status put_list(wr_pattern *x, const wr_event_ref *ref, uint32_t match, weir_column *col,
                            uint32_t row, weir_error *err) {
    const wr_event_pool *pool = &x->items[ref->item].events;
    weir_object *list = weir_object_new_list();
    weir_status st = list ? WEIR_OK : WEIR_ENOMEM;
    for (uint32_t ev = wr_match_at(x, match)->ev[ref->item]; ev != WR_NO_EVENT && st == WEIR_OK;
         ev = wr_taken_at(pool, ev)->next) {
        weir_value v = kept_value(pool, ev, ref->column);
        st = weir_object_list_add(list, &v);
    }
    if (st != WEIR_OK) {
        weir_object_unref(list);
        return wr_pattern_no_memory(err);
    }
    if (weir_arena_own(x->turn->arena, list) != WEIR_OK) return wr_pattern_no_memory(err);
    ((weir_object **)col->data)[row] = list;
    return WEIR_OK;
}

/* The event may be gone before the cycle ends: what it owns is kept by the arena. */
static weir_status put_kept(wr_pattern *x, const wr_kept_column *kept, const void *value, weir_column *col,
                            uint32_t row, weir_error *err) {
    char *to = (char *)col->data + (size_t)row * kept->size;
    memcpy(to, value, kept->size);
    if (kept->boxed || kept->type == WEIR_OBJECT) {
        weir_object *o = ((weir_object **)col->data)[row];
        return weir_arena_own(x->turn->arena, weir_object_ref(o)) == WEIR_OK ? WEIR_OK
                                                                             : wr_pattern_no_memory(err);
    }
    if (kept->type != WEIR_STRING) return WEIR_OK;
    weir_string s = ((weir_string *)col->data)[row];
    if (s.len <= WEIR_STRING_INLINE) return WEIR_OK;
    return weir_arena_string(x->turn->arena, s.u.ptr, s.len, &((weir_string *)col->data)[row]) == WEIR_OK
               ? WEIR_OK
               : wr_pattern_no_memory(err);
}

static void put_null(weir_column *col, uint32_t row) {
    size_t size = wr_type_size(col->type, col->boxed);
    memset((char *)col->data + row * size, 0, size);
    weir_set_null(col, row);
}

weir_status wr_ref_put(wr_pattern *x, const wr_event_ref *ref, uint32_t match, uint32_t own, weir_column *col,
                       uint32_t row, weir_error *err) {
    bool candidate;
    const wr_event_pool *pool = &x->items[ref->item].events;
    if (ref->pick == WR_EVENT_ALL) return put_list(x, ref, match, col, row, err);
    uint32_t ev = wr_ref_event(x, ref, match, own, &candidate);
    if (candidate && ref->column == WR_EVENT_TIME) {
        ((int64_t *)col->data)[row] = x->batch->ts[x->row];
    } else if (candidate) {
        const weir_column *from = &x->batch->cols[ref->column];
        size_t size = wr_type_size(col->type, col->boxed);
        if (!from->data || weir_is_null(from, x->row))
            put_null(col, row);
        else
            memcpy((char *)col->data + row * size, (const char *)from->data + x->row * size, size);
    } else if (ev == WR_NO_EVENT) {
        put_null(col, row);
    } else if (ref->column == WR_EVENT_TIME) {
        ((int64_t *)col->data)[row] = wr_taken_at(pool, ev)->ts;
    } else {
        uint32_t k = pool->kept_at[ref->column];
        const void *value = wr_event_value(pool, ev, k);
        if (value) return put_kept(x, &pool->kept[k], value, col, row, err);
        put_null(col, row);
    }
    return WEIR_OK;
}

/* ---- Rows -------------------------------------------------------------------------------------------------
 */

weir_status wr_pattern_room(wr_pattern *x, weir_error *err) {
    wr_pattern_rows *r = &x->rows;
    weir_arena *arena = x->turn->arena;
    if (r->n < r->cap) return WEIR_OK;
    uint32_t cap = r->cap ? r->cap * 2 : 16, n_outs = x->plan->n_outs;
    weir_column *cols = wr_arena_zero(arena, n_outs + 1, sizeof *cols);
    if (!cols || cap < r->cap || !wr_arena_widen(arena, &r->ts, r->n, cap, sizeof *r->ts) ||
        !wr_arena_widen(arena, &r->chunk_end, r->n_chunks, cap, sizeof *r->chunk_end) ||
        !wr_arena_widen(arena, &r->origin, r->n_chunks, cap, sizeof *r->origin))
        return wr_pattern_no_memory(err);
    for (uint32_t c = 0; c < n_outs; c++) {
        const wr_event_ref *ref = &x->plan->outs[c];
        size_t size = wr_type_size(ref->type, ref->boxed);
        if (wr_column_new(arena, ref->type, ref->boxed, cap, true, &cols[c]) != WEIR_OK)
            return wr_pattern_no_memory(err);
        if (!r->n) continue;
        memcpy(cols[c].data, r->cols[c].data, r->n * size);
        memcpy(cols[c].valid, r->cols[c].valid, wr_valid_words(r->n) * sizeof(uint64_t));
    }
    r->cols = cols;
    r->cap = cap;
    return WEIR_OK;
}

static weir_status put_match(wr_pattern *x, uint32_t match, weir_error *err) {
    wr_pattern_rows *r = &x->rows;
    WR_TRY(wr_pattern_room(x, err));
    for (uint32_t c = 0; c < x->plan->n_outs; c++)
        WR_TRY(wr_ref_put(x, &x->plan->outs[c], match, WR_NO_ITEM, &r->cols[c], r->n, err));
    r->ts[r->n++] = wr_match_at(x, match)->ts;
    return WEIR_OK;
}

void wr_pattern_end_chunk(wr_pattern *x) {
    wr_pattern_rows *r = &x->rows;
    r->chunk_end[r->n_chunks] = r->n;
    r->origin[r->n_chunks++] = x->origin;
}

weir_status wr_pattern_flush(wr_pattern *x, bool one_chunk, weir_error *err) {
    weir_status st = WEIR_OK;
    uint32_t open = x->rows.n;
    for (uint32_t i = 0; i < x->n_done; i++) {
        /* One that expired in one list and was completed in another is expired as a row too: nobody gets it.
         */
        bool goes = st == WEIR_OK && !wr_match_at(x, x->done[i])->is_expired;
        if (goes) st = put_match(x, x->done[i], err);
        if (goes && st == WEIR_OK && !one_chunk) wr_pattern_end_chunk(x);
        wr_match_unref(x, x->done[i]);
    }
    if (st == WEIR_OK && one_chunk && x->rows.n > open) wr_pattern_end_chunk(x);
    x->n_done = 0;
    return st;
}

/* Each match is a part of its chunk: the select takes them one by one. */
weir_status wr_pattern_output(wr_pattern *x, weir_batch *out, weir_error *err) {
    wr_pattern_rows *r = &x->rows;
    if (!r->n) return WEIR_OK;
    *out = (weir_batch){.n_rows = r->n,
                        .n_sel = r->n,
                        .ts = r->ts,
                        .n_cols = x->plan->n_outs,
                        .cols = r->cols,
                        .n_chunks = r->n_chunks,
                        .chunk_end = r->n_chunks == r->n ? NULL : r->chunk_end,
                        .origin = r->origin};
    if (r->n_chunks == r->n) return WEIR_OK;
    uint32_t *parts = wr_arena_array(x->turn->arena, r->n, sizeof *parts);
    if (!parts) return wr_pattern_no_memory(err);
    for (uint32_t i = 0; i < r->n; i++) parts[i] = i + 1;
    out->n_parts = r->n;
    out->part_end = parts;
    return WEIR_OK;
}
