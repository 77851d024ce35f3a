/* wire.c: see wire.h. */
#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS        10000
#define FIRST_WAIT_MS   100
#define LONGEST_WAIT_MS 30000
#define STRETCH_NS      ((int64_t)50000000)
#define LARGEST_PEM     ((off_t)4 << 20)

weir_status wire_no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

int64_t wire_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct timespec wire_timespec(int64_t ns) {
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

int64_t wire_now_ms(void) { return wire_now_ns() / 1000000; }

int64_t wire_no_later_ns(const weir_io_host *host, int64_t ns) {
    int64_t stop = host && host->stop_by_ns ? host->stop_by_ns(host->stop_ctx) : INT64_MAX;
    return ns < stop ? ns : stop;
}

int64_t wire_stretch_ns(const weir_io_host *host, int64_t ns) {
    int64_t soon = wire_now_ns() + STRETCH_NS, until = wire_no_later_ns(host, ns);
    return until < soon ? until : soon;
}

void wire_one_line(char *text) {
    size_t len = strlen(text);
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127) *at = ' ';
    while (len && text[len - 1] == ' ') text[--len] = 0;
}

void wire_log(const weir_io_host *host, weir_log_level level, const char *format, ...) {
    char line[1024];
    if (!host || !host->log) return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    wire_one_line(line);
    host->log(host->log_ctx, level, line);
}

const char *wire_error_text(int code) {
    const char *why = strerrordesc_np(code);
    return why ? why : "it fails";
}

const char *wire_lookup_text(int failed) {
    switch (failed) {
    case EAI_NONAME: return "there is no host of that name";
    case EAI_AGAIN: return "no name server answers";
    case EAI_SYSTEM: return wire_error_text(errno);
    default: return "its name can't be looked up";
    }
}

weir_status wire_epoch_nothing(void *self, uint64_t epoch, weir_error *err) {
    (void)self;
    (void)epoch;
    (void)err;
    return WEIR_OK;
}

weir_status wire_save_nothing(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)self;
    (void)epoch;
    (void)err;
    if (w) weir_write_u32(w, 1);
    return WEIR_OK;
}

weir_status wire_seek_nothing(void *self, weir_reader *r, weir_error *err) {
    (void)self;
    return weir_read_version(r, 1, err);
}

weir_status wire_show_rest(weir_input *in, const weir_message *messages, uint32_t n, uint32_t n_used,
                           uint32_t *shown_from) {
    if (*shown_from == n_used) return in->wait_ms = 0, WEIR_EAGAIN;
    *shown_from = n_used;
    in->messages = messages + n_used;
    in->n_messages = n - n_used;
    return WEIR_OK;
}

bool wire_quiet_may_tell(wire_quiet *q) {
    int64_t now = wire_now_ms();
    q->n++;
    if (now < q->next_ms) return false;
    q->next_ms = now + QUIET_MS;
    return true;
}

int64_t wire_backoff_ms(wire_backoff *b) {
    if (!b->random && getentropy(&b->random, sizeof b->random)) b->random = (uint64_t)wire_now_ns();
    b->random = b->random * 6364136223846793005u + 1442695040888963407u;
    int64_t step = LONGEST_WAIT_MS;
    if (b->n_failures < 9) step = (int64_t)FIRST_WAIT_MS << b->n_failures;
    if (step > LONGEST_WAIT_MS) step = LONGEST_WAIT_MS;
    b->n_failures++;
    return step / 2 + (int64_t)((b->random >> 33) % (uint64_t)(step / 2 + 1));
}

/* ---- Bells -------------------------------------------------------------------------------------------- */

