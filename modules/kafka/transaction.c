/* transaction.c: epochs as transactions; see producer.h for the protocol. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "producer.h"

#define CALL_MS          10000
#define GIVE_UP_NS       ((int64_t)30 * 1000000000)
#define LONGEST_PAUSE_MS 2000
#define PAUSE_US         50000

typedef rd_kafka_topic_partition_list_t list;

/* retriable: the whole epoch may be undone and done again, by a new client if this one was fenced. */
static weir_status failed(kafka_producer *p, const char *what, rd_kafka_error_t *error, weir_error *err) {
    bool is_fatal = rd_kafka_error_is_fatal(error);
    weir_fail(err, WEIR_EIO, "%s: %s", what, rd_kafka_error_string(error));
    p->is_fenced |= kafka_owner_is_fence(rd_kafka_error_code(error)) ||
                    (is_fatal && kafka_owner_is_fence(rd_kafka_fatal_error(p->rk, NULL, 0)));
    if (err) err->fatal = is_fatal && !p->is_fenced;
    if (err) err->retriable = !is_fatal || p->is_fenced;
    rd_kafka_error_destroy(error);
    return WEIR_EIO;
}

/* How long a call may take: not beyond the end of a stop. One that was begun before a stop is not cut short:
 * what the library makes of a second call meanwhile is its own affair, and a crash is provided for. */
static int call_ms(const kafka_producer *p) {
    int64_t now = wire_now_ns(),
            left = wire_no_later_ns(p->link.host, now + (int64_t)CALL_MS * 1000000) - now;
    return left > 0 ? (int)(left / 1000000) : 0;
}

/* Calls until it is done, or fails for another reason than that it takes long. */
#define UNTIL_DONE(error, call)                                                                              \
    do {                                                                                                     \
        int64_t give_up_ = wire_now_ns() + GIVE_UP_NS;                                                       \
        while (((error) = (call)) && rd_kafka_error_is_retriable(error) &&                                   \
               wire_now_ns() < wire_no_later_ns(p->link.host, give_up_))                                     \
            rd_kafka_error_destroy(error);                                                                   \
    } while (0)

/* Of an epoch in which there is nothing yet. */
static void begin_record(kafka_producer *p) {
    p->record_topic[0] = 0;
    (void)wire_draw_hex(p->attempt, (sizeof p->attempt - 1) / 2);
}

weir_status kafka_transaction_begin(kafka_producer *p, uint64_t epoch, weir_error *err) {
    if (!p->transactional_id || p->open_epoch == epoch) return WEIR_OK;
    rd_kafka_error_t *error = rd_kafka_begin_transaction(p->rk);
    if (error) return failed(p, "can't begin a transaction", error, err);
    p->open_epoch = epoch;
    p->n_enlisted = 0;
    begin_record(p);
    p->began_ms = INT64_MAX;
    return WEIR_OK;
}

void kafka_transaction_touch(kafka_producer *p, const char *topic) {
    if (!p->transactional_id) return;
    if (p->began_ms == INT64_MAX) p->began_ms = wire_now_ms();
    if (p->record_topic[0]) return;
    snprintf(p->record_topic, sizeof p->record_topic, "%s", topic);
    p->record_partition = 0;
}

/* Half of its time is left for the checkpoint itself, and for a process that has to wait. */
int64_t kafka_transaction_commit_by_ms(const kafka_producer *p) {
    return p->open_epoch && p->began_ms != INT64_MAX ? p->began_ms + p->lasts_ms / 2 : INT64_MAX;
}

weir_status kafka_transaction_enlist(kafka_producer *p, const kafka_native *source, weir_error *err) {
    if (!p->transactional_id) return WEIR_OK;
    for (uint32_t i = 0; i < p->n_enlisted; i++)
        if (p->enlisted[i] == source) return WEIR_OK;
    if (p->n_enlisted == KAFKA_MAX_ENLISTED)
        return weir_fail(err, WEIR_ELIMIT, "more than %u Kafka sources in one app", KAFKA_MAX_ENLISTED);
    p->enlisted[p->n_enlisted++] = source;
    if (p->record_topic[0] || !source->positions || !source->positions->cnt) return WEIR_OK;
    snprintf(p->record_topic, sizeof p->record_topic, "%s", source->positions->elems[0].topic);
    p->record_partition = source->positions->elems[0].partition;
    return WEIR_OK;
}

