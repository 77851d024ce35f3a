/* Every aggregator against a naive model: random rows of random groups come in and leave, one by one or in
 * batches, with nulls, NaN and resets; after each row its value is recomputed from all that the group holds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agg/table.h"
#include "data/column.h"
#include "data/value.h"
#include "registry/registry.h"
#include "state/writer.h"

#define GROUPS   5u
#define MOST     300u /* values held by a group */
#define MOST_ROW 64u  /* rows of a batch */

/* ---- Random values ------------------------------------------------------------------------------------- */

static uint64_t seed;
static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

typedef struct scene {
    const weir_aggregator_type *type;
    weir_type arg;
    bool removes, grouped, nulls, nans, fifo, resets;
    bool distinct; /* no value comes twice */
    bool fault;    /* one leaving row is kept from the aggregator: the model must notice */
    bool reload;   /* state is saved and loaded into a new instance between batches */
} scene;

static weir_object *sets[6]; /* {0}, {1} … {4}, {0, 1} */

static weir_value random_value(const scene *s, int *next) {
    if (s->nulls && random_below(6) == 0) return wr_value_null(s->arg);
    int k = s->distinct ? (int)(((*next)++ * 7919) % 100003) : (int)random_below(12) - 4;
    if (s->nans && random_below(8) == 0)
        return s->arg == WEIR_FLOAT ? wr_value_float(NAN) : wr_value_double(NAN);
    switch (s->arg) {
    case WEIR_INT: return wr_value_int(k);
    case WEIR_LONG: return wr_value_long((int64_t)k * (1 << 20));
    case WEIR_FLOAT: return wr_value_float(k ? (float)k * 0.5f : random_below(2) ? 0.0f : -0.0f);
    case WEIR_DOUBLE: return wr_value_double(k ? k * 0.25 : random_below(2) ? 0.0 : -0.0);
    case WEIR_BOOL: return wr_value_bool(random_below(4) != 0);
    case WEIR_STRING: return wr_value_text(k % 2 ? "short" : k % 3 ? "a text longer than twelve bytes" : "");
    default: return wr_value_object(sets[random_below(6)]);
    }
}

/* ---- The model ----------------------------------------------------------------------------------------- */

typedef struct value_list {
    weir_value v[MOST];
    uint32_t n;
} value_list;

typedef struct model_group {
    value_list held;  /* in order of arrival */
    value_list deque; /* of min or max, as Siddhi keeps it */
    weir_value extreme;
    weir_value ever;
    int counts[8]; /* of set members 0..4, as Siddhi keeps them */
    bool members[8];
} model_group;

static void list_erase(value_list *l, uint32_t i) {
    memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof l->v[0]);
    l->n--;
}
static void list_erase_value(value_list *l, const weir_value *v) {
    for (uint32_t i = 0; i < l->n; i++) {
        if (!wr_value_equal(&l->v[i], v)) continue;
        list_erase(l, i);
        return;
    }
}

static double number(const weir_value *v) {
    switch (v->type) {
    case WEIR_INT: return v->as.i;
    case WEIR_LONG: return (double)v->as.l;
    case WEIR_FLOAT: return v->as.f;
    default: return v->as.d;
    }
}

static bool is_named(const scene *s, const char *name) { return strcmp(s->type->name, name) == 0; }
static bool beats(const scene *s, double a, double b) {
    return s->type->name[1] == 'i' ? a < b : a > b; /* min… or max… */
}

static void model_extremes(const scene *s, model_group *g, const weir_value *v, bool expired) {
    if (v->is_null) return;
    if (g->ever.is_null || beats(s, number(v), number(&g->ever))) g->ever = *v;
    if (expired) {
        list_erase_value(&g->deque, v);
        g->extreme = g->deque.n ? g->deque.v[0] : wr_value_null(s->arg);
        return;
    }
    while (g->deque.n && beats(s, number(v), number(&g->deque.v[g->deque.n - 1]))) g->deque.n--;
    g->deque.v[g->deque.n++] = *v;
    if (g->extreme.is_null || beats(s, number(v), number(&g->extreme))) g->extreme = *v;
}

