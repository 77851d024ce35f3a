/* format.c: patterns of times: compiling and printing. See format.h. */
#include "func/time/format.h"

#include "func/time/fields.h"

const char *const wr_month_names[12] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
const char *const wr_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};

/* ---- Compiling ---------------------------------------------------------------------------------------- */

static const char letters[] = "GyMdEDFwWaHkKhmsSzZ";

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static weir_status refuse(const char *pattern, size_t len, const char *why, weir_error *err) {
    return weir_fail(err, WEIR_EPARSE, "'%.*s' is no pattern of times: %s", (int)WR_MIN(len, 60u), pattern,
                     why);
}

/* The quoted text that begins behind *at; '' in it is a quote. */
static weir_status take_quoted(wr_time_format *f, size_t *at, weir_error *err) {
    for (size_t i = *at; i < f->len; i++) {
        if (f->pattern[i] == '\'' && (i + 1 >= f->len || f->pattern[i + 1] != '\'')) {
            *at = i + 1;
            return WEIR_OK;
        }
        f->plain[f->n_plain++] = f->pattern[i];
        i += f->pattern[i] == '\'';
    }
    return refuse(f->pattern, f->len, "a ' without a second one", err);
}

/* Text up to the next letter or quote. */
static void take_plain(wr_time_format *f, size_t *at) {
    while (*at < f->len && f->pattern[*at] != '\'' && !is_letter(f->pattern[*at]))
        f->plain[f->n_plain++] = f->pattern[(*at)++];
}

static weir_status take_letters(wr_time_format *f, size_t *at, wr_time_token *token, weir_error *err) {
    char c = f->pattern[*at],
         why[80] = "the letter ? isn't supported; G y M d E D F w W a H k K h m s S z Z are";
    why[11] = c;
    if (!memchr(letters, c, sizeof letters - 1)) return refuse(f->pattern, f->len, why, err);
    size_t begin = *at;
    while (*at < f->len && f->pattern[*at] == c) ++*at;
    token->letter = c;
    token->width = (uint16_t)(*at - begin);
    return WEIR_OK;
}

static weir_status take_token(wr_time_format *f, size_t *at, weir_error *err) {
    if (f->n == WR_TIME_TOKENS_MOST) return refuse(f->pattern, f->len, "it has too many parts", err);
    wr_time_token *token = &f->tokens[f->n++];
    *token = (wr_time_token){.at = f->n_plain};
    char c = f->pattern[*at];
    if (is_letter(c)) return take_letters(f, at, token, err);
    if (c != '\'') {
        take_plain(f, at);
    } else if (*at + 1 < f->len && f->pattern[*at + 1] == '\'') {
        f->plain[f->n_plain++] = '\'';
        *at += 2;
    } else {
        ++*at;
        WR_TRY(take_quoted(f, at, err));
    }
    token->width = (uint16_t)(f->n_plain - token->at);
    return WEIR_OK;
}

weir_status wr_time_format_set(wr_time_format *f, const char *pattern, size_t len, weir_error *err) {
    if (f->is_set && f->len == len && memcmp(f->pattern, pattern, len) == 0) return WEIR_OK;
    f->is_set = false;
    if (len == 0) return refuse(pattern, len, "it is empty", err);
    if (len > WR_TIME_PATTERN_MOST) return refuse(pattern, len, "it is too long", err);
    memcpy(f->pattern, pattern, len);
    f->len = (uint16_t)len;
    f->n = f->n_plain = 0;
    for (size_t at = 0; at < len;) WR_TRY(take_token(f, &at, err));
    f->is_set = true;
    return WEIR_OK;
}

/* ---- Printing ----------------------------------------------------------------------------------------- */

static void put_number(wr_buf *out, int32_t v, int width) { wr_buf_printf(out, "%0*d", width, v); }

static void put_name(wr_buf *out, const char *name, bool is_long) {
    wr_buf_put(out, name, is_long ? strlen(name) : 3);
}

static void put_year(wr_buf *out, int32_t year, int width) {
    if (width == 2)
        put_number(out, year % 100, 2);
    else
        put_number(out, year, WR_MAX(width, 4));
}

static void put_month(wr_buf *out, int32_t month, int width) {
    if (width < 3)
        put_number(out, month + 1, width);
    else
        put_name(out, wr_month_names[month], width > 3);
}

static void put_field(wr_buf *out, const int32_t *v, const wr_time_token *token) {
    int width = token->width;
    int32_t hour = v[WR_FIELD_HOUR], hour_of_day = v[WR_FIELD_HOUR_OF_DAY];
    switch (token->letter) {
    case 'G': wr_buf_puts(out, v[WR_FIELD_ERA] ? "AD" : "BC"); break;
    case 'y': put_year(out, v[WR_FIELD_YEAR], width); break;
    case 'M': put_month(out, v[WR_FIELD_MONTH], width); break;
    case 'd': put_number(out, v[WR_FIELD_DAY_OF_MONTH], width); break;
    case 'E': put_name(out, wr_day_names[v[WR_FIELD_DAY_OF_WEEK] - 1], width > 3); break;
    case 'D': put_number(out, v[WR_FIELD_DAY_OF_YEAR], width); break;
    case 'F': put_number(out, v[WR_FIELD_DAY_OF_WEEK_IN_MONTH], width); break;
    case 'w': put_number(out, v[WR_FIELD_WEEK_OF_YEAR], width); break;
    case 'W': put_number(out, v[WR_FIELD_WEEK_OF_MONTH], width); break;
    case 'a': wr_buf_puts(out, v[WR_FIELD_AM_PM] ? "PM" : "AM"); break;
    case 'H': put_number(out, hour_of_day, width); break;
    case 'k': put_number(out, hour_of_day ? hour_of_day : 24, width); break;
    case 'K': put_number(out, hour, width); break;
    case 'h': put_number(out, hour ? hour : 12, width); break;
    case 'm': put_number(out, v[WR_FIELD_MINUTE], width); break;
    case 's': put_number(out, v[WR_FIELD_SECOND], width); break;
    case 'S': put_number(out, v[WR_FIELD_MILLISECOND], width); break;
    case 'z': wr_buf_puts(out, width < 4 ? "UTC" : "Coordinated Universal Time"); break;
    default: wr_buf_puts(out, width == 1 ? "+0000" : "+00:00"); /* Z */
    }
}

void wr_time_print(const wr_time_format *f, int64_t ms, wr_buf *out) {
    wr_time_fields fields;
    wr_time_fields_of(ms, WR_WEEK_RULE_DEFAULT, &fields);
    for (uint32_t i = 0; i < f->n; i++) {
        const wr_time_token *token = &f->tokens[i];
        if (token->letter)
            put_field(out, fields.value, token);
        else
            wr_buf_put(out, f->plain + token->at, token->width);
    }
}
