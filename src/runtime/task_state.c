/* task_state.c: a task's state as bytes.
 *
 *   TASK section: clock, triggers (by name), tables and aggregations (by name), partitions (by signature),
 * operators (by query name and signature)
 *
 * Each part is a section of its own, so one that fits nowhere can be named, and a damaged one found. */
#include "runtime/task_internal.h"
#include "state/writer.h"

#define TAG_TASK        WR_TAG('T', 'A', 'S', 'K')
#define TAG_TRIGGER     WR_TAG('T', 'R', 'I', 'G')
#define TAG_TABLE       WR_TAG('T', 'A', 'B', 'L')
#define TAG_STORED      WR_TAG('S', 'T', 'O', 'R')
#define TAG_AGGREGATION WR_TAG('A', 'G', 'G', 'R')
#define TAG_OPERATOR    WR_TAG('O', 'P', 'E', 'R')
#define TAG_PARTITION   WR_TAG('P', 'A', 'R', 'T')
#define VERSION         1u

static void save_op(const wr_query_state *q, const wr_op *op, uint32_t index, weir_writer *w) {
    if (!op->type->save) return;
    wr_writer_begin_section(w, TAG_OPERATOR, VERSION);
    wr_write_text(w, q->plan->name);
    wr_write_text(w, op->plan->signature);
    weir_write_u32(w, index);
    op->type->save(op, w);
    wr_writer_end_section(w);
}

static void save_query(const wr_query_state *q, weir_writer *w) {
    for (uint32_t i = 0; i < q->n_ops; i++) save_op(q, q->ops[i], i, w);
}

void wr_task_save(const wr_task *t, weir_writer *w) {
    wr_writer_begin_section(w, TAG_TASK, VERSION);
    weir_write_i64(w, t->clock);
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) {
        wr_writer_begin_section(w, TAG_TRIGGER, VERSION);
        wr_write_text(w, t->triggers[i].plan->name);
        weir_write_i64(w, t->triggers[i].due);
        wr_writer_end_section(w);
    }
    for (uint32_t i = 0; i < t->plan->n_tables; i++) {
        const wr_backing *backing = wr_table_backing(t->tables[i]);
        wr_writer_begin_section(w, backing ? TAG_STORED : TAG_TABLE, VERSION);
        wr_write_text(w, t->plan->tables[i].name);
        if (backing)
            wr_backing_save(backing, w);
        else
            wr_table_save(t->tables[i], w);
        wr_writer_end_section(w);
    }
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++) {
        wr_writer_begin_section(w, TAG_AGGREGATION, VERSION);
        wr_write_text(w, t->plan->aggregations[i].name);
        wr_aggregation_save(t->aggregations[i], w);
        wr_writer_end_section(w);
    }
    for (uint32_t i = 0; i < t->plan->n_partitions; i++) {
        wr_writer_begin_section(w, TAG_PARTITION, VERSION);
        wr_write_text(w, t->plan->partitions[i].op->signature);
        t->partitions[i]->type->save(t->partitions[i], w);
        wr_writer_end_section(w);
    }
    for (uint32_t i = 0; i < t->plan->n_queries; i++) save_query(&t->queries[i], w);
    wr_writer_end_section(w);
}

/* ---- Loading ---- */

static weir_status load_trigger(wr_task *t, weir_reader *r, weir_arena *names, weir_error *err) {
    const char *name = wr_read_text(r, names);
    int64_t due = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_triggers; i++)
        if (!strcmp(t->triggers[i].plan->name, name)) {
            t->triggers[i].due = due;
            return WEIR_OK;
        }
    return weir_fail(err, WEIR_ESTATE, "the saved state has a trigger '%s' that the app has not", name);
}

static weir_status load_table(wr_task *t, weir_reader *r, bool is_stored, weir_arena *names,
                              weir_error *err) {
    const char *name = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_tables; i++) {
        if (strcmp(t->plan->tables[i].name, name) != 0) continue;
        wr_backing *backing = wr_table_backing(t->tables[i]);
        if (is_stored != (backing != NULL))
            return weir_fail(err, WEIR_ESTATE, "table '%s' was %s when the state was saved, and is not now",
                             name, is_stored ? "in a store" : "in memory");
        return backing ? wr_backing_load(backing, r, err) : wr_table_load(t->tables[i], r, err);
    }
    return weir_fail(err, WEIR_ESTATE, "the saved state has a table '%s' that the app has not", name);
}

static weir_status load_aggregation(wr_task *t, weir_reader *r, weir_arena *names, weir_error *err) {
    const char *name = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++)
        if (!strcmp(t->plan->aggregations[i].name, name))
            return wr_aggregation_load(t->aggregations[i], r, err);
    return weir_fail(err, WEIR_ESTATE, "the saved state has an aggregation '%s' that the app has not", name);
}

static weir_status load_partition(wr_task *t, weir_reader *r, weir_arena *names, weir_error *err) {
    const char *signature = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_partitions; i++)
        if (!strcmp(t->plan->partitions[i].op->signature, signature))
            return t->partitions[i]->type->load(t->partitions[i], r, err);
    return weir_fail(err, WEIR_ESTATE, "the saved state has a partition that the app has not: %s", signature);
}

static weir_status load_operator(wr_task *t, weir_reader *r, weir_arena *names, weir_error *err) {
    const char *query = wr_read_text(r, names), *signature = wr_read_text(r, names);
    uint32_t index = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_queries; i++) {
        wr_query_state *q = &t->queries[i];
        if (strcmp(q->plan->name, query) != 0) continue;
        wr_op *op = index < q->n_ops ? q->ops[index] : NULL;
        if (op && op->type->load && !strcmp(op->plan->signature, signature))
            return op->type->load(op, r, err);
    }
    return weir_fail(err, WEIR_ESTATE,
                     "the saved state has an operator %s of query '%s' that the app has not", signature,
                     query);
}

static weir_status load_part(wr_task *t, weir_reader *r, uint32_t tag, weir_arena *names, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, tag, VERSION, &version, err));
    if (tag == TAG_TRIGGER)
        WR_TRY(load_trigger(t, r, names, err));
    else if (tag == TAG_TABLE || tag == TAG_STORED)
        WR_TRY(load_table(t, r, tag == TAG_STORED, names, err));
    else if (tag == TAG_AGGREGATION)
        WR_TRY(load_aggregation(t, r, names, err));
    else if (tag == TAG_PARTITION)
        WR_TRY(load_partition(t, r, names, err));
    else if (tag == TAG_OPERATOR)
        WR_TRY(load_operator(t, r, names, err));
    else
        return weir_fail(err, WEIR_ESTATE, "the saved state has a part of an unknown kind");
    return wr_reader_end_section(r, err);
}

weir_status wr_task_load(wr_task *t, weir_reader *r, weir_error *err) {
    uint32_t version, tag;
    weir_arena names;
    WR_TRY(wr_task_renew(t, err));
    WR_TRY(wr_reader_begin_section(r, TAG_TASK, VERSION, &version, err));
    int64_t clock = weir_read_i64(r);
    wr_arena_init(&names, NULL);
    weir_status st = WEIR_OK;
    while (st == WEIR_OK && (tag = wr_reader_peek_tag(r))) st = load_part(t, r, tag, &names, err);
    wr_arena_fini(&names);
    WR_TRY(st);
    WR_TRY(wr_reader_end_section(r, err));
    t->clock = clock;
    t->is_started = true;
    return WEIR_OK;
}

void wr_task_reset_clock(wr_task *t) { t->clock = 0; }
