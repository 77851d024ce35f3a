/* assign.c: which partitions a source has, and where it begins in them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define LOOK_UP_MS   5000
#define TRY_AGAIN_NS ((int64_t)500 * 1000000)

typedef rd_kafka_topic_partition_list_t list;

/* Runs within the client's poll: notes what is to be done. */
void kafka_source_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t what, list *partitions, void *opaque) {
    kafka_source *s = opaque;
    const char *protocol = rd_kafka_rebalance_protocol(rk); /* NULL now and then while closing */
    if (protocol && strcmp(protocol, "NONE") != 0) s->is_cooperative = strcmp(protocol, "COOPERATIVE") == 0;
    list **note = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? &s->coming : &s->going;
    if (*note) rd_kafka_topic_partition_list_destroy(*note);
    *note = rd_kafka_topic_partition_list_copy(partitions);
    if (note != &s->going) return;
    bool is_lost = rd_kafka_assignment_lost(rk);
    s->must_go_back |= is_lost && s->guarantee == WEIR_EXACTLY_ONCE;
    if (s->is_closing || is_lost) kafka_source_give_back(s);
}

static void mark_ours(kafka_source *s, const list *partitions, bool is_ours) {
    for (int i = 0; i < partitions->cnt; i++) {
        kafka_partition *p =
            kafka_partitions_get(&s->partitions, partitions->elems[i].topic, partitions->elems[i].partition);
        if (!p) continue;
        p->is_ours = is_ours;
        p->is_at_end = p->is_broken = false;
        p->handle = NULL;
        if (!is_ours) p->next = KAFKA_NOWHERE;
    }
}

void kafka_source_give_back(kafka_source *s) {
    if (!s->going) return;
    rd_kafka_error_t *failed = NULL;
    if (s->is_cooperative)
        failed = rd_kafka_incremental_unassign(s->rk, s->going);
    else
        rd_kafka_assign(s->rk, NULL);
    if (failed) rd_kafka_error_destroy(failed);
    mark_ours(s, s->going, false);
    wire_log(s->link.host, WEIR_LOG_INFO, "%s: gave %d partition(s) back", s->who, s->going->cnt);
    rd_kafka_topic_partition_list_destroy(s->going);
    s->going = NULL;
}

/* ---- Where to begin ----------------------------------------------------------------------------------- */

static weir_status retriable(const kafka_source *s, weir_error *err, const char *what,
                             rd_kafka_resp_err_t why) {
    (void)s;
    weir_fail(err, WEIR_EIO, "%s: %s", what, rd_kafka_err2str(why));
    if (err) err->retriable = true;
    return WEIR_EIO;
}

typedef struct offsets_map {
    const char *topic;
    int64_t offset;
} offsets_map;

/* 'topic=offset': the message of that offset was the last one that is not wanted. */
static weir_status map_item(void *ctx, const char *item, size_t len, weir_error *err) {
    offsets_map *m = ctx;
    const char *equals = memchr(item, '=', len);
    char number[24] = "";
    char *end = number;
    size_t n = equals ? (size_t)(equals - item) : 0, rest = equals ? len - n - 1 : 0;
    if (rest && rest < sizeof number) memcpy(number, equals + 1, rest);
    long long offset = strtoll(number, &end, 10);
    if (!n || !rest || *end || offset < 0 || end == number)
        return weir_fail(err, WEIR_ECONFIG, "topic.offsets.map has '%.*s'; write topic=offset,topic=offset",
                         (int)len, item);
    if (m->topic && strlen(m->topic) == n && strncmp(item, m->topic, n) == 0) m->offset = offset + 1;
    return WEIR_OK;
}

weir_status kafka_offsets_map_check(const char *text, weir_error *err) {
    offsets_map nothing = {NULL, KAFKA_NOWHERE};
    return kafka_each_item(text, map_item, &nothing, err);
}

static int64_t mapped_offset(const kafka_source *s, const char *topic) {
    offsets_map m = {topic, KAFKA_NOWHERE};
    if (s->offsets_map) (void)kafka_each_item(s->offsets_map, map_item, &m, NULL);
    return m.offset;
}

