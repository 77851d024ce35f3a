/* backing_write.c: writing what is pending, in one transaction: erased rows, then updated ones, then inserted
 * ones in the order of the table. */
#include <stdlib.h>

#include "data/value.h"
#include "exec/backing_impl.h"

#define LOGGED_REFUSALS 10u

static weir_status no_memory(const wr_backing *b, weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", b->table->plan->name);
}

/* ---- What is pending ---- */

typedef struct ordered {
    uint64_t order;
    uint32_t slot;
} ordered;

static int by_order(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

/* The pending rows, each once, in the table's order. */
static ordered *list_slots(const wr_backing *b, weir_arena *arena, uint32_t *n) {
    ordered *list = wr_arena_array(arena, b->n_pending + 1, sizeof *list);
    uint32_t kept = 0;
    *n = 0;
    if (!list) return NULL;
    for (uint32_t i = 0; i < b->n_pending; i++) {
        uint32_t slot = b->pending[i];
        if (b->rows[slot].state > WR_ROW_CLEAN) list[(*n)++] = (ordered){b->table->number[slot], slot};
    }
    qsort(list, *n, sizeof *list, by_order);
    for (uint32_t i = 0; i < *n; i++)
        if (!i || list[i].slot != list[i - 1].slot) list[kept++] = list[i];
    *n = kept;
    return list;
}

static const weir_value *values_of(const wr_backing *b, uint32_t slot, weir_arena *arena) {
    uint32_t n = b->table->plan->schema.n_attrs;
    weir_value *values = wr_arena_array(arena, n + 1, sizeof *values);
    for (uint32_t i = 0; values && i < n; i++) values[i] = wr_row_store_value(b->table->rows, slot, i);
    return values;
}

static bool add_write(const wr_backing *b, wr_writes *w, wr_write_kind kind, uint32_t slot,
                      weir_arena *arena) {
    const weir_value *values = kind == WR_WRITE_ERASE ? NULL : values_of(b, slot, arena);
    if (kind != WR_WRITE_ERASE && !values) return false;
    w->list[w->n++] =
        (wr_write){.kind = (uint8_t)kind, .slot = slot, .number = b->rows[slot].number, .values = values};
    return true;
}

weir_status wr_backing_pending(const wr_backing *b, weir_arena *arena, wr_writes *out, weir_error *err) {
    uint32_t n;
    ordered *slots = list_slots(b, arena, &n);
    *out = (wr_writes){.list = wr_arena_array(arena, b->n_gone + 2u * n + 1, sizeof *out->list)};
    if (!slots || !out->list) return no_memory(b, err);
    if (b->n_gone) memcpy(out->list, b->gone, b->n_gone * sizeof *b->gone);
    out->n = b->n_gone;
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++)
        if (b->rows[slots[i].slot].state == WR_ROW_MOVED)
            ok = add_write(b, out, WR_WRITE_ERASE, slots[i].slot, arena);
    for (uint32_t i = 0; i < n && ok; i++)
        if (b->rows[slots[i].slot].state == WR_ROW_DIRTY)
            ok = add_write(b, out, WR_WRITE_UPDATE, slots[i].slot, arena);
    for (uint32_t i = 0; i < n && ok; i++)
        if (b->rows[slots[i].slot].state != WR_ROW_DIRTY)
            ok = add_write(b, out, WR_WRITE_INSERT, slots[i].slot, arena);
    return ok ? WEIR_OK : no_memory(b, err);
}

/* ---- A transaction ---- */

typedef struct transaction {
    wr_writes *writes;
    uint64_t version;
} transaction;

static weir_status write_one(wr_store *s, wr_write *w, weir_error *err) {
    switch (w->kind) {
    case WR_WRITE_ERASE: return s->type->erase(s->self, w->number, w->values, err);
    case WR_WRITE_UPDATE: return s->type->update(s->self, w->number, w->values, err);
    default: return s->type->insert(s->self, w->values, &w->number, err);
    }
}

/* Is the transaction that was to give the store this version there? It may be, after a lost connection. */
static weir_status was_committed(wr_store *s, uint64_t version, bool *was, weir_error *err) {
    uint64_t stored = 0;
    *was = false;
    if (!version) return WEIR_OK;
    WR_TRY(s->type->version(s->self, &stored, err));
    *was = stored == version;
    return WEIR_OK;
}

static weir_status call_write(wr_store *s, void *ctx, weir_error *err) {
    transaction *t = ctx;
    bool is_done;
    WR_TRY(was_committed(s, t->version, &is_done, err));
    if (is_done) return WEIR_OK;
    WR_TRY(s->type->begin(s->self, err));
    for (uint32_t i = 0; i < t->writes->n; i++)
        if (!t->writes->list[i].is_bad) WR_TRY(write_one(s, &t->writes->list[i], err));
    return s->type->commit(s->self, t->version, err);
}

/* ---- Rows that the store won't have ---- */

static weir_status call_try(wr_store *s, void *ctx, weir_error *err) {
    wr_write *w = ctx;
    int64_t number = w->number;
    WR_TRY(s->type->begin(s->self, err));
    WR_TRY(write_one(s, w, err));
    w->number = number;
    return s->type->undo(s->self, err);
}

static bool is_of_rows(weir_status st, const weir_error *err) {
    return st != WEIR_OK && st != WEIR_ENOMEM && !err->retriable && !err->fatal;
}

