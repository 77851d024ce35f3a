/* librdkafka.c BROKERS N: W7 by hand: N wind events from topic wind-json, those with speed > 50 as JSON rows
 * to topic out-c.
 *
 * Looks for three keys in each value and knows their order, and nothing else of JSON: less work than any
 * program that reads JSON could do. The client's settings are those that were fastest here. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 10000

static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers, const char *const (*settings)[2]) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    for (; (*settings)[0]; settings++)
        rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (!rk) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    return rk;
}

static void filter(rd_kafka_t *producer, rd_kafka_topic_t *to, const rd_kafka_message_t *m) {
    char text[256], row[128];
    size_t len = m->len < sizeof text - 1 ? m->len : sizeof text - 1;
    memcpy(text, m->payload, len);
    text[len] = 0;
    const char *ts = strstr(text, "\"ts\":"), *station = ts ? strstr(ts, "\"station\":") : NULL,
               *speed = station ? strstr(station, "\"speed\":") : NULL;
    double v = speed ? strtod(speed + 8, NULL) : 0;
    if (v <= 50) return;
    int n = snprintf(row, sizeof row, "{\"ts\":%lld,\"station\":%d,\"speed\":%.3f}", atoll(ts + 5),
                     atoi(station + 10), v);
    while (rd_kafka_produce(to, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, row, (size_t)n, NULL, 0, NULL) ==
           -1)
        rd_kafka_poll(producer, 10);
}

int main(int argc, char **argv) {
    static const char *const in[][2] = {
        {"group.id", "peers-c"},           {"enable.auto.commit", "false"},
        {"fetch.wait.max.ms", "10"},       {"fetch.message.max.bytes", "4194304"},
        {"queued.min.messages", "200000"}, {NULL, NULL}};
    static const char *const out[][2] = {{"linger.ms", "20"},
                                         {"batch.num.messages", "10000"},
                                         {"queue.buffering.max.messages", "1000000"},
                                         {NULL, NULL}};
    static rd_kafka_message_t *batch[BATCH];
    if (argc != 3) return 2;
    long left = atol(argv[2]);
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, argv[1], in),
               *producer = client(RD_KAFKA_PRODUCER, argv[1], out);
    rd_kafka_topic_t *from = rd_kafka_topic_new(consumer, "wind-json", NULL);
    rd_kafka_topic_t *to = rd_kafka_topic_new(producer, "out-c", NULL);
    rd_kafka_consume_start(from, 0, RD_KAFKA_OFFSET_BEGINNING);
    while (left > 0) {
        ssize_t n = rd_kafka_consume_batch(from, 0, 100, batch, BATCH);
        for (ssize_t i = 0; i < n; i++) {
            if (!batch[i]->err) {
                left--;
                filter(producer, to, batch[i]);
            }
            rd_kafka_message_destroy(batch[i]);
        }
        rd_kafka_poll(producer, 0);
    }
    rd_kafka_flush(producer, 20000);
    fflush(stdout);
    _exit(0); /* the clients go with the process */
}
