/* zones.c: timezoneConvert. */
#include "base/floor_div.h"
#include "base/zone.h"
#include "func/time/functions.h"
#include "func/time/site.h"

/* A zone by the name that was asked for last: names are the same row after row. */
typedef struct zone_memo {
    char name[WR_ZONE_NAME_MOST];
    size_t len;
    wr_zone *zone; /* NULL: none yet */
} zone_memo;

typedef struct convert_site {
    wr_time_site time;
    wr_buf again;      /* what the text would be if printed */
    zone_memo memo[2]; /* the target, the source */
} convert_site;

static weir_status open_convert(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self, (void)args, (void)n_args, (void)err;
    return WEIR_OK;
}

static void close_convert(void *self) {
    convert_site *site = self;
    wr_time_site_close(&site->time);
    wr_buf_fini(&site->again);
    for (int i = 0; i < 2; i++) wr_zone_close(site->memo[i].zone);
}

static weir_status recall(zone_memo *memo, wr_text name, const wr_zone **out, weir_error *err) {
    if (!memo->zone || memo->len != name.n || memcmp(memo->name, name.p, name.n) != 0) {
        wr_zone *zone;
        WR_TRY(wr_zone_open(name.p, name.n, &zone, err)); /* a longer name than the memo holds is none */
        wr_zone_close(memo->zone);
        memo->zone = zone;
        memo->len = name.n;
        memcpy(memo->name, name.p, name.n);
    }
    *out = memo->zone;
    return WEIR_OK;
}

/* Siddhi reads and prints here with Java's DateTimeFormatter, whose patterns are those of SimpleDateFormat in
 * the letters below only, and which takes no other text than it would print. A date and an hour are needed.
 */
static weir_status check_pattern(const wr_time_format *f, weir_error *err) {
    bool has[128] = {false};
    for (uint32_t i = 0; i < f->n; i++) {
        char c = f->tokens[i].letter;
        uint32_t width = f->tokens[i].width;
        if (!c) continue;
        has[(unsigned char)c] = true;
        if (!strchr("yMdHhams", c) && !(c == 'S' && width == 3) && c != 'E')
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "'%.*s': in this function patterns may have y M d H h a m s E and SSS",
                             (int)f->len, f->pattern);
        if (c == 'y' && width == 2)
            return weir_fail(err, WEIR_EUNSUPPORTED, "'%.*s': in this function years have four digits",
                             (int)f->len, f->pattern);
    }
    if (has['y'] && has['M'] && has['d'] && (has['H'] || (has['h'] && has['a']))) return WEIR_OK;
    return weir_fail(err, WEIR_EPARSE, "'%.*s' lacks a date or an hour", (int)f->len, f->pattern);
}

static weir_status check_convert(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    const weir_function_type *t = &wr_time_timezone_convert;
    static const wr_overload overloads[] = {{3, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING}},
                                            {4, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING, WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(t, overloads, 2, args, n_args, err));
    for (uint32_t i = 1; i < n_args; i++) {
        if (!args[i].is_const || args[i].value.is_null) continue;
        const weir_string *s = &args[i].value.as.s;
        wr_time_format f = {.is_set = false};
        wr_zone *zone = NULL;
        weir_error why;
        weir_status status = i == 1 ? wr_time_format_set(&f, weir_string_data(s), s->len, &why)
                                    : wr_zone_open(weir_string_data(s), s->len, &zone, &why);
        if (i == 1 && !status) status = check_pattern(&f, &why);
        wr_zone_close(zone);
        if (status) return wr_refuse_args(t, args, n_args, i, err, "%s", why.message);
    }
    return WEIR_OK;
}

/* Fields of one letter are read with zeros before them, too, so only the others must be as printed. */
static bool is_as_printed(convert_site *site, wr_text text, int64_t ms) {
    const wr_time_format *f = &site->time.from;
    for (uint32_t i = 0; i < f->n; i++)
        if (f->tokens[i].letter && f->tokens[i].letter != 'a' && f->tokens[i].width == 1) return true;
    wr_buf_clear(&site->again);
    wr_time_print(f, ms, &site->again);
    return site->again.len == text.n && memcmp(site->again.data, text.p, text.n) == 0;
}

