/* rate_window.c: the snapshot of what a window holds (rate_impl.h).
 *
 * Current rows are kept in a list until an expired one comes that is equal in all columns that don't depend
 * on an aggregate; the oldest such row goes. It is found by an index over those columns, so a row costs the
 * same however many are held. With aggregates, the rows of a snapshot show the latest values of their group:
 * those of the row that came or went last. With groups, only a group's oldest row is shown. */
#include "exec/rate_impl.h"
#include "state/writer.h"

/* ---- The list ---------------------------------------------------------------------------------------------
 */

static weir_status reserve_slots(wr_rate *r, weir_error *err) {
    wr_rate_list *l = &r->list;
    uint32_t n = wr_row_store_n_slots(r->store);
    wr_account *account = &r->head.account;
    if (wr_grow(account, &l->next, &l->cap_next, n, sizeof *l->next) ||
        wr_grow(account, &l->prev, &l->cap_prev, n, sizeof *l->prev) ||
        wr_grow(account, &l->gid, &l->cap_gid, n, sizeof *l->gid) ||
        wr_grow(account, &l->uses, &l->cap_uses, n, sizeof *l->uses) ||
        wr_grow(account, &r->listed, &r->cap_listed, r->n_group, sizeof *r->listed))
        return wr_rate_no_memory(err);
    return WEIR_OK;
}

static weir_status append(wr_rate *r, uint32_t slot, uint32_t gid, weir_error *err) {
    wr_rate_list *l = &r->list;
    WR_TRY(wr_row_index_add(l->index, slot, err));
    l->next[slot] = WR_NO_SLOT;
    l->prev[slot] = l->last;
    l->gid[slot] = gid;
    l->uses[slot] = 1;
    if (l->last == WR_NO_SLOT)
        l->first = slot;
    else
        l->next[l->last] = slot;
    l->last = slot;
    l->n++;
    r->group[gid].n++;
    return WEIR_OK;
}

static void take_away(wr_rate *r, uint32_t slot) {
    wr_rate_list *l = &r->list;
    uint32_t next = l->next[slot], prev = l->prev[slot];
    wr_row_index_remove(l->index, slot);
    if (prev == WR_NO_SLOT)
        l->first = next;
    else
        l->next[prev] = next;
    if (next == WR_NO_SLOT)
        l->last = prev;
    else
        l->prev[next] = prev;
    l->n--;
    r->group[l->gid[slot]].n--;
}

/* One use less of a row. */
static void drop(wr_rate *r, wr_rate_row slot) {
    if (slot != WR_RATE_NONE && --r->list.uses[slot] == 0) wr_rate_release(r, slot);
}

/* From now on the group shows this row's totals. */
static void show_totals_of(wr_rate *r, uint32_t gid, uint32_t slot) {
    wr_rate_row old = r->group[gid].row;
    if (!r->plan->has_totals) return;
    r->list.uses[slot]++;
    r->group[gid].row = slot;
    drop(r, old);
}

/* ---- A call -----------------------------------------------------------------------------------------------
 */

/* All rows of the call are stored; those that nobody keeps go when it ends. */
weir_status wr_rate_window_prepare(wr_rate *r, weir_error *err) {
    const weir_batch *in = r->in;
    weir_arena *arena = r->turn->arena;
    if (!in) return WEIR_OK;
    uint32_t *sel = wr_arena_array(arena, in->n_sel, sizeof *sel), n = 0;
    weir_row_id *ids = wr_arena_array(arena, in->n_sel, sizeof *ids);
    weir_row_id *slot = wr_arena_array(arena, in->n_rows, sizeof *slot);
    weir_column *keys = wr_arena_array(arena, r->list.n_columns, sizeof *keys);
    r->hashes = wr_arena_array(arena, in->n_rows, sizeof *r->hashes);
    if (!sel || !ids || !slot || !keys || !r->hashes) return wr_rate_no_memory(err);
    for (uint32_t k = 0; k < in->n_sel; k++) {
        uint32_t row = weir_batch_row(in, k);
        if (wr_rate_kind(r, row) != WEIR_RESET) sel[n++] = row;
    }
    weir_batch rows = *in;
    rows.sel = sel;
    rows.n_sel = n;
    WR_TRY(wr_rate_store(r, &rows, ids, err));
    for (uint32_t i = 0; i < n; i++) slot[sel[i]] = ids[i];
    for (uint32_t i = 0; i < r->list.n_columns; i++) keys[i] = in->cols[r->list.columns[i]];
    wr_row_index_hash(r->list.index, keys, &rows, r->hashes);
    r->keys = keys;
    r->slot = slot;
    return reserve_slots(r, err);
}

static weir_status come(wr_rate *r, uint32_t row, weir_error *err) {
    uint32_t gid = wr_rate_gid(r, row), slot = (uint32_t)r->slot[row];
    WR_TRY(append(r, slot, gid, err));
    show_totals_of(r, gid, slot);
    return WEIR_OK;
}

