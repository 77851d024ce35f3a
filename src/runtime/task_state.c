/* task_state.c: a task's state as bytes.
 *
 *   TASK section: clock, triggers (by name), tables and aggregations (by name), partitions (by signature),
 * operators (by query name and signature)
 *
 * Each part is a section of its own, so one that fits nowhere can be named, and a damaged one found.
 *
 * The changes since a state was saved are such a section, too, of another tag: a part that has not changed
 * is left out, one that can say what has changed has a section of changes, and any other is whole. Whether a
 * part has changed is seen by its operator's calls, or else by the checksum of its bytes. */
#include <stdlib.h>

#include "base/hash.h"
#include "runtime/task_internal.h"
#include "state/writer.h"

#define TAG_TASK             WR_TAG('T', 'A', 'S', 'K')
#define TAG_TRIGGER          WR_TAG('T', 'R', 'I', 'G')
#define TAG_TABLE            WR_TAG('T', 'A', 'B', 'L')
#define TAG_STORED           WR_TAG('S', 'T', 'O', 'R')
#define TAG_AGGREGATION      WR_TAG('A', 'G', 'G', 'R')
#define TAG_OPERATOR         WR_TAG('O', 'P', 'E', 'R')
#define TAG_PARTITION        WR_TAG('P', 'A', 'R', 'T')
#define TAG_CHANGES          WR_TAG('T', 'A', 'S', 'C')
#define TAG_TABLE_CHANGES    WR_TAG('T', 'A', 'B', 'C')
#define TAG_OPERATOR_CHANGES WR_TAG('O', 'P', 'E', 'C')
#define VERSION              2u /* 1: patterns kept in one cell each were kept as others are */

/* What was saved last of each part, in the order in which parts are saved. */
typedef struct mark {
    uint64_t checksum;
    uint64_t calls;
} mark;

struct wr_task_marks {
    uint64_t number; /* of the state that was saved last */
    uint32_t n, cap;
    mark items[];
};

/* One pass over the parts. */
typedef struct saving {
    weir_writer *w;
    wr_task_marks *marks; /* NULL: nobody asks for changes later */
    bool only_changes;
    uint32_t n; /* parts so far */
    size_t begin;
} saving;

static mark *next_mark(saving *s) { return s->marks ? &s->marks->items[s->n++] : NULL; }

static void begin_part(saving *s, uint32_t tag) {
    s->begin = s->w->buf.len;
    wr_writer_begin_section(s->w, tag, VERSION);
}

/* A part that is the same as the last time is taken back. */
static void end_part(saving *s, mark *m) {
    wr_writer_end_section(s->w);
    if (!m || s->w->buf.failed || s->w->status) return;
    uint64_t checksum = wr_section_checksum(s->w->buf.data + s->begin);
    if (s->only_changes && checksum == m->checksum) s->w->buf.len = s->begin;
    m->checksum = checksum;
}

/* The changes of a part, by whoever knows them; false: it has to be saved whole. Afterwards nothing is known
 * of the whole part's checksum. */
static bool keep_changes(saving *s, mark *m, bool was_said) {
    if (was_said) {
        wr_writer_end_section(s->w);
        m->checksum = 0;
    } else {
        s->w->depth--;
        s->w->buf.len = s->begin;
    }
    return was_said;
}

static void name_operator(const wr_query_state *q, const wr_op *op, uint32_t index, weir_writer *w) {
    wr_write_text(w, q->plan->name);
    wr_write_text(w, op->plan->signature);
    weir_write_u32(w, index);
}

static bool save_op_changes(saving *s, mark *m, const wr_query_state *q, const wr_op *op, uint32_t index) {
    if (!s->only_changes || !op->type->save_changes) return false;
    begin_part(s, TAG_OPERATOR_CHANGES);
    name_operator(q, op, index, s->w);
    return keep_changes(s, m, op->type->save_changes(op, s->w));
}

/* Keys that are forgotten change an operator without a call. */
static bool has_rested(const saving *s, const mark *m, const wr_op *op) {
    return s->only_changes && m->calls == op->n_calls && !op->type->forget;
}

