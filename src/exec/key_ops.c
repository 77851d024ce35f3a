#include "exec/key_ops.h"

#include "exec/state_pack.h"

#define GUEST_BYTES (UINT32_C(256) << 10) /* a guest that has grown beyond is made anew */

/* A key that sleeps. The state begins with what the timer rule remembers (wr_op.fired_cycle, fired_next). */
typedef struct sleeper {
    uint32_t visit; /* wr_key_ops.n_visits when it was last there */
    uint16_t rows, n_state, n_packed;
    uint8_t model; /* + 1; 0: none */
    unsigned char packed[];
} sleeper;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of a partition");
}

void wr_key_ops_init(wr_key_ops *k, const wr_plan_op *plan, wr_op *keeper, wr_account *account) {
    memset(k, 0, sizeof *k);
    k->plan = plan;
    k->keeper = keeper;
    k->account = account;
    k->awake_limit = WR_AWAKE_BYTES;
    k->awake_account.parent = account;
    wr_writer_init(&k->writer);
}

/* ---- Slots ---- */

static bool is_awake(uintptr_t slot) { return slot & 1; }
static sleeper *sleeper_of(uintptr_t slot) { return slot && !is_awake(slot) ? (sleeper *)slot : NULL; }
/* A step of 16 bytes is what malloc rounds to, with 8 of its own: so a state that grows a little keeps its
 * block. */
static size_t bytes_for(uint32_t n_packed) {
    return ((offsetof(sleeper, packed) + n_packed + 23) & ~15u) - 8;
}
static size_t sleeper_bytes(const sleeper *s) { return bytes_for(s->n_packed); }

static void free_sleeper(wr_key_ops *k, sleeper *s) {
    if (!s) return;
    k->rows_asleep -= s->rows;
    wr_free(k->account, s, sleeper_bytes(s));
}

static void drop_sleeper(wr_key_ops *k, uint32_t id) {
    sleeper *s = sleeper_of(k->slots[id]);
    if (!s) return;
    k->slots[id] = 0;
    free_sleeper(k, s);
}

bool wr_key_ops_room(wr_key_ops *k, uint32_t limit) {
    uint32_t had = k->cap_slots;
    if (wr_grow(k->account, &k->slots, &k->cap_slots, limit, sizeof *k->slots)) return false;
    if (k->cap_slots > had) memset(k->slots + had, 0, (k->cap_slots - had) * sizeof *k->slots);
    return true;
}

static weir_status push_awake(wr_key_ops *k, uint32_t id, wr_op *op, uint64_t cycle, weir_error *err) {
    if (wr_grow(k->account, &k->awake, &k->cap_awake, k->n_awake + 1, sizeof *k->awake))
        return no_memory(err);
    drop_sleeper(k, id);
    k->awake[k->n_awake] = (wr_awake){.op = op, .cycle = cycle, .id = id, .used = true};
    k->slots[id] = (uintptr_t)k->n_awake++ * 2 + 1;
    return WEIR_OK;
}

/* Takes it out of the list; its slot is left to the caller. */
static wr_op *pop_awake(wr_key_ops *k, uint32_t place) {
    wr_awake w = k->awake[place];
    k->large_bytes -= w.large_bytes;
    k->awake[place] = k->awake[--k->n_awake];
    if (place < k->n_awake) k->slots[k->awake[place].id] = (uintptr_t)place * 2 + 1;
    k->slots[w.id] = 0;
    return w.op;
}

/* ---- Sleep ---- */

static uint64_t rows_of(const wr_op *op) { return op->type->rows ? op->type->rows(op) : 0; }

/* The model for states of n bytes: the first of about that length. */
static uint8_t model_for(wr_key_ops *k, const unsigned char *state, uint32_t n) {
    uint8_t number = (uint8_t)(n / 4 % WR_STATE_MODELS);
    wr_state_model *m = &k->models[number];
    if (!m->bytes && (m->bytes = wr_alloc(k->account, n))) {
        memcpy(m->bytes, state, n);
        m->n = n;
    }
    return m->bytes ? (uint8_t)(number + 1) : 0;
}

static wr_state_model model_of(const wr_key_ops *k, uint8_t number) {
    return number ? k->models[number - 1] : (wr_state_model){NULL, 0};
}