/* An expired row that isn't known (the current one did not pass `having`, say) changes nothing. */
static void leave(wr_rate *r, uint32_t row) {
    uint32_t slot = (uint32_t)r->slot[row];
    uint32_t old = wr_row_index_first(r->list.index, r->keys, row, r->hashes[row]);
    r->list.uses[slot] = 1;
    if (old != WR_NO_SLOT) {
        take_away(r, old);
        show_totals_of(r, wr_rate_gid(r, row), slot);
        drop(r, old);
    }
    drop(r, slot);
}

static void leave_all(wr_rate *r) {
    while (r->list.first != WR_NO_SLOT) {
        uint32_t slot = r->list.first;
        take_away(r, slot);
        drop(r, slot);
    }
}

static weir_status take_rows(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        weir_kind kind = wr_rate_kind(r, row);
        wr_rate_enter(r, row);
        wr_rate_look_at_time(r, row);
        if (kind == WEIR_CURRENT) WR_TRY(come(r, row, err));
        if (kind == WEIR_EXPIRED) leave(r, row);
        if (kind == WEIR_RESET) leave_all(r);
    }
    return WEIR_OK;
}

/* With groups, the oldest row of each. */
static void show_rows(wr_rate *r) {
    const wr_rate_list *l = &r->list;
    for (uint32_t slot = l->first; slot != WR_NO_SLOT; slot = l->next[slot]) {
        wr_rate_group *g = &r->group[l->gid[slot]];
        if (r->groups && g->is_listed) continue;
        if (r->groups) r->listed[r->n_listed++] = l->gid[slot];
        g->is_listed = r->groups != NULL;
        wr_rate_emit(r, slot, g->row);
    }
    while (r->n_listed) r->group[r->listed[--r->n_listed]].is_listed = false;
}

static bool is_empty(const wr_rate *r, const wr_rate_group *g) {
    (void)r;
    return g->n == 0;
}

const wr_rate_rule_type wr_rate_window = {.take = take_rows, .tick = show_rows, .is_idle = is_empty};

/* ---- Life -------------------------------------------------------------------------------------------------
 */

weir_status wr_rate_window_open(wr_rate *r, weir_error *err) {
    wr_rate_list *l = &r->list;
    uint32_t n = r->head.plan->out.n_attrs;
    l->first = l->last = WR_NO_SLOT;
    l->columns = wr_alloc(&r->head.account, (n + 1) * sizeof *l->columns);
    if (!l->columns) return wr_rate_no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (r->plan->identifies[i]) l->columns[l->n_columns++] = i;
    return wr_row_index_new(r->store, l->columns, l->n_columns, WR_INDEX_IDENTITY, &r->head.account,
                            &l->index, err);
}

void wr_rate_window_close(wr_rate *r) {
    wr_rate_list *l = &r->list;
    wr_account *account = &r->head.account;
    wr_row_index_free(l->index);
    wr_free(account, l->columns, l->columns ? (r->head.plan->out.n_attrs + 1) * sizeof *l->columns : 0);
    wr_free(account, l->next, l->cap_next * sizeof *l->next);
    wr_free(account, l->prev, l->cap_prev * sizeof *l->prev);
    wr_free(account, l->gid, l->cap_gid * sizeof *l->gid);
    wr_free(account, l->uses, l->cap_uses * sizeof *l->uses);
}

void wr_rate_window_save(const wr_rate *r, weir_writer *w) {
    weir_write_u32(w, r->list.n);
    for (uint32_t slot = r->list.first; slot != WR_NO_SLOT; slot = r->list.next[slot]) {
        weir_write_u32(w, slot);
        weir_write_u32(w, r->list.gid[slot]);
    }
}

static weir_status load_row(wr_rate *r, weir_reader *in, weir_error *err) {
    uint32_t slot = weir_read_u32(in), gid = weir_read_u32(in);
    WR_TRY(weir_reader_status(in, err));
    if (!wr_row_store_has(r->store, slot) || r->list.uses[slot] || gid >= r->n_group)
        return weir_fail(err, WEIR_ESTATE, "the saved rows of a snapshot don't fit together");
    return append(r, slot, gid, err);
}

/* How many rows a group has is counted anew. */
weir_status wr_rate_window_load(wr_rate *r, weir_reader *in, weir_error *err) {
    uint32_t n = wr_read_count(in, 8);
    WR_TRY(reserve_slots(r, err));
    if (r->list.cap_uses) memset(r->list.uses, 0, r->list.cap_uses * sizeof *r->list.uses);
    for (uint32_t i = 0; i < r->n_group; i++) r->group[i].n = 0;
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_row(r, in, err));
    for (uint32_t i = 0; i < r->n_group; i++) {
        if (r->group[i].row == WR_RATE_NONE) continue;
        if (r->list.uses[r->group[i].row] > 1)
            return weir_fail(err, WEIR_ESTATE, "the saved rows of a snapshot don't fit together");
        r->list.uses[r->group[i].row]++;
    }
    return weir_reader_status(in, err);
}