static void save_op(saving *s, const wr_query_state *q, wr_op *op, uint32_t index) {
    if (!op->type->save) return;
    mark *m = next_mark(s);
    if (m && has_rested(s, m, op)) return;
    if (!save_op_changes(s, m, q, op, index)) {
        begin_part(s, TAG_OPERATOR);
        name_operator(q, op, index, s->w);
        op->type->save(op, s->w);
        end_part(s, m);
    }
    if (!m) return;
    m->calls = op->n_calls;
    if (op->type->track) op->type->track(op);
}

static void save_queries(const wr_task *t, saving *s) {
    for (uint32_t i = 0; i < t->plan->n_queries; i++)
        for (uint32_t k = 0; k < t->queries[i].n_ops; k++)
            save_op(s, &t->queries[i], t->queries[i].ops[k], k);
}

static bool save_table_changes(saving *s, mark *m, const wr_task *t, uint32_t i) {
    if (!s->only_changes) return false;
    begin_part(s, TAG_TABLE_CHANGES);
    wr_write_text(s->w, t->plan->tables[i].name);
    return keep_changes(s, m, wr_table_save_changes(t->tables[i], s->w));
}

static void save_table(const wr_task *t, saving *s, uint32_t i) {
    const wr_backing *backing = wr_table_backing(t->tables[i]);
    mark *m = next_mark(s);
    if (backing || !save_table_changes(s, m, t, i)) {
        begin_part(s, backing ? TAG_STORED : TAG_TABLE);
        wr_write_text(s->w, t->plan->tables[i].name);
        if (backing)
            wr_backing_save(backing, s->w);
        else
            wr_table_save(t->tables[i], s->w);
        end_part(s, m);
    }
    if (m && !backing) wr_table_track(t->tables[i]);
}

static void save_trigger(const wr_task *t, weir_writer *w, uint32_t i) {
    wr_writer_begin_section(w, TAG_TRIGGER, VERSION);
    wr_write_text(w, t->triggers[i].plan->name);
    weir_write_i64(w, t->triggers[i].due);
    wr_writer_end_section(w);
}

static void save_parts(const wr_task *t, saving *s) {
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) save_trigger(t, s->w, i);
    for (uint32_t i = 0; i < t->plan->n_tables; i++) save_table(t, s, i);
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++) {
        begin_part(s, TAG_AGGREGATION);
        wr_write_text(s->w, t->plan->aggregations[i].name);
        wr_aggregation_save(t->aggregations[i], s->w);
        end_part(s, next_mark(s));
    }
    for (uint32_t i = 0; i < t->plan->n_partitions; i++) {
        begin_part(s, TAG_PARTITION);
        wr_write_text(s->w, t->plan->partitions[i].op->signature);
        t->partitions[i]->type->save(t->partitions[i], s->w);
        end_part(s, next_mark(s));
    }
    save_queries(t, s);
}

static void save_all(const wr_task *t, saving *s) {
    wr_writer_begin_section(s->w, s->only_changes ? TAG_CHANGES : TAG_TASK, VERSION);
    weir_write_i64(s->w, t->clock);
    save_parts(t, s);
    wr_writer_end_section(s->w);
}

void wr_task_save(const wr_task *t, weir_writer *w) { save_all(t, &(saving){.w = w}); }

static uint32_t most_parts(const wr_task *t) {
    uint32_t n = t->plan->n_tables + t->plan->n_aggregations + t->plan->n_partitions;
    for (uint32_t i = 0; i < t->plan->n_queries; i++) n += t->queries[i].n_ops;
    return n;
}

static bool make_marks(wr_task *t) {
    if (t->marks) return true;
    uint32_t n = most_parts(t);
    t->marks = wr_alloc_zero(&t->account, sizeof *t->marks + n * sizeof t->marks->items[0]);
    if (t->marks) t->marks->cap = n;
    return t->marks != NULL;
}

void wr_task_forget_marks(wr_task *t) {
    if (t->marks)
        wr_free(&t->account, t->marks, sizeof *t->marks + t->marks->cap * sizeof t->marks->items[0]);
    t->marks = NULL;
}

