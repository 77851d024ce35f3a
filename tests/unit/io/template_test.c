/* {{attribute}}: templates, options that change from event to event, and what transports tell of messages. */
#include "sink_support.h"

#include "io/bus.h"
#include "io/template.h"

static bool grow_text(weir_encoded *e, size_t extra) {
    e->cap = e->cap * 2 + extra;
    e->data = realloc(e->data, e->cap);
    return e->data != NULL;
}

/* The template for the row 7, "seven", 1e10, null. */
static void check_parsed(const char *text, const char *expected, bool is_payload) {
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[4];
    test_schema schema;
    wr_template t;
    weir_encoded e = {.grow = grow_text};
    schema_of(&schema, "n int, s string, d double, o string");
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &schema.schema, NULL, 1, &arena, NULL), WEIR_OK);
    ((int32_t *)rows.cols[0].data)[0] = 7;
    ((weir_string *)rows.cols[1].data)[0] = weir_string_view("seven", 5);
    ((double *)rows.cols[2].data)[0] = 1e10;
    weir_set_null(&rows.cols[3], 0);
    rows.n = 1;
    wr_rows_batch(&rows, cols, &batch);
    weir_status st = is_payload ? wr_payload_parse(text, &schema.schema, &arena, &t, NULL)
                                : wr_template_parse("topic", text, &schema.schema, &arena, &t, NULL);
    assert_int_equal(st, WEIR_OK);
    assert_true(wr_template_put(&t, &batch, 0, wr_template_java_cell, &e));
    assert_int_equal(e.len, strlen(expected));
    assert_memory_equal(e.data ? e.data : "", expected, e.len);
    free(e.data);
    wr_arena_fini(&arena);
}

static void check_template(const char *text, const char *expected) { check_parsed(text, expected, false); }

static void attributes_are_put_in_as_java_spells_them(void **state) {
    (void)state;
    check_template("", "");
    check_template("plain", "plain");
    check_template("{{n}}", "7");
    check_template("a {{n}}{{s}} b {{d}} {{o}}", "a 7seven b 1.0E10 null");
    check_template("{\"x\":{{n}}}", "{\"x\":7}");
    check_template("{ {n} {{n} {{{n}}}", "{ {n} {{n} {7}");
}

/* As Siddhi 5.1.30 takes them. */
static void a_payload_may_be_an_attribute_or_quoted(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {{"n", "7"},           {" s ", "seven"},   {"`s`", "s"},
                 {"`lit`", "lit"},     {"`a b`", "`a b`"}, {"`{{s}}`", "seven"},
                 {"{{s}}`", "seven`"}, {"n s", "n s"},     {"``", ""},
                 {"`", "`"},           {"x", "x"}};
    for (size_t i = 0; i < COUNT(cases); i++) check_parsed(cases[i].text, cases[i].expected, true);
}

static void an_unknown_attribute_is_told_with_the_one_that_was_meant(void **state) {
    (void)state;
    weir_arena arena;
    test_schema schema;
    wr_template t;
    weir_error err = {0};
    schema_of(&schema, "speed int");
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_template_parse("@payload", "{{sped}}", &schema.schema, &arena, &t, &err), WEIR_ENAME);
    assert_string_equal(err.message, "@payload: '{{sped}}' names no attribute of 'S'");
    assert_string_equal(err.hint, "did you mean 'speed'?");
    wr_arena_fini(&arena);
}

/* ---- Options of sinks --------------------------------------------------------------------------------- */

