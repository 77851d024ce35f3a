/* api_support.h: what tests of the public interface share: calls that have to work, and all rows that came as
 * one hash. */
#ifndef WR_TEST_API_SUPPORT_H
#define WR_TEST_API_SUPPORT_H

#include "support.h"
#include "weir.h"

static inline void ok(weir_status st, const weir_error *err) {
    if (st != WEIR_OK) fail_msg("%s", err->message);
}

/* The same whatever batches the rows came in. */
typedef struct heard {
    uint64_t hash, n;
} heard;

static inline uint64_t mixed(uint64_t hash, const void *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

/* Numbers to the bit, strings and objects as text. */
static inline uint64_t mixed_value(uint64_t hash, const weir_value *v) {
    static const size_t sizes[WEIR_N_TYPES] = {
        [WEIR_INT] = 4, [WEIR_LONG] = 8, [WEIR_FLOAT] = 4, [WEIR_DOUBLE] = 8, [WEIR_BOOL] = 1};
    char text[256];
    hash = mixed(hash, &v->is_null, 1);
    if (v->is_null) return hash;
    if (sizes[v->type]) return mixed(hash, &v->as, sizes[v->type]);
    size_t len = weir_value_text(v, text, sizeof text);
    return mixed(hash, text, len < sizeof text ? len : sizeof text);
}

/* For weir_subscribe; ctx: a heard, or what begins with one. */
static inline void hear_rows(void *ctx, const weir_stream_info *stream, const weir_batch *b) {
    heard *h = ctx;
    uint64_t name = mixed(0, stream->name, strlen(stream->name));
    for (uint32_t k = 0; k < b->n_sel; k++, h->n++) {
        uint32_t row = weir_batch_row(b, k);
        h->hash = mixed(h->hash ^ name, &b->ts[row], sizeof b->ts[row]);
        for (uint32_t i = 0; i < b->n_cols; i++) {
            weir_value v = weir_column_value(&b->cols[i], row);
            h->hash = mixed_value(h->hash, &v);
        }
    }
}

#endif
