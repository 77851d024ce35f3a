/* embed.c: weir inside a program. A query is made from text, events are sent, results come to a function.
 *
 *   cc embed.c $(pkg-config --cflags --libs weir) && ./a.out */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <weir.h>

static const char APP[] = "@app:playback "
                          "define stream Wind (station string, speed double);"
                          "from Wind[speed > 10]#window.time(1 min) "
                          "select station, avg(speed) as average, count() as readings group by station "
                          "insert into Strong;";

static void on_strong(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    (void)ctx;
    for (uint32_t k = 0; k < batch->n_sel; k++) {
        uint32_t row = weir_batch_row(batch, k);
        weir_value station = weir_column_value(&batch->cols[0], row);
        weir_value average = weir_column_value(&batch->cols[1], row);
        weir_value readings = weir_column_value(&batch->cols[2], row);
        printf("%s at %" PRId64 ": %.*s %.2f %" PRId64 "\n", stream->name, batch->ts[row],
               (int)station.as.s.len, weir_string_data(&station.as.s), average.as.d, readings.as.l);
    }
}

static weir_status send_all(weir_app *app, weir_error *err) {
    static const struct {
        int64_t ts;
        const char *station;
        double speed;
    } events[] = {{1000, "north", 12}, {2000, "south", 8}, {3000, "north", 14}, {62000, "north", 20}};
    weir_stream wind = weir_find_stream(app, "Wind");
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < sizeof events / sizeof *events && status == WEIR_OK; i++) {
        weir_string station = weir_string_view(events[i].station, (uint32_t)strlen(events[i].station));
        weir_value values[] = {{.type = WEIR_STRING, .as.s = station},
                               {.type = WEIR_DOUBLE, .as.d = events[i].speed}};
        status = weir_send(app, wind, events[i].ts, values, 2, err);
    }
    return status;
}

int main(void) {
    weir_engine *engine = NULL;
    weir_app *app = NULL;
    weir_error err;
    weir_status status = weir_engine_new(NULL, &engine, &err);
    if (status == WEIR_OK) status = weir_app_new(engine, APP, strlen(APP), NULL, &app, NULL, &err);
    if (status == WEIR_OK) status = weir_subscribe(app, "Strong", on_strong, NULL, &err);
    if (status == WEIR_OK) status = weir_app_start(app, &err);
    if (status == WEIR_OK) status = send_all(app, &err);
    if (status != WEIR_OK) fprintf(stderr, "embed: %s\n", err.message);
    weir_app_free(app);
    weir_engine_free(engine);
    return status == WEIR_OK ? 0 : 1;
}