int wire_bell_new(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void wire_bell_ring(int bell) {
    uint64_t one = 1;
    if (bell >= 0 && write(bell, &one, sizeof one) < 0) return; /* full: it is readable already */
}

void wire_bell_drain(int bell) {
    uint64_t drop;
    if (bell >= 0 && read(bell, &drop, sizeof drop) < 0) return; /* it was not rung */
}

bool wire_sink_bell_open(wire_sink_bell *b) { return pipe2(b->fds, O_NONBLOCK | O_CLOEXEC) == 0; }

/* First the byte, then the mark: so a mark without a byte may be, and never a byte that no mark follows. */
void wire_sink_bell_ring(wire_sink_bell *b) {
    if (b->fds[1] < 0) return;
    ssize_t n = write(b->fds[1], "x", 1);
    (void)n; /* full: it is readable already */
    __atomic_store_n(&b->is_rung, true, __ATOMIC_RELEASE);
}

void wire_sink_bell_drain(wire_sink_bell *b) {
    char drop[64];
    if (!__atomic_load_n(&b->is_rung, __ATOMIC_RELAXED)) return;
    __atomic_store_n(&b->is_rung, false, __ATOMIC_SEQ_CST);
    while (read(b->fds[0], drop, sizeof drop) == (ssize_t)sizeof drop) continue;
}

void wire_sink_bell_close(wire_sink_bell *b) {
    for (int i = 0; i < 2; i++)
        if (b->fds[i] >= 0) close(b->fds[i]);
    *b = WIRE_NO_SINK_BELL;
}

/* ---- Addresses ---------------------------------------------------------------------------------------- */

static bool has_scheme(const char *schemes, const char *scheme, size_t len) {
    for (const char *at = schemes; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && strncasecmp(at, scheme, len) == 0) return true;
    return false;
}

static bool read_port(const char *text, uint16_t *port) {
    char *end;
    if (!isdigit((unsigned char)*text)) return false;
    unsigned long n = strtoul(text, &end, 10);
    *port = (uint16_t)n;
    return n > 0 && n <= 65535 && (*end == '/' || *end == '?' || *end == '\0');
}

weir_status wire_url_parse(const char *text, const char *option, const char *schemes, wire_url *out,
                           weir_error *err) {
    const char *mark = strstr(text, "://"), *host = mark ? mark + 3 : NULL, *end;
    *out = (wire_url){0};
    if (!mark || !has_scheme(schemes, text, (size_t)(mark - text)) ||
        (size_t)(mark - text) >= sizeof out->scheme)
        return weir_fail(err, WEIR_ECONFIG, "%s is '%.200s'; it takes %s://host:port/path", option, text,
                         schemes);
    for (size_t i = 0; text + i < mark; i++) out->scheme[i] = (char)tolower((unsigned char)text[i]);
    bool is_bracketed = *host == '[';
    host += is_bracketed;
    end = is_bracketed ? strchr(host, ']') : host + strcspn(host, ":/?");
    size_t len = end ? (size_t)(end - host) : 0;
    if (memchr(host, '@', strcspn(host, "/?"))) /* not shown: it may have a password */
        return weir_fail(err, WEIR_ECONFIG,
                         "%s has a user in its address; there are options for name and password", option);
    if (!len || len >= sizeof out->host)
        return weir_fail(err, WEIR_ECONFIG, "%s is '%.200s', which has no proper host", option, text);
    memcpy(out->host, host, len);
    end += is_bracketed;
    if (*end == ':' && !read_port(end + 1, &out->port))
        return weir_fail(err, WEIR_ECONFIG, "%s is '%.200s', which has no proper port", option, text);
    end += *end == ':' ? 1 + strspn(end + 1, "0123456789") : 0;
    int n = snprintf(out->path, sizeof out->path, "%s%s", *end == '/' ? "" : "/", end);
    if (n < 0 || (size_t)n >= sizeof out->path)
        return weir_fail(err, WEIR_ECONFIG, "the path of %s is longer than %zu bytes", option,
                         sizeof out->path - 1);
    return WEIR_OK;
}

/* ---- Lists -------------------------------------------------------------------------------------------- */

static weir_status not_pairs(const char *option, weir_error *err) {
    return weir_fail(err, WEIR_ECONFIG, "%s is no list of pairs; write it as \"'key:value','key:value'\"",
                     option);
}

static weir_status take_pair(const char *option, const char *at, size_t len, wire_pair_fn *each, void *ctx,
                             weir_error *err) {
    const char *colon = memchr(at, ':', len), *value = colon + 1, *end = at + len;
    if (!colon) return not_pairs(option, err);
    size_t key_len = (size_t)(colon - at);
    while (key_len && *at == ' ') at++, key_len--;
    while (key_len && at[key_len - 1] == ' ') key_len--;
    while (value < end && *value == ' ') value++;
    while (end > value && end[-1] == ' ') end--;
    return key_len ? each(ctx, at, key_len, value, (size_t)(end - value), err) : not_pairs(option, err);
}

weir_status wire_pairs_each(const char *option, const char *text, size_t len, wire_pair_fn *each, void *ctx,
                            weir_error *err) {
    const char *at = text, *end = text + len;
    while (at < end && isspace((unsigned char)*at)) at++;
    if (at < end && *at != '\'') return take_pair(option, at, (size_t)(end - at), each, ctx, err);
    while (at < end) {
        if (*at != '\'') return not_pairs(option, err);
        /* A value may hold quotes: a pair ends at a quote with a comma or nothing behind. */
        const char *stop = at + 1;
        for (; stop < end; stop++) {
            const char *behind = stop + 1;
            if (*stop != '\'') continue;
            while (behind < end && *behind == ' ') behind++;
            if (behind == end || *behind == ',') break;
        }
        if (stop == end) return not_pairs(option, err);
        WIRE_TRY(take_pair(option, at + 1, (size_t)(stop - at - 1), each, ctx, err));
        for (at = stop + 1; at < end && (*at == ',' || isspace((unsigned char)*at));) at++;
    }
    return WEIR_OK;
}

/* ---- Options ------------------------------------------------------------------------------------------ */

weir_status wire_refuse(const weir_setting *set, const char *name, const char *reason, weir_error *err) {
    if (!set->given) return WEIR_OK;
    return weir_fail(err, WEIR_EUNSUPPORTED, "'%s' is not supported: %s", name, reason);
}

char *wire_file_name(const weir_io_host *host, const char *name) {
    char *out;
    if (strncmp(name, "file://", 7) == 0)
        name += 7;
    else if (strncmp(name, "file:", 5) == 0)
        name += 5;
    if (*name == '/' || !host || !host->base_dir) return strdup(name);
    return asprintf(&out, "%s/%s", host->base_dir, name) < 0 ? NULL : out;
}

static weir_status read_file(const char *path, const char *name, char **out, weir_error *err) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || st.st_size > LARGEST_PEM) {
        if (fd >= 0) close(fd);
        return weir_fail(err, WEIR_EIO, "%s: can't read '%s': %s", name, path,
                         fd < 0 ? wire_error_text(errno) : "it is too large");
    }
    char *text = calloc(1, (size_t)st.st_size + 1);
    ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
    close(fd);
    *out = text;
    if (!text) return wire_no_memory(err);
    return n == st.st_size ? WEIR_OK : weir_fail(err, WEIR_EIO, "%s: can't read '%s'", name, path);
}

