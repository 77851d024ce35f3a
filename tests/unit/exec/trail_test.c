/* trail_test.c: a trail answers as the machine for all patterns does, on rows in and out of order, across
 * snapshots; and what an event costs does not grow with the open matches (counted, not timed). */
#include <math.h>
#include <stdlib.h>

#include "data/batch_builder.h"
#include "exec/operator.h"
#include "exec/pattern_impl.h"
#include "exec/program.h"
#include "plan/fakes.h"
#include "state/writer.h"

#define STREAMS "define stream A (k string, v int, d double); define stream B (k string, v int, d double); "

static const char *const apps[] = {
    STREAMS "from every e1=A -> e2=A[k == e1.k] select e1.k as k, e1.v as a, e2.v as b insert into O;",
    STREAMS "from every e1=A[v > 3] -> e2=A[k == e1.k and v > e1.v] within 50 milliseconds "
            "select e1.k as k, e1.v as a, e2.v as b, e1.d as d insert into O;",
    STREAMS "from every e1=A -> e2=B[k == e1.k] within 40 milliseconds "
            "select e1.k as k, e1.v as a, e2.v as b, e2.k as l insert into O;",
    STREAMS "from every e1=A -> e2=B[e1.d == d and v != e1.v] -> e3=A[k == e2.k and v == e1.v] within 200 "
            "milliseconds select e1.k as k, e2.v as a, e3.v as b insert into O;",
    STREAMS
    "from every e1=A -> e2=B[v > e1.v] within 30 milliseconds select e1.v as a, e2.v as b insert into O;",
    STREAMS "from every e1=A -> e2=A[v == e1.v] -> e3=A[k == e2.k] within 60 milliseconds "
            "select e1.v as a, e2.k as k, e3.v as b insert into O;",
    STREAMS "from every e1=A -> e2=A[k == e1.k and v > e1.v + 2] within 60 milliseconds "
            "select e1.v as a, e2.k as k, e2.v as b insert into O;",
    STREAMS
    "from every e1=A -> e2=B[v == e1.v + 1 or k == e1.k] -> e3=A[k == e2.k and d + e1.d > e2.d] within 90 "
    "milliseconds select e1.v as a, e2.k as k, e3.v as b insert into O;",
    STREAMS "from every e1=A[v > 8] -> e2=B[v < 3] -> e3=B[k == e1.k] -> e4=A "
            "select e1.d as a, e2.v as b, e4.k as k insert into O;",
};

