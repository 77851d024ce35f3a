/* proto_wire.h: Protobuf's wire format: tags, varints, little-endian numbers, lengths. */
#ifndef WR_IO_PROTO_WIRE_H
#define WR_IO_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum {
    WR_WIRE_VARINT = 0,
    WR_WIRE_64 = 1,
    WR_WIRE_LEN = 2,
    WR_WIRE_GROUP = 3,
    WR_WIRE_END_GROUP = 4,
    WR_WIRE_32 = 5
};

typedef struct wr_wire {
    const unsigned char *at, *end;
    bool failed; /* cut off, or no wire format */
} wr_wire;

WR_INLINE uint64_t wr_wire_fail(wr_wire *w) {
    w->failed = true;
    w->at = w->end;
    return 0;
}

WR_INLINE uint64_t wr_wire_varint(wr_wire *w) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (w->at == w->end) break;
        unsigned char byte = *w->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return v;
    }
    return wr_wire_fail(w);
}

WR_INLINE uint64_t wr_wire_fixed(wr_wire *w, unsigned n) {
    uint64_t v = 0;
    if ((size_t)(w->end - w->at) < n) return wr_wire_fail(w);
    for (unsigned i = n; i-- > 0;) v = v << 8 | w->at[i];
    w->at += n;
    return v;
}

/* What a length stands before; empty when it failed. */
WR_INLINE wr_wire wr_wire_part(wr_wire *w) {
    uint64_t len = wr_wire_varint(w);
    if (w->failed || len > (uint64_t)(w->end - w->at)) {
        (void)wr_wire_fail(w);
        return (wr_wire){w->end, w->end, true};
    }
    wr_wire part = {w->at, w->at + len, false};
    w->at += len;
    return part;
}

/* The next field: its number and wire type. False: the end, or failed. */
WR_INLINE bool wr_wire_next(wr_wire *w, uint32_t *number, unsigned *type) {
    if (w->at == w->end || w->failed) return false;
    uint64_t tag = wr_wire_varint(w);
    *number = (uint32_t)(tag >> 3);
    *type = (unsigned)(tag & 7);
    if (!w->failed && (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)) (void)wr_wire_fail(w);
    return !w->failed;
}

/* Leaves out a field's value. */
void wr_wire_skip(wr_wire *w, uint32_t number, unsigned type);

#endif
