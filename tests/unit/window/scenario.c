/* scenario.c: see scenario.h. */
#include "scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/column.h"
#include "data/value.h"
#include "exec/window_op.h"
#include "lang/parser.h"
#include "plan/planner.h"
#include "state/writer.h"

#define MOST_ARRIVALS 64u
#define MOST_ROWS     512u
#define N_COLS        4u

/* ---- The window, from an app's text ---- */

typedef struct app {
    char text[1024];
    wr_registry *registry;
    wr_source source;
    wr_diag diags;
    weir_arena tree;
    wr_plan *plan;
} app;

static wr_registry *full_registry(void) {
    wr_registry *r;
    weir_error err;
    assert_int_equal(wr_registry_new(&r), WEIR_OK);
    for (size_t i = 0; wr_function_table[i]; i++)
        assert_int_equal(wr_registry_add_function(r, wr_function_table[i], &err), WEIR_OK);
    for (size_t i = 0; wr_aggregator_table[i]; i++)
        assert_int_equal(wr_registry_add_aggregator(r, wr_aggregator_table[i], &err), WEIR_OK);
    for (size_t i = 0; wr_window_table[i]; i++)
        assert_int_equal(wr_registry_add_window(r, wr_window_table[i], &err), WEIR_OK);
    return r;
}

static void plan_app(app *a, const char *window, const char *query) {
    wr_ast_app *tree = NULL;
    memset(a, 0, sizeof *a);
    snprintf(a->text, sizeof a->text,
             "define stream S (k string, v int, l long, b bool); from S#window.%s %s;", window, query);
    a->registry = full_registry();
    wr_diag_init(&a->diags, 0);
    wr_arena_init(&a->tree, NULL);
    assert_int_equal(wr_source_init(&a->source, "app", a->text, strlen(a->text), NULL), WEIR_OK);
    if (wr_parse_app(&a->source, &a->tree, &tree, &a->diags) != WEIR_OK) return;
    if (wr_plan_app(tree, &a->source, a->registry, NULL, &a->plan, &a->diags) != WEIR_OK) a->plan = NULL;
}

static void free_app(app *a) {
    wr_plan_free(a->plan);
    wr_arena_fini(&a->tree);
    wr_source_fini(&a->source);
    wr_diag_fini(&a->diags);
    wr_registry_free(a->registry);
}

static wr_plan_op *window_of(app *a) {
    if (!a->plan) fail_msg("%s: %s", a->text, a->diags.n ? a->diags.list[0].message : "no plan");
    wr_plan_side *side = &a->plan->queries[0].side[0];
    for (uint32_t i = 0; i < side->n_ops; i++)
        if (side->ops[i]->kind == WR_OP_WINDOW) {
            side->ops[i]->needs_origin = true;
            return side->ops[i];
        }
    fail_msg("%s: no window in the plan", a->text);
    return NULL;
}

void check_refused(const char *window, const char *message, const char *at) {
    app a;
    plan_app(&a, window, ROWS_ALL);
    if (a.plan || !a.diags.n) fail_msg("%s was taken", window);
    const weir_error *e = &a.diags.list[0];
    assert_string_equal(e->message, message);
    char marked[256];
    snprintf(marked, sizeof marked, "%.*s", (int)(e->end - e->begin), a.text + e->begin);
    assert_string_equal(marked, at);
    free_app(&a);
}

/* ---- The input ---- */

typedef struct row {
    weir_value cells[N_COLS];
} row;

typedef struct arrival {
    int64_t ts, clock;
    bool late;
    uint32_t first, n; /* rows */
} arrival;

typedef struct feed {
    row rows[MOST_ROWS];
    arrival arrivals[MOST_ARRIVALS];
    uint32_t n_rows, n;
} feed;

static row parse_row(const char *text, int64_t ts) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    row r = {.cells = {{.type = WEIR_STRING, .is_null = *text == '_'},
                       {.type = WEIR_INT, .is_null = text[1] == '?'},
                       {.type = WEIR_LONG, .as.l = ts},
                       {.type = WEIR_BOOL}}};
    if (*text != '_') r.cells[0].as.s = weir_string_view(strchr(letters, *text), 1);
    if (text[1] != '?') r.cells[1].as.i = atoi(text + 1);
    const char *slash = strchr(text, '/');
    if (slash) {
        r.cells[2].is_null = slash[1] == '?';
        r.cells[2].as.l = r.cells[2].is_null ? 0 : atoll(slash + 1);
    }
    r.cells[3].as.b = strchr(text, '!') != NULL;
    return r;
}

