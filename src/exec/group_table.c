/* group_table.c: where keys are found: slots by hash, and small integers by what they are (groups_impl.h). */
#include "exec/groups_impl.h"

#define MIN_SLOTS      16u
#define DIRECT_PER_KEY 8u /* entries of direct at most for each key in it, when it grows */
#define MOST_DIRECT    (1u << 24)

/* Puts what is in the old slots into new ones (which are empty), or where it belongs now. */
static void refill(wr_groups *g, wr_group_slot *slots, uint32_t n_slots) {
    wr_group_slot *old = g->slots;
    uint32_t n_old = g->n_slots;
    g->slots = slots;
    g->n_slots = n_slots;
    g->shift = 64 - (uint32_t)__builtin_ctz(n_slots);
    g->n_used = 0;
    for (uint32_t i = 0; i < n_old; i++)
        if (old[i].id1) wr_group_table_put(g, old[i].tag, old[i].id1 - 1);
    wr_free(g->account, old, n_old * sizeof *old);
}

static bool resize(wr_groups *g, uint32_t n_slots) {
    wr_group_slot *slots = wr_alloc_zero(g->account, n_slots * sizeof *slots);
    if (slots) refill(g, slots, n_slots);
    return slots != NULL;
}

/* Room for one slot more. A third of the slots is used at most while the table is near (every collision costs
 * a branch that the processor guesses wrong), two thirds when it is far and memory counts. */
static bool reserve_slot(wr_groups *g) {
    uint64_t need = (uint64_t)g->n_used + 1;
    if (g->n_slots <= WR_GROUP_NEAR_SLOTS ? need * 3 <= g->n_slots : need * 3 <= (uint64_t)g->n_slots * 2)
        return true;
    if (g->n_slots > UINT32_MAX / 4) return false;
    return resize(g, g->n_slots ? g->n_slots * 2 : MIN_SLOTS);
}

/* Makes direct n long, and moves over what is in the slots and now in its reach. Without memory all stays as
 * it is, which does no harm. */
static void extend_direct(wr_groups *g, uint32_t n) {
    wr_group_slot *slots = wr_alloc_zero(g->account, g->n_slots * sizeof *slots);
    uint32_t *direct =
        slots ? wr_realloc(g->account, g->direct, g->n_direct * sizeof *direct, n * sizeof *direct) : NULL;
    if (!direct) {
        wr_free(g->account, slots, g->n_slots * sizeof *slots);
        return;
    }
    memset(direct + g->n_direct, 0, (n - g->n_direct) * sizeof *direct);
    g->direct = direct;
    g->n_direct = n;
    refill(g, slots, g->n_slots);
}

static uint32_t keys_below(const wr_groups *g, uint32_t n) {
    uint32_t count = wr_groups_count(g) - g->n_used - (g->null_id1 != 0); /* those in direct */
    for (uint32_t i = 0; i < g->n_slots; i++) count += g->slots[i].id1 && g->slots[i].tag < n;
    return count;
}

/* Whether keys are dense enough for direct to reach the tag is looked at now and then: when there is a
 * quarter more groups than the last time. */
bool wr_group_table_reserve(wr_groups *g, uint32_t tag) {
    if (!reserve_slot(g)) return false;
    uint32_t count = wr_groups_count(g), n = g->n_direct ? g->n_direct : 64;
    if (!g->narrow || tag < g->n_direct || count < g->next_direct || tag >= MOST_DIRECT) return true;
    g->next_direct = count + count / 4 + 16;
    while (n <= tag) n *= 2;
    if (n / DIRECT_PER_KEY <= keys_below(g, n)) extend_direct(g, n);
    return true;
}

void wr_group_table_put(wr_groups *g, uint32_t tag, uint32_t id) {
    if (g->narrow && tag < g->n_direct) {
        g->direct[tag] = id + 1;
        return;
    }
    uint32_t at = wr_group_home(g, tag);
    while (g->slots[at].id1) at = (at + 1) & (g->n_slots - 1);
    g->slots[at] = (wr_group_slot){.tag = tag, .id1 = id + 1};
    g->n_used++;
}

/* Knuth's algorithm R (The Art of Computer Programming 3, 6.4): moves up what could no longer be reached. */
void wr_group_table_erase(wr_groups *g, uint32_t tag, uint32_t id) {
    if (g->narrow && tag < g->n_direct) {
        g->direct[tag] = 0;
        return;
    }
    uint32_t mask = g->n_slots - 1, hole = wr_group_home(g, tag);
    while (g->slots[hole].id1 != id + 1) hole = (hole + 1) & mask;
    for (uint32_t i = (hole + 1) & mask; g->slots[i].id1; i = (i + 1) & mask) {
        uint32_t home = wr_group_home(g, g->slots[i].tag);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        g->slots[hole] = g->slots[i];
        hole = i;
    }
    g->slots[hole].id1 = 0;
    g->n_used--;
}

/* A much too large table is replaced, so that emptying it over and over costs what it held. */
static void clear_slots(wr_groups *g) {
    uint32_t n_slots = MIN_SLOTS;
    while (n_slots < g->n_used * 4) n_slots *= 2;
    wr_group_slot *slots =
        n_slots * 2 < g->n_slots ? wr_alloc_zero(g->account, n_slots * sizeof *slots) : NULL;
    if (slots) {
        wr_free(g->account, g->slots, g->n_slots * sizeof *g->slots);
        g->slots = slots;
        g->n_slots = n_slots;
        g->shift = 64 - (uint32_t)__builtin_ctz(n_slots);
    } else if (g->n_used) {
        memset(g->slots, 0, g->n_slots * sizeof *g->slots);
    }
    g->n_used = 0;
}

void wr_group_table_clear(wr_groups *g) {
    clear_slots(g);
    for (uint32_t id = 0; id < g->limit && g->n_direct; id++) {
        if (!wr_groups_in_use(g, id) || id + 1 == g->null_id1) continue;
        uint32_t tag = wr_group_keys_tag_of(g, id);
        if (tag < g->n_direct) g->direct[tag] = 0;
    }
    g->next_direct = 0;
}

void wr_group_table_fini(wr_groups *g) {
    wr_free(g->account, g->slots, g->n_slots * sizeof *g->slots);
    wr_free(g->account, g->direct, g->n_direct * sizeof *g->direct);
    g->slots = NULL;
    g->direct = NULL;
    g->n_slots = g->n_direct = 0;
}
