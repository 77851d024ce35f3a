/* What the records of a transactional.id tell: of an epoch, and of who has the id. */
#include "support.h"

#include "owner.h"
#include "state/writer.h"

#define A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* chains of checkpoints */
#define B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define L1 "1111111111111111" /* lives */
#define L2 "2222222222222222"

static const char *attempt = "3333333333333333";

/* "topic partition epoch chain life;..." */
static kafka_records *records(const char *text) {
    kafka_records *list = rd_kafka_topic_partition_list_new(2);
    char topic[20], chain[40], life[20];
    int partition, n;
    unsigned long long epoch;
    while (sscanf(text, " %19s %d %llu %39s %19[0-9];%n", topic, &partition, &epoch, chain, life, &n) == 5) {
        assert_true(kafka_records_add(list, topic, partition, epoch, chain, attempt, life));
        text += n;
    }
    assert_int_equal(*text, 0);
    return list;
}

/* Of epoch 7 of chain A, whose record goes to t[0]. */
static kafka_verdict of_seven(const char *now, const char *known, const char *topic, bool was_recorded) {
    kafka_records *list = records(now), *before = known ? records(known) : NULL;
    kafka_epoch_end end = {A, "3333333333333333", 7, topic, 0, was_recorded, before};
    kafka_verdict v = kafka_records_judge(list, &end);
    rd_kafka_topic_partition_list_destroy(list);
    if (before) rd_kafka_topic_partition_list_destroy(before);
    return v;
}

static void an_epoch_is_committed_when_its_record_is_there(void **state) {
    (void)state;
    assert_int_equal(of_seven("t 0 7 " A " " L1 ";", "", "t", true), KAFKA_COMMITTED);
    assert_int_equal(of_seven("t 0 6 " A " " L1 ";", "", "t", true), KAFKA_NEVER_COMMITTED);
    assert_int_equal(of_seven("t 1 7 " A " " L1 ";", "", "t", true), KAFKA_NEVER_COMMITTED);
    assert_int_equal(of_seven("u 0 7 " A " " L1 ";", "", "t", true), KAFKA_NEVER_COMMITTED);
    assert_int_equal(of_seven("t 0 6 " A " " L1 ";u 3 5 " A " " L1 ";", "", "t", true),
                     KAFKA_NEVER_COMMITTED);
}

/* A copy of the state had another epoch of that number. */
static void the_epoch_of_another_try_is_not_it(void **state) {
    (void)state;
    attempt = "4444444444444444";
    kafka_verdict v = of_seven("t 0 7 " A " " L1 ";", "", "t", true);
    attempt = "3333333333333333";
    assert_int_equal(v, KAFKA_NEVER_COMMITTED);
}

static void a_record_that_is_replaced_keeps_its_try(void **state) {
    (void)state;
    char kept[KAFKA_TRY] = "5555555555555555";
    kafka_epoch_end end = {A, kept, 7, "", 0, true, NULL};
    kafka_records *list = records("t 0 7 " A " " L1 ";u 0 6 " A " " L1 ";v 0 7 " B " " L1 ";");
    kafka_records_keep_try(list, "u", 0, &end, kept);
    kafka_records_keep_try(list, "v", 0, &end, kept);
    kafka_records_keep_try(list, "w", 0, &end, kept);
    assert_string_equal(kept, "5555555555555555");
    kafka_records_keep_try(list, "t", 0, &end, kept);
    assert_string_equal(kept, attempt);
    rd_kafka_topic_partition_list_destroy(list);
}

static void an_epoch_that_had_nothing_to_commit_is_committed(void **state) {
    (void)state;
    assert_int_equal(of_seven("", "", "", false), KAFKA_COMMITTED);
    assert_int_equal(of_seven("t 0 6 " A " " L1 ";", "", "", true), KAFKA_COMMITTED);
}