weir_status wire_read_pem(const weir_setting *set, const char *name, const weir_io_host *host, char **out,
                          weir_error *err) {
    if (!set->given) return WEIR_OK;
    char *path = wire_file_name(host, set->text);
    if (!path) return wire_no_memory(err);
    weir_status st = read_file(path, name, out, err);
    if (st == WEIR_OK && !strstr(*out, "-----BEGIN")) {
        st = weir_fail(err, WEIR_ECONFIG, "%s: '%s' is no PEM file", name, path);
        if (err)
            snprintf(
                err->hint, sizeof err->hint,
                "keytool -importkeystore -deststoretype PKCS12, then openssl pkcs12 -nodes, make PEM of a "
                "Java key store");
    }
    if (st != WEIR_OK) {
        free(*out);
        *out = NULL;
    }
    free(path);
    return st;
}

bool wire_draw_hex(char *out, size_t n) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[32];
    bool drawn = n <= sizeof bytes && !getentropy(bytes, n);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = drawn ? digits[bytes[i] >> 4] : '0';
        out[2 * i + 1] = drawn ? digits[bytes[i] & 15] : '0';
    }
    out[2 * n] = '\0';
    return drawn;
}

bool wire_same_secret(const char *a, size_t a_len, const char *b, size_t b_len) {
    unsigned char differs = a_len != b_len;
    for (size_t i = 0; i < b_len; i++) differs |= (unsigned char)((a_len ? a[i % a_len] : 0) ^ b[i]);
    return !differs;
}

static int of_base64(unsigned char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool wire_base64_decode(const char *text, size_t len, char *out, size_t size, size_t *n) {
    uint32_t bits = 0;
    unsigned held = 0;
    *n = 0;
    while (len && text[len - 1] == '=') len--;
    for (size_t i = 0; i < len; i++) {
        int v = of_base64((unsigned char)text[i]);
        if (v < 0) return false;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        if (*n + 1 >= size) return false;
        out[(*n)++] = (char)(bits >> held & 255);
    }
    if (*n < size) out[*n] = 0;
    return true;
}

void wire_base64_encode(const unsigned char *bytes, size_t len, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t b = (uint32_t)bytes[i] << 16 | (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (i + 2 < len ? bytes[i + 2] : 0);
        out[at++] = digits[b >> 18];
        out[at++] = digits[b >> 12 & 63];
        out[at++] = i + 1 < len ? digits[b >> 6 & 63] : '=';
        out[at++] = i + 2 < len ? digits[b & 63] : '=';
    }
    out[at] = 0;
}
