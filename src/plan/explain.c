#include "plan/explain.h"

#include <inttypes.h>
#include <strings.h>
#include <string.h>

#include "plan/explain_op.h"

/* ---- Sources and sinks ------------------------------------------------------------------------------------
 */

static bool names_secret(const char *text) {
    static const char *const words[] = {"password", "passwd",     "secret",       "token",
                                        "key",      "credential", "authorization"};
    for (uint32_t i = 0; i < WR_COUNT(words); i++)
        if (strcasestr(text, words[i])) return true;
    return false;
}

/* By its key, or since its value is a list that has one ("sasl.password:…", "'Authorization:…'"), or an
 * address with a user in it. */
static bool looks_secret(const wr_option *o) {
    const char *scheme = strstr(o->value, "://"), *path = scheme ? strchr(scheme + 3, '/') : NULL;
    const char *at = scheme ? strchr(scheme + 3, '@') : NULL;
    bool is_list = strpbrk(o->value, ":=") && names_secret(o->value);
    return names_secret(o->key) || is_list || (at && (!path || at < path));
}

static void explain_options(const wr_option *options, uint32_t n, wr_buf *out) {
    for (uint32_t i = 0; i < n; i++) {
        const wr_option *o = &options[i];
        wr_buf_printf(out, "%s%s%s'%s'", i ? ", " : "", o->key, *o->key ? "=" : "",
                      looks_secret(o) ? "***" : o->value);
    }
}

static void explain_io(const char *what, const wr_plan_io *io, uint32_t n, wr_buf *out) {
    for (uint32_t i = 0; i < n; i++) {
        wr_buf_printf(out, "    %s %s(", what, io[i].type ? io[i].type : "?");
        explain_options(io[i].options, io[i].n_options, out);
        wr_buf_puts(out, ")");
        if (io[i].map_type) {
            wr_buf_printf(out, " as %s(", io[i].map_type);
            explain_options(io[i].map_options, io[i].n_map_options, out);
            wr_buf_puts(out, ")");
        }
        wr_buf_putc(out, '\n');
    }
}

/* ---- Streams, tables, triggers ----------------------------------------------------------------------------
 */

static void explain_readers(const wr_plan *plan, const wr_plan_stream *s, wr_buf *out) {
    for (uint32_t i = 0; i < s->n_receivers; i++) {
        if (s->receivers[i].query == WR_NONE_ID) {
            wr_buf_printf(out, "%s%s", i ? ", " : "    read by ",
                          plan->partitions[s->receivers[i].partition].name);
            continue;
        }
        const wr_plan_query *q = &plan->queries[s->receivers[i].query];
        wr_buf_printf(out, "%s%s%s", i ? ", " : "    read by ", q->name,
                      q->n_sides < 2         ? ""
                      : s->receivers[i].side ? " (right)"
                                             : " (left)");
    }
    if (s->n_receivers) wr_buf_putc(out, '\n');
}

static void explain_writers(const wr_plan *plan, const wr_plan_stream *s, wr_buf *out) {
    for (uint32_t i = 0; i < s->n_producers; i++)
        wr_buf_printf(out, "%s%s", i ? ", then " : "    written by ", plan->queries[s->producers[i]].name);
    if (s->n_producers) wr_buf_putc(out, '\n');
}

static void explain_stream(const wr_plan *plan, const wr_plan_stream *s, wr_buf *out) {
    wr_buf_printf(out, "  %s ", s->name);
    wr_explain_schema(&s->schema, out);
    wr_buf_puts(out, s->window == WR_NONE_ID ? "\n"
                     : s->is_window_input    ? ": what is inserted into the window\n"
                                             : ": what leaves the window\n");
    explain_io("from", s->sources, s->n_sources, out);
    if (s->view_of != WR_NONE_ID)
        wr_buf_printf(out, "    %s as %s sees it\n", plan->streams[s->view_of].name,
                      plan->partitions[s->partition].name);
    explain_writers(plan, s, out);
    explain_readers(plan, s, out);
    explain_io("to", s->sinks, s->n_sinks, out);
    if (s->fault != WR_NONE_ID)
        wr_buf_printf(out, "    what fails goes to %s\n", plan->streams[s->fault].name);
}

static void explain_columns(const char *what, const wr_plan_table *t, const uint32_t *columns, uint32_t n,
                            wr_buf *out) {
    for (uint32_t i = 0; i < n; i++)
        wr_buf_printf(out, "%s%s", i ? ", " : what, t->schema.attrs[columns[i]].name);
    if (n) wr_buf_putc(out, '\n');
}