static void model_members(model_group *g, const weir_object *set, bool expired, bool grouped) {
    bool any = false;
    for (uint32_t i = 0; i < weir_object_set_size(set); i++) {
        int m = weir_object_set_member(set, i).as.i;
        if (!expired) {
            g->members[m] = true;
            g->counts[m]++;
        } else if (g->counts[m] == 1) {
            g->members[m] = false;
        } else if (g->counts[m] > 1) {
            g->counts[m]--;
        }
    }
    for (int m = 0; m < 8; m++) any |= g->members[m];
    if (grouped && !any) memset(g->counts, 0, sizeof g->counts);
}

static void model_take(const scene *s, model_group *g, const weir_value *v, bool expired) {
    if (expired)
        list_erase_value(&g->held, v);
    else
        g->held.v[g->held.n++] = *v;
    if (s->arg != WEIR_BOOL && s->arg != WEIR_STRING && s->arg != WEIR_OBJECT)
        model_extremes(s, g, v, expired);
    if (is_named(s, "unionSet")) model_members(g, v->as.o, expired, s->grouped);
}

static void model_reset(const scene *s, model_group *g) {
    memset(g, 0, sizeof *g);
    g->extreme = g->ever = wr_value_null(s->arg);
}

typedef struct summary {
    double sum, squares;
    int64_t whole;
    uint32_t n, n_true, n_distinct;
} summary;

static summary summarise(const scene *s, const model_group *g) {
    summary r = {0};
    for (uint32_t i = 0; i < g->held.n; i++) {
        const weir_value *v = &g->held.v[i];
        bool seen = false;
        for (uint32_t k = 0; k < i && is_named(s, "distinctCount"); k++)
            seen |= wr_value_equal(&g->held.v[k], v);
        r.n_distinct += !seen;
        if (v->is_null) continue;
        r.n++;
        if (s->arg == WEIR_BOOL) r.n_true += v->as.b;
        if (s->arg >= WEIR_BOOL) continue;
        r.sum += number(v);
        r.whole += s->arg == WEIR_INT ? v->as.i : s->arg == WEIR_LONG ? v->as.l : 0;
    }
    for (uint32_t i = 0; i < g->held.n && s->arg < WEIR_BOOL; i++) {
        double d = number(&g->held.v[i]) - r.sum / r.n;
        if (!g->held.v[i].is_null) r.squares += d * d;
    }
    return r;
}

static weir_value real_extreme(const scene *s, const model_group *g) {
    weir_value best = wr_value_null(s->arg);
    for (uint32_t i = 0; i < g->held.n; i++)
        if (best.is_null || beats(s, number(&g->held.v[i]), number(&best))) best = g->held.v[i];
    return best;
}

static weir_value model_value(const scene *s, const model_group *g, weir_type result) {
    summary r = summarise(s, g);
    if (is_named(s, "count")) return wr_value_long(g->held.n);
    if (is_named(s, "distinctCount")) return wr_value_long(r.n_distinct);
    if (is_named(s, "and")) return wr_value_bool(r.n_true > 0 && r.n_true == r.n);
    if (is_named(s, "or")) return wr_value_bool(r.n_true > 0);
    if (is_named(s, "minForever") || is_named(s, "maxForever")) return g->ever;
    if (is_named(s, "min") || is_named(s, "max")) return s->distinct ? real_extreme(s, g) : g->extreme;
    if (is_named(s, "unionSet")) {
        int size = 0;
        for (int m = 0; m < 8; m++) size += g->members[m];
        return wr_value_int(size);
    }
    if (r.n == 0) return wr_value_null(result);
    if (is_named(s, "sum")) return result == WEIR_LONG ? wr_value_long(r.whole) : wr_value_double(r.sum);
    if (is_named(s, "avg")) return wr_value_double(r.sum / r.n);
    return wr_value_double(sqrt(r.squares / r.n));
}

static bool same(const scene *s, weir_value a, weir_value b) {
    if (a.is_null || b.is_null) return a.is_null && b.is_null;
    if (is_named(s, "unionSet")) return (int)weir_object_set_size(a.as.o) == b.as.i;
    if (is_named(s, "avg") || is_named(s, "stdDev") || is_named(s, "sum"))
        if (a.type == WEIR_DOUBLE) return fabs(a.as.d - b.as.d) < (s->arg == WEIR_LONG ? 1.0 : 1e-6);
    return wr_value_equal(&a, &b);
}

/* ---- The run ------------------------------------------------------------------------------------------- */

