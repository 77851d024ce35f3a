/* libzmq.c: the library's own bare loop: binds a PULL, receives so many messages, and ends. Usage: libzmq
 * PORT COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

int main(int argc, char **argv) {
    char endpoint[64];
    if (argc != 3) return 2;
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", atoi(argv[1]));
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PULL);
    if (!socket || zmq_bind(socket, endpoint)) return 1;
    unsigned long long sum = 0;
    for (long left = atol(argv[2]); left; left--) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        if (zmq_msg_recv(&m, socket, 0) < 0) return 1;
        sum += zmq_msg_size(&m);
        zmq_msg_close(&m);
    }
    printf("%llu bytes\n", sum);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
