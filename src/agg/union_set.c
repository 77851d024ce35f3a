/* union_set.c: unionSet(s): the set of all members of the sets that a group holds.
 *
 * Where sets leave again each member has a counter. Siddhi takes a member whose counter is 1 out of the set
 * but leaves the counter at 1, so a member that comes back is never quite removed; recorded answers depend on
 * it, and so it is kept. With group by, a group's counters go when its set becomes empty.
 *
 * The object that is handed out is the state's own: it is copied only when it changes while others hold it.
 */
#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"
#include "agg/tally.h"
#include "base/arena.h"
#include "data/object.h"

typedef struct union_cell {
    weir_object *set; /* NULL: empty, and never asked for */
    wr_tally counts;
} union_cell;

typedef struct union_sets {
    union_cell *cells;
    uint32_t cap;
    bool counted;     /* sets leave */
    size_t set_bytes; /* of all sets and counters */
} union_sets;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    return wr_agg_check_one("unionSet", WR_TYPE_BIT(WEIR_OBJECT), args, n_args, err);
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    ((union_sets *)self)->counted = args->removes;
    return WEIR_OK;
}

static size_t cell_bytes(const union_cell *c) {
    return wr_tally_bytes(&c->counts) + (c->set ? wr_object_bytes(c->set) : 0);
}

static void clear_cell(union_sets *u, union_cell *c) {
    u->set_bytes -= cell_bytes(c);
    weir_object_unref(c->set);
    c->set = NULL;
    wr_tally_fini(&c->counts);
}

static void reset_all(void *self, uint32_t n_groups) {
    union_sets *u = self;
    for (uint32_t g = 0; g < n_groups; g++) clear_cell(u, &u->cells[g]);
}

static void reset(void *self, uint32_t group) {
    union_sets *u = self;
    clear_cell(u, &u->cells[group]);
}

static void close(void *self) {
    union_sets *u = self;
    reset_all(u, u->cap);
    wr_free(NULL, u->cells, u->cap * sizeof *u->cells);
    u->cells = NULL;
    u->cap = 0;
}

static weir_status reserve(void *self, uint32_t n_groups, weir_error *err) {
    union_sets *u = self;
    return wr_group_array_reserve(&u->cells, &u->cap, n_groups, sizeof *u->cells, err);
}

/* Makes sure that c has a set which nobody else sees. */
static bool own_set(union_cell *c) {
    if (c->set && wr_refcount_is_sole(&c->set->refs)) return true;
    weir_object *own = c->set ? wr_object_copy_set(c->set) : weir_object_new_set();
    if (!own) return false;
    weir_object_unref(c->set);
    c->set = own;
    return true;
}

static bool take_in(union_sets *u, union_cell *c, const weir_object *set) {
    for (uint32_t i = 0; i < weir_object_set_size(set); i++) {
        weir_value member = weir_object_set_member(set, i);
        if (u->counted) {
            wr_tally_entry *e = wr_tally_put(&c->counts, 0, &member);
            if (!e) return false;
            e->count++;
        }
        if (c->set && weir_object_set_has(c->set, &member)) continue;
        if (!own_set(c) || weir_object_set_add(c->set, &member) != WEIR_OK) return false;
    }
    return true;
}

/* Replaces c's set by one without the member. */
static bool remove_member(union_cell *c, const weir_value *member) {
    if (!c->set || !weir_object_set_has(c->set, member)) return true;
    weir_object *rest = weir_object_new_set(), *single = weir_object_new_set();
    bool done = rest && single && weir_object_set_add(single, member) == WEIR_OK;
    for (uint32_t i = 0; done && i < weir_object_set_size(c->set); i++) {
        weir_value kept = weir_object_set_member(c->set, i);
        if (!weir_object_set_has(single, &kept)) done = weir_object_set_add(rest, &kept) == WEIR_OK;
    }
    weir_object_unref(single);
    if (!done) {
        weir_object_unref(rest);
        return false;
    }
    weir_object_unref(c->set);
    c->set = rest;
    return true;
}

static bool take_out(union_cell *c, const weir_object *set, bool grouped) {
    for (uint32_t i = 0; i < weir_object_set_size(set); i++) {
        weir_value member = weir_object_set_member(set, i);
        wr_tally_entry *e = wr_tally_find(&c->counts, 0, &member);
        if (!e) continue;
        if (e->count > 1)
            e->count--;
        else if (!remove_member(c, &member))
            return false;
    }
    if (grouped && (!c->set || weir_object_set_size(c->set) == 0)) wr_tally_fini(&c->counts);
    return true;
}