static weir_status end_of(kafka_source *s, const kafka_partition *p, int64_t *out, weir_error *err) {
    int64_t low;
    rd_kafka_resp_err_t why =
        rd_kafka_query_watermark_offsets(s->rk, p->topic, p->number, &low, out, LOOK_UP_MS);
    return why ? retriable(s, err, "can't find out where a partition ends", why) : WEIR_OK;
}

static weir_status offset_at_time(kafka_source *s, const kafka_partition *p, int64_t *out, weir_error *err) {
    list *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, p->topic, p->number)->offset = s->start_at;
    rd_kafka_resp_err_t why = rd_kafka_offsets_for_times(s->rk, one, LOOK_UP_MS);
    if (!why) why = one->elems[0].err;
    *out = one->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(one);
    if (why) return retriable(s, err, "can't find the offset of a time", why);
    return *out < 0 ? end_of(s, p, out, err) : WEIR_OK;
}

/* Where nobody has a position of: the first time as start.from says; a partition that is new begins at its
 * beginning. */
static weir_status fresh_offset(kafka_source *s, const kafka_partition *p, int64_t *out, weir_error *err) {
    *out = RD_KAFKA_OFFSET_BEGINNING;
    if (s->is_assigned_once || s->has_checkpoint) return WEIR_OK;
    s->has_fresh_start |= s->start != KAFKA_EARLIEST;
    switch (s->start) {
    case KAFKA_EARLIEST: return WEIR_OK;
    case KAFKA_LATEST: return end_of(s, p, out, err);
    case KAFKA_AT_OFFSET: *out = s->start_at; return WEIR_OK;
    case KAFKA_AT_TIME: return offset_at_time(s, p, out, err);
    case KAFKA_NONE: break;
    }
    return weir_fail(
        err, WEIR_ECONFIG,
        "the group has committed no position in %s[%d], and auto.offset.reset says to look for none",
        p->topic, p->number);
}

static weir_status first_offset(kafka_source *s, const kafka_partition *p,
                                const rd_kafka_topic_partition_t *committed, int64_t *out, weir_error *err) {
    bool has_commit = !committed->err && committed->offset >= 0;
    if (p->saved != KAFKA_NOWHERE) {
        bool others_went_on =
            has_commit && committed->offset > p->saved && !kafka_source_is_own_mark(s, committed);
        *out = others_went_on ? committed->offset : p->saved;
        return WEIR_OK;
    }
    *out = s->is_assigned_once || s->has_checkpoint ? KAFKA_NOWHERE : mapped_offset(s, p->topic);
    if (*out != KAFKA_NOWHERE) return s->has_fresh_start = true, WEIR_OK;
    if (!has_commit) return fresh_offset(s, p, out, err);
    *out = committed->offset;
    return WEIR_OK;
}

/* A copy of the list with the offset to begin at. */
static weir_status find_offsets(kafka_source *s, const list *partitions, list **out, weir_error *err) {
    list *committed = rd_kafka_topic_partition_list_copy(partitions), *begin = NULL;
    weir_status st = WEIR_OK;
    for (int i = 0; i < committed->cnt; i++) committed->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
    rd_kafka_resp_err_t why = committed->cnt ? rd_kafka_committed(s->rk, committed, LOOK_UP_MS) : 0;
    if (why) st = retriable(s, err, "can't find out what the group has committed", why);
    if (st == WEIR_OK) begin = rd_kafka_topic_partition_list_new(committed->cnt + 1);
    for (int i = 0; st == WEIR_OK && i < committed->cnt; i++) {
        const rd_kafka_topic_partition_t *c = &committed->elems[i];
        const kafka_partition *p = kafka_partitions_get(&s->partitions, c->topic, c->partition);
        rd_kafka_topic_partition_t *b = rd_kafka_topic_partition_list_add(begin, c->topic, c->partition);
        st = p ? first_offset(s, p, c, &b->offset, err) : wire_no_memory(err);
    }
    rd_kafka_topic_partition_list_destroy(committed);
    if (st != WEIR_OK && begin) rd_kafka_topic_partition_list_destroy(begin);
    *out = st == WEIR_OK ? begin : NULL;
    return st;
}

static void note_offsets(kafka_source *s, const list *begin) {
    for (int i = 0; i < begin->cnt; i++) {
        kafka_partition *p =
            kafka_partitions_get(&s->partitions, begin->elems[i].topic, begin->elems[i].partition);
        if (!p) continue;
        p->next = p->base = begin->elems[i].offset;
        p->saved = KAFKA_NOWHERE;
    }
}

