/* chain.c: see chain.h. */
#include "state/chain.h"

#define MOST_LINKS 100000u /* a chain that is longer is none of ours */

void wr_chain_fini(wr_chain *c) {
    for (uint32_t i = 0; i < c->n; i++) wr_buf_fini(&c->states[i]);
    wr_free(NULL, c->states, c->cap * sizeof *c->states);
    *c = (wr_chain){0};
}

/* Loads revision as the last state so far (they are turned round at the end); *id is what it must be. */
static weir_status load_link(wr_shelf *shelf, const char *app, wr_chain *c, wr_snapshot_id *id,
                             weir_error *err) {
    if (wr_grow(NULL, &c->states, &c->cap, c->n + 1, sizeof *c->states))
        return weir_fail(err, WEIR_ENOMEM, "no memory to load a snapshot");
    wr_buf *state = &c->states[c->n++];
    *state = (wr_buf)WR_BUF_INIT;
    wr_snapshot_id after;
    WR_TRY(wr_shelf_load(shelf, app, id->revision, state, &after, err));
    uint64_t checksum = wr_snapshot_checksum(state->data, state->len, after);
    if (c->n == 1) c->last = (wr_snapshot_id){id->revision, checksum};
    if (c->n > 1 && checksum != id->checksum)
        return weir_fail(err, WEIR_ESTATE, "snapshot %llu of app '%s' is not the one that later ones follow",
                         (unsigned long long)id->revision, app);
    if (after.revision >= id->revision)
        return weir_fail(err, WEIR_ESTATE, "snapshot %llu of app '%s' follows a later one",
                         (unsigned long long)id->revision, app);
    *id = after;
    return WEIR_OK;
}

static void turn_round(wr_chain *c) {
    for (uint32_t i = 0; i < c->n / 2; i++) {
        wr_buf first = c->states[i];
        c->states[i] = c->states[c->n - 1 - i];
        c->states[c->n - 1 - i] = first;
    }
}

weir_status wr_chain_load(wr_shelf *shelf, const char *app, uint64_t revision, wr_chain *c, weir_error *err) {
    weir_error own;
    wr_snapshot_id id = {.revision = revision};
    weir_status st = WEIR_OK;
    if (!err) err = &own;
    wr_chain_fini(c);
    do st = load_link(shelf, app, c, &id, err);
    while (st == WEIR_OK && id.revision && c->n < MOST_LINKS);
    if (st == WEIR_EIO && c->n > 1) /* a link before it can't be read, is missing most likely */
        err->code = st = WEIR_ESTATE;
    turn_round(c);
    return st;
}

weir_status wr_chain_load_newest(wr_shelf *shelf, const char *app, wr_chain *c, wr_chain_found *found,
                                 weir_error *err) {
    uint64_t *list;
    uint32_t n;
    memset(found, 0, sizeof *found);
    WR_TRY(wr_shelf_list(shelf, app, &list, &n, err));
    weir_status status = WEIR_EEND;
    for (uint32_t i = 0; i < n; i++) {
        weir_error now = {0};
        status = wr_chain_load(shelf, app, list[i], c, &now);
        found->revision = list[i];
        if (status && err) *err = now;
        if (status != WEIR_ESTATE) break;
        if (!found->n_damaged++) found->damage = now;
    }
    wr_snapshot_list_free(list, n);
    if (status == WEIR_EEND) return weir_fail(err, WEIR_EEND, "app '%s' has no snapshot", app);
    if (status == WEIR_ESTATE && err) *err = found->damage;
    return status;
}

/* ---- Writing ---- */

#define SMALL_BYTES 4096u

static bool is_there(wr_shelf *shelf, const char *app, uint64_t revision) {
    uint64_t *list;
    uint32_t n;
    bool found = false;
    if (wr_shelf_list(shelf, app, &list, &n, NULL) != WEIR_OK) return false;
    for (uint32_t i = 0; i < n && !found; i++) found = list[i] == revision;
    wr_snapshot_list_free(list, n);
    return found;
}

bool wr_chain_wants_whole(wr_shelf *shelf, const char *app, const wr_chain_end *e, uint32_t most) {
    return !e->last.revision || e->n + 1 >= most ||
           e->changed_bytes > WR_MAX(e->whole_bytes / 2, SMALL_BYTES) ||
           !is_there(shelf, app, e->last.revision);
}

weir_status wr_chain_save(wr_shelf *shelf, const char *app, uint64_t revision, bool is_whole,
                          const weir_writer *w, wr_chain_end *e, weir_error *err) {
    wr_snapshot_id after = is_whole ? (wr_snapshot_id){0} : e->last;
    weir_status st = wr_writer_status(w, err);
    if (st == WEIR_OK) st = wr_shelf_save(shelf, app, revision, after, w->buf.data, w->buf.len, err);
    if (st != WEIR_OK) {
        *e = (wr_chain_end){0};
        return st;
    }
    e->last = (wr_snapshot_id){revision, wr_snapshot_checksum(w->buf.data, w->buf.len, after)};
    e->n = is_whole ? 0 : e->n + 1;
    if (is_whole) e->whole_bytes = w->buf.len;
    e->changed_bytes = is_whole ? 0 : e->changed_bytes + w->buf.len;
    return WEIR_OK;
}
