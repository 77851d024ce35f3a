/* kafka_latency.c: what an event takes from before it is handed to the producer until its row is there.
 *
 * measure BROKERS TOPIC-IN TOPIC-OUT EVENTS-PER-SECOND SECONDS: sends wind events to the first topic at an
 * even pace, each with the time of its sending, and reads rows with that time from the second, both partition
 * 0. Prints "ROWS P50 P99 P99.9 MAX", times in ms; the first second does not count. The same topic twice:
 * what the broker alone takes.
 *
 * forward BROKERS TOPIC-IN TOPIC-OUT LINGER-MS: the peer by hand, one event at a time until it is killed.
 *
 * bench/kafka-latency calls both. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "peers/kafka.h"

#define NS 1000000000LL

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

typedef struct {
    const char *brokers, *topic;
    int64_t from, until; /* rows sent in this time count */
    uint64_t n, cap;
    int64_t *took; /* ns of each */
    atomic_bool is_over;
} reader;

static void note(reader *r, const rd_kafka_message_t *m, int64_t at) {
    char text[256];
    size_t len = m->len < sizeof text - 1 ? m->len : sizeof text - 1;
    memcpy(text, m->payload, len);
    text[len] = 0;
    const char *ts = strstr(text, "\"ts\":");
    int64_t sent = ts ? atoll(ts + 5) : 0;
    if (sent < r->from || sent >= r->until || r->n == r->cap) return;
    r->took[r->n++] = at - sent;
}

static void *read_rows(void *arg) {
    static const char *const in[][2] = {{"group.id", "latency"},
                                        {"fetch.wait.max.ms", "100"},
                                        {"socket.nagle.disable", "true"},
                                        {NULL, NULL}};
    reader *r = arg;
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, r->brokers, in);
    rd_kafka_topic_t *from = rd_kafka_topic_new(rk, r->topic, NULL);
    rd_kafka_consume_start(from, 0, RD_KAFKA_OFFSET_BEGINNING);
    while (!r->is_over) {
        rd_kafka_message_t *m = rd_kafka_consume(from, 0, 100);
        if (m && !m->err) note(r, m, now());
        if (m) rd_kafka_message_destroy(m);
    }
    return NULL;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void forward(const char *brokers, const char *in, const char *out, const char *linger) {
    const char *const from_set[][2] = {
        {"group.id", "forward"}, {"socket.nagle.disable", "true"}, {NULL, NULL}};
    const char *const to_set[][2] = {{"linger.ms", linger},
                                     {"enable.idempotence", "true"},
                                     {"socket.nagle.disable", "true"},
                                     {NULL, NULL}};
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, brokers, from_set),
               *producer = client(RD_KAFKA_PRODUCER, brokers, to_set);
    rd_kafka_topic_t *from = rd_kafka_topic_new(consumer, in, NULL),
                     *to = rd_kafka_topic_new(producer, out, NULL);
    rd_kafka_consume_start(from, 0, RD_KAFKA_OFFSET_BEGINNING);
    for (;; rd_kafka_poll(producer, 0)) {
        rd_kafka_message_t *m = rd_kafka_consume(from, 0, 100);
        if (m && !m->err) filter(producer, to, m);
        if (m) rd_kafka_message_destroy(m);
    }
}

static void send_one(rd_kafka_topic_t *to, int64_t i) {
    char text[160];
    int n = snprintf(
        text, sizeof text,
        "{\"ts\":%" PRId64 ",\"station\":%d,\"region\":\"region%02d\",\"speed\":%.3f,\"gust\":%.3f}", now(),
        (int)(i % 1000), (int)(i % 50), 50.5 + (double)(i % 9000) / 1000, (double)(i % 90000) / 1000);
    if (rd_kafka_produce(to, 0, RD_KAFKA_MSG_F_COPY, text, (size_t)n, NULL, 0, NULL) == 0) return;
    fprintf(stderr, "kafka_latency: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
    exit(1);
}

static void measure(const char *brokers, const char *in, const char *out, int64_t rate, int64_t seconds) {
    static const char *const settings[][2] = {
        {"linger.ms", "0"}, {"socket.nagle.disable", "true"}, {NULL, NULL}};
    int64_t count = rate * seconds, sent = 0;
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, brokers, settings);
    rd_kafka_topic_t *to = rd_kafka_topic_new(producer, in, NULL);
    int64_t begin = now();
    reader r = {.brokers = brokers,
                .topic = out,
                .from = begin + NS,
                .until = begin + seconds * NS,
                .cap = (uint64_t)count};
    r.took = calloc((size_t)count, sizeof *r.took);
    pthread_t thread;
    if (!r.took || pthread_create(&thread, NULL, read_rows, &r)) exit(1);
    while (sent < count) {
        int64_t due = (now() - begin) * rate / NS;
        for (; sent < due && sent < count; sent++) send_one(to, sent);
        rd_kafka_poll(producer, 0);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    rd_kafka_flush(producer, 10000);
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    r.is_over = true;
    pthread_join(thread, NULL);
    qsort(r.took, r.n, sizeof *r.took, by_value);
    printf("%" PRIu64, r.n);
    static const double parts[] = {0.5, 0.99, 0.999, 1};
    for (size_t i = 0; r.n && i < sizeof parts / sizeof *parts; i++) {
        uint64_t at = (uint64_t)((double)r.n * parts[i]);
        printf(" %.2f", (double)r.took[at < r.n ? at : r.n - 1] / 1e6);
    }
    puts("");
}

int main(int argc, char **argv) {
    if (argc == 7 && strcmp(argv[1], "measure") == 0)
        measure(argv[2], argv[3], argv[4], atoll(argv[5]), atoll(argv[6]));
    else if (argc == 6 && strcmp(argv[1], "forward") == 0)
        forward(argv[2], argv[3], argv[4], argv[5]);
    else
        return 2;
    fflush(stdout);
    _Exit(0); /* the clients go with the process */
}