void kafka_transaction_save(const kafka_producer *p, weir_writer *w) {
    weir_write_u32(w, p->transactional_id ? 1 : 0);
    if (!p->transactional_id) return;
    kafka_write_text(w, p->identity);
    kafka_write_text(w, p->attempt);
    kafka_write_text(w, p->record_topic);
    weir_write_u32(w, (uint32_t)p->record_partition);
    weir_write_u32(w, p->was_recorded);
    kafka_records_save(p->known, w);
}

/* ---- Commit ------------------------------------------------------------------------------------------- */

static void group_name(const kafka_producer *p, char name[300]) {
    snprintf(name, 300, "weir-%.280s", p->transactional_id);
}

static weir_status send_positions(kafka_producer *p, const kafka_native *source, weir_error *err) {
    rd_kafka_error_t *error;
    if (!source->positions || !source->positions->cnt) return WEIR_OK;
    UNTIL_DONE(error,
               rd_kafka_send_offsets_to_transaction(p->rk, source->positions, source->group, call_ms(p)));
    return error ? failed(p, "positions could not join the transaction", error, err) : WEIR_OK;
}

static weir_status send_record(kafka_producer *p, uint64_t epoch, const char *topic, int32_t partition,
                               weir_error *err) {
    char name[300];
    rd_kafka_error_t *error;
    kafka_records *record = rd_kafka_topic_partition_list_new(1);
    if (!kafka_records_add(record, topic, partition, epoch, p->identity, p->attempt, p->owner.life)) {
        rd_kafka_topic_partition_list_destroy(record);
        return wire_no_memory(err);
    }
    group_name(p, name);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new(name);
    UNTIL_DONE(error, rd_kafka_send_offsets_to_transaction(p->rk, record, group, call_ms(p)));
    rd_kafka_topic_partition_list_destroy(record);
    rd_kafka_consumer_group_metadata_destroy(group);
    return error ? failed(p, "the epoch could not join the transaction", error, err) : WEIR_OK;
}

weir_status kafka_transaction_commit(kafka_producer *p, uint64_t epoch, weir_error *err) {
    rd_kafka_error_t *error;
    if (!p->transactional_id || p->committed_epoch == epoch) return WEIR_OK;
    if (p->open_epoch != epoch)
        return weir_fail(err, WEIR_EUSAGE, "no transaction of epoch %" PRIu64 " is open", epoch);
    for (uint32_t i = 0; i < p->n_enlisted; i++) WIRE_TRY(send_positions(p, p->enlisted[i], err));
    if (p->record_topic[0]) WIRE_TRY(send_record(p, epoch, p->record_topic, p->record_partition, err));
    UNTIL_DONE(error, rd_kafka_commit_transaction(p->rk, call_ms(p)));
    if (error) return failed(p, "the transaction could not be committed", error, err);
    p->was_recorded |= p->record_topic[0] != 0;
    p->again = (wire_backoff){0};
    p->committed_epoch = epoch;
    p->open_epoch = 0;
    return WEIR_OK;
}

/* ---- Recovery ----------------------------------------------------------------------------------------- */

/* A client of the record's group that only asks. */
static weir_status open_reader(kafka_producer *p, rd_kafka_t **out, weir_error *err) {
    char why[256], name[300];
    size_t n;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char **all = rd_kafka_conf_dump((rd_kafka_conf_t *)rd_kafka_conf(p->rk), &n);
    for (size_t i = 0; all && i + 1 < n; i += 2) { /* how to get to the brokers */
        bool is_wanted =
            strncmp(all[i], "ssl.", 4) == 0 || strncmp(all[i], "sasl.", 5) == 0 ||
            strcmp(all[i], "security.protocol") == 0 || strcmp(all[i], "bootstrap.servers") == 0 ||
            strcmp(all[i], "metadata.broker.list") == 0 || strcmp(all[i], "broker.address.family") == 0;
        if (is_wanted) rd_kafka_conf_set(conf, all[i], all[i + 1], why, sizeof why);
    }
    if (all) rd_kafka_conf_dump_free(all, n);
    group_name(p, name);
    rd_kafka_conf_set(conf, "group.id", name, why, sizeof why);
    rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    *out = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (*out) return WEIR_OK;
    rd_kafka_conf_destroy(conf);
    return weir_fail(err, WEIR_EIO, "%s", why);
}

/* All records of the id, asked by a client of its own, and by another one while that gets no answer. */
static weir_status read_records(kafka_producer *p, kafka_records **out, weir_error *err) {
    char name[300];
    int64_t give_up = wire_now_ns() + GIVE_UP_NS;
    group_name(p, name);
    for (;;) {
        rd_kafka_t *rk;
        WIRE_TRY(open_reader(p, &rk, err));
        weir_status st = kafka_records_read(rk, name, &p->link, out, err);
        kafka_destroy(rk, &p->link);
        if (st != WEIR_EAGAIN) return st;
        if (wire_now_ns() >= wire_no_later_ns(p->link.host, give_up)) return WEIR_EIO;
        usleep(PAUSE_US);
    }
}