static void parse_arrival(feed *f, char *text) {
    char *rest, *word = strtok_r(text, " ", &rest);
    arrival *a = &f->arrivals[f->n];
    bool bare = *word == '@';
    int64_t clock = f->n ? f->arrivals[f->n - 1].clock : 0;
    a->ts = atoll(word + bare);
    a->late = a->ts < clock;
    a->clock = a->late ? clock : a->ts;
    a->first = f->n_rows;
    while ((word = strtok_r(NULL, " ", &rest))) f->rows[f->n_rows++] = parse_row(word, a->ts);
    a->n = f->n_rows - a->first;
    assert_true(bare == !a->n);
    f->n++;
}

static void parse_input(feed *f, const char *text) {
    char copy[4096], *rest;
    snprintf(copy, sizeof copy, "%s", text);
    f->n = f->n_rows = 0;
    for (char *part = strtok_r(copy, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
        parse_arrival(f, part);
}

/* Arrivals from..to-1 as one batch, as the whole of a cycle or (`base` < from) a part of it. With junk, a row
 * that is not selected lies before each and one behind the last. */
static weir_batch make_batch(const feed *f, uint32_t from, uint32_t to, uint32_t base, bool junk,
                             weir_arena *arena) {
    uint32_t n = 0, step = junk ? 2 : 1, k = 0, chunks = 0;
    for (uint32_t i = from; i < to; i++) n += f->arrivals[i].n;
    uint32_t physical = n * step + junk;
    int64_t *ts = wr_arena_zero(arena, physical + 1, sizeof *ts);
    uint32_t *end = wr_arena_array(arena, to - from + 1, sizeof *end),
             *sel = wr_arena_array(arena, n + 1, sizeof *sel);
    weir_origin *origin = wr_arena_array(arena, to - from + 1, sizeof *origin);
    weir_column *cols = wr_arena_zero(arena, N_COLS, sizeof *cols);
    for (uint32_t c = 0; c < N_COLS; c++) {
        weir_type type = f->rows[0].cells[c].type;
        assert_int_equal(wr_column_new(arena, type, false, physical + 1, true, &cols[c]), WEIR_OK);
        memset(cols[c].data, 0, (physical + 1) * wr_type_size(type, false));
    }
    for (uint32_t i = from; i < to; i++) {
        const arrival *a = &f->arrivals[i];
        for (uint32_t r = 0; r < a->n; r++, k++) {
            sel[k] = k * step + junk;
            ts[sel[k]] = a->ts;
            for (uint32_t c = 0; c < N_COLS; c++)
                wr_column_set(&cols[c], sel[k], &f->rows[a->first + r].cells[c]);
        }
        if (!a->n) continue;
        end[chunks] = i + 1 == to ? physical : k * step + junk;
        origin[chunks++] = WEIR_ORIGIN(i - base, WEIR_PHASE_EVENT, 0);
    }
    return (weir_batch){.n_rows = physical,
                        .n_sel = n,
                        .sel = junk ? sel : NULL,
                        .ts = ts,
                        .n_cols = N_COLS,
                        .cols = cols,
                        .n_chunks = chunks,
                        .chunk_end = end,
                        .origin = origin};
}

/* A batch whose chunks need no ends and no origins, where that can be. */
static void strip(const feed *f, uint32_t from, uint32_t to, weir_batch *b) {
    for (uint32_t i = from; i < to; i++)
        if (f->arrivals[i].n != 1) return;
    b->chunk_end = NULL;
    b->origin = NULL;
}

/* ---- The output ---- */

typedef struct record {
    wr_buf chunks;  /* as in a scenario */
    wr_buf origins; /* of each: arrival, 't' for the timer's, running number */
    wr_buf faults;
} record;

static void print_row(wr_buf *to, const weir_batch *b, uint32_t r) {
    weir_kind kind = b->kind ? (weir_kind)b->kind[r] : WEIR_CURRENT;
    if (kind == WEIR_RESET) {
        wr_buf_puts(to, "!");
        return;
    }
    weir_value k = wr_column_get(&b->cols[0], r), v = wr_column_get(&b->cols[1], r), l = {.is_null = true};
    if (b->cols[2].data) l = wr_column_get(&b->cols[2], r);
    wr_buf_putc(to, kind == WEIR_EXPIRED ? '-' : '+');
    wr_buf_printf(to, "%.*s", (int)(k.is_null ? 1 : k.as.s.len), k.is_null ? "_" : weir_string_data(&k.as.s));
    if (v.is_null)
        wr_buf_putc(to, '?');
    else
        wr_buf_printf(to, "%d", v.as.i);
    if (l.is_null) wr_buf_puts(to, "/?");
    wr_buf_printf(to, "@%lld", (long long)b->ts[r]);
}

static void print_batch(record *rec, const weir_batch *b, uint32_t base) {
    for (uint32_t c = 0; c < b->n_chunks && b->n_rows; c++) {
        wr_buf_puts(&rec->chunks, rec->chunks.len ? " | " : "");
        for (uint32_t r = weir_batch_chunk_begin(b, c); r < weir_batch_chunk_end(b, c); r++) {
            if (r > weir_batch_chunk_begin(b, c)) wr_buf_putc(&rec->chunks, ' ');
            print_row(&rec->chunks, b, r);
        }
        weir_origin o = weir_batch_origin(b, c);
        bool ticked = weir_origin_phase(o) != WEIR_PHASE_EVENT;
        wr_buf_printf(&rec->origins, "%u%s%u ", base + weir_origin_arrival(o), ticked ? "t" : "e",
                      (unsigned)(o & 0xFFFFFF));
    }
}

/* ---- Running ---- */

typedef struct run {
    wr_plan_op *plan;
    wr_account account;
    wr_op *op;
    const feed *feed;
    bool junk, serial, reload;
    uint64_t cycle;
    int64_t clocks[MOST_ARRIVALS];
    uint8_t late[MOST_ARRIVALS];
    record rec;
} run;

static void new_op(run *r) {
    weir_error err;
    if (wr_window_op_new(r->plan, &r->account, &r->op, &err) != WEIR_OK) fail_msg("%s", err.message);
}

static void save_and_load(run *r) {
    weir_writer w;
    weir_reader reader;
    weir_error err;
    wr_writer_init(&w);
    r->op->type->save(r->op, &w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_OK);
    wr_op_free(r->op);
    assert_int_equal(r->account.used_bytes, 0);
    new_op(r);
    wr_reader_init(&reader, w.buf.data, w.buf.len);
    if (r->op->type->load(r->op, &reader, &err) != WEIR_OK) fail_msg("load: %s", err.message);
    assert_int_equal(weir_reader_left(&reader), 0);
    wr_writer_fini(&w);
}

static void call(run *r, wr_turn *turn, const weir_batch *in, uint32_t base) {
    weir_batch out;
    weir_error err;
    if (wr_op_process(r->op, turn, (const weir_batch *const[2]){in, NULL}, &out, &err) != WEIR_OK)
        fail_msg("process: %s", err.message);
    print_batch(&r->rec, &out, base);
    for (uint32_t i = 0; i < turn->faults.n; i++) {
        const wr_fault *f = &turn->faults.items[i];
        wr_buf_printf(&r->rec.faults, "%u:%s ", base + weir_origin_arrival(f->origin), f->message);
    }
    turn->faults.n = 0;
}

static void run_serially(run *r, wr_turn *turn, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        turn->until = WEIR_ORIGIN(i - from, r->plan->rank + 1, 0);
        call(r, turn, NULL, from);
        if (!r->feed->arrivals[i].n) continue;
        weir_batch b = make_batch(r->feed, i, i + 1, from, r->junk, turn->arena);
        turn->until = 0;
        call(r, turn, &b, from);
    }
}

static void run_cycle(run *r, uint32_t from, uint32_t to) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    bool some_late = false;
    for (uint32_t i = from; i < to; i++) {
        r->clocks[i - from] = r->feed->arrivals[i].clock;
        r->late[i - from] = r->feed->arrivals[i].late;
        some_late |= r->feed->arrivals[i].late;
    }
    weir_cycle cycle = {.number = ++r->cycle,
                        .n_arrivals = to - from,
                        .clock = r->clocks,
                        .late = some_late ? r->late : NULL,
                        .clock_before = from ? r->feed->arrivals[from - 1].clock : 0};
    wr_turn turn = {.cycle = &cycle, .arena = &arena};
    if (r->serial) {
        run_serially(r, &turn, from, to);
    } else {
        weir_batch b = make_batch(r->feed, from, to, from, r->junk, &arena);
        if (!r->junk) strip(r->feed, from, to, &b);
        turn.until = WEIR_ORIGIN(to - from, 0, 0);
        call(r, &turn, b.n_sel ? &b : NULL, from);
    }
    wr_arena_fini(&arena);
}

