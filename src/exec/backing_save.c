/* backing_save.c: what a checkpoint has of a table in a store: the transaction that is about to be committed,
 * and the version that the store will have then.
 *
 *   version u64 | n u32 | kind u8, number i64, values: of the columns that name a row, or all */
#include "exec/backing_impl.h"

#include "data/value.h"

static uint32_t n_values(const wr_backing *b, uint8_t kind) {
    if (kind != WR_WRITE_ERASE) return b->table->plan->schema.n_attrs;
    return b->store->type->numbers_rows ? 0 : b->n_identity;
}

static void save_write(const wr_backing *b, const wr_write *write, weir_writer *w) {
    wr_write_u8(w, write->kind);
    weir_write_i64(w, write->number);
    for (uint32_t i = 0; i < n_values(b, write->kind); i++) weir_write_value(w, &write->values[i]);
}

void wr_backing_save(const wr_backing *b, weir_writer *w) {
    wr_writes writes = {0};
    weir_arena arena;
    bool is_pending = b->n_pending || b->n_gone;
    wr_arena_init(&arena, NULL);
    if (is_pending && wr_backing_pending(b, &arena, &writes, NULL) != WEIR_OK && !w->status)
        w->status = WEIR_ENOMEM;
    wr_write_u64(w, b->store->version + (is_pending && b->store->holds));
    weir_write_u32(w, writes.n);
    for (uint32_t i = 0; i < writes.n && !w->status; i++) save_write(b, &writes.list[i], w);
    wr_arena_fini(&arena);
}

/* ---- Loading ---- */

static weir_status load_value(const wr_backing *b, weir_reader *r, uint32_t column, weir_arena *arena,
                              weir_value *out) {
    weir_type type = b->table->plan->schema.attrs[column].type;
    WR_TRY(weir_read_value(r, arena, out));
    if (!out->is_null && out->type != type)
        return wr_reader_fail(r, "table '%s': a saved value has another type than its column",
                              b->table->plan->name);
    out->type = type;
    return WEIR_OK;
}

static weir_status load_write(const wr_backing *b, weir_reader *r, weir_arena *arena, wr_write *out) {
    uint8_t kind = wr_read_u8(r);
    *out = (wr_write){.kind = kind, .slot = WR_NO_SLOT, .number = weir_read_i64(r)};
    if (kind < WR_WRITE_ERASE || kind > WR_WRITE_INSERT)
        return wr_reader_fail(r, "table '%s': a saved change is of an unknown kind", b->table->plan->name);
    uint32_t n = n_values(b, kind);
    weir_value *values = wr_arena_zero(arena, n + 1, sizeof *values);
    if (!values) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        WR_TRY(load_value(b, r, kind == WR_WRITE_ERASE ? b->identity[i] : i, arena, &values[i]));
    out->values = n ? values : NULL;
    return WEIR_OK;
}

static weir_status call_version(wr_store *s, void *ctx, weir_error *err) {
    return s->type->version(s->self, ctx, err);
}

/* Commits what was saved, unless it was. */
static weir_status catch_up(wr_backing *b, wr_writes *writes, uint64_t version, weir_error *err) {
    uint64_t stored = 0;
    const char *name = b->table->plan->name;
    if (!b->store->holds) return WEIR_OK; /* at least once: rows come again */
    WR_TRY(wr_store_until_done(b->store, call_version, &stored, err));
    if (stored == version) return WEIR_OK;
    if (stored + 1 != version)
        return weir_fail(
            err, WEIR_ESTATE,
            "table '%s': its store has seen %llu commits, the checkpoint is at %llu: one of them was "
            "put back on its own",
            name, (unsigned long long)stored, (unsigned long long)version);
    wr_store_log(b->store, WEIR_LOG_INFO, "committing %u changes of the checkpoint", writes->n);
    return wr_backing_write(b, writes, version, err);
}

weir_status wr_backing_load(wr_backing *b, weir_reader *r, weir_error *err) {
    uint64_t version = wr_read_u64(r);
    uint32_t n = wr_read_count(r, 9);
    weir_arena arena;
    wr_writes writes = {0};
    WR_TRY(weir_reader_status(r, err));
    wr_arena_init(&arena, NULL);
    writes.list = wr_arena_zero(&arena, n + 1, sizeof *writes.list);
    weir_status st = writes.list ? WEIR_OK : WEIR_ENOMEM;
    while (st == WEIR_OK && writes.n < n) st = load_write(b, r, &arena, &writes.list[writes.n++]);
    if (st == WEIR_OK)
        st = catch_up(b, &writes, version, err);
    else if (weir_reader_status(r, err) == WEIR_OK)
        weir_fail(err, st, "out of memory for table '%s'", b->table->plan->name);
    b->store->version = version;
    wr_arena_fini(&arena);
    return st;
}
