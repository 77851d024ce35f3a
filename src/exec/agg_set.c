/* agg_set.c: making, resetting, saving the aggregates of an operator, and the life of their groups. Taking in
 * rows is in agg_set_update.c.
 *
 * A group all of whose aggregates are back where they began is no different from one that was never there.
 * Nobody waits for that: now and then the groups are swept, and the ids of such groups given back. Where rows
 * leave, that is when there are twice as many groups as the last sweep left; and at a reset when there are
 * many more than rows came since the one before, so that resets cost no more than the rows do and the keys
 * that come back batch after batch keep their ids. */
#include "exec/agg_set_impl.h"

#include "base/compiler.h"
#include "plan/expr_make.h"

#define STATE_VERSION 1u
#define SWEEP_LEAST   64u /* groups: fewer are not worth it */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for aggregates");
}

/* ---- Making -------------------------------------------------------------------------------------------- */

/* Then its arguments can't be computed before these have their values. */
static bool reads_aggregates(const wr_agg_slot *slot) {
    for (uint32_t a = 0; a < slot->n_args; a++)
        if (wr_expr_has_kind(slot->args[a], WR_EXPR_AGG)) return true;
    return false;
}

/* Can a row leave that was not taken in when it came? By then what it is asked by may have changed, or its
 * chunk may have failed when it came. */
static bool is_unbalanced(const wr_agg_set *set, const wr_agg_slot *slot) {
    bool unbalanced = set->unbalanced || slot->when || reads_aggregates(slot);
    for (uint32_t a = 0; a < slot->n_args; a++) unbalanced |= slot->args[a]->can_fail;
    return unbalanced;
}

static weir_status open_state(const wr_agg_set *set, wr_agg_state *s, weir_error *err) {
    weir_agg_args args = {.args = s->slot->arg_info,
                          .n_args = s->slot->n_args,
                          .removes = set->removes,
                          .unbalanced = is_unbalanced(set, s->slot),
                          .forgets = set->forgets};
    s->is_open = true;
    return s->slot->type->open(s->self, &args, err);
}

static weir_status make_state(wr_agg_set *set, wr_agg_state *s, const wr_agg_slot *slot, weir_error *err) {
    s->slot = slot;
    s->self = wr_alloc_zero(set->account, slot->type->state_size);
    if (!s->self) return no_memory(err);
    WR_TRY(open_state(set, s, err));
    set->has_nested |= reads_aggregates(slot);
    if (reads_aggregates(slot))
        WR_TRY(wr_program_new(slot->args, slot->n_args, set->account, &s->nested, err));
    return slot->when ? wr_program_new((wr_expr *const *)&slot->when, 1, set->account, &s->when, err)
                      : WEIR_OK;
}

static weir_status open_states(wr_agg_set *set, const wr_agg_set_options *o, weir_error *err) {
    uint32_t first_arg = 0;
    set->states = wr_alloc_zero(set->account, o->n_slots * sizeof *set->states);
    if (!set->states) return no_memory(err);
    set->n_states = o->n_slots;
    for (uint32_t i = 0; i < o->n_slots; i++) {
        set->states[i].first_arg = first_arg;
        first_arg += reads_aggregates(&o->slots[i]) ? 0 : o->slots[i].n_args;
        WR_TRY(make_state(set, &set->states[i], &o->slots[i], err));
    }
    return WEIR_OK;
}

static weir_status make_groups(wr_agg_set *set, const wr_agg_set_options *o, weir_error *err) {
    wr_group_key keys[WR_MAX_GROUP_KEYS];
    set->n_keys = o->n_keys;
    if (!o->n_keys) return WEIR_OK;
    uint32_t n = 0;
    if (o->by_key) {
        keys[n++] = (wr_group_key){.type = WEIR_INT};
        set->chains = wr_alloc_zero(set->account, sizeof *set->chains);
        if (!set->chains) return no_memory(err);
    }
    for (uint32_t i = 0; i < o->n_keys && n < WR_MAX_GROUP_KEYS; i++)
        keys[n++] = (wr_group_key){.type = o->keys[i]->type, .boxed = o->keys[i]->boxed};
    return wr_groups_new(keys, o->n_keys + o->by_key, set->account, &set->groups, err);
}