/* Was the epoch committed? WEIR_EEND: never. */
static weir_status judge(kafka_producer *p, uint64_t epoch, weir_error *err) {
    kafka_records *records;
    kafka_epoch_end end = {p->identity,         p->attempt,      epoch,   p->record_topic,
                           p->record_partition, p->was_recorded, p->known};
    WIRE_TRY(read_records(p, &records, err));
    kafka_verdict verdict = kafka_records_judge(records, &end);
    if (!p->record_topic[0]) kafka_records_keep_try(records, p->first_topic, 0, &end, p->attempt);
    rd_kafka_topic_partition_list_destroy(records);
    switch (verdict) {
    case KAFKA_COMMITTED: return WEIR_OK;
    case KAFKA_EXPIRED:
        wire_log(p->link.host, WEIR_LOG_WARN,
                 "%s: the brokers have forgotten which epoch '%s' committed last; taking epoch %" PRIu64
                 ", of the newest checkpoint, for committed",
                 p->who, p->transactional_id, epoch);
        return WEIR_OK;
    case KAFKA_NEVER_COMMITTED:
        return weir_fail(err, WEIR_EEND, "the transaction of epoch %" PRIu64 " was never committed", epoch);
    case KAFKA_OUTRUN: break;
    }
    weir_fail(err, WEIR_EIO,
              "checkpoint %" PRIu64
              " is out of date: more was committed with the transactional.id '%s' since",
              epoch, p->transactional_id);
    if (err) {
        err->fatal = true;
        snprintf(err->hint, sizeof err->hint,
                 "another copy of the app went on with it, or newer checkpoints are damaged or gone; an "
                 "empty --state directory begins at the committed positions, without the state");
    }
    return WEIR_EIO;
}

/* ---- Taking over, and over again ---------------------------------------------------------------------- */

/* Takes over the id: what another life of it left open is ended, committed or not. */
static weir_status initialise(kafka_producer *p, weir_error *err) {
    rd_kafka_error_t *error = NULL;
    kafka_records *now;
    if (p->is_initialised) return WEIR_OK;
    if (!p->has_id) UNTIL_DONE(error, rd_kafka_init_transactions(p->rk, call_ms(p)));
    if (error) return failed(p, "can't begin with transactions", error, err);
    p->has_id = true;
    WIRE_TRY(read_records(p, &now, err));
    if (p->owner.found) { /* it was ours before */
        weir_status st = kafka_owner_check(&p->owner, now, err);
        rd_kafka_topic_partition_list_destroy(now);
        WIRE_TRY(st);
    } else
        kafka_owner_begin(&p->owner, now);
    p->is_initialised = true;
    return WEIR_OK;
}

/* Does the sink's topic exist? Then a take-over can be recorded there when no epoch has been yet. */
static bool has_first_topic(kafka_producer *p) {
    const struct rd_kafka_metadata *about = NULL;
    rd_kafka_t *rk;
    if (!p->first_topic[0] || open_reader(p, &rk, NULL) != WEIR_OK) return false;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, p->first_topic, NULL);
    bool has = topic && !rd_kafka_metadata(rk, 0, topic, &about, call_ms(p)) && about->topic_cnt == 1 &&
               !about->topics[0].err && about->topics[0].partition_cnt > 0;
    if (about) rd_kafka_metadata_destroy(about);
    if (topic) rd_kafka_topic_destroy(topic);
    kafka_destroy(rk, &p->link);
    return has;
}

/* Says that this life has the id now, in a transaction of nothing else. If that fails the next epoch says it.
 */
static weir_status claim(kafka_producer *p, uint64_t epoch, weir_error *err) {
    bool had_record = p->record_topic[0] != 0;
    if (!had_record && !has_first_topic(p)) return WEIR_OK;
    rd_kafka_error_t *error = rd_kafka_begin_transaction(p->rk);
    if (error) return failed(p, "can't begin a transaction", error, err);
    weir_error own = {0};
    weir_status st = had_record ? send_record(p, epoch, p->record_topic, p->record_partition, &own)
                                : send_record(p, epoch, p->first_topic, 0, &own);
    if (st == WEIR_OK) {
        UNTIL_DONE(error, rd_kafka_commit_transaction(p->rk, call_ms(p)));
        if (!error) return p->was_recorded = true, WEIR_OK;
        st = failed(p, "the take-over could not be committed", error, &own);
    }
    if (!p->is_fenced) {
        UNTIL_DONE(error, rd_kafka_abort_transaction(p->rk, call_ms(p)));
        if (!error) return WEIR_OK;
        st = failed(p, "the transaction could not be undone", error, &own);
    }
    if (err) *err = own;
    return st;
}