static void note_refused(wr_store *s, wr_write *w, const weir_error *why) {
    w->is_bad = true;
    if (s->stats.refused++ < LOGGED_REFUSALS || s->stats.refused % 1000 == 0)
        wr_store_log(s, WEIR_LOG_ERROR, "a row was left out: %s (so far: %llu)", why->message,
                     (unsigned long long)s->stats.refused);
}

/* Marks those that fail when they are alone. *n: how many these are. */
static weir_status find_bad(wr_backing *b, wr_writes *writes, uint32_t *n, weir_error *err) {
    wr_store *s = b->store;
    for (uint32_t i = 0; i < writes->n; i++) {
        wr_write *w = &writes->list[i];
        if (w->is_bad) continue;
        /* What is erased makes room for what is inserted: alone, that may fail. */
        if (w->kind == WR_WRITE_INSERT && w->slot != WR_NO_SLOT && b->rows[w->slot].state == WR_ROW_MOVED)
            continue;
        weir_error own = {0};
        weir_status st = wr_store_until_done(s, call_try, w, &own);
        if (st == WEIR_OK) continue;
        if (!is_of_rows(st, &own)) {
            if (err) *err = own;
            return st;
        }
        note_refused(s, w, &own);
        ++*n;
    }
    return WEIR_OK;
}

static weir_status call_write_alone(wr_store *s, void *ctx, weir_error *err) {
    WR_TRY(s->type->begin(s->self, err));
    WR_TRY(write_one(s, ctx, err));
    return s->type->commit(s->self, 0, err);
}

/* None is bad alone, but the store won't have them together: each has a transaction of its own. */
static weir_status write_apart(wr_backing *b, wr_writes *writes, weir_error *err) {
    for (uint32_t i = 0; i < writes->n; i++) {
        weir_error own = {0};
        if (writes->list[i].is_bad) continue;
        weir_status st = wr_store_until_done(b->store, call_write_alone, &writes->list[i], &own);
        if (st == WEIR_OK) continue;
        if (!is_of_rows(st, &own)) {
            if (err) *err = own;
            return st;
        }
        note_refused(b->store, &writes->list[i], &own);
    }
    return WEIR_OK;
}

weir_status wr_backing_write(wr_backing *b, wr_writes *writes, uint64_t version, weir_error *err) {
    transaction t = {writes, version};
    weir_error own = {0};
    for (;;) {
        weir_status st = wr_store_until_done(b->store, call_write, &t, &own);
        uint32_t n_bad = 0;
        if (is_of_rows(st, &own)) WR_TRY(find_bad(b, writes, &n_bad, err));
        if (n_bad) continue;
        if (is_of_rows(st, &own) && !version) return write_apart(b, writes, err);
        if (st != WEIR_OK && err) *err = own;
        if (st == WEIR_OK) {
            b->store->stats.commits++;
            b->store->stats.rows_written += writes->n;
        }
        return st;
    }
}

/* ---- Afterwards ---- */

/* The row is as the store has it. One that the store would not have leaves the table's memory: what the store
 * has instead is read when it is looked for. */
static weir_status settle_row(wr_backing *b, const wr_write *w, weir_error *err) {
    if (w->slot == WR_NO_SLOT || w->kind == WR_WRITE_ERASE) return WEIR_OK;
    wr_backed_row *row = &b->rows[w->slot];
    const weir_value *values = w->values;
    if (w->is_bad) {
        wr_backing_drop(b, w->slot);
        return WEIR_OK;
    }
    row->state = WR_ROW_CLEAN;
    if (w->kind != WR_WRITE_INSERT) return WEIR_OK;
    row->number = w->number;
    if (b->store->type->numbers_rows) b->table->number[w->slot] = wr_backing_order(w->number);
    /* A number that is only good until the next commit is not known here. */
    if (b->by_number && !b->store->type->numbers_rows) return WEIR_OK;
    if (!wr_backing_identify(b, row->number, values) ||
        wr_id_map_set(&b->ids, b->scratch.buf.data, b->scratch.buf.len, w->slot))
        return no_memory(b, err);
    return WEIR_OK;
}

/* What was erased, and has not come back, is not known any more. */
static void forget_gone(wr_backing *b) {
    weir_value *values = b->values;
    for (uint32_t i = 0; i < b->n_gone; i++) {
        const wr_write *w = &b->gone[i];
        for (uint32_t k = 0; w->values && k < b->n_identity; k++) values[b->identity[k]] = w->values[k];
        if (!wr_backing_identify(b, w->number, values)) continue;
        const wr_buf *id = &b->scratch.buf;
        if (wr_id_map_get(&b->ids, id->data, id->len) == WR_ID_GONE)
            (void)!wr_id_map_set(&b->ids, id->data, id->len, WR_ID_UNKNOWN);
    }
    b->n_gone = 0;
    wr_arena_reset(&b->gone_values);
}

weir_status wr_backing_flush(wr_backing *b, uint64_t version, weir_error *err) {
    wr_writes writes = {0};
    weir_arena arena;
    if (b->out_of_memory) return no_memory(b, err);
    if (!b->n_pending && !b->n_gone) return WEIR_OK;
    wr_arena_init(&arena, b->account);
    weir_status st = wr_backing_pending(b, &arena, &writes, err);
    if (st == WEIR_OK && (writes.n || version)) st = wr_backing_write(b, &writes, version, err);
    if (st == WEIR_OK) forget_gone(b);
    for (uint32_t i = 0; i < writes.n && st == WEIR_OK; i++) st = settle_row(b, &writes.list[i], err);
    if (st == WEIR_OK) b->n_pending = 0;
    wr_arena_fini(&arena);
    return st;
}
