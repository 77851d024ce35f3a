/* kafka.h: what the programs by hand between two topics of Kafka share: a client, and the filter.
 *
 * The filter looks for three keys in each value and knows their order, and nothing else of JSON: less work
 * than any program that reads JSON could do. */
#ifndef PEERS_KAFKA_H
#define PEERS_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline rd_kafka_t *client(rd_kafka_type_t type, const char *brokers,
                                 const char *const (*settings)[2]) {
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

/* A wind event with speed > 50 goes out as a row of ts, station and speed. */
static inline void filter(rd_kafka_t *producer, rd_kafka_topic_t *to, const rd_kafka_message_t *m) {
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

#endif
