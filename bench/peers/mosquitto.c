/* mosquitto.c: the library's own bare loop: subscribes with quality 0, receives so many messages, and ends.
 * Usage: mosquitto PORT COUNT */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>

static long left;
static unsigned long long sum;

static void on_connect(struct mosquitto *m, void *ctx, int code) {
    (void)ctx;
    if (code || mosquitto_subscribe(m, NULL, "wind", 0)) exit(1);
}

static void on_subscribe(struct mosquitto *m, void *ctx, int id, int n, const int *qos) {
    (void)m, (void)ctx, (void)id, (void)n, (void)qos;
    puts("ready");
    fflush(stdout);
}

static void on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *message) {
    (void)ctx;
    sum += (unsigned)message->payloadlen;
    if (--left == 0) mosquitto_disconnect(m);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    left = atol(argv[2]);
    mosquitto_lib_init();
    struct mosquitto *m = mosquitto_new(NULL, true, NULL);
    if (!m) return 1;
    mosquitto_connect_callback_set(m, on_connect);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_message_callback_set(m, on_message);
    if (mosquitto_connect(m, "127.0.0.1", atoi(argv[1]), 60)) return 1;
    while (left > 0 && mosquitto_loop(m, 1000, 1) == MOSQ_ERR_SUCCESS) continue;
    mosquitto_destroy(m);
    mosquitto_lib_cleanup();
    return sum && left <= 0 ? 0 : 1;
}
