/* file_rotation.c: see file_rotation.h. */
#include "io/file_rotation.h"

#include <string.h>
#include <time.h>

#define LONGEST_STAMP  64
#define NUMBER_BYTES   20 /* of a u64 */
#define NUMBER_DIGITS  18 /* of a name's that is believed */
#define LAST_FOUR_YEAR 253402300799LL

/* ---- The stamp ----------------------------------------------------------------------------------------- */

weir_status wr_file_rotation_check(const wr_file_rotation *r, weir_error *err) {
    size_t len = strlen(r->stamp);
    if (!len || len > LONGEST_STAMP)
        return weir_fail(err, WEIR_ECONFIG, "rotate.name must have 1 to %d bytes", LONGEST_STAMP);
    for (const char *p = r->stamp; *p; p++) {
        if (*p == '/' || (unsigned char)*p < ' ' || *p == 0x7f)
            return weir_fail(err, WEIR_ECONFIG, "rotate.name must not hold '/' or a control character");
        if (*p != '%') continue;
        p++;
        if (!*p || !strchr("YmdHMSN", *p))
            return weir_fail(err, WEIR_ECONFIG,
                             "rotate.name: '%%%c' is none of %%Y, %%m, %%d, %%H, %%M, %%S and %%N",
                             *p ? *p : ' ');
    }
    return WEIR_OK;
}

size_t wr_file_rotation_longest(const wr_file_rotation *r) {
    size_t n = strlen(r->stamp) + 1 + NUMBER_BYTES;
    for (const char *p = r->stamp; *p; p++) n += *p == '%' ? NUMBER_BYTES : 0;
    return n;
}

int64_t wr_file_rotation_span(const wr_file_rotation *r, int64_t ms) {
    if (!r->every_ms) return 0;
    int64_t rest = ms % r->every_ms;
    return ms - rest - (rest < 0 ? r->every_ms : 0);
}

/* ---- Names --------------------------------------------------------------------------------------------- */

/* Where the stamp goes: in front of the last ending, and of the one before that if it says how the file is
 * packed. */
static size_t stem_length(const char *leaf) {
    size_t len = strlen(leaf), end = len;
    for (int i = 0; i < 2; i++) {
        size_t dot = end ? end - 1 : 0;
        while (dot && leaf[dot] != '.') dot--;
        if (!dot) return end;
        bool is_packing = strcmp(leaf + dot, ".gz") == 0 || strcmp(leaf + dot, ".zst") == 0;
        end = dot;
        if (!is_packing) return end;
    }
    return end;
}

static void put_stamp(const wr_file_rotation *r, const wr_file_closing *c, wr_buf *out) {
    int64_t s = WR_MIN(WR_MAX(c->begun_ms / 1000, 0), LAST_FOUR_YEAR);
    time_t seconds = (time_t)s;
    struct tm t = {0};
    gmtime_r(&seconds, &t);
    for (const char *p = r->stamp; *p; p++) {
        switch (*p == '%' ? *++p : 0) {
        case 'Y': wr_buf_printf(out, "%04d", t.tm_year + 1900); break;
        case 'm': wr_buf_printf(out, "%02d", t.tm_mon + 1); break;
        case 'd': wr_buf_printf(out, "%02d", t.tm_mday); break;
        case 'H': wr_buf_printf(out, "%02d", t.tm_hour); break;
        case 'M': wr_buf_printf(out, "%02d", t.tm_min); break;
        case 'S': wr_buf_printf(out, "%02d", t.tm_sec); break;
        case 'N': wr_buf_printf(out, "%llu", (unsigned long long)c->number); break;
        default: wr_buf_putc(out, *p);
        }
    }
}

void wr_file_rotation_name(const wr_file_rotation *r, const wr_file_closing *c, wr_buf *out) {
    size_t stem = stem_length(c->leaf);
    wr_buf_put(out, c->leaf, stem);
    put_stamp(r, c, out);
    if (!r->is_numbered && c->number > 1) wr_buf_printf(out, "-%llu", (unsigned long long)c->number);
    wr_buf_puts(out, c->leaf + stem);
}

/* Digits at *p: exactly `n`, or with 0 any number of them. */
static bool take_digits(const char **p, const char *end, size_t n, uint64_t *value) {
    const char *begin = *p;
    uint64_t v = 0;
    for (; *p < end && **p >= '0' && **p <= '9' && (!n || *p < begin + n); ++*p) {
        if (*p - begin >= NUMBER_DIGITS) return false;
        v = v * 10 + (uint64_t)(**p - '0');
    }
    *value = v;
    return n ? *p == begin + n : *p > begin;
}

bool wr_file_rotation_made(const wr_file_rotation *r, const char *leaf, const char *name, uint64_t *number) {
    size_t stem = stem_length(leaf), ending = strlen(leaf) - stem, len = strlen(name);
    if (len < stem + ending || memcmp(name, leaf, stem) != 0 ||
        memcmp(name + len - ending, leaf + stem, ending) != 0)
        return false;
    const char *p = name + stem, *end = name + len - ending;
    uint64_t v;
    *number = 0;
    for (const char *s = r->stamp; *s; s++) {
        if (*s != '%') {
            if (p == end || *p++ != *s) return false;
            continue;
        }
        s++;
        if (!take_digits(&p, end, *s == 'N' ? 0 : *s == 'Y' ? 4 : 2, &v)) return false;
        if (*s == 'N') *number = v;
    }
    if (p < end && !r->is_numbered && (*p++ != '-' || !take_digits(&p, end, 0, &v))) return false;
    return p == end;
}
