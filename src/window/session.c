/* session.c: #window.session(gap [, key [, latency]]): rows of a key with less than a gap between them.
 *
 * Every row passes at once. When a session is over, a gap after its last row, its rows leave as expired ones
 * with their own timestamps, in one chunk with the other sessions that end at the same time. With a latency
 * an ended session waits that long as the key's previous one; late rows may still join it, or join it to the
 * current one. A row too late for any session of its key is dropped.
 *
 * Times are those of the rows; sessions end by timers, which Siddhi keeps first in, first out (due_queue.h),
 * and each timer looks at the sessions by its own due time, not by the clock. */
#include <stdio.h>

#include "window/check.h"
#include "window/due_queue.h"
#include "window/key_map.h"
#include "window/session_heap.h"
#include "window/session_rows.h"
#include "window/table.h"

typedef struct key_sessions {
    wr_session_rows current, previous;
    int64_t current_node, previous_node; /* times of the heap nodes that hold; INT64_MAX: none */
    uint64_t born;
} key_sessions;

typedef struct session_window {
    int64_t gap, latency;
    bool has_key, keeps; /* keeps: somebody reads what leaves */
    uint32_t key_column;
    wr_key_map keys;
    key_sessions *sessions; /* by entry */
    uint32_t cap;
    uint64_t n_born;
    wr_session_heap current, previous;
    wr_due_queue timers;
    int64_t firing;          /* the due time of the timer that is firing; INT64_MIN: none */
    wr_session_rows leaving; /* rows on their way out */
    wr_account ids;          /* what the sessions' rows take */
} session_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("session", n_args, 1, 3, err));
    WR_TRY(wr_check_const("session", "the gap", &args[0], WR_IS(WEIR_LONG), err));
    if (n_args > 1) WR_TRY(wr_check_attribute("session", "the key", &args[1], WR_IS(WEIR_STRING), err));
    if (n_args < 3) return WEIR_OK;
    WR_TRY(wr_check_const("session", "the latency", &args[2], WR_IS(WEIR_LONG), err));
    if (args[2].value.as.l <= args[0].value.as.l) return WEIR_OK;
    return wr_check_fail(&args[2], err, "the latency of window session() must not be more than its gap");
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    session_window *s = self;
    (void)w, (void)err;
    s->gap = args->args[0].value.as.l;
    s->has_key = args->n_args > 1;
    if (s->has_key) s->key_column = args->args[1].column;
    if (args->n_args > 2) s->latency = WR_MAX(args->args[2].value.as.l, 0);
    s->keeps = args->expired_wanted;
    s->firing = INT64_MIN;
    s->leaving = (wr_session_rows){.account = &s->ids, .counts_only = !s->keeps};
    wr_key_map_init(&s->keys);
    return WEIR_OK;
}

static void close(void *self) {
    session_window *s = self;
    for (uint32_t i = 0; i < s->cap; i++) {
        wr_session_rows_fini(&s->sessions[i].current);
        wr_session_rows_fini(&s->sessions[i].previous);
    }
    wr_free(NULL, s->sessions, s->cap * sizeof *s->sessions);
    wr_key_map_fini(&s->keys);
    wr_session_heap_fini(&s->current);
    wr_session_heap_fini(&s->previous);
    wr_due_queue_fini(&s->timers);
    wr_session_rows_fini(&s->leaving);
}

static int64_t plus(int64_t t, int64_t by) { return __builtin_add_overflow(t, by, &t) ? INT64_MAX : t; }
static int64_t minus(int64_t t, int64_t by) { return __builtin_sub_overflow(t, by, &t) ? INT64_MIN : t; }

/* ---- Keys ---- */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in window session()");
}

static weir_status widen(session_window *s, uint32_t need, weir_error *err) {
    uint32_t old = s->cap;
    if (wr_grow(NULL, &s->sessions, &s->cap, need, sizeof *s->sessions)) return no_memory(err);
    for (uint32_t i = old; i < s->cap; i++) {
        wr_session_rows none = {.account = &s->ids, .counts_only = !s->keeps};
        s->sessions[i] = (key_sessions){.current = none, .previous = none};
    }
    return WEIR_OK;
}

