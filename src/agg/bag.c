/* bag.c: see bag.h. */
#include "agg/bag.h"

#include "agg/fold.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "data/object.h"
#include "data/value.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of an aggregate");
}

/* ---- One bag ------------------------------------------------------------------------------------------ */

static size_t entry_bytes(const wr_bag_entry *e) {
    return wr_member_bytes(&e->key) + wr_member_bytes(&e->value);
}

static void drop_entry(wr_bags *b, wr_bag_entry *e) {
    b->held_bytes -= entry_bytes(e);
    wr_member_drop(&e->key);
    wr_member_drop(&e->value);
}

/* Back to all zeros. */
static void clear_bag(wr_bags *b, wr_bag *bag) {
    for (uint32_t i = 0; i < bag->n; i++) drop_entry(b, &bag->entries[bag->begin + i]);
    b->held_bytes -= bag->cap * sizeof *bag->entries;
    wr_free(NULL, bag->entries, bag->cap * sizeof *bag->entries);
    *bag = (wr_bag){0};
}

static uint32_t find_entry(const wr_bag *bag, const weir_value *key, const weir_value *value) {
    for (uint32_t i = 0; i < bag->n; i++) {
        const wr_bag_entry *e = &bag->entries[bag->begin + i];
        if (wr_value_equal(&e->value, value) && wr_value_equal(&e->key, key)) return i;
    }
    return UINT32_MAX;
}

static int compare_texts(const weir_value *a, const weir_value *b) {
    const weir_string *s = &a->as.s, *t = &b->as.s;
    int c = memcmp(weir_string_data(s), weir_string_data(t), WR_MIN(s->len, t->len));
    return c ? c : (s->len > t->len) - (s->len < t->len);
}

static uint32_t place_for(const wr_bags *b, const wr_bag *bag, const weir_value *value) {
    uint32_t low = b->order <= WR_BAG_COUNTED ? bag->n : 0, high = bag->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = compare_texts(&bag->entries[bag->begin + mid].value, value);
        if (b->order == WR_BAG_ASCENDING ? c < 0 : c > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Room for one entry more behind the last; the room in front is used before more is asked for. */
static weir_status reserve_entry(wr_bags *b, wr_bag *bag) {
    if (bag->begin + bag->n < bag->cap) return WEIR_OK;
    if (bag->begin >= bag->n / 2 + 1) {
        memmove(bag->entries, bag->entries + bag->begin, bag->n * sizeof *bag->entries);
        bag->begin = 0;
        return WEIR_OK;
    }
    uint32_t before = bag->cap;
    if (wr_grow(NULL, &bag->entries, &bag->cap, bag->cap + 1, sizeof *bag->entries)) return WEIR_ENOMEM;
    b->held_bytes += (bag->cap - before) * sizeof *bag->entries;
    return WEIR_OK;
}

static weir_status insert_entry(wr_bags *b, wr_bag *bag, wr_bag_entry e) {
    uint32_t at = place_for(b, bag, &e.value);
    WR_TRY(reserve_entry(b, bag));
    WR_TRY(wr_member_keep(&e.key));
    if (wr_member_keep(&e.value)) {
        wr_member_drop(&e.key);
        return WEIR_ENOMEM;
    }
    b->held_bytes += entry_bytes(&e);
    wr_bag_entry *to = bag->entries + bag->begin + at;
    memmove(to + 1, to, (bag->n - at) * sizeof *to);
    *to = e;
    bag->n++;
    return WEIR_OK;
}

static void take_entry(wr_bags *b, wr_bag *bag, uint32_t at) {
    wr_bag_entry *e = bag->entries + bag->begin + at;
    if (--e->count) return;
    drop_entry(b, e);
    bag->n--;
    if (at == 0)
        bag->begin++;
    else
        memmove(e, e + 1, (bag->n - at) * sizeof *e);
    if (bag->n == 0) bag->begin = 0;
}

weir_status wr_bag_change(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                          const weir_value *key, const weir_value *value) {
    weir_value k = wr_value_unbox(*key), v = wr_value_unbox(*value);
    bool leaves = wr_agg_expired(rows, row);
    uint32_t at = leaves || b->order != WR_BAG_APART ? find_entry(bag, &k, &v) : UINT32_MAX;
    if (leaves) {
        if (at != UINT32_MAX) take_entry(b, bag, at);
        return WEIR_OK;
    }
    if (at == UINT32_MAX) return insert_entry(b, bag, (wr_bag_entry){k, v, 1});
    bag->entries[bag->begin + at].count++;
    return WEIR_OK;
}

weir_status wr_bag_put_object(const weir_agg_rows *rows, uint32_t row, weir_column *out, weir_object *object,
                              weir_status status) {
    if (!object) return WEIR_ENOMEM;
    if (status) {
        weir_object_unref(object);
        return status;
    }
    WR_TRY(weir_arena_own(rows->arena, object));
    ((weir_object **)out->data)[row] = object;
    return WEIR_OK;
}

/* ---- All groups --------------------------------------------------------------------------------------- */

void wr_bags_close(void *self) {
    wr_bags *b = self;
    for (uint32_t g = 0; g < b->cap; g++) clear_bag(b, &b->cells[g]);
    wr_free(NULL, b->cells, b->cap * sizeof *b->cells);
    wr_buf_fini(&b->text);
}

weir_status wr_bags_reserve(void *self, uint32_t n_groups, weir_error *err) {
    wr_bags *b = self;
    return wr_group_array_reserve(&b->cells, &b->cap, n_groups, sizeof *b->cells, err);
}

weir_status wr_bags_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    wr_bags *b = self;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i);
        wr_bag *bag = &b->cells[wr_agg_group(rows, row)];
        weir_status status = b->take(b, bag, rows, row);
        if (!status && out) status = b->show(b, bag, rows, row, out);
        if (status) return status == WEIR_ENOMEM ? no_memory(err) : status;
    }
    return WEIR_OK;
}