/* One program for the arguments of the slots that read no others, and the keys. */
static weir_status compile_inputs(wr_agg_set *set, const wr_agg_set_options *o, wr_expr **exprs,
                                  weir_error *err) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->n_slots; i++)
        for (uint32_t a = 0; a < o->slots[i].n_args && !set->states[i].nested; a++)
            exprs[n++] = o->slots[i].args[a];
    for (uint32_t k = 0; k < o->n_keys; k++) exprs[n++] = o->keys[k];
    for (uint32_t i = 0; i < n; i++) set->inputs_can_fail |= exprs[i]->can_fail;
    return n ? wr_program_new(exprs, n, set->account, &set->inputs, err) : WEIR_OK;
}

static weir_status make_inputs(wr_agg_set *set, const wr_agg_set_options *o, weir_error *err) {
    set->n_inputs = o->n_keys;
    for (uint32_t i = 0; i < o->n_slots; i++) set->n_inputs += set->states[i].nested ? 0 : o->slots[i].n_args;
    size_t bytes = set->n_inputs * sizeof(wr_expr *);
    wr_expr **exprs = wr_alloc(set->account, bytes);
    if (!exprs) return no_memory(err);
    weir_status status = compile_inputs(set, o, exprs, err);
    wr_free(set->account, exprs, bytes);
    return status;
}

weir_status wr_agg_set_new(const wr_agg_set_options *options, wr_account *account, wr_agg_set **out,
                           weir_error *err) {
    *out = NULL;
    wr_agg_set *set = wr_alloc_zero(account, sizeof *set);
    if (!set) return no_memory(err);
    set->account = account;
    set->removes = options->removes;
    set->unbalanced = options->unbalanced;
    set->forgets = options->forgets;
    set->by_key = options->by_key;
    set->sweep_at = SWEEP_LEAST;
    weir_status status = open_states(set, options, err);
    if (status == WEIR_OK) status = make_groups(set, options, err);
    if (status == WEIR_OK) status = make_inputs(set, options, err);
    if (status == WEIR_OK) status = wr_agg_set_reserve(set, err);
    if (status == WEIR_OK) status = wr_agg_set_charge(set, err);
    if (status == WEIR_OK)
        *out = set;
    else
        wr_agg_set_free(set);
    return status;
}

void wr_agg_set_free(wr_agg_set *set) {
    if (!set) return;
    for (uint32_t i = 0; i < set->n_states; i++) {
        wr_agg_state *s = &set->states[i];
        if (s->is_open && s->slot->type->close) s->slot->type->close(s->self);
        if (s->self) wr_free(set->account, s->self, s->slot->type->state_size);
        wr_program_free(s->when);
        wr_program_free(s->nested);
    }
    int lowered = wr_account_recharge(set->account, set->bytes_charged, 0);
    (void)lowered; /* going down passes no limit */
    wr_dirty_fini(&set->dirty, set->account);
    wr_free(set->account, set->states, set->n_states * sizeof *set->states);
    wr_program_free(set->inputs);
    wr_agg_chains_free(set);
    wr_groups_free(set->groups);
    wr_free(set->account, set, sizeof *set);
}

weir_status wr_agg_set_clear(wr_agg_set *set, weir_error *err) {
    for (uint32_t i = 0; i < set->n_states; i++) {
        wr_agg_state *s = &set->states[i];
        if (s->slot->type->close) s->slot->type->close(s->self);
        memset(s->self, 0, s->slot->type->state_size);
        WR_TRY(open_state(set, s, err));
    }
    if (set->groups) wr_groups_clear(set->groups);
    wr_dirty_lose(&set->dirty);
    set->n_since_reset = 0;
    set->sweep_at = SWEEP_LEAST;
    set->n_reserved = 0;
    WR_TRY(wr_agg_set_reserve(set, err));
    return wr_agg_set_charge(set, err);
}

