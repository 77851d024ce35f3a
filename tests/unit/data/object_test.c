#include "../support.h"

#include "base/alloc.h"
#include "data/object.h"
#include "data/type.h"
#include "data/value.h"

static weir_value text(const char *s) { return wr_value_text(s); }

static void a_boxed_value_keeps_its_own_bytes(void **state) {
    (void)state;
    char bytes[] = "a text of more than twelve bytes";
    weir_value v = text(bytes);
    weir_object *o = weir_object_new_value(&v);
    memset(bytes, 'x', sizeof bytes - 1);
    weir_value got = weir_object_get_value(o);
    assert_int_equal(weir_object_get_kind(o), WEIR_OBJECT_VALUE);
    assert_int_equal(got.type, WEIR_STRING);
    assert_memory_equal(weir_string_data(&got.as.s), "a text of more than twelve bytes", got.as.s.len);
    weir_object_unref(o);
}

static void boxing_an_object_gives_the_object_itself(void **state) {
    (void)state;
    weir_value five = wr_value_int(5);
    weir_object *o = weir_object_new_value(&five);
    weir_value boxed = wr_value_object(o);
    weir_object *again = weir_object_new_value(&boxed);
    assert_ptr_equal(o, again);
    assert_int_equal(wr_value_unbox(boxed).as.i, 5);
    assert_int_equal(wr_value_unbox(five).as.i, 5);
    weir_object_unref(o);
    weir_object_unref(again);
    weir_object_unref(NULL);
}

static void an_error_is_no_value_to_unbox(void **state) {
    (void)state;
    weir_object *o = weir_object_new_error("division by a rather long zero");
    assert_int_equal(weir_object_get_kind(o), WEIR_OBJECT_ERROR);
    weir_value v = wr_value_unbox(wr_value_object(o));
    assert_int_equal(v.type, WEIR_OBJECT);
    assert_int_equal(weir_object_get_value(o).as.s.len, 30);
    assert_int_equal(weir_object_set_size(o), 0);
    assert_int_equal(weir_object_set_add(o, &v), WEIR_EUSAGE);
    weir_object_unref(o);
}

static void a_set_compares_by_type_and_value(void **state) {
    (void)state;
    weir_object *s = weir_object_new_set();
    weir_value members[] = {wr_value_int(1),         wr_value_long(1),     wr_value_float(1),
                            wr_value_double(1),      wr_value_bool(true),  text("1"),
                            wr_value_null(WEIR_INT), wr_value_double(0.0), wr_value_double(-0.0)};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            assert_int_equal(weir_object_set_add(s, &members[i]), WEIR_OK);
    assert_int_equal(weir_object_set_size(s), 9);
    weir_value other_null = wr_value_null(WEIR_STRING), nan = wr_value_double(0.0 / 0.0);
    assert_true(weir_object_set_has(s, &other_null));
    assert_false(weir_object_set_has(s, &nan));
    assert_int_equal(weir_object_set_add(s, &nan), WEIR_OK);
    nan.as.d = -nan.as.d;
    assert_true(weir_object_set_has(s, &nan));
    weir_object_unref(s);
}

static void a_set_takes_boxed_values_and_refuses_other_objects(void **state) {
    (void)state;
    weir_value seven = wr_value_int(7);
    weir_object *s = weir_object_new_set(), *box = weir_object_new_value(&seven);
    weir_value boxed = wr_value_object(box), set = wr_value_object(s);
    assert_int_equal(weir_object_set_add(s, &boxed), WEIR_OK);
    assert_true(weir_object_set_has(s, &seven));
    assert_int_equal(weir_object_set_add(s, &set), WEIR_ETYPE);
    assert_int_equal(weir_object_set_size(s), 1);
    assert_true(weir_object_set_member(s, 1).is_null);
    weir_object_unref(box);
    weir_object_unref(s);
}