typedef struct run {
    const scene *s;
    void *self;
    weir_agg_args args;
    weir_arg arg;
    weir_type result;
    weir_arena arena;
    model_group *groups;
    struct {
        uint32_t group;
        weir_value v;
    } window[GROUPS * MOST];
    uint32_t n_window;
    bool faulted;
    int next;
    unsigned mismatches, n_values;
} run;

static void no_failure(void *ctx, uint32_t row, const char *message) {
    (void)ctx;
    fail_msg("row %u failed: %s", row, message);
}

static void open_self(run *r) {
    r->self = calloc(1, r->s->type->state_size);
    assert_int_equal(r->s->type->open(r->self, &r->args, NULL), WEIR_OK);
    assert_int_equal(r->s->type->reserve(r->self, GROUPS, NULL), WEIR_OK);
}
static void close_self(run *r) {
    r->s->type->close(r->self);
    free(r->self);
}

static void reload(run *r) {
    weir_writer w;
    weir_reader reader;
    wr_writer_init(&w);
    r->s->type->save(r->self, GROUPS, &w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_OK);
    close_self(r);
    open_self(r);
    wr_reader_init(&reader, w.buf.data, w.buf.len);
    assert_int_equal(r->s->type->load(r->self, GROUPS, &reader, NULL), WEIR_OK);
    assert_int_equal(weir_reader_left(&reader), 0);
    wr_writer_fini(&w);
}

typedef struct batch {
    uint32_t n, list[MOST_ROW], n_list;
    uint32_t hidden; /* a row that the aggregator isn't given */
    uint8_t kind[MOST_ROW];
    uint32_t gid[MOST_ROW];
    weir_value v[MOST_ROW];
} batch;

static void leave(run *r, batch *b, uint32_t row) {
    uint32_t i = r->s->fifo ? 0 : random_below(r->n_window);
    b->kind[row] = WEIR_EXPIRED;
    b->gid[row] = r->window[i].group;
    b->v[row] = r->window[i].v;
    memmove(&r->window[i], &r->window[i + 1], (r->n_window - i - 1) * sizeof r->window[0]);
    r->n_window--;
}

static void arrive(run *r, batch *b, uint32_t row) {
    b->kind[row] = WEIR_CURRENT;
    b->gid[row] = r->s->grouped ? random_below(GROUPS) : 0;
    b->v[row] = random_value(r->s, &r->next);
    r->window[r->n_window].group = b->gid[row];
    r->window[r->n_window++].v = b->v[row];
}

static void make_batch(run *r, batch *b) {
    b->n = 1 + random_below(MOST_ROW - 1);
    b->n_list = 0;
    b->hidden = UINT32_MAX;
    for (uint32_t row = 0; row < b->n; row++) {
        bool full = r->n_window > 60, any = r->n_window > 0;
        b->v[row] = wr_value_null(r->s->arg); /* rows that are not selected */
        b->gid[row] = 0;
        b->kind[row] = WEIR_CURRENT;
        if (random_below(5) == 0) continue;
        if (r->s->removes && any && (full || random_below(2)))
            leave(r, b, row);
        else
            arrive(r, b, row);
        b->list[b->n_list++] = row;
        if (r->s->fault && !r->faulted && r->n_values > 100 && b->kind[row] == WEIR_EXPIRED) {
            r->faulted = true;
            b->hidden = row;
        }
    }
}

static void check_batch(run *r, const batch *b, const weir_column *out) {
    for (uint32_t i = 0; i < b->n_list; i++) {
        uint32_t row = b->list[i];
        model_group *g = &r->groups[b->gid[row]];
        model_take(r->s, g, &b->v[row], b->kind[row] == WEIR_EXPIRED);
        if (row == b->hidden) continue;
        r->mismatches += !same(r->s, wr_column_get(out, row), model_value(r->s, g, r->result));
        r->n_values++;
    }
}