/* ---- Groups -------------------------------------------------------------------------------------------- */

bool wr_agg_slots_by_key(const wr_agg_slot *slots, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        const weir_aggregator_type *t = slots[i].type;
        if (t->struct_size < offsetof(weir_aggregator_type, reset) + sizeof t->reset || !t->reset)
            return false;
    }
    return true;
}

uint32_t wr_agg_set_ids(const wr_agg_set *set) {
    if (set->groups) return wr_groups_limit(set->groups);
    return set->by_key ? set->n_key_ids : 1;
}

uint32_t wr_agg_set_n_groups(const wr_agg_set *set) { return wr_agg_set_ids(set); }
uint32_t wr_agg_set_most_groups(const wr_agg_set *set) { return set->n_reserved; }
uint64_t wr_agg_set_live_groups(const wr_agg_set *set) {
    return set->groups ? wr_groups_count(set->groups) : set->n_states ? wr_agg_set_ids(set) : 0;
}

weir_status wr_agg_set_reserve(wr_agg_set *set, weir_error *err) {
    uint32_t ids = wr_agg_set_ids(set);
    if (ids <= set->n_reserved) return WEIR_OK;
    for (uint32_t i = 0; i < set->n_states; i++)
        WR_TRY(set->states[i].slot->type->reserve(set->states[i].self, ids, err));
    set->n_reserved = ids;
    return WEIR_OK;
}

void wr_agg_set_reset(wr_agg_set *set) {
    uint32_t ids = wr_agg_set_ids(set);
    wr_dirty_lose(&set->dirty);
    for (uint32_t i = 0; i < set->n_states; i++)
        set->states[i].slot->type->reset_all(set->states[i].self, ids);
    set->n_since_reset = 0;
}

static bool release(wr_agg_set *set, uint32_t id) {
    for (uint32_t i = 0; i < set->n_states; i++)
        if (!set->states[i].slot->type->release(set->states[i].self, id)) return false;
    return true;
}

static bool is_dead(wr_agg_set *set, uint32_t id) {
    return wr_groups_in_use(set->groups, id) && release(set, id);
}

/* After a reset all groups are dead as a rule: then the table is cleared in one go. */
static void drop_dead(wr_agg_set *set) {
    uint32_t ids = wr_agg_set_ids(set), n_dead = 0;
    for (uint32_t id = 0; id < ids; id++) n_dead += is_dead(set, id);
    if (n_dead == wr_groups_count(set->groups)) {
        wr_dirty_lose(&set->dirty);
        wr_groups_clear(set->groups);
        return;
    }
    for (uint32_t id = 0; n_dead && id < ids; id++)
        if (is_dead(set, id)) {
            wr_dirty_mark(&set->dirty, set->account, id);
            wr_groups_drop(set->groups, id);
        }
    wr_groups_tidy(set->groups);
}

void wr_agg_set_sweep(wr_agg_set *set) {
    drop_dead(set);
    if (set->chains) wr_agg_chains_relink(set);
    set->sweep_at = wr_groups_count(set->groups) * 2 + SWEEP_LEAST;
}

weir_status wr_agg_set_charge(wr_agg_set *set, weir_error *err) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_state *s = &set->states[i];
        if (s->slot->type->bytes) bytes += s->slot->type->bytes(s->self);
    }
    if (wr_account_recharge(set->account, set->bytes_charged, bytes)) return no_memory(err);
    set->bytes_charged = bytes;
    return WEIR_OK;
}

/* ---- Saved state --------------------------------------------------------------------------------------- */

