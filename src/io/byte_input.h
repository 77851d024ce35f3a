/* byte_input.h: one open file descriptor as the input of a source: unpacked, windowed, counted. */
#ifndef WR_IO_BYTE_INPUT_H
#define WR_IO_BYTE_INPUT_H

#include "io/byte_window.h"
#include "io/unpack.h"

typedef struct wr_byte_input {
    int fd; /* owned; -1: none */
    wr_unpack unpack;
    wr_byte_window window;
    uint64_t n_consumed; /* unpacked bytes of this file that the app has had */
    bool begins;         /* nothing of the file has been shown yet */
} wr_byte_input;

void wr_byte_input_init(wr_byte_input *in); /* no file yet */
/* Takes over fd; what is in the window of an earlier file is dropped. */
void wr_byte_input_open(wr_byte_input *in, int fd, wr_packing packing);
void wr_byte_input_close(wr_byte_input *in); /* also the window */
/* Reads more behind what is in the window. EAGAIN: nothing came; unpack.has_ended says whether it is the end.
 */
weir_status wr_byte_input_read(wr_byte_input *in, weir_error *err) WR_NODISCARD;
/* Reads and drops unpacked bytes up to `offset`, as if they had been consumed. */
weir_status wr_byte_input_skip(wr_byte_input *in, uint64_t offset, weir_error *err) WR_NODISCARD;
void wr_byte_input_show(wr_byte_input *in, bool ends, weir_input *out);
void wr_byte_input_consume(wr_byte_input *in, size_t n);

/* The name that a file option means: without "file:" or "file://", relative to the host's directory. The
 * caller frees it with wr_file_name_free; NULL: out of memory. */
char *wr_file_name(const weir_io_host *host, const char *uri);
void wr_file_name_free(char *name);

#endif