static weir_status assign(kafka_source *s, const list *begin, weir_error *err) {
    if (s->is_cooperative && !s->has_partitions) {
        rd_kafka_error_t *failed = rd_kafka_incremental_assign(s->rk, begin);
        if (!failed) return WEIR_OK;
        rd_kafka_resp_err_t code = rd_kafka_error_code(failed);
        rd_kafka_error_destroy(failed);
        return retriable(s, err, "can't take partitions", code);
    }
    rd_kafka_resp_err_t why = rd_kafka_assign(s->rk, begin);
    return why ? retriable(s, err, "can't take partitions", why) : WEIR_OK;
}

weir_status kafka_source_take(kafka_source *s, weir_error *err) {
    if (!s->coming) return WEIR_OK;
    int64_t now = wire_now_ns();
    list *begin;
    /* Nobody to ask yet: the look-ups would block. The client learns of the controller with its first answer.
     */
    if (now < s->next_try_ns || (s->has_partitions && rd_kafka_controllerid(s->rk, 0) < 0))
        return WEIR_EAGAIN;
    s->next_try_ns = now + TRY_AGAIN_NS;
    WIRE_TRY(find_offsets(s, s->coming, &begin, err));
    weir_status st = assign(s, begin, err);
    if (st == WEIR_OK) {
        mark_ours(s, begin, true);
        note_offsets(s, begin);
        s->next_try_ns = 0;
        s->is_assigned_once |= begin->cnt > 0;
        wire_log(s->link.host, WEIR_LOG_INFO, "%s: took %d partition(s)", s->who, begin->cnt);
        rd_kafka_topic_partition_list_destroy(s->coming);
        s->coming = NULL;
    }
    rd_kafka_topic_partition_list_destroy(begin);
    return st;
}

/* A partition that is ours goes back to the checkpoint, but not to before it came: what lies there others
 * have committed. */
static list *checkpointed(const kafka_source *s) {
    list *to = kafka_partitions_list(&s->partitions, false);
    for (int i = 0; to && i < to->cnt; i++) {
        rd_kafka_topic_partition_t *one = &to->elems[i];
        const kafka_partition *p =
            kafka_partitions_get((kafka_partitions *)&s->partitions, one->topic, one->partition);
        one->offset = p->saved > p->base ? p->saved : p->base;
    }
    return to;
}

static weir_status seek_all(kafka_source *s, list *to, weir_error *err) {
    rd_kafka_error_t *failed = to->cnt ? rd_kafka_seek_partitions(s->rk, to, LOOK_UP_MS) : NULL;
    rd_kafka_resp_err_t why = failed ? rd_kafka_error_code(failed) : 0;
    if (failed) rd_kafka_error_destroy(failed);
    for (int i = 0; i < to->cnt && !why; i++) why = to->elems[i].err;
    /* Nothing is fetched of a partition that is ours: the client was fenced, or has lost it since. It would
     * say so when it is polled, which is not before the app has gone back. */
    if (why == RD_KAFKA_RESP_ERR__STATE || why == RD_KAFKA_RESP_ERR__FATAL) return WEIR_EAGAIN;
    return why ? retriable(s, err, "can't go back to the checkpoint", why) : WEIR_OK;
}

weir_status kafka_source_reseek(kafka_source *s, weir_error *err) {
    list *to = checkpointed(s);
    if (!to) return wire_no_memory(err);
    weir_status st = seek_all(s, to, err);
    if (st == WEIR_EAGAIN) { /* all of them come anew, and begin at what the checkpoint says */
        rd_kafka_topic_partition_list_destroy(to);
        WIRE_TRY(kafka_source_reopen(s, err));
        s->must_go_back = false;
        return WEIR_OK;
    }
    for (int i = 0; st == WEIR_OK && i < to->cnt; i++) {
        kafka_partition *p = kafka_partitions_get(&s->partitions, to->elems[i].topic, to->elems[i].partition);
        p->next = to->elems[i].offset;
        p->saved = KAFKA_NOWHERE; /* used: should it go and come again, what was committed then counts */
    }
    rd_kafka_topic_partition_list_destroy(to);
    if (st == WEIR_OK) s->must_go_back = false;
    return st;
}
