/* within.c: see within.h. */
#include "base/within.h"

#include <strings.h>

#define PLAIN_BYTES 19u /* yyyy-MM-dd HH:mm:ss */
#define ZONED_BYTES 26u /* … ±HH:MM */

static const char *const not_a_range = "'within' takes a text like '2020-**-** **:**:**', '2020-01-** "
                                       "**:**:**' … '2020-01-31 10:20:30', with an "
                                       "offset like ' +05:30' behind if it is not GMT";

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static int64_t number(const char *p, int n) {
    int64_t v = 0;
    for (int i = 0; i < n; i++) v = v * 10 + (p[i] - '0');
    return v;
}

/* Parts: year, month, day, hour, minute, second. *n_given of them are numbers, the rest wildcards. */
static bool read_parts(const char *p, int64_t parts[6], uint32_t *n_given) {
    static const struct {
        uint8_t at, size;
        char before;
    } places[6] = {{0, 4, 0}, {5, 2, '-'}, {8, 2, '-'}, {11, 2, ' '}, {14, 2, ':'}, {17, 2, ':'}};
    *n_given = 0;
    for (uint32_t i = 0; i < 6; i++) {
        const char *at = p + places[i].at;
        bool given = is_digit(at[0]) && is_digit(at[1]) &&
                     (places[i].size == 2 || (is_digit(at[2]) && is_digit(at[3])));
        bool wild = i > 0 && at[0] == '*' && at[1] == '*';
        if (places[i].before && at[-1] != places[i].before) return false;
        if (!given && !wild) return false;
        if (given && *n_given != i) return false; /* a number behind a wildcard */
        *n_given += given;
        parts[i] = given ? number(at, places[i].size) : i < 3;
    }
    return true;
}

static bool read_offset(const char *p, int64_t *ms) {
    if (p[0] != ' ' || (p[1] != '+' && p[1] != '-') || !is_digit(p[2]) || !is_digit(p[3]) || p[4] != ':' ||
        !is_digit(p[5]) || !is_digit(p[6]))
        return false;
    int64_t hours = number(p + 2, 2), minutes = number(p + 5, 2);
    *ms = (hours * 60 + minutes) * (p[1] == '-' ? -60000 : 60000);
    return minutes < 60 && hours * 60 + minutes <= 18 * 60;
}

static bool is_date(const int64_t parts[6]) {
    if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59)
        return false;
    wr_date d = {parts[0], (uint32_t)parts[1], (uint32_t)parts[2]}, back = wr_date_of(wr_days_of(d));
    return back.month == d.month && back.day == d.day;
}

const char *wr_within_text(const weir_string *text, wr_within *out) {
    static const wr_unit units[] = {WR_YEAR, WR_MONTH, WR_DAY, WR_HOUR, WR_MINUTE, WR_SECOND};
    const char *p = weir_string_data(text);
    uint32_t len = text->len, n_given;
    int64_t parts[6], offset = 0;
    while (len && (unsigned char)*p <= ' ') p++, len--;
    while (len && (unsigned char)p[len - 1] <= ' ') len--;
    if (len != PLAIN_BYTES && len != ZONED_BYTES) return not_a_range;
    if (!read_parts(p, parts, &n_given) || !is_date(parts)) return not_a_range;
    if (len == ZONED_BYTES && !read_offset(p + PLAIN_BYTES, &offset)) return not_a_range;
    int64_t days = wr_days_of((wr_date){parts[0], (uint32_t)parts[1], (uint32_t)parts[2]});
    int64_t local = (days * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5]) * 1000;
    *out = (wr_within){local - offset, wr_unit_end(units[n_given - 1], local) - offset};
    return NULL;
}

/* ---- Granularities ----------------------------------------------------------------------------------------
 */

static const char *const names[WR_N_UNITS][3] = {{"seconds", "second", "sec"}, {"minutes", "minute", "min"},
                                                 {"hours", "hour", "hour"},    {"days", "day", "day"},
                                                 {"months", "month", "month"}, {"years", "year", "year"}};

bool wr_unit_of(const weir_string *text, wr_unit *out) {
    for (uint32_t u = 0; u < WR_N_UNITS; u++)
        for (uint32_t i = 0; i < 3; i++)
            if (strlen(names[u][i]) == text->len &&
                strncasecmp(names[u][i], weir_string_data(text), text->len) == 0) {
                *out = (wr_unit)u;
                return true;
            }
    return false;
}

const char *wr_unit_name(wr_unit unit) { return names[unit][0]; }