static weir_status find_key(session_window *s, const weir_window *w, uint32_t i, uint32_t *entry,
                            weir_error *err) {
    weir_value key = {.type = WEIR_STRING, .as.s = weir_string_view("", 0)};
    if (s->has_key) key = weir_window_in_value(w, i, s->key_column);
    if (key.is_null) return weir_fail(err, WEIR_EVALUE, "the key of session() is null");
    const char *bytes = weir_string_data(&key.as.s);
    *entry = wr_key_map_find(&s->keys, bytes, key.as.s.len);
    if (*entry != WR_NO_ENTRY) return WEIR_OK;
    *entry = wr_key_map_add(&s->keys, bytes, key.as.s.len);
    if (*entry == WR_NO_ENTRY) return no_memory(err);
    WR_TRY(widen(s, *entry + 1, err));
    key_sessions *k = &s->sessions[*entry];
    k->born = s->n_born++;
    k->current_node = k->previous_node = INT64_MAX;
    return WEIR_OK;
}

static void drop_key_if_empty(session_window *s, uint32_t entry) {
    key_sessions *k = &s->sessions[entry];
    if (k->current.n || k->previous.n) return;
    wr_session_rows_fini(&k->current);
    wr_session_rows_fini(&k->previous);
    wr_key_map_remove(&s->keys, entry);
}

/* ---- When sessions are over ---- */

static weir_status set_timer(session_window *s, int64_t due, weir_error *err) {
    if (due <= s->firing) return WEIR_OK; /* would fire again at once, and find nothing */
    return wr_due_queue_push(&s->timers, due, err);
}

/* Promises to look at the session by `at`. */
static weir_status promise(wr_session_heap *h, const key_sessions *k, uint32_t entry, int64_t at,
                           int64_t *node, weir_error *err) {
    if (at >= *node) return WEIR_OK;
    *node = at;
    return wr_session_heap_push(h, (wr_session_node){.at = at, .born = k->born, .entry = entry}, err);
}

static weir_status set_current(session_window *s, uint32_t entry, int64_t start, int64_t ts,
                               weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    k->current.start = start;
    k->current.end = plus(ts, s->gap);
    k->current.alive = plus(k->current.end, s->latency);
    return promise(&s->current, k, entry, k->current.end, &k->current_node, err);
}

static weir_status set_previous(session_window *s, uint32_t entry, weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    return promise(&s->previous, k, entry, k->previous.alive, &k->previous_node, err);
}

/* The current session becomes the previous one; rows that this already has stay before it. */
static weir_status retire(session_window *s, uint32_t entry, weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    WR_TRY(wr_session_rows_move(&k->previous, &k->current, err));
    k->current_node = INT64_MAX;
    k->previous.start = k->current.start;
    k->previous.end = k->current.end;
    k->previous.alive = k->current.alive;
    WR_TRY(set_previous(s, entry, err));
    return set_timer(s, k->previous.alive, err);
}

static weir_status end_current(session_window *s, uint32_t entry, weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    if (s->latency > 0) return retire(s, entry, err);
    k->current_node = INT64_MAX;
    return wr_session_rows_move(&s->leaving, &k->current, err);
}

static weir_status end_previous(session_window *s, uint32_t entry, weir_error *err) {
    s->sessions[entry].previous_node = INT64_MAX;
    return wr_session_rows_move(&s->leaving, &s->sessions[entry].previous, err);
}

/* The session that a node is about; NULL if the node holds no more. */
static key_sessions *find_session(session_window *s, const wr_session_node *node, bool is_current) {
    if (node->entry >= s->keys.n_used || !s->keys.entries[node->entry].key) return NULL;
    key_sessions *k = &s->sessions[node->entry];
    int64_t held = is_current ? k->current_node : k->previous_node;
    return k->born == node->born && held == node->at ? k : NULL;
}

