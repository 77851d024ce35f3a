/* streams.c: an app's streams, and who listens to them. */
#include "api/internal.h"
#include "data/value.h"

uint32_t weir_n_streams(const weir_app *app) { return app ? app->plan->n_streams : 0; }

const weir_stream_info *weir_get_stream(const weir_app *app, weir_stream stream) {
    return app && stream < app->plan->n_streams ? &app->streams[stream] : NULL;
}

weir_stream weir_find_stream(const weir_app *app, const char *name) {
    if (!app || !name) return WEIR_NO_STREAM;
    return wr_plan_find_stream(app->plan, name);
}

weir_value weir_column_value(const weir_column *column, uint32_t row) {
    return wr_value_unbox(wr_column_get(column, row));
}

static void hand_on(void *ctx, const weir_batch *batch) {
    const wr_user_subscription *s = ctx;
    s->callback(s->ctx, s->info, batch);
}

static weir_status new_subscription(weir_app *app, weir_callback callback, void *ctx, bool of_query,
                                    const weir_stream_info *info, wr_user_subscription **out,
                                    weir_error *err) {
    wr_user_subscription *s = wr_alloc_zero(NULL, sizeof *s);
    *out = s;
    if (!s) return weir_fail(err, WEIR_ENOMEM, "out of memory for a subscription");
    *s = (wr_user_subscription){app->subscriptions, app, callback, ctx, of_query, info, NULL};
    app->subscriptions = s;
    return WEIR_OK;
}

static weir_status check(const weir_app *app, const char *name, weir_callback callback, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (!name || !callback) return weir_fail(err, WEIR_EUSAGE, "a subscription needs a name and a callback");
    return app->is_started ? weir_fail(err, WEIR_EUSAGE, "subscribe before weir_app_start") : WEIR_OK;
}

weir_status weir_subscribe(weir_app *app, const char *stream, weir_callback callback, void *ctx,
                           weir_error *err) {
    WR_TRY(check(app, stream, callback, err));
    uint32_t i = wr_plan_find_stream(app->plan, stream);
    if (i == WR_NONE_ID) return weir_fail(err, WEIR_ENAME, "there is no stream '%s'", stream);
    wr_user_subscription *s;
    WR_TRY(new_subscription(app, callback, ctx, false, &app->streams[i], &s, err));
    return wr_task_subscribe(app->task, i, hand_on, s, err);
}

weir_status weir_subscribe_query(weir_app *app, const char *query, weir_callback callback, void *ctx,
                                 weir_error *err) {
    WR_TRY(check(app, query, callback, err));
    for (uint32_t i = 0; i < app->plan->n_queries; i++) {
        if (strcmp(app->plan->queries[i].name, query) != 0) continue;
        wr_user_subscription *s;
        WR_TRY(new_subscription(app, callback, ctx, true, &app->queries[i], &s, err));
        return wr_task_subscribe_query(app->task, i, hand_on, s, err);
    }
    return weir_fail(err, WEIR_ENAME, "there is no query '%s'", query);
}

/* ---- With another plan ---- */

static weir_status listen_again(wr_user_subscription *s, const wr_plan *plan, wr_task *task,
                                const weir_stream_info *streams, const weir_stream_info *queries,
                                weir_error *err) {
    uint32_t n = s->of_query ? plan->n_queries : plan->n_streams, i = 0;
    const weir_stream_info *list = s->of_query ? queries : streams;
    while (i < n && (strcmp(list[i].name, s->info->name) != 0 || list[i].is_window != s->info->is_window))
        i++;
    if (i == n)
        return weir_fail(err, WEIR_ENAME, "somebody has subscribed to %s '%s', which the new text has not",
                         s->of_query ? "query" : "stream", s->info->name);
    s->next_info = &list[i];
    return s->of_query ? wr_task_subscribe_query(task, i, hand_on, s, err)
                       : wr_task_subscribe(task, i, hand_on, s, err);
}

weir_status wr_app_listen(weir_app *app, const wr_plan *plan, wr_task *task, weir_stream_info *streams,
                          weir_stream_info *queries, weir_error *err) {
    uint32_t n = 0, i = 0; /* the list has the newest first */
    for (wr_user_subscription *s = app->subscriptions; s; s = s->next) n++;
    wr_user_subscription **all = wr_alloc(NULL, (n + 1) * sizeof(wr_user_subscription *));
    if (!all) return weir_fail(err, WEIR_ENOMEM, "out of memory for subscriptions");
    for (wr_user_subscription *s = app->subscriptions; s; s = s->next) all[i++] = s;
    weir_status st = WEIR_OK;
    while (i-- && st == WEIR_OK) st = listen_again(all[i], plan, task, streams, queries, err);
    wr_free(NULL, all, 0);
    return st;
}

void wr_app_relisten(weir_app *app) {
    for (wr_user_subscription *s = app->subscriptions; s; s = s->next) s->info = s->next_info;
}
