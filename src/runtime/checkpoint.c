/* checkpoint.c: consistent cuts of an app: the task's state, the sources' positions, what the sinks need.
 *
 *   APP section: epoch | one FEED section a source | one SINK section a sink | TASK section
 *
 * Order of a checkpoint: sinks prepare, the file becomes durable, sinks commit, sources acknowledge. A crash
 * before the file is durable goes back to the one before; a crash after it commits what was prepared. */
#include "runtime/app_io_internal.h"
#include "state/file.h"
#include "state/writer.h"

#define TAG_APP          WR_TAG('A', 'P', 'P', ' ')
#define TAG_FEED         WR_TAG('F', 'E', 'E', 'D')
#define TAG_SINK         WR_TAG('S', 'I', 'N', 'K')
#define VERSION          1u
#define KEPT_CHECKPOINTS 3u

static weir_status save_feed(wr_app_io *io, wr_feed *f, weir_writer *w, weir_error *err) {
    weir_status st = WEIR_OK;
    wr_writer_begin_section(w, TAG_FEED, VERSION);
    wr_write_text(w, f->schema.stream);
    wr_write_text(w, f->plan->type);
    wr_feed_save(f, io->epoch, w, &st, err);
    wr_writer_end_section(w);
    return st;
}

static weir_status save_drain(wr_drain *d, weir_writer *w, weir_error *err) {
    wr_writer_begin_section(w, TAG_SINK, VERSION);
    wr_write_text(w, d->schema.stream);
    wr_write_text(w, d->plan->type);
    weir_status st = wr_sink_prepare(d->sink, w, err);
    wr_writer_end_section(w);
    return st;
}

static weir_status save_all(wr_app_io *io, weir_writer *w, weir_error *err) {
    wr_writer_begin_section(w, TAG_APP, VERSION);
    wr_write_u64(w, io->epoch);
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(save_feed(io, &io->feeds[i], w, err));
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(save_drain(&io->drains[i], w, err));
    wr_task_save(io->options.task, w);
    wr_writer_end_section(w);
    return wr_writer_status(w, err);
}

static weir_status commit_all(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(wr_sink_commit(io->drains[i].sink, err));
    for (uint32_t i = 0; i < io->n_feeds; i++) wr_source_ack(io->feeds[i].source, io->epoch);
    io->epoch++;
    io->dirty = false;
    return WEIR_OK;
}

weir_status wr_io_checkpoint(wr_app_io *io, weir_error *err) {
    weir_writer w;
    wr_writer_init(&w);
    weir_status st = save_all(io, &w, err);
    if (st == WEIR_OK)
        st = wr_snapshot_save(io->options.state_dir, io->options.app_name, io->epoch, w.buf.data, w.buf.len,
                              err);
    wr_writer_fini(&w);
    WR_TRY(st);
    WR_TRY(commit_all(io, err));
    weir_error own;
    if (wr_snapshot_prune(io->options.state_dir, io->options.app_name, KEPT_CHECKPOINTS, &own) != WEIR_OK)
        wr_app_io_log(io, WEIR_LOG_WARN, "old checkpoints could not be deleted: %s", own.message);
    return WEIR_OK;
}

/* ---- Recovery ---- */

static weir_status check_place(weir_reader *r, weir_arena *names, const char *stream, const char *type,
                               weir_error *err) {
    const char *saved_stream = wr_read_text(r, names), *saved_type = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    if (!strcmp(saved_stream, stream) && !strcmp(saved_type, type)) return WEIR_OK;
    return weir_fail(
        err, WEIR_ESTATE,
        "the checkpoint was taken of another app: it has '%s' of stream '%s' where the app has '%s' of '%s'",
        saved_type, saved_stream, type, stream);
}

static weir_status load_feed(wr_feed *f, weir_reader *r, weir_arena *names, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_FEED, VERSION, &version, err));
    WR_TRY(check_place(r, names, f->schema.stream, f->plan->type, err));
    WR_TRY(wr_feed_load(f, r, err));
    return wr_reader_end_section(r, err);
}

static weir_status load_drain(wr_drain *d, uint64_t epoch, weir_reader *r, weir_arena *names,
                              weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_SINK, VERSION, &version, err));
    WR_TRY(check_place(r, names, d->schema.stream, d->plan->type, err));
    WR_TRY(wr_sink_start(d->sink, epoch, r, err));
    d->is_open = true;
    return wr_reader_end_section(r, err);
}

static weir_status load_all(wr_app_io *io, weir_reader *r, weir_arena *names, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_APP, VERSION, &version, err));
    uint64_t epoch = wr_read_u64(r);
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(load_feed(&io->feeds[i], r, names, err));
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(load_drain(&io->drains[i], epoch, r, names, err));
    WR_TRY(wr_task_load(io->options.task, r, err));
    WR_TRY(wr_reader_end_section(r, err));
    io->epoch = epoch + 1;
    return WEIR_OK;
}

static weir_status start_fresh(wr_app_io *io, weir_error *err) {
    io->epoch = 1;
    for (uint32_t i = 0; i < io->n_drains; i++) {
        WR_TRY(wr_sink_start(io->drains[i].sink, 0, NULL, err));
        io->drains[i].is_open = true;
    }
    return WEIR_OK;
}

weir_status wr_app_io_recover(wr_app_io *io, bool *recovered, weir_error *err) {
    *recovered = false;
    if (!io->options.state_dir) return start_fresh(io, err);
    wr_buf bytes = WR_BUF_INIT;
    wr_snapshot_found found = {0};
    weir_arena names;
    weir_status st =
        wr_snapshot_load_newest(io->options.state_dir, io->options.app_name, &bytes, &found, err);
    if (st == WEIR_EEND) {
        wr_buf_fini(&bytes);
        return start_fresh(io, err);
    }
    if (st == WEIR_OK && found.n_damaged)
        wr_app_io_log(io, WEIR_LOG_WARN, "%u newer checkpoints are damaged (%s); going on from number %llu",
                      found.n_damaged, found.damage.message, (unsigned long long)found.revision);
    wr_arena_init(&names, NULL);
    if (st == WEIR_OK) {
        weir_reader r;
        wr_reader_init(&r, bytes.data, bytes.len);
        st = load_all(io, &r, &names, err);
        *recovered = st == WEIR_OK;
    }
    if (st == WEIR_OK)
        wr_app_io_log(io, WEIR_LOG_INFO, "going on from checkpoint %llu", (unsigned long long)found.revision);
    wr_arena_fini(&names);
    wr_buf_fini(&bytes);
    return st;
}
