/* librdkafka.c BROKERS N: W7 by hand: N wind events from topic wind-json, those with speed > 50 as JSON rows
 * to topic out-c. The client's settings are those that were fastest here. */
#include <unistd.h>

#include "kafka.h"

#define BATCH 10000

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