/* Random additions against an array searched from end to end. `forget` plants a fault in the array. */
static bool set_matches_an_array(test_random *r, bool forget) {
    enum { MOST = 600 };
    weir_object *s = weir_object_new_set();
    static weir_value model[MOST];
    static char texts[MOST][24];
    uint32_t n = 0;
    bool same = true;
    for (int step = 0; step < 2000; step++) {
        char now[24];
        sprintf(now, "%s%u", test_below(r, 2) ? "" : "a long prefix ", test_below(r, 150));
        weir_value v = test_below(r, 2) ? text(now) : wr_value_long(test_below(r, 150));
        bool known = false;
        for (uint32_t i = 0; i < n; i++) known |= wr_value_equal(&model[i], &v);
        same = same && weir_object_set_has(s, &v) == known;
        assert_int_equal(weir_object_set_add(s, &v), WEIR_OK);
        if (known || (forget && step == 20)) continue;
        if (v.type == WEIR_STRING) v = text(strcpy(texts[n], now));
        model[n++] = v;
    }
    same = same && weir_object_set_size(s) == n;
    for (uint32_t i = 0; same && i < n; i++) {
        weir_value member = weir_object_set_member(s, i);
        same = wr_value_equal(&member, &model[i]);
    }
    weir_object_unref(s);
    return same;
}

static void a_set_agrees_with_an_array_in_order_of_insertion(void **state) {
    (void)state;
    test_random r = test_seeded("set");
    for (int i = 0; i < 20; i++) assert_true(set_matches_an_array(&r, false));
    assert_false(set_matches_an_array(&r, true));
}

static void a_set_that_can_not_grow_is_as_it_was(void **state) {
    (void)state;
    for (long n = 1; n < 60; n++) {
        weir_object *s = weir_object_new_set();
        uint32_t added = 0;
        weir_status status = WEIR_OK;
        wr_alloc_fail_after(n);
        for (int i = 0; i < 40 && status == WEIR_OK; i++) {
            char long_text[40];
            sprintf(long_text, "member number %d of the set", i);
            weir_value v = text(long_text);
            status = weir_object_set_add(s, &v);
            added += status == WEIR_OK;
        }
        wr_alloc_fail_after(0);
        assert_int_equal(weir_object_set_size(s), added);
        weir_value first = text("member number 0 of the set");
        assert_int_equal(weir_object_set_has(s, &first), added > 0);
        assert_int_equal(weir_object_set_add(s, &first), WEIR_OK);
        weir_object_unref(s);
    }
}

static void a_copied_set_is_another_with_the_same_members(void **state) {
    (void)state;
    weir_object *s = weir_object_new_set();
    for (int i = 0; i < 100; i++) {
        weir_value v = wr_value_int(i);
        assert_int_equal(weir_object_set_add(s, &v), WEIR_OK);
    }
    weir_object *copy = wr_object_copy_set(s);
    weir_value more = wr_value_int(1000);
    assert_int_equal(weir_object_set_add(copy, &more), WEIR_OK);
    assert_int_equal(weir_object_set_size(s), 100);
    assert_int_equal(weir_object_set_size(copy), 101);
    assert_true(wr_object_bytes(s) >= 100 * sizeof(weir_value));
    for (long n = 1; n < 5; n++) {
        wr_alloc_fail_after(n);
        assert_null(wr_object_copy_set(s));
        wr_alloc_fail_after(0);
    }
    weir_object_unref(s);
    weir_object_unref(copy);
}

static weir_object *list_of_one_and_a(void) {
    weir_object *list = weir_object_new_list();
    weir_value one = wr_value_int(1), a = text("a");
    assert_int_equal(weir_object_list_add(list, &one), WEIR_OK);
    assert_int_equal(weir_object_list_add(list, &a), WEIR_OK);
    return list;
}

static void assert_text(const weir_object *o, const char *expected) {
    char shown[1024];
    weir_value v = wr_value_object((weir_object *)(uintptr_t)o);
    assert_int_equal(weir_value_text(&v, shown, sizeof shown), strlen(expected));
    assert_string_equal(shown, expected);
}