/* The sessions of one heap that are over at `due`, in order. */
static weir_status end_sessions(session_window *s, bool is_current, int64_t due, weir_error *err) {
    wr_session_heap *h = is_current ? &s->current : &s->previous;
    wr_session_node node;
    while (wr_session_heap_pop(h, due, &node)) {
        key_sessions *k = find_session(s, &node, is_current);
        if (!k) continue;
        int64_t over = is_current ? k->current.end : k->previous.alive;
        int64_t *held = is_current ? &k->current_node : &k->previous_node;
        *held = INT64_MAX;
        if (over > node.at)
            WR_TRY(promise(h, k, node.entry, over, held, err));
        else
            WR_TRY(is_current ? end_current(s, node.entry, err) : end_previous(s, node.entry, err));
        drop_key_if_empty(s, node.entry);
    }
    return WEIR_OK;
}

/* ---- Rows ---- */

static weir_status join_previous(session_window *s, uint32_t entry, weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    if (!k->previous.n || k->previous.end < minus(k->current.start, s->gap)) return WEIR_OK;
    WR_TRY(wr_session_rows_insert_late(&k->current, k->previous.ids, k->previous.n, err));
    k->current.start = k->previous.start;
    wr_session_rows_clear(&k->previous);
    k->previous_node = INT64_MAX;
    return WEIR_OK;
}

static weir_status late_for_previous(session_window *s, uint32_t entry, weir_row_id id, int64_t ts,
                                     weir_error *err) {
    wr_session_rows *previous = &s->sessions[entry].previous;
    WR_TRY(wr_session_rows_append(previous, id, err));
    if (ts <= minus(previous->end, s->gap) && ts < previous->start) {
        previous->start = ts;
        return WEIR_OK;
    }
    previous->end = plus(ts, s->gap);
    previous->alive = plus(previous->end, s->latency);
    WR_TRY(set_previous(s, entry, err));
    return join_previous(s, entry, err);
}

/* A row from before the current session; *taken is false if it is too late. */
static weir_status take_late(session_window *s, uint32_t entry, weir_row_id id, int64_t ts, bool *taken,
                             weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    *taken = true;
    if (ts >= minus(k->current.start, s->gap)) {
        WR_TRY(wr_session_rows_insert_late(&k->current, &id, 1, err));
        k->current.start = ts;
        return s->latency > 0 ? join_previous(s, entry, err) : WEIR_OK;
    }
    *taken = s->latency > 0 && k->previous.n && ts >= minus(k->previous.start, s->gap);
    return *taken ? late_for_previous(s, entry, id, ts, err) : WEIR_OK;
}

/* A row past the end of a session whose timer has not fired: it begins the next, but only if a latency gives
 * the old one a place to go. Without, it passes and is not kept. */
static weir_status begin_next(session_window *s, uint32_t entry, weir_row_id id, int64_t ts,
                              weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    if (k->previous.n) WR_TRY(end_previous(s, entry, err));
    WR_TRY(retire(s, entry, err));
    WR_TRY(wr_session_rows_append(&k->current, id, err));
    WR_TRY(set_current(s, entry, ts, ts, err));
    return set_timer(s, k->current.end, err);
}

static weir_status take_row(session_window *s, weir_window *w, uint32_t i, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    int64_t ts = weir_window_in_ts(w, i);
    uint32_t entry = 0;
    bool passes = true, kept = s->keeps;
    WR_TRY(find_key(s, w, i, &entry, err));
    wr_session_rows *current = &s->sessions[entry].current;
    if (current->n && ts < current->start) {
        WR_TRY(take_late(s, entry, id, ts, &passes, err));
        kept = kept && passes;
    } else if (!current->n || ts <= current->end) {
        int64_t start = current->n ? current->start : ts;
        WR_TRY(wr_session_rows_append(current, id, err));
        WR_TRY(set_current(s, entry, start, ts, err));
        WR_TRY(set_timer(s, current->end, err));
    } else if (s->latency > 0) {
        WR_TRY(begin_next(s, entry, id, ts, err));
    } else {
        kept = false;
    }
    if (passes)
        weir_window_emit(w, id, WEIR_CURRENT, ts);
    else
        weir_window_late(w);
    if (s->keeps && !kept) weir_window_release(w, id);
    return WEIR_OK;
}