static bool save_state(wr_key_ops *k, const wr_op *op) {
    weir_writer *w = &k->writer;
    wr_buf_clear(&w->buf);
    w->status = WEIR_OK;
    wr_write_u64(w, op->fired_cycle);
    weir_write_u32(w, op->fired_next);
    if (op->type->save) op->type->save(op, w);
    if (wr_writer_status(w, NULL) != WEIR_OK) {
        wr_writer_fini(w);
        wr_writer_init(w);
        return false;
    }
    return w->buf.len <= WR_ASLEEP_BYTES;
}

/* What sleeps for the operator, in place of `old` (NULL: nothing did). NULL: it is too large, or can't be
 * saved; then old is as it was. */
static sleeper *sleeper_for(wr_key_ops *k, const wr_op *op, sleeper *old) {
    unsigned char packed[WR_ASLEEP_BYTES / 8 * 9 + 16];
    uint64_t rows = rows_of(op);
    if (rows > UINT16_MAX || !save_state(k, op)) return NULL;
    const unsigned char *state = (const unsigned char *)k->writer.buf.data;
    uint32_t n = (uint32_t)k->writer.buf.len;
    uint8_t number = model_for(k, state, n);
    wr_state_model model = model_of(k, number);
    uint32_t n_packed = (uint32_t)wr_state_pack(state, n, model.bytes, model.n, packed);
    sleeper *s = old;
    if (!s || sleeper_bytes(s) != bytes_for(n_packed)) {
        s = wr_alloc(k->account, bytes_for(n_packed));
        if (!s) return NULL;
        free_sleeper(k, old);
        s->rows = 0;
    }
    k->rows_asleep += rows - s->rows;
    s->visit = k->n_visits;
    s->rows = (uint16_t)rows;
    s->n_state = (uint16_t)n;
    s->n_packed = (uint16_t)n_packed;
    s->model = number;
    memcpy(s->packed, packed, n_packed);
    return s;
}

static weir_status unpack(const wr_key_ops *k, const sleeper *s, unsigned char *state, weir_error *err) {
    wr_state_model model = model_of(k, s->model);
    if (wr_state_unpack(s->packed, s->n_packed, model.bytes, model.n, state, s->n_state)) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the state of a partition's key is damaged");
}

static weir_status load_state(const wr_key_ops *k, const sleeper *s, wr_op *op, weir_error *err) {
    unsigned char state[WR_ASLEEP_BYTES];
    weir_reader r;
    WR_TRY(unpack(k, s, state, err));
    wr_reader_init(&r, state, s->n_state);
    op->fired_cycle = wr_read_u64(&r);
    op->fired_next = weir_read_u32(&r);
    if (op->type->load) WR_TRY(op->type->load(op, &r, err));
    return weir_reader_status(&r, err);
}

/* ---- Operators ---- */

/* One as new. */
static weir_status blank_op(wr_key_ops *k, wr_op **out, weir_error *err) {
    *out = k->guest;
    k->guest = NULL;
    if (*out) return WEIR_OK;
    WR_TRY(wr_op_new(k->plan, &k->awake_account, out, err));
    if (k->keeper) wr_join_share(*out, k->keeper);
    return WEIR_OK;
}

/* It is nobody's any more: the next guest, or none. */
static void retire(wr_key_ops *k, wr_op *op) {
    bool fits = !k->guest && op->type->clear && op->account.used_bytes <= GUEST_BYTES;
    if (!fits || op->type->clear(op, NULL) != WEIR_OK) {
        wr_op_free(op);
        return;
    }
    op->fired_cycle = 0;
    op->fired_next = 0;
    k->guest = op;
}

static bool fits(const wr_key_ops *k) {
    return k->awake_account.used_bytes < k->awake_limit + k->large_bytes;
}

/* Too large to sleep: looked at again once it holds half of the rows. */
static void mark_large(wr_key_ops *k, wr_awake *w) {
    k->large_bytes += w->op->account.used_bytes - w->large_bytes;
    w->large_bytes = w->op->account.used_bytes;
    w->rows = WR_MAX(rows_of(w->op), 1u);
}

