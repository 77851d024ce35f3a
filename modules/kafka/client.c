/* client.c: the client of a source, from its configuration to its end, and anew when it was fenced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

weir_status kafka_source_conf(kafka_source *s, rd_kafka_conf_t **out, const char **reset, weir_error *err) {
    const weir_settings *settings = s->args->settings;
    rd_kafka_conf_t *conf;
    WIRE_TRY(kafka_conf_new(settings, true, reset, &conf, err));
    const char *const own[][2] = {{"group.id", s->group},
                                  {"enable.auto.commit", "false"},
                                  {"enable.auto.offset.store", "false"},
                                  {"auto.offset.reset", "error"}, /* a jump is told: see on_lost */
                                  {"enable.partition.eof", s->stops_at_end ? "true" : "false"}};
    /* Not cooperative: there a member keeps partitions while it joins anew, and a commit in that time reaches
     * the broker behind the join, is refused for its generation, and the client takes all partitions for
     * lost. */
    static const char *const usual[][2] = {{"partition.assignment.strategy", "range,roundrobin"},
                                           {"heartbeat.interval.ms", "1000"},
                                           {"session.timeout.ms", "10000"},
                                           {"topic.metadata.refresh.interval.ms", "30000"},
                                           {"fetch.wait.max.ms", "100"},
                                           {"queued.max.messages.kbytes", "65536"}};
    weir_status st = WEIR_OK;
    for (size_t i = 0; st == WEIR_OK && i < sizeof own / sizeof *own; i++)
        st = kafka_conf_set(conf, own[i][0], own[i][1], err);
    /* A member that comes back after a crash gets its partitions again at once, not when its old self is
     * found dead. */
    char member[KAFKA_IDENTITY + 8];
    snprintf(member, sizeof member, "weir-%s", s->identity);
    if (st == WEIR_OK && s->args->has_checkpoints)
        st = kafka_conf_default(conf, settings, "group.instance.id", member, err);
    for (size_t i = 0; st == WEIR_OK && i < sizeof usual / sizeof *usual; i++)
        st = kafka_conf_default(conf, settings, usual[i][0], usual[i][1], err);
    if (st != WEIR_OK) {
        rd_kafka_conf_destroy(conf);
        return st;
    }
    *out = conf;
    return WEIR_OK;
}

weir_status kafka_source_open_client(kafka_source *s, weir_error *err) {
    rd_kafka_conf_t *conf;
    const char *reset;
    char why[256];
    WIRE_TRY(kafka_source_conf(s, &conf, &reset, err));
    rd_kafka_conf_set_opaque(conf, s);
    kafka_conf_link(conf);
    rd_kafka_conf_set_rebalance_cb(conf, kafka_source_on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf, kafka_source_on_commit);
    s->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!s->rk) {
        rd_kafka_conf_destroy(conf);
        return weir_fail(err, WEIR_ECONFIG, "%s", why);
    }
    rd_kafka_set_log_queue(s->rk, NULL);
    rd_kafka_poll_set_consumer(s->rk);
    s->queue = rd_kafka_queue_get_consumer(s->rk);
    if (!kafka_wake_open(s->wake, s->queue)) return weir_fail(err, WEIR_EIO, "can't make a pipe");
    if (s->has_partitions) {
        s->coming = rd_kafka_topic_partition_list_copy(s->topics);
        return WEIR_OK;
    }
    rd_kafka_resp_err_t failed = rd_kafka_subscribe(s->rk, s->topics);
    return failed ? weir_fail(err, WEIR_EIO, "can't subscribe: %s", rd_kafka_err2str(failed)) : WEIR_OK;
}

void kafka_source_drop_shown(kafka_source *s) {
    for (uint32_t i = 0; i < s->n; i++) rd_kafka_message_destroy(s->batch[i]);
    s->n = s->n_used = 0;
    s->shown_from = UINT32_MAX;
}

void kafka_source_close_client(kafka_source *s) {
    if (s->batch) kafka_source_drop_shown(s);
    if (!s->rk) return;
    s->is_closing = true;
    if (s->has_unsure_commit) kafka_source_commit(s, true);
    if (!s->has_partitions) rd_kafka_consumer_close(s->rk);
    kafka_source_give_back(s);
    if (s->queue) rd_kafka_queue_destroy(s->queue);
    s->queue = NULL;
    if (s->native && s->native->group) rd_kafka_consumer_group_metadata_destroy(s->native->group);
    if (s->native) s->native->group = NULL;
    kafka_destroy(s->rk, &s->link);
    s->rk = NULL;
}

/* Positions are kept; where other members went on meanwhile is found out when partitions come again. */
weir_status kafka_source_reopen(kafka_source *s, weir_error *err) {
    wire_log(s->link.host, WEIR_LOG_WARN,
             "%s: another member goes by this one's name, or a broker forgot it; joining anew", s->who);
    s->must_go_back |= s->guarantee == WEIR_EXACTLY_ONCE;
    for (uint32_t i = 0; i < s->partitions.n; i++) {
        kafka_partition *p = &s->partitions.of[i];
        if (!s->must_go_back && p->is_ours && p->next != KAFKA_NOWHERE) p->saved = p->next;
    }
    s->has_unsure_commit = false;
    kafka_source_close_client(s);
    kafka_wake_close(s->wake);
    rd_kafka_topic_partition_list_t **lists[] = {&s->coming, &s->going};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (*lists[i]) rd_kafka_topic_partition_list_destroy(*lists[i]);
        *lists[i] = NULL;
    }
    for (uint32_t i = 0; i < s->partitions.n; i++) {
        s->partitions.of[i].is_ours = false;
        s->partitions.of[i].handle = NULL;
    }
    s->is_closing = s->is_fenced = s->is_paused = false;
    return kafka_source_open_client(s, err);
}
