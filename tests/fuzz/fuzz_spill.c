/* fuzz_spill.c: a record of spilled rows of any bytes; the checksum is made right, so that what is in it is
 * read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "state/spill.h"
#include "state/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_writer w;
    weir_reader r;
    weir_arena arena;
    weir_batch rows;
    uint64_t sum = 0;
    wr_writer_init(&w);
    wr_writer_begin_section(&w, WR_TAG('S', 'P', 'I', 'L'), 1);
    for (size_t i = 0; i < size; i++) wr_write_u8(&w, data[i]);
    wr_writer_end_section(&w);
    wr_arena_init(&arena, NULL);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    if (wr_spill_read_record(&r, &arena, &rows, NULL) == WEIR_OK) {
        uint32_t before = 0;
        for (uint32_t i = 0; i < rows.n_rows; i++) sum += (uint64_t)rows.ts[i];
        for (uint32_t i = 0; rows.chunk_end && i < rows.n_chunks; i++) {
            if (rows.chunk_end[i] <= before || rows.chunk_end[i] > rows.n_rows) abort();
            before = rows.chunk_end[i];
        }
    }
    wr_arena_fini(&arena);
    wr_writer_fini(&w);
    return sum == UINT64_MAX ? -1 : 0;
}
