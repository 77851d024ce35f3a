/* app_script.h: runs an app over a script and gives back what came out, as text.
 *
 *   "A@1000 1,4 1,5; B@1010 2,null"    chunks: stream, time, rows of ints
 *   "O 1000(4,5) 1000(5,5) 1010(1,2)"  the rows of stream O
 *
 * The streams that are read are "O" and, if the app has it, "D". */
#ifndef WR_TEST_APP_SCRIPT_H
#define WR_TEST_APP_SCRIPT_H

#include <inttypes.h>

#include "data/value.h"
#include "support.h"
#include "weir.h"

typedef enum script_way {
    WAY_ONE_BATCH, /* everything queued, then run as one cycle */
    WAY_CHUNKS,    /* a cycle for each chunk */
    WAY_SERIAL,    /* depth first */
    WAY_RESTORED,  /* after each chunk a snapshot is restored into a new app */
    N_WAYS
} script_way;

typedef struct script_text {
    char text[2][32768]; /* of O and D */
} script_text;

typedef struct script_run {
    const char *app_text;
    script_way way;
    weir_engine *engine;
    weir_app *app;
    script_text *out;
} script_run;

static inline void script_print(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    script_run *run = ctx;
    char *text = run->out->text[info->name[0] == 'D'];
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        size_t at = strlen(text), room = sizeof run->out->text[0];
        at += (size_t)snprintf(text + at, room - at, " %" PRId64 "(", b->ts[row]);
        for (uint32_t c = 0; c < b->n_cols && at < room; c++) {
            weir_value v = weir_column_value(&b->cols[c], row);
            const char *comma = c ? "," : "";
            if (v.is_null)
                at += (size_t)snprintf(text + at, room - at, "%snull", comma);
            else
                at += (size_t)snprintf(text + at, room - at, "%s%" PRId64, comma,
                                       v.type == WEIR_INT ? v.as.i : v.as.l);
        }
        assert_true(at + 1 < room);
        strcpy(text + at, ")");
    }
}

static inline void script_open(script_run *run) {
    weir_error err = {0};
    weir_app_options o = {.struct_size = sizeof o,
                          .queue = run->way == WAY_ONE_BATCH,
                          .batch_limit = 1 << 20,
                          .force_serial = run->way == WAY_SERIAL,
                          .no_io = true};
    if (weir_app_new(run->engine, run->app_text, strlen(run->app_text), &o, &run->app, NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(weir_subscribe(run->app, "O", script_print, run, &err), WEIR_OK);
    if (weir_find_stream(run->app, "D") != WEIR_NO_STREAM)
        assert_int_equal(weir_subscribe(run->app, "D", script_print, run, &err), WEIR_OK);
    assert_int_equal(weir_app_start(run->app, &err), WEIR_OK);
}

static inline void script_reopen(script_run *run) {
    weir_error err = {0};
    void *bytes;
    size_t len;
    weir_restore_options o = {.struct_size = sizeof o};
    assert_int_equal(weir_app_snapshot(run->app, &bytes, &len, &err), WEIR_OK);
    weir_app_free(run->app);
    script_open(run);
    if (weir_app_restore(run->app, bytes, len, &o, &err)) fail_msg("%s", err.message);
    weir_free(bytes);
}

/* One chunk, up to ';' or the end; returns what follows. */
static inline const char *script_send(script_run *run, const char *at) {
    char name[16];
    long long time;
    int used;
    weir_error err = {0};
    weir_value values[256];
    int64_t ts[64];
    assert_int_equal(sscanf(at, " %15[A-Za-z]@%lld%n", name, &time, &used), 2);
    weir_stream stream = weir_find_stream(run->app, name);
    assert_true(stream != WEIR_NO_STREAM);
    uint32_t n_attrs = weir_get_stream(run->app, stream)->n_attributes, n = 0;
    for (at += used; *at && *at != ';';) {
        at += strspn(at, " ,");
        if (!*at || *at == ';') break;
        assert_true(n < 256 - n_attrs);
        char *end = (char *)(uintptr_t)at + 4;
        values[n++] =
            strncmp(at, "null", 4) ? wr_value_int((int32_t)strtol(at, &end, 10)) : wr_value_null(WEIR_INT);
        at = end;
    }
    assert_int_equal(n % n_attrs, 0);
    for (uint32_t i = 0; i < n / n_attrs; i++) ts[i] = time;
    if (weir_send_chunk(run->app, stream, ts, values, n_attrs, n / n_attrs, &err))
        fail_msg("%s", err.message);
    return *at == ';' ? at + 1 : at;
}

static inline void script_answer(const char *app, const char *script, script_way way, script_text *out) {
    script_run run = {.app_text = app, .way = way, .out = out};
    weir_error err = {0};
    strcpy(out->text[0], "O");
    strcpy(out->text[1], "D");
    assert_int_equal(weir_engine_new(NULL, &run.engine, &err), WEIR_OK);
    script_open(&run);
    while (*script) {
        script = script_send(&run, script);
        if (way == WAY_RESTORED) script_reopen(&run);
    }
    assert_int_equal(weir_flush(run.app, &err), WEIR_OK);
    weir_app_free(run.app);
    weir_engine_free(run.engine);
}

/* Every way gives these rows. d may be NULL: D is not looked at. */
static inline void script_expect(const char *app, const char *script, const char *o, const char *d) {
    static script_text got;
    for (script_way way = 0; way < N_WAYS; way++) {
        script_answer(app, script, way, &got);
        if (strcmp(got.text[0], o)) fail_msg("way %d:\n  got %s\n  not %s", way, got.text[0], o);
        if (d && strcmp(got.text[1], d)) fail_msg("way %d:\n  got %s\n  not %s", way, got.text[1], d);
    }
}

#endif