static void records_that_were_forgotten_are_no_proof_against_it(void **state) {
    (void)state;
    assert_int_equal(of_seven("", "", "t", true), KAFKA_EXPIRED);
    assert_int_equal(of_seven("", "", "t", false), KAFKA_NEVER_COMMITTED);
    assert_int_equal(of_seven("t 0 9 " B " " L2 ";", "t 0 9 " B " " L2 ";", "t", false),
                     KAFKA_NEVER_COMMITTED);
}

static void a_later_commit_outruns_it(void **state) {
    (void)state;
    assert_int_equal(of_seven("t 0 8 " A " " L2 ";", "", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven("t 0 7 " A " " L1 ";u 1 8 " A " " L2 ";", "", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven("t 0 1 " B " " L2 ";", "", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven("t 0 7 " A " " L1 ";u 1 1 " B " " L2 ";", "", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven("t 0 1 " B " " L2 ";", "", "", true), KAFKA_OUTRUN);
}

static void what_was_there_before_the_chain_began_does_not(void **state) {
    (void)state;
    const char *now = "t 0 7 " A " " L1 ";u 1 9 " B " " L2 ";";
    assert_int_equal(of_seven(now, "t 0 4 " B " " L2 ";u 1 9 " B " " L2 ";", "t", true), KAFKA_COMMITTED);
    assert_int_equal(of_seven(now, "u 1 8 " B " " L2 ";", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven(now, "u 1 9 " B " " L1 ";", "t", true), KAFKA_OUTRUN);
    assert_int_equal(of_seven(now, NULL, "t", true),
                     KAFKA_COMMITTED); /* saved by a weir that did not note it */
}

static void another_life_is_seen_when_it_has_left_a_record(void **state) {
    (void)state;
    weir_error err = {0};
    kafka_owner o = {0};
    kafka_owner_begin(&o, records("t 0 7 " A " " L2 ";"));
    kafka_records *same = records("t 0 7 " A " " L2 ";"), *own = records(""),
                  *others = records("t 0 7 " A " " L1 ";");
    assert_int_equal(kafka_owner_check(&o, same, &err), WEIR_OK);
    assert_true(kafka_records_add(own, "t", 0, 8, A, attempt, o.life));
    assert_int_equal(kafka_owner_check(&o, own, &err), WEIR_OK);
    assert_int_equal(kafka_owner_check(&o, others, &err), WEIR_EIO);
    assert_true(err.fatal);
    rd_kafka_topic_partition_list_destroy(same);
    rd_kafka_topic_partition_list_destroy(own);
    rd_kafka_topic_partition_list_destroy(others);
    kafka_owner_fini(&o);
}

static void records_are_saved_and_damaged_ones_refused(void **state) {
    (void)state;
    weir_error err = {0};
    weir_writer w;
    weir_reader r;
    kafka_records *list = records("t 0 7 " A " " L1 ";u 3 5 " B " " L2 ";"), *back;
    wr_writer_init(&w);
    kafka_records_save(list, &w);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(kafka_records_load(&back, &r, &err), WEIR_OK);
    assert_int_equal(back->cnt, 2);
    assert_true(kafka_records_have(back, &list->elems[0]) && kafka_records_have(back, &list->elems[1]));
    rd_kafka_topic_partition_list_destroy(back);
    for (size_t len = 0; len < w.buf.len; len++) {
        wr_reader_init(&r, w.buf.data, len);
        assert_int_not_equal(kafka_records_load(&back, &r, &err), WEIR_OK);
    }
    wr_writer_fini(&w);
    rd_kafka_topic_partition_list_destroy(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_committed_when_its_record_is_there),
        cmocka_unit_test(the_epoch_of_another_try_is_not_it),
        cmocka_unit_test(a_record_that_is_replaced_keeps_its_try),
        cmocka_unit_test(an_epoch_that_had_nothing_to_commit_is_committed),
        cmocka_unit_test(records_that_were_forgotten_are_no_proof_against_it),
        cmocka_unit_test(a_later_commit_outruns_it),
        cmocka_unit_test(what_was_there_before_the_chain_began_does_not),
        cmocka_unit_test(another_life_is_seen_when_it_has_left_a_record),
        cmocka_unit_test(records_are_saved_and_damaged_ones_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