static uint64_t draw(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

typedef struct rows {
    wr_batch_builder builder[2];
    weir_batch batch[2];
    int64_t clock[64];
    uint32_t n;
} rows;

/* n arrivals of the two streams by chance; one in `late` lies back in time (0: none). */
static void make_rows(rows *r, const wr_schema *schema, uint32_t n, uint32_t late, int64_t *now,
                      uint64_t *random) {
    static const char *const keys[] = {"a", "b", "a key that is not held inline", "another one of the kind"};
    weir_error err = {0};
    r->n = n;
    for (int s = 0; s < 2; s++)
        assert_int_equal(wr_batch_builder_init(&r->builder[s], schema, NULL, &err), WEIR_OK);
    for (uint32_t i = 0; i < n; i++) {
        const char *key = keys[draw(random) % 4];
        double d = (double)(draw(random) % 4);
        weir_value v[3] = {{.type = WEIR_STRING, .as.s = weir_string_view(key, (uint32_t)strlen(key))},
                           {.type = WEIR_INT, .as.i = (int32_t)(draw(random) % 12)},
                           {.type = WEIR_DOUBLE,
                            .as.d = d == 3   ? (double)NAN
                                    : d == 2 ? -0.0
                                    : d == 1 ? 0.0
                                             : 7}};
        for (int c = 0; c < 3; c++) v[c].is_null = draw(random) % 16 == 0;
        wr_batch_builder *to = &r->builder[draw(random) % 2];
        *now += (int64_t)(draw(random) % 8);
        int64_t ts = late && draw(random) % late == 0 ? *now - (int64_t)(draw(random) % 60) : *now;
        r->clock[i] = *now;
        assert_int_equal(wr_batch_builder_append(to, ts, v, 3, &err), WEIR_OK);
        assert_int_equal(wr_batch_builder_end_chunk(to, WEIR_ORIGIN(i, WEIR_PHASE_EVENT, 0), &err), WEIR_OK);
    }
    for (int s = 0; s < 2; s++) wr_batch_builder_view(&r->builder[s], &r->batch[s]);
}

static void free_rows(rows *r) {
    for (int s = 0; s < 2; s++) wr_batch_builder_fini(&r->builder[s]);
}

static void run(wr_op *op, const rows *r, uint64_t number, weir_arena *arena, weir_batch *out) {
    weir_error err = {0};
    const weir_batch *in[2] = {&r->batch[0], &r->batch[1]};
    weir_cycle cycle = {.number = number, .n_arrivals = r->n, .clock = r->clock};
    wr_turn turn = {.cycle = &cycle, .arena = arena, .until = WEIR_ORIGIN(r->n, 0, 0)};
    *out = (weir_batch){0};
    if (wr_op_process(op, &turn, in, out, &err) != WEIR_OK) fail_msg("%s", err.message);
}

static wr_op *new_op(const wr_plan *plan, bool is_trail, wr_account *account) {
    weir_error err = {0};
    wr_op *op;
    plan->queries[0].merge->u.pattern->is_trail = is_trail;
    if (wr_op_new(plan->queries[0].merge, account, &op, &err)) fail_msg("%s", err.message);
    return op;
}

static void assert_same(const weir_batch *a, const weir_batch *b) {
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->n_chunks, b->n_chunks);
    for (uint32_t i = 0; i < a->n_chunks; i++) {
        assert_int_equal(weir_batch_chunk_end(a, i), weir_batch_chunk_end(b, i));
        assert_true(weir_batch_origin(a, i) == weir_batch_origin(b, i));
    }
    for (uint32_t row = 0; row < a->n_rows; row++) {
        assert_int_equal(a->ts[row], b->ts[row]);
        for (uint32_t c = 0; c < a->n_cols; c++) {
            weir_value v = wr_column_get(&a->cols[c], row), w = wr_column_get(&b->cols[c], row);
            assert_int_equal(v.is_null, w.is_null);
            if (v.is_null) continue;
            if (v.type == WEIR_STRING)
                assert_true(weir_string_equal(&v.as.s, &w.as.s));
            else
                assert_memory_equal(&v.as, &w.as, v.type == WEIR_INT ? 4 : 8);
        }
    }
}

static void go_on_in_a_new_one(const wr_plan *plan, wr_op **op, bool is_trail, wr_account *account) {
    weir_error err = {0};
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    (*op)->type->save(*op, &w);
    wr_op_free(*op);
    *op = new_op(plan, is_trail, account);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    if ((*op)->type->load(*op, &r, &err) != WEIR_OK) fail_msg("%s", err.message);
    wr_writer_fini(&w);
}