static void a_sinks_option_may_change_from_event_to_event(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    static const char *const formats[] = {NULL, "csv"};
    for (int i = 0; i < 2; i++) {
        test_source one, two;
        test_sink w = {.host.bus = bus};
        one.host.bus = two.host.bus = bus;
        memset(&one, 0, sizeof one);
        memset(&two, 0, sizeof two);
        one.host.bus = two.host.bus = bus;
        assert_int_equal(
            open_source(&one, "n int, s string", "inMemory", "topic=t-row 1", formats[i], "", "", NULL),
            WEIR_OK);
        assert_int_equal(
            open_source(&two, "n int, s string", "inMemory", "topic=t-row 2", formats[i], "", "", NULL),
            WEIR_OK);
        assert_int_equal(wr_source_start(one.source, NULL), WEIR_OK);
        assert_int_equal(wr_source_start(two.source, NULL), WEIR_OK);
        assert_int_equal(open_sink(&w, "n int, s string", "inMemory", "topic=t-{{s}}", formats[i], "", NULL),
                         WEIR_OK);
        assert_int_equal(wr_sink_start(w.sink, 0, NULL, NULL), WEIR_OK);
        assert_int_equal(write_rows(&w, 0, 4, NULL), WEIR_OK);
        assert_int_equal(write_rows(&w, 2, 1, NULL), WEIR_OK);
        close_sink(&w, true);
        assert_int_equal(poll_all(&one, NULL), WEIR_EAGAIN);
        assert_got(&one, "1|row 1\n");
        assert_int_equal(poll_all(&two, NULL), WEIR_EAGAIN);
        assert_got(&two, "2|row 2\n2|row 2\n");
        close_source(&one);
        close_source(&two);
    }
    wr_bus_free(bus);
}

/* One chunk of the rows 1 x, 2 y, 3 x, 4 y in one write. */
static void write_chunk(test_sink *w) {
    static const uint32_t end[] = {4};
    int32_t n[] = {1, 2, 3, 4};
    int64_t ts[4] = {0};
    weir_string s[4];
    for (int i = 0; i < 4; i++) s[i] = weir_string_view(i % 2 ? "y" : "x", 1);
    weir_column cols[2] = {{.type = WEIR_INT, .data = n}, {.type = WEIR_STRING, .data = s}};
    weir_batch batch = {
        .n_rows = 4, .n_sel = 4, .ts = ts, .n_cols = 2, .cols = cols, .n_chunks = 1, .chunk_end = end};
    assert_int_equal(wr_sink_write(w->sink, &batch, NULL), WEIR_OK);
}

static void take_messages(wr_bus_subscriber *s, const char *expected) {
    wr_buf got = WR_BUF_INIT;
    for (const wr_bus_message *m; (m = wr_bus_peek(s, 0)); wr_bus_pop(s, 1)) {
        wr_buf_put(&got, m->bytes, m->len);
        wr_buf_putc(&got, '\n');
    }
    assert_string_equal(got.data, expected);
    wr_buf_fini(&got);
    wr_bus_unsubscribe(s);
}

static void events_are_grouped_by_what_the_options_say(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_sink w = {.host.bus = bus};
    wr_bus_subscriber *x = wr_bus_subscribe(bus, "t-x"), *y = wr_bus_subscribe(bus, "t-y");
    assert_int_equal(open_sink(&w, "n int, s string", "inMemory", "topic=t-{{s}}", "json", "", NULL),
                     WEIR_OK);
    assert_int_equal(wr_sink_start(w.sink, 0, NULL, NULL), WEIR_OK);
    write_chunk(&w);
    close_sink(&w, true);
    take_messages(x, "[{\"event\":{\"n\":1,\"s\":\"x\"}},{\"event\":{\"n\":3,\"s\":\"x\"}}]\n");
    take_messages(y, "[{\"event\":{\"n\":2,\"s\":\"y\"}},{\"event\":{\"n\":4,\"s\":\"y\"}}]\n");
    wr_bus_free(bus);
}

