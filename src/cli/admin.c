/* admin.c: see admin.h. */
#include "cli/admin.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/address.h"

struct admin {
    struct MHD_Daemon *daemon;
    board *board;
    char *token, *address;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type, char *text,
                              size_t len, enum MHD_ResponseMemoryMode mode) {
    struct MHD_Response *r = MHD_create_response_from_buffer(len, text, mode);
    if (!r) {
        if (mode == MHD_RESPMEM_MUST_FREE) free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", type);
    if (status == MHD_HTTP_UNAUTHORIZED) MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text) {
    return answer(c, status, "text/plain; charset=utf-8", (char *)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer_board(struct MHD_Connection *c, board *b, const char *type, bool as_list,
                                    void (*write)(board *, FILE *)) {
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    if (as_list) fputc('[', f);
    write(b, f);
    if (as_list) fputs("]\n", f);
    fclose(f);
    return answer(c, MHD_HTTP_OK, type, text, len, MHD_RESPMEM_MUST_FREE);
}

/* Takes as long for a wrong token as for a right one. */
static bool has_token(const admin *a, struct MHD_Connection *c) {
    const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    if (!a->token) return true;
    if (!given || strncmp(given, "Bearer ", 7) != 0 || strlen(given + 7) != strlen(a->token)) return false;
    unsigned char differs = 0;
    for (size_t i = 0; a->token[i]; i++) differs |= (unsigned char)(a->token[i] ^ given[7 + i]);
    return !differs;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size,
                                  void **state) {
    admin *a = ctx;
    (void)version;
    (void)upload;
    (void)state;
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0) return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    if (!strcmp(url, "/health")) return answer_text(c, MHD_HTTP_OK, "ok\n");
    if (!strcmp(url, "/ready")) {
        pthread_mutex_lock(&a->board->lock);
        bool ready = a->board->is_ready;
        pthread_mutex_unlock(&a->board->lock);
        return ready ? answer_text(c, MHD_HTTP_OK, "ready\n")
                     : answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "starting\n");
    }
    if (!has_token(a, c))
        return answer_text(c, MHD_HTTP_UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN\n");
    if (!strcmp(url, "/metrics"))
        return answer_board(c, a->board, "text/plain; version=0.0.4; charset=utf-8", false, board_prometheus);
    if (!strcmp(url, "/apps")) return answer_board(c, a->board, "application/json", true, board_json);
    return answer_text(c, MHD_HTTP_NOT_FOUND, "there are /health, /ready, /apps and /metrics\n");
}

admin *admin_start(const char *address, const char *token, board *b, char *error, size_t size) {
    admin *a = calloc(1, sizeof *a);
    int fd = address_listen(address, error, size);
    if (!a || fd < 0) {
        free(a);
        return NULL;
    }
    a->board = b;
    a->address = strdup(address);
    a->token = token ? strdup(token) : NULL;
    a->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, on_request,
                                 a, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
                                 MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_END);
    if (a->daemon && a->address && (!token || a->token)) return a;
    snprintf(error, size, "%s: the admin server can't start", address);
    if (!a->daemon) close(fd);
    admin_stop(a);
    return NULL;
}

void admin_stop(admin *a) {
    if (!a) return;
    if (a->daemon) MHD_stop_daemon(a->daemon);
    if (a->address) address_forget(a->address);
    free(a->address);
    free(a->token);
    free(a);
}
