/* time.c: currentTimeMillis and eventTimestamp. */
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

static void copy_times(const weir_call *call, const int64_t *from) {
    int64_t *to = call->out->data;
    if (!call->sel) {
        memcpy(to, from, call->n_rows * sizeof *to);
        return;
    }
    for (uint32_t k = 0; k < call->n_sel; k++) to[call->sel[k]] = from[call->sel[k]];
}

static weir_status check_now(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_LONG;
    return wr_check_arg_count(&wr_function_current_time_millis, args, n_args, 0, 0, err);
}

static weir_status eval_now(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    copy_times(call, call->now);
    return WEIR_OK;
}

const weir_function_type wr_function_current_time_millis = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "currentTimeMillis",
    .doc = "Gives the app's clock in milliseconds since 1970: event time in playback, else wall time.",
    .example = "instanceOfLong(currentTimeMillis()) -> true",
    .params = (const weir_param_doc[]){{"currentTimeMillis()", "No arguments."}, {NULL, NULL}},
    .check = check_now,
    .eval = eval_now,
    .needs_clock = true,
    .not_pure = true,
};

static weir_status check_timestamp(const weir_arg *args, uint32_t n_args, weir_type *result,
                                   weir_error *err) {
    *result = WEIR_LONG;
    return wr_check_arg_count(&wr_function_event_timestamp, args, n_args, 0, 0, err);
}

/* Of an event of a pattern or a row of a join, whose time is the argument: null when it is not there. */
static void pass_times(const weir_call *call) {
    int64_t *out = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        out[row] = 0;
        if (weir_is_null(&call->args[0], row))
            call->fail(call->fail_ctx, row, "eventTimestamp() of an event that isn't there");
        else
            out[row] = ((const int64_t *)call->args[0].data)[row];
    }
}

static weir_status eval_timestamp(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    if (call->n_args) {
        pass_times(call);
        return WEIR_OK;
    }
    copy_times(call, call->ts);
    return WEIR_OK;
}

const weir_function_type wr_function_event_timestamp = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "eventTimestamp",
    .doc = "Gives the event's timestamp in milliseconds since 1970; of an expired event, when it expired.",
    .example = "instanceOfLong(eventTimestamp()) -> true",
    .params =
        (const weir_param_doc[]){
            {"eventTimestamp()", "No arguments: the event in hand."},
            {"eventTimestamp(e1)", "Of an event of a pattern, or of the row of a stream that is joined."},
            {NULL, NULL}},
    .check = check_timestamp,
    .eval = eval_timestamp,
    .not_pure = true, /* reads the row without an argument: must not be folded or shared */
};
