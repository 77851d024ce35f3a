/* log.c: #log, which writes a line for each row that passes. */
#include <strings.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "data/text.h"
#include "data/value.h"
#include "stream/functions.h"
#include "weir_io.h"

#define DEFAULT_PRIORITY 3
#define PRIORITY_OFF     6
#define NO_ARG           UINT32_MAX

static const char *const priorities[] = {"fatal", "error", "warn", "info", "debug", "trace", "off"};

/* Which arguments are what: their types alone tell. */
typedef struct log_roles {
    uint32_t priority, message, flag; /* numbers, or NO_ARG */
} log_roles;

static bool find_roles(const weir_arg *args, uint32_t n, log_roles *roles) {
    *roles = (log_roles){NO_ARG, NO_ARG, NO_ARG};
    uint32_t n_strings = 0;
    while (n_strings < n && args[n_strings].type == WEIR_STRING) n_strings++;
    if (n_strings > 2 || n - n_strings > 1) return false;
    if (n > n_strings) {
        if (args[n_strings].type != WEIR_BOOL) return false;
        roles->flag = n_strings;
    }
    if (n_strings == 2) roles->priority = 0;
    if (n_strings) roles->message = n_strings - 1;
    return true;
}

/* -1 when it names none. */
static int priority_of(const weir_arg *arg) {
    const weir_string *text = &arg->value.as.s;
    for (int i = 0; i < (int)WR_COUNT(priorities); i++)
        if (text->len == strlen(priorities[i]) &&
            strncasecmp(weir_string_data(text), priorities[i], text->len) == 0)
            return i;
    return -1;
}

static weir_status refuse(const weir_arg *at, const char *message, weir_error *err) {
    weir_status status = weir_fail(err, WEIR_ETYPE, "%s", message);
    if (err) {
        err->begin = at->begin;
        err->end = at->end;
    }
    return status;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_stream_added *added, uint32_t *n_added,
                         weir_error *err) {
    (void)added;
    *n_added = 0;
    log_roles roles;
    if (!find_roles(args, n_args, &roles))
        return weir_fail(err, WEIR_ETYPE, "#log does not take these arguments");
    if (roles.priority != NO_ARG) {
        const weir_arg *arg = &args[roles.priority];
        if (!arg->is_const) return refuse(arg, "the priority of #log must be a constant", err);
        if (priority_of(arg) < 0) {
            if (err) strcpy(err->hint, "it knows fatal, error, warn, info, debug, trace and off");
            return refuse(arg, "#log knows no priority of this name", err);
        }
    }
    if (roles.flag != NO_ARG && !args[roles.flag].is_const)
        return refuse(&args[roles.flag], "whether #log writes the event must be a constant", err);
    return WEIR_OK;
}

static bool logs_event(const weir_arg *args, uint32_t n_args) {
    log_roles roles;
    return !find_roles(args, n_args, &roles) || roles.flag == NO_ARG || args[roles.flag].value.as.b;
}

typedef struct logging {
    int priority;     /* by the table above */
    uint32_t message; /* argument, or NO_ARG */
    bool event;
} logging;

static weir_status open_log(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)err;
    logging *l = self;
    log_roles roles;
    find_roles(args, n_args, &roles);
    l->priority = roles.priority == NO_ARG ? DEFAULT_PRIORITY : priority_of(&args[roles.priority]);
    l->message = roles.message;
    l->event = logs_event(args, n_args);
    return WEIR_OK;
}

/* Event{timestamp=1, data=[a, 2.5], type=CURRENT}; columns that the plan has pruned are left out. */
static void put_event(wr_buf *line, const weir_batch *b, uint32_t row) {
    static const char *const kinds[] = {
        [WEIR_CURRENT] = "CURRENT", [WEIR_EXPIRED] = "EXPIRED", [WEIR_RESET] = "RESET"};
    bool is_first = true;
    wr_buf_printf(line, "Event{timestamp=%lld, data=[", (long long)b->ts[row]);
    for (uint32_t c = 0; c < b->n_cols; c++) {
        if (!b->cols[c].data) continue;
        weir_value v = wr_column_get(&b->cols[c], row);
        if (!is_first) wr_buf_puts(line, ", ");
        wr_text_of_value(line, &v);
        is_first = false;
    }
    wr_buf_printf(line, "], type=%s}", kinds[b->kind ? b->kind[row] : WEIR_CURRENT]);
}

static void put_line(wr_buf *line, const logging *l, const weir_stream_call *call, uint32_t row) {
    wr_buf_clear(line);
    wr_buf_printf(line, "%s: ", call->app_name ? call->app_name : "app");
    if (l->message != NO_ARG) {
        weir_value message = wr_column_get(&call->args[l->message], row);
        wr_text_of_value(line, &message);
        if (l->event) wr_buf_puts(line, ", ");
    } else if (!l->event) {
        wr_buf_puts(line, "Event Arrived");
    }
    if (l->event) put_event(line, call->in, row);
}

static weir_status eval(void *self, weir_stream_call *call, weir_error *err) {
    const logging *l = self;
    /* The table counts from fatal, the log from error; both are errors to it. */
    int level = WR_MAX(l->priority - 1, WEIR_LOG_ERROR);
    if (!call->log || l->priority == PRIORITY_OFF) return WEIR_OK;
    wr_buf line = WR_BUF_INIT;
    for (uint32_t k = 0; k < call->n_sel && !line.failed; k++) {
        put_line(&line, l, call, call->sel[k]);
        if (!line.failed) call->log(call->log_ctx, level, line.data);
    }
    bool failed = line.failed;
    wr_buf_fini(&line);
    return failed ? weir_fail(err, WEIR_ENOMEM, "out of memory in #log") : WEIR_OK;
}

const weir_stream_function_type wr_stream_log = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "",
    .name = "log",
    .doc = "Writes a line to the log for each event that passes, and passes it on.",
    .example = "from S#log('info', 'seen') select v insert into Out",
    .params =
        (const weir_param_doc[]){
            {"log()", "Writes each event."},
            {"log(<string> message)", "A text before the event."},
            {"log(<bool> logEvent)", "false: only the message."},
            {"log(<string> message, <bool> logEvent)", "Both."},
            {"log(<string> priority, <string> message)", "A constant: 'info', 'warn', …"},
            {"log(<string> priority, <string> message, <bool> logEvent)", "All three."},
            {NULL, NULL}},
    .check = check,
    .state_size = sizeof(logging),
    .open = open_log,
    .eval = eval,
    .adds_only = true,
    .reads_all = logs_event,
};