static void put(weir_object *map, weir_value key, weir_value value) {
    assert_int_equal(weir_object_map_put(map, &key, &value), WEIR_OK);
}

/* The texts are what Java 17 prints of a HashMap that the same was done to. */
static void a_map_has_the_order_of_a_java_hash_map(void **state) {
    (void)state;
    weir_object *m = weir_object_new_map(WEIR_MAP_HASHED), *list = list_of_one_and_a();
    for (int i = 0; i < 14; i++) {
        char key[16];
        sprintf(key, "key%d", i * 37);
        put(m, text(key), wr_value_int(i));
    }
    put(m, wr_value_int(5), text("x"));
    put(m, wr_value_long(70000), text("y"));
    put(m, wr_value_double(1.5), text("z"));
    put(m, wr_value_bool(true), text("t"));
    put(m, wr_value_null(WEIR_STRING), text("n"));
    put(m, text("\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"), text("u"));
    put(m, wr_value_float(-2.5f), wr_value_object(list));
    put(m, wr_value_object(list), wr_value_int(2));
    assert_text(m, "{null=n, -2.5=[1, a], key407=11, [1, a]=2, key0=0, 5=x, key444=12, key333=9, key259=7, "
                   "key148=4, key296=8, key222=6, key74=2, key111=3, true=t, key37=1, key370=10, 70000=y, "
                   "key185=5, key481=13, 1.5=z, \xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                   "=u}");
    weir_value gone[] = {text("key37"), wr_value_int(5), text("never there")};
    for (int i = 0; i < 3; i++) assert_int_equal(weir_object_map_remove(m, &gone[i]), WEIR_OK);
    put(m, wr_value_int(5), text("again"));
    put(m, text("key0"), text("changed"));
    assert_text(m, "{null=n, -2.5=[1, a], key407=11, [1, a]=2, key0=changed, 5=again, key444=12, key333=9, "
                   "key259=7, key148=4, key296=8, key222=6, key74=2, key111=3, true=t, key370=10, 70000=y, "
                   "key185=5, key481=13, 1.5=z, \xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                   "=u}");
    assert_int_equal((int32_t)wr_object_java_hash(m), 1377352354);
    weir_object *copy = weir_object_copy(m);
    assert_true(wr_object_equal(m, copy));
    assert_text(copy, "{null=n, -2.5=[1, a], key407=11, [1, a]=2, key0=changed, 5=again, key444=12, "
                      "key333=9, key259=7, key148=4, key296=8, key222=6, key74=2, key111=3, true=t, "
                      "key370=10, 70000=y, key185=5, key481=13, 1.5=z, \xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                      "=u}");
    assert_true(wr_object_bytes(copy) > sizeof *copy);
    weir_object_unref(copy);
    weir_object_unref(list);
    weir_object_unref(m);
}

static void a_linked_map_keeps_the_order_of_its_keys(void **state) {
    (void)state;
    weir_object *m = weir_object_new_map(WEIR_MAP_LINKED);
    for (int i = 0; i < 100; i++) put(m, wr_value_int(99 - i), wr_value_int(i));
    for (int i = 0; i < 97; i++) {
        weir_value key = wr_value_int(i);
        assert_int_equal(weir_object_map_remove(m, &key), WEIR_OK);
    }
    put(m, wr_value_int(98), text("a text of more than twelve bytes"));
    put(m, wr_value_int(3), text("a text of more than twelve bytes"));
    assert_int_equal(weir_object_map_size(m), 4);
    assert_text(m, "{99=0, 98=a text of more than twelve bytes, 97=2, 3=a text of more than twelve bytes}");
    weir_value key = wr_value_int(97), value;
    assert_true(weir_object_map_get(m, &key, &value));
    assert_int_equal(value.as.i, 2);
    key = wr_value_long(97);
    assert_false(weir_object_map_get(m, &key, &value));
    weir_object_unref(m);
}