/* -7/2 is -4 */
static weir_status convert_row(convert_site *site, const weir_call *call, uint32_t row, wr_text text,
                               const wr_text *zones, weir_error *err) {
    const wr_zone *target, *source;
    wr_time_format *f = &site->time.from;
    int64_t local_ms;
    WR_TRY(check_pattern(f, err));
    WR_TRY(recall(&site->memo[0], zones[0], &target, err));
    WR_TRY(recall(&site->memo[1], zones[1], &source, err));
    if (!wr_time_read(f, text.p, text.n, &local_ms) || !is_as_printed(site, text, local_ms))
        return weir_fail(err, WEIR_EPARSE, "'%.*s' is no time of the pattern '%.*s'",
                         (int)WR_MIN(text.n, 60u), text.p, (int)WR_MIN(f->len, 60u), f->pattern);
    int64_t local_s = wr_floor_div(local_ms, 1000), utc_s = wr_zone_utc(source, local_s);
    int64_t there_s = utc_s + wr_zone_ahead(target, utc_s);
    return wr_time_put(call, row, &site->time, f, there_s * 1000 + (local_ms - local_s * 1000));
}

static bool is_any_null(const weir_call *call, uint32_t row) {
    for (uint32_t i = 0; i < call->n_args; i++)
        if (weir_is_null(&call->args[i], row)) return true;
    return false;
}

static weir_status eval_convert(void *self, const weir_call *call, weir_error *err) {
    static const char name[] = "time:timezoneConvert";
    convert_site *site = self;
    WR_FOR_ROWS(call, row) {
        if (is_any_null(call, row)) {
            wr_put_null(call, row);
            continue;
        }
        if (!wr_time_pattern_arg(call, 1, row, name, &site->time.from)) continue;
        wr_text text, zones[2] = {{"UTC", 3}, {"UTC", 3}};
        bool is_text = wr_text_needed(call, 0, row, name, &text);
        for (uint32_t i = 2; i < call->n_args; i++)
            is_text = wr_text_needed(call, i, row, name, &zones[i - 2]) && is_text;
        if (!is_text) continue;
        weir_error why;
        weir_status status = convert_row(site, call, row, text, zones, &why);
        if (status == WEIR_ENOMEM) return weir_fail(err, status, "%s", why.message);
        if (status) wr_call_fail(call, row, "%s(): %s", name, why.message);
    }
    return WEIR_OK;
}

const weir_function_type wr_time_timezone_convert = {
    .struct_size = sizeof(weir_function_type),
    .ns = "time",
    .name = "timezoneConvert",
    .doc = "Gives what the clocks of a zone show when those of another show a time.",
    .example = "time:timezoneConvert('2014/11/11 13:23:44', 'yyyy/MM/dd HH:mm:ss', 'UTC', 'IST') -> "
               "'2014/11/11 07:53:44'",
    .params =
        (const weir_param_doc[]){
            {"time:timezoneConvert(<string> time, <string> pattern, <string> to)",
             "From UTC. A zone is a region like 'Europe/Paris', 'UTC', an offset like "
             "'+05:30', or one of Java's short names ('PST'). The pattern is of y M d H h a "
             "m s E and SSS, with a date and an hour. A null gives null; a time that the "
             "clocks pass over is taken for as long after the gap's begin, one that they "
             "show twice for the first."},
            {"time:timezoneConvert(<string> time, <string> pattern, <string> to, <string> "
             "from)",
             "From another zone."},
            {NULL, NULL}},
    .check = check_convert,
    .state_size = sizeof(convert_site),
    .open = open_convert,
    .close = close_convert,
    .eval = eval_convert,
    .can_fail = true,
};
