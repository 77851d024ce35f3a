/* key_ops.h: the operators of the keys of a partition, one for each, where the operator knows nothing of
 * keys.
 *
 * Such an operator takes kilobytes (compiled expressions, columns, buckets), but its state is often a few
 * dozen bytes. So only those in use are awake; of the others the saved state is kept, packed:
 *
 *   by id   | op | asleep | asleep | op | none | asleep | …        8 bytes a key
 *   awake   | op | op | … |                                         WR_AWAKE_BYTES at most
 *   guest   an operator that takes in the state of one key after the other, for the time of a call
 *
 * As long as all fit, all stay awake. Then rows of a key that sleeps go to the guest; what it puts out must
 * be copied, since it is another key's next. A key that comes back soon (the awake ones are not visited more
 * often) takes the place of an awake one that was not used lately: who is looked at is told by a hand that
 * goes round (Corbato 1968, "clock"). So a visit costs one state to load and to save, however many keys there
 * are. A key whose state is above WR_ASLEEP_BYTES stays awake: to carry it about would cost more than its
 * operator does. */
#ifndef WR_KEY_OPS_H
#define WR_KEY_OPS_H

#include "exec/operator.h"
#include "state/writer.h"

#define WR_AWAKE_BYTES  (UINT32_C(4) << 20) /* of operators awake, beside those too large to sleep */
#define WR_ASLEEP_BYTES 4096u               /* of a saved state, not packed */
#define WR_STATE_MODELS 32u

typedef struct wr_awake {
    wr_op *op;
    uint64_t cycle;     /* in which it was last used: what it put out may still be read in that one */
    uint64_t rows;      /* too large to sleep: the rows it held then; 0: it is not */
    size_t large_bytes; /* the same: its bytes then */
    uint32_t id;
    bool used; /* since the hand passed */
} wr_awake;

typedef struct wr_state_model {
    unsigned char *bytes;
    uint32_t n;
} wr_state_model;

typedef struct wr_key_ops {
    const wr_plan_op *plan; /* of one key's operator */
    wr_op *keeper;          /* see wr_join_share; NULL: none */
    wr_account *account;
    wr_account awake_account; /* of the operators */
    uintptr_t *slots;         /* by id: 0, a sleeper, or a place among the awake * 2 + 1 */
    uint32_t cap_slots;
    wr_awake *awake;
    uint32_t n_awake, cap_awake, hand;
    size_t awake_limit; /* WR_AWAKE_BYTES, but for tests */
    size_t large_bytes; /* of those too large to sleep */
    wr_op *guest;       /* as new; NULL: none */
    wr_state_model models[WR_STATE_MODELS];
    uint64_t rows_asleep;
    uint32_t n_visits;
    weir_writer writer; /* scratch */
} wr_key_ops;

void wr_key_ops_init(wr_key_ops *k, const wr_plan_op *plan, wr_op *keeper, wr_account *account);
void wr_key_ops_fini(wr_key_ops *k);
/* Room for ids below limit; false: out of memory. */
bool wr_key_ops_room(wr_key_ops *k, uint32_t limit) WR_NODISCARD;
static inline bool wr_key_ops_has(const wr_key_ops *k, uint32_t id) {
    return id < k->cap_slots && k->slots[id];
}

/* The key's operator, made if there is none (*is_new). *is_guest: it is only lent; what it puts out must not
 * be read after it was given back, which must be done whatever happens. */
weir_status wr_key_ops_take(wr_key_ops *k, uint32_t id, uint64_t cycle, wr_op **out, bool *is_new,
                            bool *is_guest, weir_error *err) WR_NODISCARD;
weir_status wr_key_ops_give_back(wr_key_ops *k, uint32_t id, uint64_t cycle, weir_error *err) WR_NODISCARD;
/* Asks for the memory of keys that are taken soon: first the slot, then, when that is there, the state. */
static inline void wr_key_ops_prefetch_slot(const wr_key_ops *k, uint32_t id) {
    __builtin_prefetch(&k->slots[id]);
}
static inline void wr_key_ops_prefetch_state(const wr_key_ops *k, uint32_t id) {
    uintptr_t slot = k->slots[id];
    if (slot & 1) return;
    __builtin_prefetch((const void *)slot);
    __builtin_prefetch((const char *)slot + 64);
}

void wr_key_ops_forget(wr_key_ops *k, uint32_t id);
uint64_t wr_key_ops_rows(const wr_key_ops *k);
/* Its state, as its operator saves it. There must be one. */
void wr_key_ops_save(const wr_key_ops *k, uint32_t id, weir_writer *w);

#endif
