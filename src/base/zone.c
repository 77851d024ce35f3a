/* zone.c: see zone.h. A zone is its changes as sorted columns, and the rule that holds after the last. */
#include "base/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/cron.h"
#include "base/zone_rule.h"

#define ZONES     "/usr/share/zoneinfo/"
#define FILE_MOST 65536u

struct wr_zone {
    uint32_t n; /* changes */
    int32_t first;
    int64_t *at;    /* of a change, UTC */
    int32_t *ahead; /* from then on */
    bool has_rule;
    wr_zone_rule rule; /* from the last change on */
};

/* ---- Names -------------------------------------------------------------------------------------------- */

static const struct {
    char name[4];
    const char *is;
} shorts[] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"EST", "-05:00"},
    {"HST", "-10:00"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"MST", "-07:00"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
};

static weir_status unknown(const char *name, size_t len, weir_error *err) {
    return weir_fail(err, WEIR_EPARSE,
                     "'%.*s' is not a time zone: give a region such as 'Europe/Paris' (of " ZONES
                     "), UTC or an offset such as +02:00",
                     (int)WR_MIN(len, 40), name);
}

/* Names of files below ZONES and nothing else; `right` has leap seconds, `posix` is the same again. */
static bool is_region(const char *name, size_t len) {
    if (len == 0 || len >= WR_ZONE_NAME_MOST || *name == '/' || memcmp(name, "right/", WR_MIN(len, 6)) == 0 ||
        memcmp(name, "posix/", WR_MIN(len, 6)) == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_name && (!strchr("/_+-", c) || c == '\0')) return false;
    }
    return true;
}

/* "Z", "UTC", "GMT", "UT", any of the three with an offset behind it, or an offset. */
static bool fixed_offset(const char *name, size_t len, int32_t *ahead_s) {
    static const char *const prefixes[] = {"UTC", "GMT", "UT"};
    for (uint32_t i = 0; i < WR_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (len < n || memcmp(name, prefixes[i], n) != 0) continue;
        *ahead_s = 0;
        if (len == n) return true;
        if (name[n] != '+' && name[n] != '-') continue;
        name += n;
        len -= n;
        break;
    }
    int32_t minutes;
    weir_error why;
    if (wr_cron_zone(name, len, &minutes, &why)) return false;
    *ahead_s = minutes * 60;
    return true;
}

/* ---- TZif --------------------------------------------------------------------------------------------- */

typedef struct tzif {
    const uint8_t *p, *end;
    uint32_t n_utc, n_std, n_leaps, n_changes, n_types, n_chars; /* of the header read last */
} tzif;

static uint64_t big_endian(const uint8_t *p, int n) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

static bool take_header(tzif *t, uint8_t *version) {
    if (t->end - t->p < 44 || memcmp(t->p, "TZif", 4) != 0) return false;
    uint32_t *counts[] = {&t->n_utc, &t->n_std, &t->n_leaps, &t->n_changes, &t->n_types, &t->n_chars};
    *version = t->p[4];
    for (int i = 0; i < 6; i++) *counts[i] = (uint32_t)big_endian(t->p + 20 + 4 * i, 4);
    t->p += 44;
    for (int i = 0; i < 6; i++)
        if (*counts[i] > FILE_MOST) return false;
    return true;
}

/* The bytes of the block behind the header; times take `width` bytes. */
static size_t block_bytes(const tzif *t, size_t width) {
    return t->n_changes * (width + 1) + t->n_types * (size_t)6 + t->n_chars + t->n_leaps * (width + 4) +
           t->n_std + t->n_utc;
}

static bool take_block(tzif *t, wr_zone *z) {
    const uint8_t *times = t->p, *indices = times + t->n_changes * (size_t)8, *types = indices + t->n_changes;
    if ((size_t)(t->end - t->p) < block_bytes(t, 8) || t->n_types == 0 || t->n_leaps) return false;
    z->n = t->n_changes;
    z->first = (int32_t)big_endian(types, 4);
    if (z->n) {
        z->at = wr_alloc(NULL, z->n * sizeof *z->at);
        z->ahead = wr_alloc(NULL, z->n * sizeof *z->ahead);
        if (!z->at || !z->ahead) return false;
    }
    for (uint32_t i = 0; i < z->n; i++) {
        if (indices[i] >= t->n_types) return false;
        z->at[i] = (int64_t)big_endian(times + i * (size_t)8, 8);
        z->ahead[i] = (int32_t)big_endian(types + indices[i] * (size_t)6, 4);
        if (i && z->at[i] < z->at[i - 1]) return false;
    }
    t->p += block_bytes(t, 8);
    return true;
}

