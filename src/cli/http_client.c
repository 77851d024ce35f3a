/* http_client.c: see http_client.h. HTTP 1.0: the answer ends with the connection. */
#include "cli/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/address.h"

/* As far as the other side listens: it may have answered already, and be gone. */
static void send_all(int fd, const char *bytes, size_t len) {
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes += n;
        len -= (size_t)n;
    }
}

static char *read_all(int fd, size_t *len) {
    char *text = NULL, block[65536];
    FILE *copy = open_memstream(&text, len);
    for (ssize_t got; copy && (got = read(fd, block, sizeof block)) > 0;) fwrite(block, 1, (size_t)got, copy);
    if (copy) fclose(copy);
    return text;
}

static char *make_head(const char *method, const char *path, const char *token, const char *header,
                       const char *body, size_t body_len) {
    char *head = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&head, &len);
    if (!f) return NULL;
    fprintf(f, "%s %s HTTP/1.0\r\nHost: weir\r\n", method, path);
    if (token) fprintf(f, "Authorization: Bearer %s\r\n", token);
    if (header) fprintf(f, "%s\r\n", header);
    if (body) fprintf(f, "Content-Length: %zu\r\n", body_len);
    fputs("\r\n", f);
    fclose(f);
    return head;
}

bool http_ask(const char *address, const char *path, const char *token, const char *header, const char *body,
              size_t body_len, int64_t timeout_ms, http_answer *out, char *error, size_t size) {
    return http_request(address, body ? "POST" : "GET", path, token, header, body, body_len, timeout_ms, out,
                        error, size);
}

bool http_request(const char *address, const char *method, const char *path, const char *token,
                  const char *header, const char *body, size_t body_len, int64_t timeout_ms, http_answer *out,
                  char *error, size_t size) {
    *out = (http_answer){0};
    int fd = address_connect(address, error, size);
    if (fd < 0) return false;
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char *head = make_head(method, path, token, header, body, body_len);
    size_t len = 0;
    if (head) send_all(fd, head, strlen(head));
    if (head && body) send_all(fd, body, body_len);
    if (head) out->memory = read_all(fd, &len);
    free(head);
    close(fd);
    char *end = out->memory ? strstr(out->memory, "\r\n\r\n") : NULL;
    if (!end || sscanf(out->memory, "HTTP/%*s %d", &out->status) != 1) {
        snprintf(error, size, "%s: no answer", address);
        http_answer_free(out);
        return false;
    }
    out->body = end + 4;
    out->len = len - (size_t)(out->body - out->memory);
    return true;
}

void http_answer_free(http_answer *a) {
    free(a->memory);
    *a = (http_answer){0};
}
