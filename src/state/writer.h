/* writer.h: saved state as bytes: the inside of weir_writer and weir_reader, and sections.
 *
 * Everything is little-endian. A section can be skipped and checked on its own; sections nest:
 *
 *   | tag u32 | version u32 | length u64 | checksum u64 | length bytes: values, sections … |
 *
 * The checksum is XXH3 (64 bits) of the section's bytes. A writer remembers the first thing that went wrong
 * and then ignores calls; a reader does too and gives zeros. Neither trusts its input: lengths are checked
 * against what is left before anything is read or allocated. */
#ifndef WR_WRITER_H
#define WR_WRITER_H

#include "base/arena.h"
#include "base/buf.h"
#include "weir_ext.h"

#define WR_SECTION_DEPTH 16u
/* Four letters as a tag: WR_TAG('T','A','S','K'). */
#define WR_TAG(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct weir_writer {
    wr_buf buf;
    size_t open[WR_SECTION_DEPTH]; /* where the open sections' headers begin */
    uint32_t depth;
    weir_status status;
};

struct weir_reader {
    const unsigned char *bytes; /* borrowed */
    size_t at, end;             /* end of the innermost open section */
    size_t ends[WR_SECTION_DEPTH];
    uint32_t depth;
    weir_error error; /* code WEIR_OK: none yet */
};

void wr_writer_init(weir_writer *w); /* allocates nothing */
void wr_writer_fini(weir_writer *w);
/* WEIR_OK when everything written so far is there and all sections are closed. */
weir_status wr_writer_status(const weir_writer *w, weir_error *err) WR_NODISCARD;
void wr_write_u8(weir_writer *w, uint8_t v);
void wr_write_u64(weir_writer *w, uint64_t v);
void wr_write_text(weir_writer *w, const char *text); /* a C string, with its length */
void wr_writer_begin_section(weir_writer *w, uint32_t tag, uint32_t version);
void wr_writer_end_section(weir_writer *w);

/* The checksum of a section that has been ended, by where its header begins. */
uint64_t wr_section_checksum(const void *header);

void wr_reader_init(weir_reader *r, const void *bytes, size_t len);
uint8_t wr_read_u8(weir_reader *r);
uint64_t wr_read_u64(weir_reader *r);
/* A NUL-terminated copy of a text in the arena; "" after an error. Texts with NULs are refused. */
const char *wr_read_text(weir_reader *r, weir_arena *arena);
/* A number of things that take at least least_bytes each: an error if what is left can't hold so many. Use it
 * before allocating for them. */
uint32_t wr_read_count(weir_reader *r, size_t least_bytes);
/* Enters the section that starts here. WEIR_ESTATE if it has another tag, a version above newest_version, or
 * is damaged. *version gets its version. */
weir_status wr_reader_begin_section(weir_reader *r, uint32_t tag, uint32_t newest_version, uint32_t *version,
                                    weir_error *err) WR_NODISCARD;
/* Leaves it; an error if not all of it was read, which means that writer and reader disagree. */
weir_status wr_reader_end_section(weir_reader *r, weir_error *err) WR_NODISCARD;
/* Leaves it wherever the reader stands. */
void wr_reader_skip_section(weir_reader *r);
/* The tag of the section that starts here, 0 when the enclosing one is at its end. */
uint32_t wr_reader_peek_tag(const weir_reader *r);
/* Notes an error found by whoever interprets the bytes. Only the first counts. Returns WEIR_ESTATE. */
weir_status wr_reader_fail(weir_reader *r, const char *format, ...) WR_PRINTF(2, 3);

#endif