/* One row. False: out of memory. */
static bool take_row(union_sets *u, const weir_agg_rows *rows, uint32_t row, union_cell *c) {
    const weir_object *set =
        weir_is_null(&rows->args[0], row) ? NULL : ((weir_object *const *)rows->args[0].data)[row];
    if (!set || weir_object_get_kind(set) != WEIR_OBJECT_SET) {
        rows->fail(rows->fail_ctx, row, "unionSet() can't take in a value that is no set");
        return true;
    }
    size_t before = cell_bytes(c);
    bool done = wr_agg_expired(rows, row) ? take_out(c, set, rows->gid != NULL) : take_in(u, c, set);
    u->set_bytes += cell_bytes(c) - before;
    return done;
}

/* The cell's set, held by the arena too; *last is what it was given before. */
static weir_object *hand_out(union_sets *u, union_cell *c, weir_arena *arena, weir_object **last) {
    if (!c->set) {
        if (!own_set(c)) return NULL;
        u->set_bytes += wr_object_bytes(c->set);
    }
    if (c->set == *last) return c->set;
    weir_object *shared = weir_object_ref(c->set);
    if (weir_arena_own(arena, shared) != WEIR_OK) return NULL;
    *last = shared;
    return shared;
}

static weir_status update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    union_sets *u = self;
    weir_object **y = out ? out->data : NULL, *last = NULL;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i);
        union_cell *c = &u->cells[wr_agg_group(rows, row)];
        if (!take_row(u, rows, row, c) || (y && !(y[row] = hand_out(u, c, rows->arena, &last))))
            return weir_fail(err, WEIR_ENOMEM, "out of memory for the members of unionSet()");
    }
    return WEIR_OK;
}

static bool release(void *self, uint32_t group) {
    union_sets *u = self;
    union_cell *c = &u->cells[group];
    if (c->set && weir_object_set_size(c->set)) return false;
    clear_cell(u, c);
    return true;
}

static size_t bytes(const void *self) {
    const union_sets *u = self;
    return u->cap * sizeof *u->cells + u->set_bytes;
}

static void save(const void *self, uint32_t n_groups, weir_writer *w) {
    const union_sets *u = self;
    for (uint32_t g = 0; g < n_groups; g++) {
        const union_cell *c = &u->cells[g];
        uint32_t n = c->set ? weir_object_set_size(c->set) : 0;
        weir_write_u32(w, n);
        for (uint32_t i = 0; i < n; i++) {
            weir_value member = weir_object_set_member(c->set, i);
            weir_write_value(w, &member);
        }
        wr_tally_save(&c->counts, w);
    }
}

static weir_status load_members(union_cell *c, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_status status = weir_reader_status(r, err);
    if (status == WEIR_OK && n && !own_set(c))
        status = weir_fail(err, WEIR_ENOMEM, "out of memory for a set");
    for (uint32_t i = 0; i < n && status == WEIR_OK; i++) {
        weir_value member;
        status = weir_read_value(r, &arena, &member);
        if (status == WEIR_OK) status = weir_object_set_add(c->set, &member);
        if (status != WEIR_OK) weir_fail(err, status, "a member of a saved set can't be read");
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    return status;
}

static weir_status load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    union_sets *u = self;
    if (weir_reader_left(r) / 8 < n_groups)
        return weir_fail(err, WEIR_ESTATE, "saved state of unionSet() ends before its %u groups", n_groups);
    WR_TRY(reserve(u, n_groups, err));
    reset_all(u, u->cap);
    for (uint32_t g = 0; g < n_groups; g++) {
        weir_status status = load_members(&u->cells[g], r, err);
        if (status == WEIR_OK) status = wr_tally_load(&u->cells[g].counts, 1, r, err);
        u->set_bytes += cell_bytes(&u->cells[g]);
        if (status != WEIR_OK) return status;
    }
    return WEIR_OK;
}

static const weir_param_doc params[] = {
    {"unionSet(<object> s)", "The set of all members of the sets, as object."}, {NULL, NULL}};

const weir_aggregator_type wr_agg_union_set = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "unionSet",
    .doc = "The union of the sets; the empty set when there are none.",
    .example = "unionSet(s) of createSet('a'), createSet('b') -> a set of 2",
    .params = params,
    .check = check,
    .state_size = sizeof(union_sets),
    .open = open,
    .close = close,
    .reserve = reserve,
    .update = update,
    .reset_all = reset_all,
    .reset = reset,
    .release = release,
    .bytes = bytes,
    .save = save,
    .load = load,
    .can_fail = true,
};