static void a_dropped_record_takes_its_options_along(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    wr_bus_subscriber *one = wr_bus_subscribe(bus, "1"), *two = wr_bus_subscribe(bus, "2");
    wr_bus_subscriber *three = wr_bus_subscribe(bus, "3");
    test_schema schema;
    weir_pair topic = {"topic", "{{n}}", 0, 0},
              map[] = {{"validate.json", "true", 0, 0}, {"event.grouping.enabled", "false", 0, 0}};
    weir_pair payload = {"", "{\"a\":{{s}}}", 0, 0};
    test_sink w = {0};
    weir_io_host host = {
        .struct_size = sizeof host, .app = "A", .log = note_sink_log, .log_ctx = &w, .bus = bus};
    schema_of(&schema, "n int, s string");
    wr_sink_spec spec = {.type = &wr_memory_sink,
                         .format = &wr_json_encoder,
                         .pairs = &topic,
                         .n_pairs = 1,
                         .map_pairs = map,
                         .n_map_pairs = 2,
                         .payloads = &payload,
                         .n_payloads = 1,
                         .schema = &schema.schema,
                         .host = &host};
    assert_int_equal(wr_sink_open(&spec, &w.sink, NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(w.sink, 0, NULL, NULL), WEIR_OK);
    int32_t n[] = {1, 2, 3};
    int64_t ts[3] = {0};
    weir_string s[] = {weir_string_view("10", 2), weir_string_view("o ps", 4), weir_string_view("30", 2)};
    weir_column cols[2] = {{.type = WEIR_INT, .data = n}, {.type = WEIR_STRING, .data = s}};
    weir_batch batch = {.n_rows = 3, .n_sel = 3, .ts = ts, .n_cols = 2, .cols = cols, .n_chunks = 3};
    assert_int_equal(wr_sink_write(w.sink, &batch, NULL), WEIR_OK);
    assert_int_equal(wr_sink_stats(w.sink)->bad_rows, 1);
    assert_string_equal(w.log.data,
                        "0 sink 'inMemory' of stream 'S': a record is dropped: what @payload gives is "
                        "no JSON (so far: 1)\n");
    close_sink(&w, true);
    take_messages(one, "{\"a\":10}\n");
    assert_null(wr_bus_peek(two, 0));
    wr_bus_unsubscribe(two);
    take_messages(three, "{\"a\":30}\n");
    wr_bus_free(bus);
}

static void an_option_that_can_not_change_is_refused(void **state) {
    (void)state;
    test_sink w = {0};
    weir_error err = {0};
    assert_int_equal(open_sink(&w, "n int", "log", "prefix=p {{n}}", NULL, "", &err), WEIR_ECONFIG);
    assert_string_equal(err.message,
                        "@sink(type='log'): option 'prefix' is 'p {{n}}', but it can't change from "
                        "event to event");
    w.host.bus = wr_bus_new();
    weir_bus *bus = w.host.bus;
    assert_int_equal(open_sink(&w, "n int", "inMemory", "topic={{m}}", NULL, "", &err), WEIR_ENAME);
    assert_string_equal(err.message,
                        "@sink(type='inMemory'): option 'topic': '{{m}}' names no attribute of 'S'");
    wr_bus_free(bus);
}

/* ---- What transports tell ----------------------------------------------------------------------------- */

/* A source of two messages, with a topic each and a header in the first. */
typedef struct letters {
    const weir_io_args *args;
    uint32_t n_taken;
    weir_message shown[2];
    weir_text values[2][8];
} letters;

static weir_status letters_open(void *self, const weir_io_args *args, weir_error *err) {
    (void)err;
    ((letters *)self)->args = args;
    return WEIR_OK;
}
static weir_status letters_start(void *self, weir_error *err) {
    (void)self, (void)err;
    return WEIR_OK;
}
static weir_text letters_tell(const char *name, uint32_t i) {
    if (strcmp(name, "topic") == 0) return (weir_text){i ? "b" : "a", 1};
    if (strcmp(name, "size") == 0) return (weir_text){i ? "big" : "12", i ? 3 : 2};
    return i ? (weir_text){0} : (weir_text){"seen", 4};
}
static weir_status letters_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    letters *s = self;
    (void)rows, (void)err;
    static const char *const bytes[] = {"1,x\n2,y", "3,z"};
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .messages = s->shown + s->n_taken};
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t p = 0; p < s->args->n_properties; p++)
            s->values[i][p] = letters_tell(s->args->properties[p], i);
        s->shown[i] = (weir_message){.bytes = bytes[i], .len = strlen(bytes[i]), .properties = s->values[i]};
    }
    in->n_messages = 2 - s->n_taken;
    return in->n_messages ? WEIR_OK : WEIR_EEND;
}
static void letters_consume(void *self, size_t n) { ((letters *)self)->n_taken += (uint32_t)n; }
static int letters_wake_fd(const void *self) {
    (void)self;
    return -1;
}
static weir_status letters_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)self, (void)epoch, (void)w, (void)err;
    return WEIR_OK;
}
static weir_status letters_seek(void *self, weir_reader *r, weir_error *err) {
    (void)self, (void)r, (void)err;
    return WEIR_OK;
}
static void letters_close(void *self) { (void)self; }

