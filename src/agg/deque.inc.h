/* deque.inc.h: a monotonic deque of one type and direction. Include with
 *   DEQUE_NAME             the loop over the rows that is made
 *   DEQUE_TYPE             the C type of the values
 *   DEQUE_FIELD            its field in wr_deque.value
 *   DEQUE_BEATS(a, b)      whether a is more extreme than b; false if one is NaN
 *   DEQUE_SAME(a, b)       whether a is the value b: what a leaving value is found by
 *   DEQUE_IS_NAN(a)
 * all undefined at the end.
 *
 * In a window that is first in, first out a leaving value is either the first item or was dropped before.
 * Then an equal value that came later may stand in the deque, and is taken in its place, exactly as Siddhi
 * does; windows that let values go in any order take from the middle. */

#define DEQUE_GLUE_(a, b) a##b
#define DEQUE_GLUE(a, b)  DEQUE_GLUE_(a, b)
#define DEQUE_PUSH        DEQUE_GLUE(DEQUE_NAME, _push)
#define DEQUE_FIND        DEQUE_GLUE(DEQUE_NAME, _find)
#define DEQUE_ERASE       DEQUE_GLUE(DEQUE_NAME, _erase)
#define DEQUE_REMOVE      DEQUE_GLUE(DEQUE_NAME, _remove)
/* For the functions below: where q's items are, and the i-th of them. */
#define DEQUE_OPEN(q)                                                                                        \
    DEQUE_TYPE *items = deque_items(q);                                                                      \
    uint32_t mask = deque_cap(q, sizeof(DEQUE_TYPE)) - 1
#define DEQUE_AT(i) items[(q->head + (i)) & mask]

static void DEQUE_PUSH(wr_deques *d, wr_deque *q, DEQUE_TYPE x) {
    DEQUE_OPEN(q);
    uint32_t len = q->len;
    if (!len || DEQUE_BEATS(x, q->value.DEQUE_FIELD)) q->value.DEQUE_FIELD = x;
    while (len && DEQUE_BEATS(x, DEQUE_AT(len - 1))) len--;
    q->len = len;
    if (len > mask) {
        if (!deque_grow(d, q)) return;
        items = deque_items(q);
        mask = q->cap - 1;
    }
    DEQUE_AT(len) = x;
    q->len = len + 1;
    if (DEQUE_IS_NAN(x)) q->unordered = 1;
}

/* The place of the first item that is x, or len. */
static uint32_t DEQUE_FIND(const wr_deque *q, DEQUE_TYPE x) {
    DEQUE_OPEN(q);
    uint32_t low = 0, high = q->unordered ? 0 : q->len;
    while (low < high) { /* the first item that doesn't beat x */
        uint32_t mid = low + (high - low) / 2;
        if (DEQUE_BEATS(DEQUE_AT(mid), x))
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < q->len && (q->unordered || !DEQUE_BEATS(x, DEQUE_AT(low))); low++)
        if (DEQUE_SAME(DEQUE_AT(low), x)) return low;
    return q->len;
}

static void DEQUE_ERASE(wr_deque *q, uint32_t place) {
    DEQUE_OPEN(q);
    if (place < q->len / 2) {
        for (uint32_t i = place; i > 0; i--) DEQUE_AT(i) = DEQUE_AT(i - 1);
        q->head++;
    } else {
        for (uint32_t i = place + 1; i < q->len; i++) DEQUE_AT(i - 1) = DEQUE_AT(i);
    }
    q->len--;
}

static void DEQUE_REMOVE(wr_deques *d, wr_deque *q, DEQUE_TYPE x) {
    DEQUE_OPEN(q);
    if (!q->len) return;
    if (DEQUE_SAME(DEQUE_AT(0), x)) {
        q->head++;
        q->len--;
    } else {
        uint32_t place = DEQUE_FIND(q, x);
        if (place < q->len) DEQUE_ERASE(q, place);
    }
    if (q->len)
        q->value.DEQUE_FIELD = DEQUE_AT(0);
    else
        deque_clear(d, q);
}

static void DEQUE_NAME(wr_deques *d, const weir_agg_rows *rows, weir_column *out) {
    const DEQUE_TYPE *x = rows->args[0].data;
    DEQUE_TYPE *y = out ? out->data : NULL;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i);
        wr_deque *q = &d->deques[wr_agg_group(rows, row)];
        if (!weir_is_null(&rows->args[0], row)) {
            if (wr_agg_expired(rows, row))
                DEQUE_REMOVE(d, q, x[row]);
            else
                DEQUE_PUSH(d, q, x[row]);
        }
        if (!y) continue;
        y[row] = q->value.DEQUE_FIELD;
        if (!q->len) weir_set_null(out, row);
    }
}

#undef DEQUE_GLUE_
#undef DEQUE_GLUE
#undef DEQUE_PUSH
#undef DEQUE_FIND
#undef DEQUE_ERASE
#undef DEQUE_REMOVE
#undef DEQUE_OPEN
#undef DEQUE_AT
#undef DEQUE_NAME
#undef DEQUE_TYPE
#undef DEQUE_FIELD
#undef DEQUE_BEATS
#undef DEQUE_SAME
#undef DEQUE_IS_NAN
