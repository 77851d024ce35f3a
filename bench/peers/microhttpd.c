/* microhttpd.c: the library's own bare server: takes each POST to its end and answers 200, nothing more. It
 * runs as weir's listener does, epoll with a pool of threads. Ends at SIGTERM and prints how many it
 * answered. Usage: microhttpd PORT THREADS */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_ulong n_answered, n_bytes;
static struct MHD_Response *empty;

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *c, const char *path, const char *method,
                                 const char *version, const char *data, size_t *size, void **state) {
    (void)ctx, (void)path, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = empty;
        return MHD_YES;
    }
    if (*size) {
        atomic_fetch_add_explicit(&n_bytes, *size, memory_order_relaxed);
        *size = 0;
        return MHD_YES;
    }
    atomic_fetch_add_explicit(&n_answered, 1, memory_order_relaxed);
    return MHD_queue_response(c, MHD_HTTP_OK, empty);
}

int main(int argc, char **argv) {
    sigset_t end;
    int got;
    if (argc != 3) return 2;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    empty = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)atoi(argv[1])),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned threads = (unsigned)atoi(argv[2]);
    struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_access, NULL, MHD_OPTION_SOCK_ADDR,
                         &at, MHD_OPTION_CONNECTION_LIMIT, 1000u, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    if (!daemon) return 1;
    puts("ready");
    fflush(stdout);
    sigwait(&end, &got);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(empty);
    printf("%lu %lu\n", atomic_load(&n_answered), atomic_load(&n_bytes));
    return 0;
}