static const weir_option no_options[] = {{0}};
static const weir_property letters_properties[] = {{"topic", "Where it was."}, {"size", "Its size."}, {0}};
static const weir_property any_properties[] = {{"*", "Headers."}, {0}};

static weir_source_type letters_type(const weir_property *properties) {
    return (weir_source_type){.struct_size = sizeof(weir_source_type),
                              .name = "letters",
                              .options = no_options,
                              .shapes = WEIR_SHAPE_MESSAGES,
                              .state_size = sizeof(letters),
                              .open = letters_open,
                              .start = letters_start,
                              .poll = letters_poll,
                              .consume = letters_consume,
                              .wake_fd = letters_wake_fd,
                              .position = letters_position,
                              .seek = letters_seek,
                              .close = letters_close,
                              .properties = properties};
}

/* Reads the letters with @attributes; gives the error's message and hint instead when opening fails. */
static void check_letters(const weir_source_type *type, const char *schema, const char *attributes,
                          const char *expected) {
    test_source t = {.limit = 1000};
    weir_pair pairs[8];
    weir_error err = {0};
    char *copy = strdup(attributes);
    schema_of(&t.schema, schema);
    wr_source_spec spec = {.type = type,
                           .format = find_decoder("csv"),
                           .attributes = pairs,
                           .n_attributes = parse_pairs(copy, pairs),
                           .schema = &t.schema.schema,
                           .host = &t.host,
                           .bad = note_bad,
                           .bad_ctx = &t};
    if (wr_source_open(&spec, &t.source, &err) != WEIR_OK) {
        wr_buf_printf(&t.got, "%s; %s", err.message, err.hint);
    } else {
        assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
        assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    }
    free(copy);
    assert_got(&t, expected);
    close_source(&t);
}

static void properties_go_into_attributes(void **state) {
    (void)state;
    weir_source_type known = letters_type(letters_properties), any = letters_type(any_properties);
    check_letters(&known, "n int, t string, s string", "n=0;s=1;t=trp:topic", "1|a|x\n2|a|y;\n3|b|z\n");
    check_letters(&any, "h string, n int, t string", "h=trp:h;n=0;t=trp:topic",
                  "seen|1|a\nseen|2|a;\nnull|3|b\n");
    check_letters(&known, "n int, size int, again string", "n=0;size=trp:size;again=trp:size",
                  "!column 'size': the property 'size' is 'big', which is no int [3,z]\n1|12|12\n2|12|12;\n");
}

static void properties_that_a_transport_has_not_are_refused(void **state) {
    (void)state;
    weir_source_type known = letters_type(letters_properties), none = letters_type(NULL);
    check_letters(
        &known, "n int, t string", "n=0;t=trp:key",
        "@source(type='letters') has no transport properties such as 'trp:key'; it has 'topic', 'size'");
    check_letters(&none, "n int, t string", "n=0;t=trp:key",
                  "@source(type='letters') has no transport properties such as 'trp:key'; ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_put_in_as_java_spells_them),
        cmocka_unit_test(a_payload_may_be_an_attribute_or_quoted),
        cmocka_unit_test(an_unknown_attribute_is_told_with_the_one_that_was_meant),
        cmocka_unit_test(a_sinks_option_may_change_from_event_to_event),
        cmocka_unit_test(events_are_grouped_by_what_the_options_say),
        cmocka_unit_test(a_dropped_record_takes_its_options_along),
        cmocka_unit_test(an_option_that_can_not_change_is_refused),
        cmocka_unit_test(properties_go_into_attributes),
        cmocka_unit_test(properties_that_a_transport_has_not_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