static void run_batch(run *r) {
    batch b;
    weir_column in, out;
    make_batch(r, &b);
    assert_int_equal(wr_column_new(&r->arena, r->s->arg, false, b.n, true, &in), WEIR_OK);
    assert_int_equal(wr_column_new(&r->arena, r->result, false, b.n, true, &out), WEIR_OK);
    for (uint32_t row = 0; row < b.n; row++) wr_column_set(&in, row, &b.v[row]);
    uint32_t list[MOST_ROW], n_list = 0;
    for (uint32_t i = 0; i < b.n_list; i++)
        if (b.list[i] != b.hidden) list[n_list++] = b.list[i];
    bool dense = n_list == b.n;
    if (!r->s->nulls && dense) in.valid = NULL;
    weir_agg_rows rows = {.n = n_list,
                          .row = dense ? NULL : list,
                          .kind = r->s->removes ? b.kind : NULL,
                          .gid = r->s->grouped ? b.gid : NULL,
                          .args = &in,
                          .n_args = 1,
                          .arena = &r->arena,
                          .fail = no_failure};
    assert_int_equal(r->s->type->update(r->self, &rows, &out, NULL), WEIR_OK);
    check_batch(r, &b, &out);
    wr_arena_reset(&r->arena);
}

static void reset(run *r) {
    r->s->type->reset_all(r->self, GROUPS);
    for (uint32_t g = 0; g < GROUPS; g++) model_reset(r->s, &r->groups[g]);
    r->n_window = 0;
}

/* All rows leave: then every group that can be is released. */
static void drain(run *r) {
    while (r->n_window) {
        batch b = {.n = 1, .n_list = 1, .hidden = UINT32_MAX};
        leave(r, &b, 0);
        weir_column in, out;
        assert_int_equal(wr_column_new(&r->arena, r->s->arg, false, 1, true, &in), WEIR_OK);
        assert_int_equal(wr_column_new(&r->arena, r->result, false, 1, true, &out), WEIR_OK);
        wr_column_set(&in, 0, &b.v[0]);
        weir_agg_rows rows = {.n = 1,
                              .kind = b.kind,
                              .gid = r->s->grouped ? b.gid : NULL,
                              .args = &in,
                              .n_args = 1,
                              .arena = &r->arena,
                              .fail = no_failure};
        assert_int_equal(r->s->type->update(r->self, &rows, &out, NULL), WEIR_OK);
        check_batch(r, &b, &out);
    }
    wr_arena_reset(&r->arena);
    bool forever = strstr(r->s->type->name, "Forever");
    for (uint32_t g = 0; g < GROUPS && !r->s->nans && !is_named(r->s, "unionSet"); g++)
        assert_int_equal(r->s->type->release(r->self, g), !forever || r->groups[g].ever.is_null);
}

static unsigned mismatches(scene s, uint64_t first_seed) {
    static run r;
    memset(&r, 0, sizeof r);
    seed = first_seed;
    r.s = &s;
    r.arg.type = s.arg;
    r.args = (weir_agg_args){.args = &r.arg, .n_args = 1, .removes = s.removes};
    weir_error err;
    if (s.type->check(&r.arg, 1, &r.result, &err) != WEIR_OK) fail_msg("%s: %s", s.type->name, err.message);
    wr_arena_init(&r.arena, NULL);
    r.groups = calloc(GROUPS, sizeof *r.groups);
    for (uint32_t g = 0; g < GROUPS; g++) model_reset(&s, &r.groups[g]);
    open_self(&r);
    for (int i = 0; i < 60; i++) {
        run_batch(&r);
        if ((s.resets || !s.removes) && (random_below(20) == 0 || r.n_window > 150)) reset(&r);
        if (s.reload && i % 10 == 9) reload(&r);
    }
    if (s.removes && !s.fault) drain(&r);
    close_self(&r);
    free(r.groups);
    wr_arena_fini(&r.arena);
    return r.mismatches;
}

static bool takes(const weir_aggregator_type *t, weir_type arg) {
    weir_arg a = {.type = arg};
    weir_type result;
    return t->check(&a, 1, &result, NULL) == WEIR_OK;
}

static void check_all_shapes(const weir_aggregator_type *t, weir_type arg) {
    bool fails = t->can_fail;
    for (uint32_t shape = 0; shape < 64; shape++) {
        scene s = {.type = t,
                   .arg = arg,
                   .removes = shape & 1,
                   .grouped = shape & 2,
                   .nulls = shape & 4 && !fails,
                   .fifo = shape & 8,
                   .resets = shape & 16,
                   .reload = shape & 32};
        unsigned wrong = mismatches(s, 1000 + shape);
        if (wrong)
            fail_msg("%s(%s), shape %u, seed %u: %u values differ from the model", t->name,
                     weir_type_name(arg), shape, 1000 + shape, wrong);
    }
}