/* The hand moves on by one, and lets the operator there sleep if it is idle: then there is room. */
static bool make_way(wr_key_ops *k, uint64_t cycle) {
    if (!k->n_awake) return false;
    if (k->hand >= k->n_awake) k->hand = 0;
    wr_awake *w = &k->awake[k->hand];
    bool busy = w->cycle == cycle || w->used || (w->rows && rows_of(w->op) * 2 > w->rows);
    w->used = false;
    if (busy) {
        k->hand++;
        return false;
    }
    uint32_t id = w->id;
    sleeper *s = sleeper_for(k, w->op, NULL);
    if (!s) {
        mark_large(k, w);
        k->hand++;
        return false;
    }
    retire(k, pop_awake(k, k->hand));
    k->slots[id] = (uintptr_t)s;
    return true;
}

/* A key that sleeps has come back before the awake ones could all have been visited twice. */
static bool comes_often(const wr_key_ops *k, const sleeper *s) {
    return s && k->n_visits - s->visit < 2 * k->n_awake;
}

weir_status wr_key_ops_take(wr_key_ops *k, uint32_t id, uint64_t cycle, wr_op **out, bool *is_new,
                            bool *is_guest, weir_error *err) {
    uintptr_t slot = k->slots[id];
    *is_new = !slot;
    *is_guest = false;
    k->n_visits++;
    if (is_awake(slot)) {
        wr_awake *w = &k->awake[slot >> 1];
        w->used = true;
        w->cycle = cycle;
        *out = w->op;
        return WEIR_OK;
    }
    const sleeper *s = sleeper_of(slot);
    bool stays = fits(k) || (comes_often(k, s) && make_way(k, cycle));
    WR_TRY(blank_op(k, out, err));
    weir_status status = s ? load_state(k, s, *out, err) : WEIR_OK;
    if (status == WEIR_OK && stays) status = push_awake(k, id, *out, cycle, err);
    if (status != WEIR_OK) {
        wr_op_free(*out);
        *out = NULL;
        return status;
    }
    *is_guest = !stays;
    if (!stays) k->guest = *out;
    return WEIR_OK;
}

weir_status wr_key_ops_give_back(wr_key_ops *k, uint32_t id, uint64_t cycle, weir_error *err) {
    wr_op *op = k->guest;
    k->guest = NULL;
    sleeper *s = sleeper_for(k, op, sleeper_of(k->slots[id]));
    if (s) {
        k->slots[id] = (uintptr_t)s;
        retire(k, op);
        return WEIR_OK;
    }
    weir_status status = push_awake(k, id, op, cycle, err);
    if (status == WEIR_OK)
        mark_large(k, &k->awake[k->n_awake - 1]);
    else
        wr_op_free(op);
    return status;
}

/* ---- Life ---- */

void wr_key_ops_forget(wr_key_ops *k, uint32_t id) {
    if (!wr_key_ops_has(k, id)) return;
    if (is_awake(k->slots[id]))
        retire(k, pop_awake(k, (uint32_t)(k->slots[id] >> 1)));
    else
        drop_sleeper(k, id);
}

uint64_t wr_key_ops_rows(const wr_key_ops *k) {
    uint64_t n = k->rows_asleep;
    for (uint32_t i = 0; i < k->n_awake; i++) n += rows_of(k->awake[i].op);
    return n;
}

void wr_key_ops_save(const wr_key_ops *k, uint32_t id, weir_writer *w) {
    const uint32_t own = sizeof(uint64_t) + sizeof(uint32_t); /* the timer rule's */
    unsigned char state[WR_ASLEEP_BYTES];
    const sleeper *s = sleeper_of(k->slots[id]);
    if (!s) {
        const wr_op *op = k->awake[k->slots[id] >> 1].op;
        if (op->type->save) op->type->save(op, w);
    } else if (unpack(k, s, state, NULL) == WEIR_OK) {
        weir_write_bytes(w, state + own, s->n_state - own);
    } else if (w->status == WEIR_OK) {
        w->status = WEIR_ESTATE;
    }
}

void wr_key_ops_fini(wr_key_ops *k) {
    for (uint32_t id = 0; id < k->cap_slots; id++) drop_sleeper(k, id);
    for (uint32_t i = 0; i < k->n_awake; i++) wr_op_free(k->awake[i].op);
    wr_op_free(k->guest);
    for (uint32_t i = 0; i < WR_STATE_MODELS; i++) wr_free(k->account, k->models[i].bytes, k->models[i].n);
    wr_free(k->account, k->awake, k->cap_awake * sizeof *k->awake);
    wr_free(k->account, k->slots, k->cap_slots * sizeof *k->slots);
    wr_writer_fini(&k->writer);
}
