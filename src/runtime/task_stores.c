/* task_stores.c: tables whose rows live in a store: the ends of cycles and of epochs. */
#include "runtime/task_internal.h"

weir_status wr_task_new_table(wr_task *t, uint32_t table, weir_error *err) {
    wr_store *store = wr_stores_of_table(t->stores, table);
    WR_TRY(wr_table_new(&t->plan->tables[table], &t->account, &t->tables[table], err));
    return store ? wr_table_put_into_store(t->tables[table], store, err) : WEIR_OK;
}

void wr_task_add_store_stat(const wr_task *t, uint32_t table, wr_task_stat *stat) {
    const wr_store *store = wr_stores_of_table(t->stores, table);
    if (!store) return;
    stat->label = store->type->name;
    stat->calls = store->stats.finds + store->stats.commits;
    stat->rows_in = store->stats.rows_written;
    stat->rows_out = store->stats.rows_found;
    stat->errors = store->stats.errors + store->stats.refused;
}

weir_status wr_task_settle_stores(wr_task *t, weir_error *err) {
    for (uint32_t i = 0; t->stores && i < t->plan->n_aggregations; i++)
        WR_TRY(wr_aggregation_settle(t->aggregations[i], err));
    for (uint32_t i = 0; t->stores && i < t->plan->n_tables; i++) {
        wr_backing *b = wr_table_backing(t->tables[i]);
        if (b) WR_TRY(wr_backing_settle(b, t->clock, err));
    }
    return WEIR_OK;
}

weir_status wr_task_hold_stores(wr_task *t, weir_error *err) {
    for (uint32_t i = 0; t->stores && i < t->plan->n_tables; i++) {
        wr_backing *b = wr_table_backing(t->tables[i]);
        if (b) WR_TRY(wr_backing_hold(b, err));
    }
    return WEIR_OK;
}

bool wr_task_wants_commit(const wr_task *t) {
    bool wants = false;
    for (uint32_t i = 0; t->stores && i < t->plan->n_tables; i++) {
        const wr_backing *b = wr_table_backing(t->tables[i]);
        wants |= b && wr_backing_is_full(b);
    }
    return wants;
}

weir_status wr_task_commit_stores(wr_task *t, weir_error *err) {
    for (uint32_t i = 0; t->stores && i < t->plan->n_tables; i++) {
        wr_backing *b = wr_table_backing(t->tables[i]);
        if (b) WR_TRY(wr_backing_commit(b, err));
    }
    return WEIR_OK;
}