void wr_agg_set_save_shape(const wr_agg_set *set, weir_writer *w) {
    weir_write_u32(w, STATE_VERSION);
    weir_write_u32(w, set->n_keys);
    weir_write_u32(w, set->removes);
    weir_write_u32(w, set->n_states);
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_slot *slot = set->states[i].slot;
        weir_string name = weir_string_view(slot->type->name, (uint32_t)strlen(slot->type->name));
        weir_write_string(w, &name);
        weir_write_u32(w, slot->n_args ? slot->arg_info[0].type : WEIR_NONE);
    }
}

void wr_agg_set_save(const wr_agg_set *set, weir_writer *w) {
    wr_agg_set_save_shape(set, w);
    weir_write_i64(w, (int64_t)set->n_since_reset);
    if (set->groups) wr_groups_save(set->groups, w);
    if (set->chains) wr_agg_chains_save(set, w);
    if (set->by_key && !set->groups) weir_write_u32(w, set->n_key_ids);
    uint32_t ids = wr_agg_set_ids(set);
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_state *s = &set->states[i];
        if (s->slot->type->save) s->slot->type->save(s->self, ids, w);
    }
}

static weir_status load_slot_shape(const wr_agg_slot *slot, weir_reader *r, weir_arena *arena,
                                   weir_error *err) {
    weir_string name, expected = weir_string_view(slot->type->name, (uint32_t)strlen(slot->type->name));
    WR_TRY(weir_read_string(r, arena, &name));
    uint32_t type = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (!weir_string_equal(&name, &expected) || type != (slot->n_args ? slot->arg_info[0].type : WEIR_NONE))
        return weir_fail(err, WEIR_ESTATE, "saved state is of another aggregate than %s()", slot->type->name);
    return WEIR_OK;
}

static weir_status load_shape(const wr_agg_set *set, weir_reader *r, weir_arena *arena, weir_error *err) {
    uint32_t version = weir_read_u32(r), n_keys = weir_read_u32(r), removes = weir_read_u32(r),
             n_states = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE, "saved aggregates have version %u; this weir reads %u", version,
                         STATE_VERSION);
    if (n_keys != set->n_keys || removes != set->removes || n_states != set->n_states)
        return weir_fail(err, WEIR_ESTATE, "saved aggregates are of another query: %u aggregates by %u keys",
                         n_states, n_keys);
    for (uint32_t i = 0; i < n_states; i++) WR_TRY(load_slot_shape(set->states[i].slot, r, arena, err));
    return WEIR_OK;
}

static weir_status load_states(wr_agg_set *set, weir_reader *r, weir_error *err) {
    uint32_t ids = wr_agg_set_ids(set);
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_state *s = &set->states[i];
        if (s->slot->type->load) WR_TRY(s->slot->type->load(s->self, ids, r, err));
    }
    WR_TRY(weir_reader_status(r, err));
    return wr_agg_set_charge(set, err);
}

static weir_status load_key_ids(wr_agg_set *set, weir_reader *r, weir_error *err) {
    set->n_key_ids = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (set->n_key_ids > WR_MOST_KEY_IDS || set->n_key_ids / 2 > weir_reader_left(r))
        return weir_fail(err, WEIR_ESTATE, "saved aggregates end too early: %u keys are announced",
                         set->n_key_ids);
    return WEIR_OK;
}

weir_status wr_agg_set_load_shape(const wr_agg_set *set, weir_reader *r, weir_error *err) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_status status = load_shape(set, r, &arena, err);
    wr_arena_fini(&arena);
    return status;
}

weir_status wr_agg_set_load(wr_agg_set *set, weir_reader *r, weir_error *err) {
    WR_TRY(wr_agg_set_load_shape(set, r, err));
    set->n_since_reset = (uint64_t)weir_read_i64(r);
    if (set->groups) WR_TRY(wr_groups_load(set->groups, r, err));
    if (set->chains) WR_TRY(wr_agg_chains_load(set, r, err));
    if (set->by_key && !set->groups) WR_TRY(load_key_ids(set, r, err));
    WR_TRY(wr_agg_set_reserve(set, err));
    return load_states(set, r, err);
}