static void begin_run(run *r) {
    memset(&r->rec, 0, sizeof r->rec);
    wr_buf_puts(&r->rec.chunks, "");
    wr_buf_puts(&r->rec.origins, "");
    wr_buf_puts(&r->rec.faults, "");
    r->cycle = 0;
    new_op(r);
}

static void end_run(run *r) {
    wr_op_free(r->op);
    assert_int_equal(r->account.used_bytes, 0);
}

static void free_record(record *rec) {
    wr_buf_fini(&rec->chunks);
    wr_buf_fini(&rec->origins);
    wr_buf_fini(&rec->faults);
}

/* Cycles end after `step` arrivals (0: never) and at `cut`. */
static void run_in_cycles(run *r, uint32_t cut, uint32_t step) {
    begin_run(r);
    for (uint32_t from = 0, to; from < r->feed->n; from = to) {
        to = step ? from + step : r->feed->n;
        if (from < cut && to > cut) to = cut;
        if (to > r->feed->n) to = r->feed->n;
        if (from && r->reload) save_and_load(r);
        run_cycle(r, from, to);
    }
    end_run(r);
}

static void check_same(const record *want, const run *r, const char *window, const char *how, uint32_t cut) {
    const record *got = &r->rec;
    if (strcmp(want->chunks.data, got->chunks.data) || strcmp(want->origins.data, got->origins.data) ||
        strcmp(want->faults.data, got->faults.data))
        fail_msg("%s: %s (%u)\n in one:  %s\n          %s%s\n this way: %s\n          %s%s", window, how, cut,
                 want->chunks.data, want->origins.data, want->faults.data, got->chunks.data,
                 got->origins.data, got->faults.data);
}

