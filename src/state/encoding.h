/* encoding.h: little-endian numbers and the constants that writer.c and reader.c share. */
#ifndef WR_ENCODING_H
#define WR_ENCODING_H

#include <stdint.h>

#define WR_SECTION_HEADER 24u   /* tag, version, length, checksum */
#define WR_VALUE_NULL     0x80u /* in a value's type byte */
#define WR_SAVED_JSON     0x80u /* in the byte of a map's order: its text is JSON */

static inline void wr_put_u32(unsigned char *to, uint32_t v) {
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(v >> (8 * i));
}
static inline void wr_put_u64(unsigned char *to, uint64_t v) {
    for (int i = 0; i < 8; i++) to[i] = (unsigned char)(v >> (8 * i));
}
static inline uint32_t wr_get_u32(const unsigned char *from) {
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}
static inline uint64_t wr_get_u64(const unsigned char *from) {
    return (uint64_t)wr_get_u32(from) | (uint64_t)wr_get_u32(from + 4) << 32;
}

#endif