/* Options may hold secrets: only the cache's are shown. */
static void explain_store(const wr_plan_store *store, wr_buf *out) {
    const char *size = NULL;
    for (uint32_t i = 0; i < store->n_cache_options; i++)
        if (!strcmp(store->cache_options[i].key, "size")) size = store->cache_options[i].value;
    wr_buf_printf(out, "    in a store (%s); holds what a cycle looks for or changes", store->type);
    wr_buf_printf(out, size ? ", and up to %s rows in its cache\n" : "\n", size);
}

static void explain_tables(const wr_plan *plan, wr_buf *out) {
    if (plan->n_tables) wr_buf_puts(out, "\ntables\n");
    for (uint32_t i = 0; i < plan->n_tables; i++) {
        const wr_plan_table *t = &plan->tables[i];
        wr_buf_printf(out, "  %s ", t->name);
        wr_explain_schema(&t->schema, out);
        wr_buf_putc(out, '\n');
        explain_columns("    primary key ", t, t->key, t->n_key, out);
        explain_columns("    index on ", t, t->indexes, t->n_indexes, out);
        if (t->store)
            explain_store(t->store, out);
        else
            wr_buf_puts(out, t->n_key ? "    holds a row for each key\n"
                                      : "    holds all rows inserted: no bound\n");
    }
}

static void explain_triggers(const wr_plan *plan, wr_buf *out) {
    if (plan->n_triggers) wr_buf_puts(out, "\ntriggers\n");
    for (uint32_t i = 0; i < plan->n_triggers; i++) {
        const wr_plan_trigger *t = &plan->triggers[i];
        wr_buf_printf(out, "  %s ", t->name);
        if (t->kind == WR_TRIGGER_EVERY)
            wr_buf_printf(out, "every %" PRId64 " ms\n", t->every_ms);
        else
            wr_buf_printf(out, "%s\n", t->kind == WR_TRIGGER_START ? "at start" : t->cron);
    }
}

/* ---- Queries ----------------------------------------------------------------------------------------------
 */

static const char *side_source(const wr_plan *plan, const wr_plan_side *side) {
    return side->kind == WR_SIDE_TABLE ? plan->tables[side->table].name : plan->streams[side->stream].name;
}

static const char *target_name(const wr_plan *plan, const wr_plan_query *q) {
    if (q->output_kind == WR_OUTPUT_AGGREGATION) return plan->aggregations[q->target].name;
    return q->output_kind == WR_OUTPUT_TABLE ? plan->tables[q->target].name : plan->streams[q->target].name;
}

static const char *events_text(const wr_plan_select *s) {
    return !s->wants_expired ? "current events" : s->wants_current ? "all events" : "expired events";
}

/* As it was written, operator by operator. */
static void explain_logical(const wr_plan *plan, const wr_plan_query *q, wr_buf *out) {
    wr_buf_printf(out, "  %s\n", q->name);
    for (uint32_t s = 0; s < q->n_sides; s++) {
        wr_buf_printf(out, "    %s %s\n", s ? "and" : "from", side_source(plan, &q->side[s]));
        for (uint32_t i = 0; i < q->side[s].n_ops; i++)
            wr_buf_printf(out, "      %s\n", q->side[s].ops[i]->label);
    }
    if (q->merge) wr_buf_printf(out, "    %s\n", q->merge->label);
    wr_buf_printf(out, "    %s\n", q->select->label);
    if (q->rate) wr_buf_printf(out, "    %s\n", q->rate->label);
    if (q->window) return;
    if (q->change)
        wr_buf_printf(out, "    %s (%s)\n", q->change->label, events_text(&q->select->u.select));
    else
        wr_buf_printf(out, "    insert %s into %s\n", events_text(&q->select->u.select),
                      target_name(plan, q));
}

static void explain_physical(const wr_plan *plan, const wr_plan_query *q, const wr_explain_hooks *hooks,
                             wr_buf *out) {
    wr_buf_printf(out, "  %s: ", q->name);
    for (uint32_t s = 0; s < q->n_sides; s++)
        wr_buf_printf(out, "%s%s", s ? ", " : "", side_source(plan, &q->side[s]));
    wr_buf_printf(out, " -> %s\n", target_name(plan, q));
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++) wr_explain_op(plan, q->side[s].ops[i], hooks, out);
    if (q->merge) wr_explain_op(plan, q->merge, hooks, out);
    wr_explain_op(plan, q->select, hooks, out);
    if (q->rate) wr_explain_op(plan, q->rate, hooks, out);
    if (q->change) wr_explain_change(plan, q->change, &q->select->out, out);
}