static void a_list_is_an_array_of_anything(void **state) {
    (void)state;
    weir_object *l = list_of_one_and_a();
    weir_value b = text("b, rather longer than twelve"), null = wr_value_null(WEIR_INT);
    assert_int_equal(weir_object_list_insert(l, 0, &b), WEIR_OK);
    assert_int_equal(weir_object_list_insert(l, 3, &null), WEIR_OK);
    assert_int_equal(weir_object_list_insert(l, 5, &null), WEIR_EUSAGE);
    assert_int_equal(weir_object_list_set(l, 1, &b), WEIR_OK);
    assert_int_equal(weir_object_list_set(l, 4, &b), WEIR_EUSAGE);
    assert_int_equal(weir_object_list_remove(l, 0), WEIR_OK);
    assert_int_equal(weir_object_list_remove(l, 3), WEIR_EUSAGE);
    assert_text(l, "[b, rather longer than twelve, a, null]");
    assert_true(weir_object_list_at(l, 7).is_null);
    weir_object_unref(l);
}

static void what_is_shared_does_not_change_and_nothing_holds_itself(void **state) {
    (void)state;
    weir_object *l = list_of_one_and_a(), *m = weir_object_new_map(WEIR_MAP_HASHED), *deep = NULL;
    weir_value itself = wr_value_object(l), one = wr_value_int(1);
    assert_int_equal(weir_object_list_add(l, &itself), WEIR_EUSAGE);
    put(m, one, itself);
    assert_int_equal(weir_object_list_add(l, &one), WEIR_EUSAGE); /* the map has it too */
    assert_int_equal(weir_object_list_remove(l, 0), WEIR_EUSAGE);
    weir_object_unref(l);
    weir_object_ref(m);
    assert_int_equal(weir_object_map_put(m, &one, &one), WEIR_EUSAGE);
    assert_int_equal(weir_object_map_remove(m, &one), WEIR_EUSAGE);
    weir_object_unref(m);
    weir_object_unref(m);
    weir_status status = WEIR_OK;
    uint32_t levels = 0;
    for (deep = weir_object_new_list(); status == WEIR_OK; levels++) {
        weir_object *outer = weir_object_new_list();
        weir_value inner = wr_value_object(deep);
        status = weir_object_list_add(outer, &inner);
        weir_object_unref(deep);
        deep = outer;
    }
    assert_int_equal(status, WEIR_ELIMIT);
    assert_int_equal(levels, WEIR_OBJECT_DEPTH);
    weir_object_unref(deep);
}

static void types_are_found_by_name_in_any_case(void **state) {
    (void)state;
    for (int t = WEIR_INT; t <= WEIR_OBJECT; t++) {
        const char *name = weir_type_name((weir_type)t);
        assert_int_equal(wr_type_find(name, strlen(name)), t);
    }
    assert_int_equal(wr_type_find("DouBle", 6), WEIR_DOUBLE);
    assert_int_equal(wr_type_find("doubles", 7), WEIR_NONE);
    assert_int_equal(wr_type_find("doub", 4), WEIR_NONE);
    assert_int_equal(wr_type_find("none", 4), WEIR_NONE);
    assert_string_equal(weir_type_name((weir_type)99), "none");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boxed_value_keeps_its_own_bytes),
        cmocka_unit_test(boxing_an_object_gives_the_object_itself),
        cmocka_unit_test(an_error_is_no_value_to_unbox),
        cmocka_unit_test(a_set_compares_by_type_and_value),
        cmocka_unit_test(a_set_takes_boxed_values_and_refuses_other_objects),
        cmocka_unit_test(a_set_agrees_with_an_array_in_order_of_insertion),
        cmocka_unit_test(a_set_that_can_not_grow_is_as_it_was),
        cmocka_unit_test(a_copied_set_is_another_with_the_same_members),
        cmocka_unit_test(a_map_has_the_order_of_a_java_hash_map),
        cmocka_unit_test(a_linked_map_keeps_the_order_of_its_keys),
        cmocka_unit_test(a_list_is_an_array_of_anything),
        cmocka_unit_test(what_is_shared_does_not_change_and_nothing_holds_itself),
        cmocka_unit_test(types_are_found_by_name_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