static void let_out(session_window *s, weir_window *w) {
    for (uint32_t i = 0; s->keeps && i < s->leaving.n; i++) {
        weir_row_id id = s->leaving.ids[i];
        weir_window_emit(w, id, WEIR_EXPIRED, weir_window_ts(w, id));
        weir_window_release(w, id);
    }
    wr_session_rows_clear(&s->leaving);
}

/* A row without a key fails the chunk; the rows before it have been taken in, those from it on are not. */
static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    session_window *s = self;
    weir_status status = WEIR_OK;
    uint32_t i = first;
    (void)now;
    while (i < first + n && status == WEIR_OK) {
        status = take_row(s, w, i, err);
        if (status == WEIR_OK) i++;
    }
    for (; s->keeps && i < first + n; i++) weir_window_release(w, weir_window_id(w, i));
    let_out(s, w);
    return status;
}

static int64_t due(const void *self) { return wr_due_queue_head(&((const session_window *)self)->timers); }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    session_window *s = self;
    (void)now;
    s->firing = wr_due_queue_head(&s->timers);
    wr_due_queue_pop(&s->timers);
    WR_TRY(end_sessions(s, true, s->firing, err));
    if (s->latency > 0) WR_TRY(end_sessions(s, false, s->firing, err));
    let_out(s, w);
    s->firing = INT64_MIN;
    return WEIR_OK;
}

/* ---- The rest ---- */

static size_t bytes(const void *self) {
    const session_window *s = self;
    return wr_key_map_bytes(&s->keys) + s->ids.used_bytes + s->cap * sizeof *s->sessions +
           (s->current.cap + s->previous.cap) * sizeof(wr_session_node) + s->timers.cap * sizeof(int64_t);
}

static void save(const void *self, weir_writer *w) {
    const session_window *s = self;
    wr_key_map_save(&s->keys, w);
    for (uint32_t e = s->keys.oldest; e != WR_NO_ENTRY; e = s->keys.entries[e].newer) {
        wr_session_rows_save(&s->sessions[e].current, w);
        wr_session_rows_save(&s->sessions[e].previous, w);
    }
    wr_due_queue_save(&s->timers, w);
}

static weir_status load_sessions(session_window *s, uint32_t entry, const weir_window *w, weir_reader *r,
                                 weir_error *err) {
    key_sessions *k = &s->sessions[entry];
    k->born = s->n_born++;
    k->current_node = k->previous_node = INT64_MAX;
    WR_TRY(wr_session_rows_load(&k->current, w, r, err));
    WR_TRY(wr_session_rows_load(&k->previous, w, r, err));
    if (k->current.n) WR_TRY(promise(&s->current, k, entry, k->current.end, &k->current_node, err));
    return k->previous.n ? set_previous(s, entry, err) : WEIR_OK;
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    session_window *s = self;
    WR_TRY(wr_key_map_load(&s->keys, r, err));
    WR_TRY(widen(s, s->keys.n, err));
    for (uint32_t e = 0; e < s->keys.n; e++) WR_TRY(load_sessions(s, e, w, r, err));
    return wr_due_queue_load(&s->timers, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const session_window *s = self;
    char gap[32];
    wr_span_text(s->gap, gap, sizeof gap);
    return snprintf(text, size, "the open sessions' rows%s, until %s without one",
                    s->has_key ? ", key by key" : "", gap);
}

const weir_window_type wr_window_session = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "session",
    .doc = "Holds the rows of a key until none has come for a gap; then they expire together.",
    .example = "from S#window.session(5 min, user) select user, count() as n insert all events into Out",
    .params =
        (const weir_param_doc[]){
            {"session(<long|time> gap)", "A session is over when no row came for so long, in ms."},
            {"session(<long|time> gap, <string attribute> key)", "Sessions key by key."},
            {"session(<long|time> gap, <string attribute> key, <long|time> latency)",
             "Ended sessions wait so long for late rows; not more than the gap."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .uses_clock = true,
    .one_chunk = true,
    .content_apart = true, /* nothing is ever found */
    .check = check,
    .state_size = sizeof(session_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