/* ---- Partitions -------------------------------------------------------------------------------------------
 */

static void explain_input(const wr_plan *plan, const wr_plan_keys *keys, const wr_partition_input *input,
                          wr_buf *out) {
    const wr_schema *schema = &plan->streams[input->stream].schema;
    wr_buf_printf(out, "      %s: ", plan->streams[input->stream].name);
    if (input->value) {
        wr_buf_puts(out, "the key is ");
        wr_expr_print(input->value, schema, NULL, out);
        if (keys->key_type == WEIR_STRING && (input->value->type != WEIR_STRING || input->value->boxed))
            wr_buf_puts(out, " as text");
    }
    for (uint32_t i = 0; i < input->n_ranges; i++) {
        wr_buf_printf(out, "%s'%s' if ", i ? ", and " : "", input->labels[i]);
        wr_expr_print(input->ranges[i], schema, NULL, out);
    }
    wr_buf_puts(out, input->value || input->n_ranges ? "\n" : "goes to all keys there are\n");
}

static void explain_partitions(const wr_plan *plan, const wr_explain_hooks *hooks, wr_buf *out) {
    for (uint32_t i = 0; i < plan->n_partitions; i++) {
        const wr_plan_keys *keys = &plan->partitions[i].op->u.keys;
        wr_buf_printf(out, "  %s:\n", plan->partitions[i].name);
        wr_explain_op(plan, plan->partitions[i].op, hooks, out);
        for (uint32_t k = 0; k < keys->n_inputs; k++) explain_input(plan, keys, &keys->inputs[k], out);
        if (keys->purge_ms)
            wr_buf_printf(out,
                          "      looks every %" PRId64 " ms for keys without rows for %" PRId64
                          " ms, and forgets them\n",
                          keys->purge_ms, keys->idle_ms);
        else
            wr_buf_puts(out, "      keys stay: no bound (@purge forgets those that are idle)\n");
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static void explain_mode(const wr_plan *plan, wr_buf *out) {
    if (plan->serial) {
        wr_buf_printf(out, "  one arrival at a time: %s\n", plan->serial_reason);
        return;
    }
    wr_buf_puts(out, "  in batches, in this order:");
    for (uint32_t i = 0; i < plan->n_queries + plan->n_partitions; i++)
        wr_buf_printf(out, "%s %s", i ? "," : "",
                      plan->order[i] < plan->n_queries
                          ? plan->queries[plan->order[i]].name
                          : plan->partitions[plan->order[i] - plan->n_queries].name);
    wr_buf_putc(out, '\n');
}

static void explain_head(const wr_plan *plan, wr_buf *out) {
    wr_buf_printf(out, "app %s\n", plan->name ? plan->name : "(no name)");
    if (plan->description) wr_buf_printf(out, "  %s\n", plan->description);
    wr_buf_puts(out,
                plan->clock == WR_CLOCK_PLAYBACK ? "  clock: the events' own time" : "  clock: wall time");
    if (plan->idle_ms)
        wr_buf_printf(out, ", %" PRId64 " ms forward for each %" PRId64 " ms without events",
                      plan->increment_ms, plan->idle_ms);
    wr_buf_puts(out, "\n\nstreams\n");
}

void wr_plan_explain_with(const wr_plan *plan, const wr_explain_hooks *hooks, wr_buf *out) {
    explain_head(plan, out);
    for (uint32_t i = 0; i < plan->n_streams; i++) explain_stream(plan, &plan->streams[i], out);
    explain_tables(plan, out);
    explain_triggers(plan, out);
    wr_buf_puts(out, "\nlogical plan\n");
    for (uint32_t i = 0; i < plan->n_queries; i++) explain_logical(plan, &plan->queries[i], out);
    wr_buf_puts(out, "\nphysical plan\n");
    explain_mode(plan, out);
    explain_partitions(plan, hooks, out);
    for (uint32_t i = 0; i < plan->n_queries + plan->n_partitions; i++)
        if (plan->order[i] < plan->n_queries)
            explain_physical(plan, &plan->queries[plan->order[i]], hooks, out);
}

void wr_plan_explain(const wr_plan *plan, wr_buf *out) { wr_plan_explain_with(plan, NULL, out); }