bool wr_task_save_next(wr_task *t, uint64_t *number, bool whole, weir_writer *w) {
    bool has_marks = make_marks(t); /* else the next one is whole again */
    bool only_changes = !whole && has_marks && *number && t->marks->number == *number;
    save_all(t, &(saving){.w = w, .marks = t->marks, .only_changes = only_changes});
    *number = ++t->n_saved;
    if (has_marks) t->marks->number = *number;
    return !only_changes;
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

static weir_status load_table(wr_task *t, weir_reader *r, uint32_t tag, weir_arena *names, weir_error *err) {
    bool is_stored = tag == TAG_STORED;
    const char *name = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_tables; i++) {
        if (strcmp(t->plan->tables[i].name, name) != 0) continue;
        wr_backing *backing = wr_table_backing(t->tables[i]);
        if (is_stored != (backing != NULL))
            return weir_fail(err, WEIR_ESTATE, "table '%s' was %s when the state was saved, and is not now",
                             name, is_stored ? "in a store" : "in memory");
        if (tag == TAG_TABLE_CHANGES) return wr_table_load_changes(t->tables[i], r, err);
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

static weir_status load_operator(wr_task *t, weir_reader *r, bool changes, weir_arena *names,
                                 weir_error *err) {
    const char *query = wr_read_text(r, names), *signature = wr_read_text(r, names);
    uint32_t index = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < t->plan->n_queries; i++) {
        wr_query_state *q = &t->queries[i];
        if (strcmp(q->plan->name, query) != 0) continue;
        wr_op *op = index < q->n_ops ? q->ops[index] : NULL;
        weir_status (*load)(wr_op *, weir_reader *, weir_error *) = NULL;
        if (op) load = changes ? op->type->load_changes : op->type->load;
        if (load && !strcmp(op->plan->signature, signature)) return load(op, r, err);
    }
    return weir_fail(err, WEIR_ESTATE,
                     "the saved state has an operator %s of query '%s' that the app has not", signature,
                     query);
}

static weir_status load_part(wr_task *t, weir_reader *r, uint32_t tag, weir_arena *names, weir_error *err) {
    switch (tag) {
    case TAG_TRIGGER: return load_trigger(t, r, names, err);
    case TAG_TABLE:
    case TAG_TABLE_CHANGES:
    case TAG_STORED: return load_table(t, r, tag, names, err);
    case TAG_AGGREGATION: return load_aggregation(t, r, names, err);
    case TAG_PARTITION: return load_partition(t, r, names, err);
    case TAG_OPERATOR: return load_operator(t, r, false, names, err);
    case TAG_OPERATOR_CHANGES: return load_operator(t, r, true, names, err);
    default: return weir_fail(err, WEIR_ESTATE, "the saved state has a part of an unknown kind");
    }
}

/* Which parts of a chain are whole in which of its states: what came of them before is passed over. */
typedef struct whole_part {
    uint64_t key; /* hash of kind and name */
    uint32_t state;
} whole_part;

typedef struct whole_parts {
    whole_part *items;
    uint32_t n, cap;
} whole_parts;

/* What names the part that the reader has entered; it then stands behind the name. */
static uint64_t read_key(weir_reader *r, uint32_t tag, weir_arena *names) {
    const char *name = wr_read_text(r, names);
    uint64_t key = wr_hash_bytes(name, strlen(name));
    if (tag == TAG_OPERATOR || tag == TAG_OPERATOR_CHANGES) {
        const char *signature = wr_read_text(r, names);
        key = wr_hash_pair(key, wr_hash_bytes(signature, strlen(signature)) + weir_read_u32(r));
        return wr_hash_pair(key, TAG_OPERATOR);
    }
    return wr_hash_pair(key, tag == TAG_TABLE_CHANGES || tag == TAG_STORED ? TAG_TABLE : tag);
}

static weir_status note_whole(whole_parts *w, weir_reader r, uint32_t state, weir_arena *names,
                              weir_error *err) {
    uint32_t version, tag;
    while ((tag = wr_reader_peek_tag(&r)) != 0) {
        WR_TRY(wr_reader_begin_section(&r, tag, VERSION, &version, err));
        uint64_t key = read_key(&r, tag, names);
        if (tag != TAG_OPERATOR_CHANGES && tag != TAG_TABLE_CHANGES) {
            if (wr_grow(NULL, &w->items, &w->cap, w->n + 1, sizeof *w->items))
                return weir_fail(err, WEIR_ENOMEM, "no memory to load state");
            w->items[w->n++] = (whole_part){key, state};
        }
        WR_TRY(weir_reader_status(&r, err));
        wr_reader_skip_section(&r);
    }
    return weir_reader_status(&r, err);
}

static int by_key(const void *a, const void *b) {
    const whole_part *x = a, *y = b;
    if (x->key != y->key) return (x->key > y->key) - (x->key < y->key);
    return (x->state < y->state) - (x->state > y->state); /* the latest first */
}

static bool comes_again(const whole_parts *w, uint64_t key, uint32_t state) {
    uint32_t low = 0, high = w->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (w->items[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low < w->n && w->items[low].key == key && w->items[low].state > state;
}

/* All parts of one state of a chain; *r is inside of its section. */
static weir_status load_parts(wr_task *t, weir_reader *r, const whole_parts *w, uint32_t state,
                              weir_arena *names, weir_error *err) {
    uint32_t version, tag;
    while ((tag = wr_reader_peek_tag(r)) != 0) {
        WR_TRY(wr_reader_begin_section(r, tag, VERSION, &version, err));
        weir_reader ahead = *r;
        if (w->n && comes_again(w, read_key(&ahead, tag, names), state)) {
            wr_reader_skip_section(r);
            continue;
        }
        weir_status st = load_part(t, r, tag, names, err);
        if (st != WEIR_OK) WR_TRY(weir_reader_status(r, err)); /* which says more, if it was the bytes */
        WR_TRY(st);
        WR_TRY(wr_reader_end_section(r, err));
    }
    return WEIR_OK;
}

static weir_status enter_states(weir_reader *states, uint32_t n, int64_t *clock, whole_parts *w,
                                weir_arena *names, weir_error *err) {
    uint32_t version;
    for (uint32_t i = 0; i < n; i++) {
        WR_TRY(wr_reader_begin_section(&states[i], i ? TAG_CHANGES : TAG_TASK, VERSION, &version, err));
        if (version < VERSION)
            return weir_fail(
                err, WEIR_ESTATE,
                "the saved state is of version %u, which an older weir wrote; this one reads version "
                "%u only",
                version, VERSION);
        *clock = weir_read_i64(&states[i]);
        if (i) WR_TRY(note_whole(w, states[i], i, names, err));
    }
    if (w->n) qsort(w->items, w->n, sizeof *w->items, by_key);
    return WEIR_OK;
}

static weir_status load_states(wr_task *t, weir_reader *states, uint32_t n, whole_parts *w, weir_arena *names,
                               weir_error *err) {
    int64_t clock = 0;
    WR_TRY(enter_states(states, n, &clock, w, names, err));
    for (uint32_t i = 0; i < n; i++) {
        WR_TRY(load_parts(t, &states[i], w, i, names, err));
        WR_TRY(wr_reader_end_section(&states[i], err));
    }
    for (uint32_t i = 0; i < t->plan->n_tables; i++) WR_TRY(wr_table_settle_load(t->tables[i], err));
    t->clock = clock;
    t->is_started = true;
    return WEIR_OK;
}

weir_status wr_task_load_chain(wr_task *t, weir_reader *states, uint32_t n, weir_error *err) {
    weir_arena names;
    whole_parts w = {0};
    WR_TRY(wr_task_renew(t, err));
    wr_arena_init(&names, NULL);
    weir_status st = load_states(t, states, n, &w, &names, err);
    wr_arena_fini(&names);
    wr_free(NULL, w.items, w.cap * sizeof *w.items);
    return st;
}

weir_status wr_task_load(wr_task *t, weir_reader *r, weir_error *err) {
    return wr_task_load_chain(t, r, 1, err);
}

void wr_task_reset_clock(wr_task *t) { t->clock = 0; }