static void check_other_ways(run *r, const record *want, const char *window) {
    for (int way = 0; way < 8; way++) {
        static const char *const names[] = {
            "cut",           "cut, serial",           "cut, selected",           "cut, serial, selected",
            "cut, reloaded", "cut, serial, reloaded", "cut, selected, reloaded", "cut, all of it"};
        r->serial = way & 1;
        r->junk = way & 2;
        r->reload = way & 4;
        for (uint32_t cut = 0; cut <= r->feed->n; cut++) {
            run_in_cycles(r, cut, cut == r->feed->n ? 1 : 0);
            check_same(want, r, window, names[way], cut);
            free_record(&r->rec);
        }
    }
}

void check_scenario(const scenario *s) {
    app a;
    feed f;
    plan_app(&a, s->window, s->query);
    parse_input(&f, s->input);
    run r = {.plan = window_of(&a), .feed = &f};
    run_in_cycles(&r, 0, 0);
    record first = r.rec;
    if (s->expect && strcmp(first.chunks.data, s->expect) != 0)
        fail_msg("%s %s\n in:   %s\n want: %s\n got:  %s", s->window, s->query, s->input, s->expect,
                 first.chunks.data);
    if (s->expect && (s->fault ? !strstr(first.faults.data, s->fault) : first.faults.len > 0))
        fail_msg("%s: faults '%s'", s->window, first.faults.data);
    check_other_ways(&r, &first, s->window);
    free_record(&first);
    free_app(&a);
}

/* False when the n-th allocation of some call failed, and with it the call. */
static bool runs_without_allocation(run *r, long nth) {
    weir_batch out;
    weir_error err;
    weir_status status = WEIR_OK;
    wr_alloc_fail_after(nth);
    status = wr_window_op_new(r->plan, &r->account, &r->op, &err);
    for (uint32_t i = 0; i < r->feed->n && status == WEIR_OK; i++) {
        weir_arena arena;
        int64_t clock = r->feed->arrivals[i].clock;
        uint8_t late = r->feed->arrivals[i].late;
        weir_cycle cycle = {.number = i + 1, .n_arrivals = 1, .clock = &clock, .late = &late};
        wr_arena_init(&arena, NULL);
        wr_alloc_fail_after(0);
        weir_batch b = make_batch(r->feed, i, i + 1, i, false, &arena);
        wr_turn turn = {.cycle = &cycle, .arena = &arena, .until = WEIR_ORIGIN(1, 0, 0)};
        wr_alloc_fail_after(nth);
        status =
            wr_op_process(r->op, &turn, (const weir_batch *const[2]){b.n_sel ? &b : NULL, NULL}, &out, &err);
        wr_arena_fini(&arena);
    }
    wr_alloc_fail_after(0);
    if (status != WEIR_OK) assert_int_equal(status, WEIR_ENOMEM);
    wr_op_free(r->op);
    assert_int_equal(r->account.used_bytes, 0);
    return status == WEIR_OK;
}

void check_out_of_memory(const char *window, const char *query, const char *input) {
    app a;
    feed f;
    plan_app(&a, window, query);
    parse_input(&f, input);
    run r = {.plan = window_of(&a), .feed = &f};
    long nth = 1;
    while (nth < 1000 && !runs_without_allocation(&r, nth)) nth++;
    assert_in_range(nth, 2, 999);
    free_app(&a);
}

void check_scenarios(const scenario *s, size_t n) {
    for (size_t i = 0; i < n; i++) check_scenario(&s[i]);
}