static void a_trail_answers_as_the_machine_does(void **state) {
    (void)state;
    uint64_t random = 88172645463325252u, n_rows = 0;
    for (size_t i = 0; i < WR_COUNT(apps) * 40; i++) {
        planned a;
        const wr_plan *plan = plan_of(&a, apps[i % WR_COUNT(apps)]);
        wr_account account = {0};
        weir_arena arena;
        int64_t now = 1000;
        uint32_t late = (uint32_t[]){0, 40, 5}[draw(&random) % 3];
        const wr_schema *schema = plan->queries[0].merge->u.pattern->items[0].schema;
        assert_true(plan->queries[0].merge->u.pattern->is_trail);
        wr_op *trail = new_op(plan, true, &account), *machine = new_op(plan, false, &account);
        for (uint64_t cycle = 1; cycle <= 12; cycle++) {
            rows r;
            weir_batch out[2];
            wr_arena_init(&arena, NULL);
            make_rows(&r, schema, 1 + (uint32_t)(draw(&random) % 63), late, &now, &random);
            run(trail, &r, cycle, &arena, &out[0]);
            run(machine, &r, cycle, &arena, &out[1]);
            assert_same(&out[0], &out[1]);
            n_rows += out[0].n_rows;
            if (cycle % 5 == 0) {
                go_on_in_a_new_one(plan, &trail, true, &account);
                go_on_in_a_new_one(plan, &machine, false, &account);
            }
            free_rows(&r);
            wr_arena_fini(&arena);
        }
        wr_op_free(trail);
        wr_op_free(machine);
        assert_int_equal(account.used_bytes, 0);
        planned_fini(&a);
    }
    assert_true(n_rows > 10000);
}

/* Slots and matches looked at for one event, with so many matches open, a key each. */
static double cost(uint32_t n_open) {
    enum { BATCH = 64 };
    planned a;
    const wr_plan *plan = plan_of(&a, "define stream A (k int); define stream B (k int); from every e1=A -> "
                                      "e2=B[k == e1.k] within 1 hour select e1.k as k insert into O;");
    wr_account account = {0};
    weir_error err = {0};
    wr_op *op = new_op(plan, true, &account);
    const wr_trail *t = ((const wr_pattern *)op)->trail;
    uint64_t before = 0, n_rows = 0;
    for (uint32_t i = 0; i < n_open + 1024; i += BATCH) {
        rows r = {.n = BATCH};
        weir_arena arena;
        weir_batch out;
        wr_arena_init(&arena, NULL);
        if (i >= n_open && !before) before = t->n_slots_seen + t->n_matches_seen;
        for (int s = 0; s < 2; s++)
            assert_int_equal(wr_batch_builder_init(&r.builder[s],
                                                   plan->queries[0].merge->u.pattern->items[0].schema, NULL,
                                                   &err),
                             WEIR_OK);
        for (uint32_t j = 0; j < BATCH; j++) {
            uint32_t key = i < n_open ? i + j : (uint32_t)((uint64_t)(i - n_open + j) * 7919 % n_open);
            weir_value v = {.type = WEIR_INT, .as.i = (int32_t)key};
            r.clock[j] = 1000 + i;
            wr_batch_builder *to = &r.builder[i >= n_open];
            assert_int_equal(wr_batch_builder_append(to, r.clock[j], &v, 1, &err), WEIR_OK);
            assert_int_equal(wr_batch_builder_end_chunk(to, WEIR_ORIGIN(j, WEIR_PHASE_EVENT, 0), &err),
                             WEIR_OK);
        }
        for (int s = 0; s < 2; s++) wr_batch_builder_view(&r.builder[s], &r.batch[s]);
        run(op, &r, 1 + i, &arena, &out);
        n_rows += out.n_rows;
        free_rows(&r);
        wr_arena_fini(&arena);
    }
    double seen = (double)(t->n_slots_seen + t->n_matches_seen - before) / 1024;
    assert_true(n_rows >= WR_MIN(n_open, 1024));
    wr_op_free(op);
    planned_fini(&a);
    return seen;
}

/* Of the slots half are free at least: 1.5 looks are expected for a key that is there, 2.5 for one that is
 * not (and what was settled just before counts, too). */
static void an_event_costs_the_same_beside_a_million_matches(void **state) {
    (void)state;
    for (uint32_t n_open = 64; n_open <= 1u << 20; n_open *= 32) {
        double seen = cost(n_open);
        if (seen > 5) fail_msg("%u open matches: an event looked at %.1f things", n_open, seen);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_trail_answers_as_the_machine_does),
                                       cmocka_unit_test(an_event_costs_the_same_beside_a_million_matches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
