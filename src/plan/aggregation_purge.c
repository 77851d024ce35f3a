/* aggregation_purge.c: @purge of an aggregation: how often buckets are dropped, and how old they get. */
#include <string.h>
#include <strings.h>

#include "plan/aggregation.h"
#include "plan/annotations.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* As in Siddhi: by unit, how long buckets are kept if nothing is written, and the least that may be. */
static const int64_t usual_ms[WR_N_UNITS] = {2 * MINUTE, DAY, 30 * DAY, 365 * DAY, INT64_MAX, INT64_MAX};
static const int64_t least_ms[WR_N_UNITS] = {2 * MINUTE, 2 * HOUR, 25 * HOUR, 32 * DAY, 13 * 30 * DAY, 0};

static const char *const unit_keys[WR_N_UNITS][3] = {
    {"sec", "second", "seconds"}, {"min", "minute", "minutes"},  {"hour", "hours", "hours"},
    {"day", "days", "days"},      {"month", "months", "months"}, {"year", "years", "years"}};

static bool unit_named(const char *key, uint32_t *unit) {
    for (uint32_t u = 0; key && u < WR_N_UNITS; u++)
        for (uint32_t i = 0; i < 3; i++)
            if (strcasecmp(key, unit_keys[u][i]) == 0) {
                *unit = u;
                return true;
            }
    return false;
}

static void set_retention(wr_planner *p, const wr_ast_annotation_item *item, wr_plan_aggregation *a) {
    uint32_t unit, at = 0;
    if (!unit_named(item->key, &unit)) {
        wr_plan_error(p, item->span, WEIR_ECONFIG, "sec, min, hours, days, months or years",
                      "@retentionPeriod takes no '%s'", item->key ? item->key : "");
        return;
    }
    while (at < a->n_units && a->units[at] != unit) at++;
    if (at == a->n_units) {
        wr_plan_error(p, item->span, WEIR_ECONFIG, NULL, "the aggregation keeps nothing by '%s'", item->key);
        return;
    }
    if (item->value && strcasecmp(item->value, "all") == 0) {
        a->keep_ms[at] = INT64_MAX;
        return;
    }
    int64_t ms = wr_plan_annotation_time(p, item);
    if (ms < 0) return;
    if (ms < least_ms[unit])
        wr_plan_error(p, item->value_span, WEIR_ECONFIG, NULL,
                      "buckets by '%s' are kept for %lld minutes at least", item->key,
                      (long long)(least_ms[unit] / MINUTE));
    a->keep_ms[at] = ms;
}

static void set_retentions(wr_planner *p, const wr_ast_annotation *purge, wr_plan_aggregation *a) {
    for (uint32_t i = 0; i < purge->n_items; i++) {
        const wr_ast_annotation *child = purge->items[i].child;
        if (!child) continue;
        if (strcasecmp(child->name.text, "retentionPeriod") != 0) {
            wr_plan_error(p, child->span, WEIR_ECONFIG, "@retentionPeriod", "@purge takes no '@%s'",
                          child->name.text);
            continue;
        }
        for (uint32_t k = 0; k < child->n_items; k++) set_retention(p, &child->items[k], a);
    }
}

static void read_purge(wr_planner *p, const wr_ast_annotation *purge, wr_plan_aggregation *a) {
    const wr_ast_annotation_item *enable = wr_ast_find_item(purge, "enable");
    const wr_ast_annotation_item *interval = wr_ast_find_item(purge, "interval");
    if (enable && strcasecmp(enable->value, "true") != 0 && strcasecmp(enable->value, "false") != 0)
        wr_plan_error(p, enable->value_span, WEIR_ECONFIG, "true or false", "'%s' is neither true nor false",
                      enable->value);
    if (interval) a->purge_ms = wr_plan_annotation_time(p, interval);
    if (a->purge_ms < 0) a->purge_ms = 15 * MINUTE;
    set_retentions(p, purge, a);
    if (enable && strcasecmp(enable->value, "false") == 0) a->purge_ms = 0;
}

void wr_plan_purge(wr_planner *p, const wr_ast_definition *d, wr_plan_aggregation *a) {
    const wr_ast_annotation *purge = wr_plan_annotation(p, &d->annotations, "purge");
    a->purge_ms = 15 * MINUTE;
    for (uint32_t i = 0; i < a->n_units; i++) a->keep_ms[i] = usual_ms[a->units[i]];
    if (purge) read_purge(p, purge, a);
    for (uint32_t i = 0; !a->purge_ms && i < a->n_units; i++) a->keep_ms[i] = INT64_MAX;
}