static void every_aggregator_agrees_with_its_model(void **state) {
    (void)state;
    for (const weir_aggregator_type *const *t = wr_aggregator_table; *t && !*(*t)->ns; t++)
        for (weir_type arg = WEIR_INT; arg < WEIR_N_TYPES; arg++)
            if (takes(*t, arg)) check_all_shapes(*t, arg);
}

static void nan_is_kept_as_java_keeps_it(void **state) {
    (void)state;
    static const weir_aggregator_type *const types[] = {&wr_agg_min, &wr_agg_max, &wr_agg_min_forever,
                                                        &wr_agg_max_forever, &wr_agg_distinct_count};
    for (size_t i = 0; i < WR_COUNT(types); i++)
        for (uint32_t shape = 0; shape < 16; shape++) {
            scene s = {.type = types[i],
                       .arg = shape & 1 ? WEIR_FLOAT : WEIR_DOUBLE,
                       .nans = true,
                       .removes = shape & 2,
                       .grouped = shape & 4,
                       .fifo = shape & 8,
                       .reload = true};
            unsigned wrong = mismatches(s, 77 + shape);
            if (wrong) fail_msg("%s, shape %u: %u values differ", types[i]->name, shape, wrong);
        }
}

static void extremes_of_different_values_are_the_real_ones(void **state) {
    (void)state;
    scene s = {.type = &wr_agg_max, .arg = WEIR_INT, .removes = true, .fifo = true, .distinct = true};
    assert_int_equal(mismatches(s, 5), 0);
}

static void a_row_that_is_not_taken_out_is_noticed(void **state) {
    (void)state;
    static const weir_aggregator_type *const types[] = {
        &wr_agg_sum, &wr_agg_avg, &wr_agg_count, &wr_agg_and, &wr_agg_distinct_count, &wr_agg_std_dev};
    for (size_t i = 0; i < WR_COUNT(types); i++) {
        scene s = {.type = types[i],
                   .arg = takes(types[i], WEIR_INT) ? WEIR_INT : WEIR_BOOL,
                   .removes = true,
                   .fifo = true};
        if (mismatches(s, 9)) fail_msg("%s: wrong", types[i]->name);
        s.fault = true;
        if (mismatches(s, 9) == 0) fail_msg("%s: not noticed", types[i]->name);
    }
}

/* ---- The table ----------------------------------------------------------------------------------------- */

static void every_row_of_the_table_is_complete(void **state) {
    (void)state;
    const char *before = "", *ns = "";
    for (const weir_aggregator_type *const *row = wr_aggregator_table; *row; row++) {
        const weir_aggregator_type *t = *row;
        assert_int_equal(t->struct_size, sizeof *t);
        assert_true(strcmp(ns, t->ns) < 0 || (strcmp(ns, t->ns) == 0 && strcmp(before, t->name) < 0));
        before = t->name;
        ns = t->ns;
        assert_non_null(t->doc);
        assert_true(t->doc[0] && t->doc[strlen(t->doc) - 1] == '.');
        assert_non_null(strstr(t->example, "->"));
        assert_int_equal(strncmp(t->example, t->name, strlen(t->name)), 0);
        assert_non_null(t->params[0].signature);
        assert_non_null(t->params[0].doc);
        assert_true(t->check && t->open && t->close && t->reserve && t->update && t->reset_all && t->release);
        assert_true(t->bytes && t->save && t->load);
    }
}

static void wrong_arguments_are_refused_with_the_types_that_fit(void **state) {
    (void)state;
    weir_error err = {0};
    weir_type result;
    weir_arg text = {.type = WEIR_STRING, .begin = 7, .end = 9};
    assert_int_equal(wr_agg_sum.check(&text, 1, &result, &err), WEIR_ETYPE);
    assert_string_equal(err.message, "sum() can't take a value of type string");
    assert_string_equal(err.hint, "it takes one of type int, long, float, double");
    assert_int_equal(err.begin, 7);
    assert_int_equal(wr_agg_max.check(&text, 0, &result, &err), WEIR_ETYPE);
    assert_string_equal(err.message, "max() takes one argument, but has 0 here");
    weir_arg flag = {.type = WEIR_BOOL};
    assert_int_equal(wr_agg_distinct_count.check(&flag, 1, &result, &err), WEIR_ETYPE);
    weir_arg two[2] = {flag, flag};
    assert_int_equal(wr_agg_count.check(two, 2, &result, &err), WEIR_ETYPE);
    assert_int_equal(wr_agg_count.check(two, 0, &result, &err), WEIR_OK);
}

