/* fuzz_time.c: patterns of times: the first line of the bytes is the pattern, the rest a time to read by it.
 * What was read prints, and when all of a time is printed it reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "func/time/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(int64_t ms) {
    static const char whole[] = "G yyyy-MM-dd HH:mm:ss.SSS";
    wr_time_format f = {.is_set = false};
    wr_buf text = WR_BUF_INIT;
    int64_t again;
    if (wr_time_format_set(&f, whole, sizeof whole - 1, NULL)) abort();
    wr_time_print(&f, ms, &text);
    if (!text.failed && (!wr_time_read(&f, text.data, text.len, &again) || again != ms)) abort();
    wr_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t len = line ? (size_t)(line - data) : size;
    wr_time_format f = {.is_set = false};
    weir_error err;
    int64_t ms;
    if (wr_time_format_set(&f, (const char *)data, len, &err) || !line) return 0;
    if (!wr_time_read(&f, (const char *)line + 1, size - len - 1, &ms)) return 0;
    wr_buf text = WR_BUF_INIT;
    wr_time_print(&f, ms, &text);
    wr_buf_fini(&text);
    check_round_trip(ms);
    return 0;
}
