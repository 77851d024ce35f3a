/* state.c: snapshots by call. */
#include "api/internal.h"
#include "state/writer.h"

weir_status weir_app_snapshot(weir_app *app, void **bytes, size_t *len, weir_error *err) {
    if (!bytes || !len) return weir_fail(err, WEIR_EUSAGE, "weir_app_snapshot: an argument is NULL");
    *bytes = NULL;
    *len = 0;
    WR_TRY(wr_app_check(app, err));
    WR_TRY(wr_app_run_inbox(app, err));
    weir_writer w;
    wr_writer_init(&w);
    wr_task_save(app->task, &w);
    weir_status st = wr_writer_status(&w, err);
    if (st == WEIR_OK) {
        *bytes = w.buf.data;
        *len = w.buf.len;
        w.buf = (wr_buf)WR_BUF_INIT;
    }
    wr_writer_fini(&w);
    return st;
}

weir_status weir_app_restore(weir_app *app, const void *bytes, size_t len,
                             const weir_restore_options *options, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (!bytes) return weir_fail(err, WEIR_EUSAGE, "weir_app_restore: bytes is NULL");
    if (!app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    weir_reader r;
    wr_reader_init(&r, bytes, len);
    weir_status st = wr_task_load(app->task, &r, err);
    if (st != WEIR_OK) app->is_broken = st == WEIR_ENOMEM || wr_task_renew(app->task, NULL) != WEIR_OK;
    if (st == WEIR_OK && options && options->reset_clock) wr_task_reset_clock(app->task);
    return st;
}