/* ---- Failing rows, hostile state -------------------------------------------------------------------------
 */

static void count_failure(void *ctx, uint32_t row, const char *message) {
    (void)row, (void)message;
    (*(int *)ctx)++;
}

static void nulls_fail_in_and_or_and_union_set(void **state) {
    (void)state;
    static const weir_aggregator_type *const types[] = {&wr_agg_and, &wr_agg_or, &wr_agg_union_set};
    for (size_t i = 0; i < WR_COUNT(types); i++) {
        int failures = 0;
        weir_arg arg = {.type = takes(types[i], WEIR_BOOL) ? WEIR_BOOL : WEIR_OBJECT};
        weir_agg_args args = {.args = &arg, .n_args = 1, .removes = true};
        weir_arena arena;
        weir_column in, out;
        weir_value null = wr_value_null(arg.type);
        wr_arena_init(&arena, NULL);
        assert_int_equal(wr_column_new(&arena, arg.type, false, 1, true, &in), WEIR_OK);
        assert_int_equal(wr_column_new(&arena, arg.type, false, 1, true, &out), WEIR_OK);
        wr_column_set(&in, 0, &null);
        void *self = calloc(1, types[i]->state_size);
        assert_int_equal(types[i]->open(self, &args, NULL), WEIR_OK);
        assert_int_equal(types[i]->reserve(self, 1, NULL), WEIR_OK);
        weir_agg_rows rows = {
            .n = 1, .args = &in, .n_args = 1, .arena = &arena, .fail = count_failure, .fail_ctx = &failures};
        assert_int_equal(types[i]->update(self, &rows, &out, NULL), WEIR_OK);
        assert_int_equal(failures, 1);
        types[i]->close(self);
        free(self);
        wr_arena_fini(&arena);
    }
}

/* Any bytes at all: a clean refusal or a state that can be closed. */
static void damaged_state_is_refused(void **state) {
    (void)state;
    seed = 3;
    for (const weir_aggregator_type *const *row = wr_aggregator_table; *row; row++)
        for (int i = 0; i < 300; i++) {
            unsigned char bytes[160];
            size_t len = random_below(sizeof bytes);
            for (size_t k = 0; k < len; k++)
                bytes[k] = random_below(3) ? 0 : (unsigned char)random_below(256);
            weir_arg arg = {.type = takes(*row, WEIR_INT)    ? WEIR_INT
                                    : takes(*row, WEIR_BOOL) ? WEIR_BOOL
                                                             : WEIR_OBJECT};
            weir_agg_args args = {.args = &arg, .n_args = 1, .removes = i % 2};
            weir_reader reader;
            wr_reader_init(&reader, bytes, len);
            void *self = calloc(1, (*row)->state_size);
            assert_int_equal((*row)->open(self, &args, NULL), WEIR_OK);
            weir_status status = (*row)->load(self, 1 + random_below(100), &reader, NULL);
            assert_true(status == WEIR_OK || status == WEIR_ESTATE);
            (*row)->close(self);
            free(self);
        }
}

static int make_sets(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++) {
        sets[i] = weir_object_new_set();
        for (int m = 0; m <= (i == 5); m++) {
            weir_value v = wr_value_int(i == 5 ? m : i);
            if (weir_object_set_add(sets[i], &v) != WEIR_OK) return -1;
        }
    }
    return 0;
}
static int drop_sets(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++) weir_object_unref(sets[i]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_aggregator_agrees_with_its_model),
        cmocka_unit_test(nan_is_kept_as_java_keeps_it),
        cmocka_unit_test(extremes_of_different_values_are_the_real_ones),
        cmocka_unit_test(a_row_that_is_not_taken_out_is_noticed),
        cmocka_unit_test(every_row_of_the_table_is_complete),
        cmocka_unit_test(wrong_arguments_are_refused_with_the_types_that_fit),
        cmocka_unit_test(nulls_fail_in_and_or_and_union_set),
        cmocka_unit_test(damaged_state_is_refused),
    };
    return cmocka_run_group_tests(tests, make_sets, drop_sets);
}