/* The second block of the file, with times of 8 bytes, and the rule behind it. */
static bool read_tzif(const uint8_t *bytes, size_t len, wr_zone *z) {
    tzif t = {.p = bytes, .end = bytes + len};
    uint8_t version;
    if (!take_header(&t, &version) || version < '2' || (size_t)(t.end - t.p) < block_bytes(&t, 4))
        return false;
    t.p += block_bytes(&t, 4);
    if (!take_header(&t, &version) || !take_block(&t, z)) return false;
    if (t.p == t.end || *t.p++ != '\n') return false;
    const uint8_t *stop = memchr(t.p, '\n', (size_t)(t.end - t.p));
    if (!stop) return false;
    z->has_rule = stop > t.p;
    return !z->has_rule || wr_zone_rule_parse((const char *)t.p, (size_t)(stop - t.p), &z->rule);
}

static weir_status read_region(const char *name, size_t len, wr_zone *z, weir_error *err) {
    char path[sizeof ZONES + WR_ZONE_NAME_MOST];
    if (!is_region(name, len)) return unknown(name, len, err);
    snprintf(path, sizeof path, ZONES "%.*s", (int)len, name);
    FILE *f = fopen(path, "rbe");
    if (!f) return unknown(name, len, err);
    uint8_t *bytes = wr_alloc(NULL, FILE_MOST);
    size_t n = bytes ? fread(bytes, 1, FILE_MOST, f) : 0;
    bool is_read = bytes && n < FILE_MOST && read_tzif(bytes, n, z);
    bool is_zone = n >= 4 && memcmp(bytes, "TZif", 4) == 0;
    wr_free(NULL, bytes, FILE_MOST);
    fclose(f);
    if (is_read) return WEIR_OK;
    return is_zone ? weir_fail(err, WEIR_EPARSE, "%s is damaged", path) : unknown(name, len, err);
}

weir_status wr_zone_open(const char *name, size_t len, wr_zone **out, weir_error *err) {
    wr_zone *z = *out = NULL;
    for (uint32_t i = 0; len == 3 && i < WR_COUNT(shorts); i++)
        if (memcmp(shorts[i].name, name, 3) == 0)
            return wr_zone_open(shorts[i].is, strlen(shorts[i].is), out, err);
    z = wr_alloc_zero(NULL, sizeof *z);
    if (!z) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    weir_status status = fixed_offset(name, len, &z->first) ? WEIR_OK : read_region(name, len, z, err);
    if (status)
        wr_zone_close(z);
    else
        *out = z;
    return status;
}

weir_status wr_zone_read(const uint8_t *bytes, size_t len, wr_zone **out, weir_error *err) {
    wr_zone *z = *out = wr_alloc_zero(NULL, sizeof *z);
    if (!z) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (read_tzif(bytes, len, z)) return WEIR_OK;
    wr_zone_close(z);
    *out = NULL;
    return weir_fail(err, WEIR_EPARSE, "the file of a time zone is damaged");
}

void wr_zone_close(wr_zone *z) {
    if (!z) return;
    wr_free(NULL, z->at, z->n * sizeof *z->at);
    wr_free(NULL, z->ahead, z->n * sizeof *z->ahead);
    wr_free(NULL, z, sizeof *z);
}

/* ---- Use ---------------------------------------------------------------------------------------------- */

int32_t wr_zone_ahead(const wr_zone *z, int64_t utc_s) {
    if (z->has_rule && (z->n == 0 || utc_s >= z->at[z->n - 1])) return wr_zone_rule_ahead(&z->rule, utc_s);
    uint32_t low = 0, high = z->n; /* the first change that is later */
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (z->at[mid] <= utc_s)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? z->ahead[low - 1] : z->first;
}

#define DAY INT64_C(86400)

int64_t wr_zone_utc(const wr_zone *z, int64_t local_s) {
    int32_t before = wr_zone_ahead(z, local_s - DAY), after = wr_zone_ahead(z, local_s + DAY);
    bool is_after =
        wr_zone_ahead(z, local_s - before) != before && wr_zone_ahead(z, local_s - after) == after;
    return local_s - (is_after ? after : before);
}
