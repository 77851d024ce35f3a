/* fuzz_config.c: the file of weir run --config, of any bytes: it is read, or what is wrong is told. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is wrong goes to standard error: there it is read, and not shown. */
static void check(const char *path) {
    char *told = NULL;
    size_t len = 0;
    config c = {0};
    FILE *loud = stderr;
    stderr = open_memstream(&told, &len);
    bool ok = config_read(&c, path);
    fclose(stderr);
    stderr = loud;
    if (!ok && !len) abort();
    for (uint32_t i = 0; i < c.n_refs; i++)
        if ((!c.refs[i].name && !c.refs[i].type) || (c.refs[i].n_settings && !c.refs[i].settings)) abort();
    if (ok) (void)config_property(&c, "a");
    config_free(&c);
    free(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[40];
    int fd = memfd_create("config", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check(path);
    close(fd);
    return 0;
}
