/* pattern_save_test.c: loading the state of a pattern from bytes that were tampered with: it is refused, or
 * the operator goes on with something that holds together (what ASan and the account have the last word on).
 */
#include <stdlib.h>

#include "data/batch_builder.h"
#include "exec/operator.h"
#include "exec/program.h"
#include "plan/fakes.h"
#include "plan/pattern.h"
#include "state/writer.h"

#define STREAMS "define stream A (k string, v int); define stream B (k string, v int); "

static const char *const apps[] = {
    STREAMS "from every e1=A<1:3> -> e2=B[k == e1[0].k] within 5 sec select e1[last].k as k insert into O;",
    STREAMS "from every e1=A -> not B[k == e1.k] for 1 sec select e1.k as k insert into O;",
    STREAMS "from every e1=A -> e2=A[k == e1.k and v > e1.v] or e3=B select e1.k as k insert into O;",
    STREAMS
    "from every e1=A -> e2=B[k == e1.k] -> e3=A[v > e1.v] within 5 sec select e1.k as k insert into O;",
    STREAMS "from every e1=A+, e2=B[v > e1[last].v] select e1[0].k as k insert into O;"};

static uint64_t draw(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* Rows i, i + 1, … of both streams by turns, as one cycle. */
static void feed(wr_op *op, int first, int n) {
    weir_error err = {0};
    weir_arena arena;
    int64_t clock[32];
    wr_batch_builder rows[2];
    weir_batch batch[2], out;
    const weir_batch *in[2] = {&batch[0], &batch[1]};
    wr_arena_init(&arena, NULL);
    for (int s = 0; s < 2; s++) {
        const wr_plan_item *item = &op->plan->u.pattern->items[0];
        assert_int_equal(wr_batch_builder_init(&rows[s], item->schema, NULL, &err), WEIR_OK);
    }
    for (int i = 0; i < n; i++) {
        weir_value v[2] = {{.type = WEIR_STRING}, {.type = WEIR_INT, .as.i = first + i}};
        const char *text = i % 3 ? "a key that is not held inline" : "b";
        v[0].as.s = weir_string_view(text, (uint32_t)strlen(text));
        clock[i] = 1000 + 10 * (first + i);
        wr_batch_builder *to = &rows[i % 4 == 3];
        assert_int_equal(wr_batch_builder_append(to, clock[i], v, 2, &err), WEIR_OK);
        assert_int_equal(wr_batch_builder_end_chunk(to, WEIR_ORIGIN(i, WEIR_PHASE_EVENT, 0), &err), WEIR_OK);
    }
    for (int s = 0; s < 2; s++) wr_batch_builder_view(&rows[s], &batch[s]);
    weir_cycle cycle = {.number = (uint64_t)first + 1, .n_arrivals = (uint32_t)n, .clock = clock};
    wr_turn turn = {.cycle = &cycle, .arena = &arena, .until = WEIR_ORIGIN(n, 0, 0)};
    assert_int_equal(wr_op_process(op, &turn, in, &out, &err), WEIR_OK);
    for (int s = 0; s < 2; s++) wr_batch_builder_fini(&rows[s]);
    wr_arena_fini(&arena);
}

static wr_op *new_op(const wr_plan *plan, wr_account *account) {
    weir_error err = {0};
    wr_op *op;
    if (wr_op_new(plan->queries[0].merge, account, &op, &err)) fail_msg("%s", err.message);
    return op;
}

static void tamper(const wr_plan *plan, const weir_writer *saved, uint64_t *random) {
    wr_account account = {0};
    weir_error err = {0};
    weir_reader r;
    size_t len = saved->buf.len;
    unsigned char *bytes = malloc(len);
    memcpy(bytes, saved->buf.data, len);
    for (uint64_t flips = 1 + draw(random) % 3; flips-- > 0;)
        bytes[draw(random) % len] ^= (unsigned char)(1u << draw(random) % 8);
    if (draw(random) % 5 == 0) len = draw(random) % len;
    wr_op *op = new_op(plan, &account);
    wr_reader_init(&r, bytes, len);
    if (op->type->load(op, &r, &err) == WEIR_OK) feed(op, 30, 8);
    wr_op_free(op);
    assert_int_equal(account.used_bytes, 0);
    free(bytes);
}

static void tampered_state_is_refused_or_holds_together(void **state) {
    (void)state;
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < WR_COUNT(apps); i++) {
        planned a;
        const wr_plan *plan = plan_of(&a, apps[i]);
        wr_account account = {0};
        weir_writer saved;
        wr_op *op = new_op(plan, &account);
        feed(op, 0, 20);
        wr_writer_init(&saved);
        op->type->save(op, &saved);
        for (int k = 0; k < 500; k++) tamper(plan, &saved, &random);
        wr_writer_fini(&saved);
        wr_op_free(op);
        assert_int_equal(account.used_bytes, 0);
        planned_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tampered_state_is_refused_or_holds_together)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
