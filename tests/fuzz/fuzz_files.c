/* fuzz_files.c: files that weir keeps for itself, of any bytes: the error store, snapshots, segments of
 * spilled rows, the journal of the file sink and what it saved in a checkpoint. The first byte says which.
 * Where a checksum would keep all else out it is made right (byte 2), as damage by a bug would have it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "base/hash.h"
#include "io/file_set.h"
#include "io/file_journal.h"
#include "io/options.h"
#include "io/table.h"
#include "state/error_store.h"
#include "state/file.h"
#include "state/spill.h"
#include "state/writer.h"

static char dir[64], path[200];

static void remove_dir(void) { (void)!rmdir(dir); }

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    snprintf(dir, sizeof dir, "%s/weir-fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    CHECK(mkdtemp(dir));
    atexit(remove_dir);
    return 0;
}

static const char *in_dir(const char *name) {
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void put_file(const char *name, const void *bytes, size_t len) {
    FILE *f = fopen(in_dir(name), "wb");
    CHECK(f && fwrite(bytes, 1, len, f) == len);
    fclose(f);
}

/* A file of these bytes behind the magic; sound: as a section that is right on its outside. */
static void put_state(const char *name, const char *magic, uint32_t tag, bool sound, const uint8_t *data,
                      size_t size) {
    weir_writer w;
    wr_writer_init(&w);
    for (; *magic; magic++) wr_write_u8(&w, (uint8_t)*magic);
    if (sound) wr_writer_begin_section(&w, tag, 1);
    for (size_t i = 0; i < size; i++) wr_write_u8(&w, data[i]);
    if (sound) wr_writer_end_section(&w);
    put_file(name, w.buf.data, w.buf.len);
    wr_writer_fini(&w);
}

static void try_errors(bool sound, const uint8_t *data, size_t size) {
    wr_error_store *s;
    wr_error_entry e;
    weir_error err = {0};
    put_state("A.errors", "WEIRERR1", WR_TAG('E', 'V', 'N', 'T'), sound, data, size);
    weir_status st = wr_error_store_open(dir, "A", 1 << 20, &s, &err);
    CHECK(st == WEIR_OK || err.message[0]);
    for (uint32_t i = 0; st == WEIR_OK && i < wr_error_store_count(s); i++) {
        weir_arena arena;
        wr_arena_init(&arena, NULL);
        if (wr_error_store_get(s, i, &arena, &e, &err) == WEIR_OK) CHECK(e.stream && e.reason);
        wr_arena_fini(&arena);
    }
    if (st == WEIR_OK) wr_error_store_close(s);
    unlink(in_dir("A.errors"));
}

static void try_snapshot(const uint8_t *data, size_t size) {
    wr_buf out = WR_BUF_INIT;
    wr_snapshot_id after;
    weir_error err = {0};
    put_file("A-00000000000000000001.snapshot", data, size);
    if (wr_snapshot_load(dir, "A", 1, &out, &after, &err) != WEIR_OK) CHECK(err.message[0]);
    wr_buf_fini(&out);
    unlink(in_dir("A-00000000000000000001.snapshot"));
}

static void try_spill(bool sound, const uint8_t *data, size_t size) {
    wr_spill *s;
    weir_error err = {0};
    put_state("A-00000000000000000001.spill", "", WR_TAG('S', 'P', 'I', 'L'), sound, data, size);
    CHECK(wr_spill_new(dir, "A", 1 << 20, &s, &err) == WEIR_OK);
    weir_status st = wr_spill_start(s, WR_SPILL_FOUND, NULL, &err);
    for (int i = 0; st == WEIR_OK && i < 100; i++) {
        weir_arena arena;
        weir_batch rows;
        wr_arena_init(&arena, NULL);
        st = wr_spill_next(s, &arena, &rows, &err);
        if (st == WEIR_OK) wr_spill_skip(s);
        wr_arena_fini(&arena);
    }
    if (st == WEIR_OK) wr_spill_deliver(s);
    wr_spill_trim(s);
    wr_spill_free(s);
    for (int i = 1; i < 4; i++) {
        char name[60];
        snprintf(name, sizeof name, "A-%020d.spill", i);
        unlink(in_dir(name));
    }
}

