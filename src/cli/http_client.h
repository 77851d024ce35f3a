/* http_client.h: one request to the admin server of a running weir. */
#ifndef CLI_HTTP_CLIENT_H
#define CLI_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_answer {
    int status; /* 200 … */
    char *body; /* NUL-terminated */
    size_t len;
    char *memory; /* what body lies in */
} http_answer;

/* GET, or POST where there is a body. False, with the reason in error, if there was no answer, or nothing
 * came for timeout_ms (0: however long it takes). token may be NULL. header: one more line, without its end,
 * or NULL. */
bool http_ask(const char *address, const char *path, const char *token, const char *header, const char *body,
              size_t body_len, int64_t timeout_ms, http_answer *out, char *error, size_t size);
/* The same with any method. */
bool http_request(const char *address, const char *method, const char *path, const char *token,
                  const char *header, const char *body, size_t body_len, int64_t timeout_ms, http_answer *out,
                  char *error, size_t size);
void http_answer_free(http_answer *a);

#endif
