/* frame_layout.h: what frame_write.c and frame_read.c agree on. */
#ifndef ZEROMQ_FRAME_LAYOUT_H
#define ZEROMQ_FRAME_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC   0x42435257u /* "WRCB" */
#define FRAME_VERSION 1u
#define FRAME_HEAD    64u
#define FRAME_CHECKED 40u /* what the check is over begins there */

typedef struct frame_head {
    uint32_t magic;
    uint16_t version, nothing;
    uint64_t fingerprint;
    uint32_t n_rows, nothing_too, n_cols, n_chunks;
    uint64_t check, sender, number, n_bytes;
} frame_head;
_Static_assert(sizeof(frame_head) == FRAME_HEAD, "the head has its size");
_Static_assert(offsetof(frame_head, sender) == FRAME_CHECKED, "the check's range begins with the sender");

typedef struct frame_column_head {
    uint32_t type, has_nulls;
    uint64_t n_text_bytes;
} frame_column_head;

static inline uint64_t frame_padded(uint64_t n) { return (n + 7) & ~(uint64_t)7; }

/* By weir_type; 0: has no form here. */
static const uint8_t frame_value_bytes[8] = {0, 4, 8, 4, 8, 1, 4, 0};

#endif
