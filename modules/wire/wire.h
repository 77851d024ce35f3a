/* wire.h: what connectors over the network share: log lines, back-off, addresses, lists in options. Each
 * module has a copy. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdarg.h>
#include <time.h>

#include "weir_io.h"

#define WIRE_TRY(call)                                                                                       \
    do {                                                                                                     \
        weir_status wire_status_ = (call);                                                                   \
        if (wire_status_ != WEIR_OK) return wire_status_;                                                    \
    } while (0)

weir_status wire_no_memory(weir_error *err);
int64_t wire_now_ms(void); /* monotonic */
int64_t wire_now_ns(void); /* the same clock */
/* A time of that clock for calls that wait. */
struct timespec wire_timespec(int64_t ns);
/* The earlier of this time and that by which a stop of the app wants calls back. */
int64_t wire_no_later_ns(const weir_io_host *host, int64_t ns);
/* Until when to wait at a stretch: then a stop is looked for again. */
int64_t wire_stretch_ns(const weir_io_host *host, int64_t ns);
/* What others have sent may be in a text for people: bytes that a terminal or a log would act on become
 * blanks, and there are none at the end. */
void wire_one_line(char *text);
void wire_log(const weir_io_host *host, weir_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of errno, and of getaddrinfo: in English, whatever the locale. libc's strerror and gai_strerror translate,
 * under locks that a thread which outlives exit() may hold for ever. */
const char *wire_error_text(int code);
const char *wire_lookup_text(int failed);

/* For sinks that keep nothing by epoch: begin, commit and abort. For sinks and sources of which a checkpoint
 * has a mark alone: prepare or position, and seek. */
weir_status wire_epoch_nothing(void *self, uint64_t epoch, weir_error *err);
weir_status wire_save_nothing(void *self, uint64_t epoch, weir_writer *w, weir_error *err);
weir_status wire_seek_nothing(void *self, weir_reader *r, weir_error *err);

/* For poll() of sources of messages: shows those of the n that were not consumed yet. If nothing was since
 * the last time (*shown_from, UINT32_MAX at first), there is nothing more: EAGAIN. */
weir_status wire_show_rest(weir_input *in, const weir_message *messages, uint32_t n, uint32_t n_used,
                           uint32_t *shown_from);

/* Counters that one thread writes and others read. */
static inline uint64_t wire_count(uint64_t *n, uint64_t more) {
    return __atomic_add_fetch(n, more, __ATOMIC_RELAXED);
}
static inline uint64_t wire_counted(const uint64_t *n) { return __atomic_load_n(n, __ATOMIC_RELAXED); }

/* A line of a kind is told once in ten seconds; what is left out in between is counted. */
typedef struct wire_quiet {
    int64_t next_ms;
    uint64_t n;
} wire_quiet;
bool wire_quiet_may_tell(wire_quiet *q);

/* Exponential back-off with jitter: 100 ms to 30 s, each wait between half and all of the step. */
typedef struct wire_backoff {
    uint32_t n_failures;
    uint64_t random; /* 0 at first */
} wire_backoff;
int64_t wire_backoff_ms(wire_backoff *b); /* how long to wait after one more failure */

/* A wake-up: readable once it was rung, until it is drained. Rung by any thread. */
int wire_bell_new(void); /* -1: no descriptors */
void wire_bell_ring(int bell);
void wire_bell_drain(int bell);

/* The same for weir_sink_type.wake_fd, which is polled for writing too: a bell above is always writable, and
 * who waits for it would never sleep. */
typedef struct wire_sink_bell {
    int fds[2]; /* fds[0] is what wake_fd gives */
    bool is_rung;
} wire_sink_bell;
#define WIRE_NO_SINK_BELL ((wire_sink_bell){.fds = {-1, -1}})
bool wire_sink_bell_open(wire_sink_bell *b); /* false: no descriptors */
void wire_sink_bell_ring(wire_sink_bell *b);
void wire_sink_bell_drain(wire_sink_bell *b); /* costs nothing when it was not rung */
void wire_sink_bell_close(wire_sink_bell *b); /* fine when it is none */

/* scheme://host[:port][/path]. An IPv6 address is written in brackets, which host has not. */
typedef struct wire_url {
    char scheme[16], host[256];
    uint16_t port;   /* 0: none was given */
    char path[1024]; /* from '/' on, with what follows it; "/" if there is none */
} wire_url;
/* `option` is for messages: "publisher.url". schemes: "http|https". */
weir_status wire_url_parse(const char *text, const char *option, const char *schemes, wire_url *out,
                           weir_error *err);

/* "'key:value','key:value'" as Siddhi writes lists of pairs; quotes may be left out around an only pair.
 * Blanks around keys and values are dropped. False: not such a list. */
typedef weir_status wire_pair_fn(void *ctx, const char *key, size_t key_len, const char *value,
                                 size_t value_len, weir_error *err);
weir_status wire_pairs_each(const char *option, const char *text, size_t len, wire_pair_fn *each, void *ctx,
                            weir_error *err);

/* An option that is known and does not work here: refused, with the reason. */
weir_status wire_refuse(const weir_setting *set, const char *name, const char *reason, weir_error *err);
/* The setting names a readable PEM file; `what` is for messages. A Java key store is told as such. NULL: none
 * is given, or it failed (err). malloc, with a NUL behind. */
weir_status wire_read_pem(const weir_setting *set, const char *name, const weir_io_host *host, char **out,
                          weir_error *err);
/* The file's name, relative ones made relative to base_dir; a leading "file:" is dropped. malloc. */
char *wire_file_name(const weir_io_host *host, const char *name);
/* n random bytes as hex digits, and a NUL: 2 n + 1. False: the system has none, and `out` is zeros. */
bool wire_draw_hex(char *out, size_t n);
/* Whether both are the same; takes as long for any two texts of the same length. */
bool wire_same_secret(const char *a, size_t a_len, const char *b, size_t b_len);
/* Base64, with padding. False: not base64, or too long for out. A NUL is put behind. */
bool wire_base64_decode(const char *text, size_t len, char *out, size_t size, size_t *n);
void wire_base64_encode(const unsigned char *bytes, size_t len, char *out); /* 4 * ((len + 2) / 3) + 1 */

#endif