/* Fenced: by another instance, which is given the time to say so, or by the brokers. */
static weir_status take_again(kafka_producer *p, weir_error *err) {
    kafka_records *now;
    int64_t wait = wire_backoff_ms(&p->again);
    usleep((useconds_t)(wait < LONGEST_PAUSE_MS ? wait : LONGEST_PAUSE_MS) * 1000);
    if (p->owner.found) {
        WIRE_TRY(read_records(p, &now, err));
        weir_status st = kafka_owner_check(&p->owner, now, err);
        rd_kafka_topic_partition_list_destroy(now);
        WIRE_TRY(st);
    }
    wire_log(p->link.host, WEIR_LOG_WARN,
             "%s: fenced, yet nobody has committed with '%s' since: its transaction outlived its time, or "
             "another weir just begins; taking it again",
             p->who, p->transactional_id);
    WIRE_TRY(kafka_producer_renew(p, err));
    return initialise(p, err);
}

weir_status kafka_transaction_abort(kafka_producer *p, weir_error *err) {
    rd_kafka_error_t *error;
    p->n_undelivered = 0;
    if (p->is_fenced) return take_again(p, err);
    if (!p->transactional_id || !p->open_epoch) return WEIR_OK;
    UNTIL_DONE(error, rd_kafka_abort_transaction(p->rk, call_ms(p)));
    if (error) {
        weir_status st = failed(p, "the transaction could not be undone", error, err);
        return p->is_fenced ? take_again(p, err) : st;
    }
    p->n_undelivered = 0;
    p->open_epoch = p->committed_epoch = 0;
    return WEIR_OK;
}

/* What the newest checkpoint says of its transaction. */
static weir_status load(kafka_producer *p, weir_reader *saved, weir_error *err) {
    WIRE_TRY(kafka_read_text(saved, p->identity, sizeof p->identity, err));
    WIRE_TRY(kafka_read_text(saved, p->attempt, sizeof p->attempt, err));
    WIRE_TRY(kafka_read_text(saved, p->record_topic, sizeof p->record_topic, err));
    p->record_partition = (int32_t)weir_read_u32(saved);
    p->was_recorded |= weir_read_u32(saved) == 1;
    kafka_transaction_forget(p);
    return kafka_records_load(&p->known, saved, err);
}

static weir_status settle(kafka_producer *p, uint64_t epoch, bool was_with, weir_error *err) {
    WIRE_TRY(initialise(p, err));
    if (was_with) WIRE_TRY(judge(p, epoch, err));
    if (!was_with && !p->known) p->known = rd_kafka_topic_partition_list_copy(p->owner.found);
    return claim(p, epoch, err);
}

weir_status kafka_transaction_recover(kafka_producer *p, uint64_t epoch, weir_reader *saved,
                                      weir_error *err) {
    bool was_with = saved && weir_read_u32(saved) == 1;
    int64_t give_up = wire_now_ns() + GIVE_UP_NS;
    if (was_with)
        WIRE_TRY(load(p, saved, err));
    else if (!p->identity[0]) {
        (void)wire_draw_hex(p->identity, (sizeof p->identity - 1) / 2);
        begin_record(p);
    }
    if (!p->transactional_id) return WEIR_OK;
    /* Another sink has seen to it, or this one joins an app that runs. */
    if (p->open_epoch && (!was_with || p->open_epoch == epoch + 1)) {
        if (was_with) begin_record(p);
        return WEIR_OK;
    }
    if (p->open_epoch) WIRE_TRY(kafka_transaction_abort(p, err));
    weir_status st = settle(p, epoch, was_with, err);
    while (st != WEIR_OK && p->is_fenced && wire_now_ns() < wire_no_later_ns(p->link.host, give_up)) {
        WIRE_TRY(take_again(p, err)); /* another one began at the same time */
        st = settle(p, epoch, was_with, err);
    }
    if (st == WEIR_OK) p->committed_epoch = epoch;
    return st;
}

void kafka_transaction_forget(kafka_producer *p) {
    if (p->known) rd_kafka_topic_partition_list_destroy(p->known);
    p->known = NULL;
}