void wr_bags_reset_all(void *self, uint32_t n_groups) {
    wr_bags *b = self;
    for (uint32_t g = 0; g < n_groups; g++) clear_bag(b, &b->cells[g]);
}

bool wr_bags_release(void *self, uint32_t group) {
    wr_bags *b = self;
    if (b->cells[group].n) return false;
    clear_bag(b, &b->cells[group]);
    return true;
}

size_t wr_bags_bytes(const void *self) {
    const wr_bags *b = self;
    return b->cap * sizeof *b->cells + b->held_bytes;
}

/* ---- State -------------------------------------------------------------------------------------------- */

void wr_bags_save(const void *self, uint32_t n_groups, weir_writer *w) {
    const wr_bags *b = self;
    for (uint32_t g = 0; g < n_groups; g++) {
        const wr_bag *bag = &b->cells[g];
        weir_write_u32(w, bag->n);
        for (uint32_t i = 0; i < bag->n; i++) {
            const wr_bag_entry *e = &bag->entries[bag->begin + i];
            weir_write_u32(w, e->count);
            weir_write_value(w, &e->key);
            weir_write_value(w, &e->value);
        }
    }
}

/* Entries stand in their order already. */
static weir_status load_entry(wr_bags *b, wr_bag *bag, weir_reader *r, weir_arena *arena, weir_error *err) {
    wr_bag_entry e = {.count = weir_read_u32(r)};
    weir_status status = weir_read_value(r, arena, &e.key);
    if (!status) status = weir_read_value(r, arena, &e.value);
    bool is_text = e.value.type == WEIR_STRING && !e.value.is_null;
    if (!status && (e.count == 0 || (b->order > WR_BAG_COUNTED && !is_text)))
        return weir_fail(err, WEIR_ESTATE, "a value of an aggregate can't be one");
    if (status) return weir_reader_status(r, err);
    return insert_entry(b, bag, e) ? no_memory(err) : WEIR_OK;
}

weir_status wr_bags_load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    wr_bags *b = self;
    weir_arena arena;
    weir_status status = WEIR_OK;
    if (weir_reader_left(r) / 4 < n_groups)
        return weir_fail(err, WEIR_ESTATE, "saved state of an aggregate ends before its %u groups", n_groups);
    WR_TRY(wr_bags_reserve(b, n_groups, err));
    wr_bags_reset_all(b, b->cap);
    wr_arena_init(&arena, NULL);
    for (uint32_t g = 0; g < n_groups && !status; g++) {
        uint32_t n = weir_read_u32(r);
        status = weir_reader_status(r, err);
        for (; n && !status; n--) {
            status = load_entry(b, &b->cells[g], r, &arena, err);
            wr_arena_reset(&arena);
        }
    }
    wr_arena_fini(&arena);
    return status;
}