/* Entries as file_journal.c writes them: hash, size, whether it was there, length, name. */
static void put_journal(const weir_io_host *host, bool sound, const uint8_t *data, size_t size) {
    wr_file_journal j;
    wr_buf all = WR_BUF_INIT;
    CHECK(wr_file_journal_init(&j, host, "S", "{{a}}", NULL) == WEIR_OK);
    for (size_t at = 0; sound && at + 10 <= size;) {
        uint32_t len = data[at] % 16u;
        uint8_t entry[24 + 16] = {0};
        memcpy(entry + 8, data + at + 1, 8);
        entry[16] = data[at + 9] & 1;
        memcpy(entry + 20, &len, 4);
        len = (uint32_t)WR_MIN(len, size - at - 10);
        memcpy(entry + 20, &len, 4);
        memcpy(entry + 24, data + at + 10, len);
        uint64_t hash = wr_hash_bytes((char *)entry + 8, 16 + len);
        memcpy(entry, &hash, 8);
        wr_buf_put(&all, entry, 24 + len);
        at += 10 + len;
    }
    if (!sound) wr_buf_put(&all, data, size);
    FILE *f = fopen(j.path, "wb");
    CHECK(f && (!all.len || fwrite(all.data, 1, all.len, f) == all.len));
    fclose(f);
    wr_buf_fini(&all);
    wr_file_journal_fini(&j);
}

static void clean(void) {
    DIR *d = opendir(dir);
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

/* What the sink saved, and its journal: the sink starts in the folder, or says why not. Nothing is written or
 * removed outside of it: names that lead away are refused. */
static void try_sink(bool sound, const uint8_t *data, size_t size) {
    static const weir_attribute attributes[] = {{"a", WEIR_STRING}};
    static const weir_schema schema = {"S", 1, attributes};
    char uri[120];
    size_t half = size / 2;
    weir_io_host host = {.struct_size = sizeof host, .app = "A", .state_dir = dir};
    weir_setting uri_set = {.given = true, .text = uri, .slot = 1};
    weir_io_args args = {.schema = &schema, .host = &host, .has_checkpoints = true};
    wr_file_set_spec spec = {.args = &args,
                             .uri = &uri_set,
                             .appends = true,
                             .packing = WR_PACKING_NONE,
                             .most_open = 3,
                             .rotation = {.size = 10, .keep = 2, .stamp = WR_FILE_STAMP}};
    wr_file_set *s;
    weir_error err = {0};
    weir_reader r;
    snprintf(uri, sizeof uri, "%s/{{a}}", dir);
    put_file("x", "12345678", 8);
    put_file(".x.1.closing", "1234", 4);
    put_journal(&host, sound, data, half);
    CHECK(wr_file_set_new(&spec, &s, &err) == WEIR_OK && wr_file_set_start(s, &err) == WEIR_OK);
    wr_reader_init(&r, (const char *)data + half, size - half);
    weir_status st = wr_file_set_recover(s, 1, &r, &err);
    CHECK(st == WEIR_OK || err.message[0]);
    if (st == WEIR_OK) {
        weir_writer w;
        wr_writer_init(&w);
        wr_file_set_begin(s, 2);
        if (wr_file_set_prepare(s, &w, &err) == WEIR_OK) wr_file_set_commit(s);
        wr_writer_fini(&w);
    }
    wr_file_set_free(s);
    clean();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    bool sound = data[1] & 1;
    switch (data[0] % 4) {
    case 0: try_errors(sound, data + 2, size - 2); break;
    case 1: try_snapshot(data + 2, size - 2); break;
    case 2: try_spill(sound, data + 2, size - 2); break;
    default: try_sink(sound, data + 2, size - 2);
    }
    return 0;
}
