/* file_set_internal.h: what the files of file_set.h share. */
#ifndef WR_IO_FILE_SET_INTERNAL_H
#define WR_IO_FILE_SET_INTERNAL_H

#include "io/file_anew.h"
#include "io/file_journal.h"
#include "io/file_place.h"
#include "io/file_set.h"

/* Where in a file's buffer the file ends, and a new one of the same name begins. */
typedef struct wr_file_cut {
    size_t at;
    int64_t begun_ms;
} wr_file_cut;

/* A file that is whole, but has its hidden name yet: file_turns.c. */
typedef struct wr_file_ended {
    uint64_t turn;
    int64_t begun_ms;
    enum { WR_ENDED_NEW, WR_ENDED_SAVED, WR_ENDED_COMMITTED } state; /* the checkpoint that has it */
} wr_file_ended;

typedef struct wr_set_file wr_set_file;
struct wr_set_file {
    char *name; /* the rest of file.uri, as wr_file_place has it */
    size_t len;
    uint64_t hash;
    int fd;               /* -1: not open just now */
    uint64_t size;        /* of the file */
    uint64_t epoch_begin; /* size when the epoch began */
    uint64_t first_size;  /* before the sink wrote to it */
    bool was_there;       /* before */
    bool was_opened, is_touched, is_listed;
    bool is_new;     /* nobody has looked yet what else is there of its name */
    bool is_waiting; /* is in set->waiting */
    bool has_new;    /* the packer has what was never flushed */
    bool is_anew;    /* begun anew after the checkpoint that is gone back to */
    bool has_told;   /* that it is gone */
    bool has_ended;  /* what was begun in a file that was moved away */
    uint32_t look;   /* the last one at its name: set->look */
    wr_file_watch watch;
    uint64_t seen; /* size when it was last found under its name */
    wr_packer packer;
    wr_buf buffer;              /* packed, not yet in the file */
    size_t n_out;               /* bytes of buffer that are */
    wr_set_file *newer, *older; /* of the open ones, by last use */
    /* Rotation */
    uint64_t turn, epoch_turn; /* which file of this name it is, from 1; when the epoch began */
    int64_t begun_ms;          /* when it got its first row; 0: not known, or none yet */
    size_t n_held;             /* bytes given to the packer since it last gave something out */
    uint64_t number;           /* of the last closed one; 0: not known */
    int64_t last_begun_ms;     /* of the last closed one */
    wr_file_cut *cuts;
    uint32_t n_cuts, cap_cuts;
    wr_file_ended *ended;
    uint32_t n_ended, cap_ended;
};

struct wr_file_set {
    wr_file_set_spec spec;
    wr_file_place place;
    wr_file_journal journal;
    wr_set_file **files;
    uint32_t n, cap;
    uint32_t *index; /* of a file by hash, from 1; 0: free. Room for n_index, a power of 2, half of it used */
    uint32_t n_index;
    wr_set_file **waiting; /* that have something to write, or are midway in a member or frame */
    uint32_t n_waiting, cap_waiting;
    wr_set_file **found; /* of each record of a write */
    uint32_t cap_found;
    wr_set_file *newest, *oldest;
    uint32_t n_open;
    size_t buffered, held; /* bytes in buffers; in files and names */
    wr_buf head;           /* what each file begins with */
    int64_t now_ms;        /* of this write */
    int64_t span_end_ms;   /* time closes files then */
    uint32_t n_ended;      /* of all files */
    bool has_told;         /* that a file can't be given its name */
    uint64_t epoch;
    uint32_t look;   /* counts the times at which each file's name is looked at before it is written to */
    int64_t look_ms; /* when the next one is due */
};

/* ---- file_set.c ---- */

weir_status wr_file_set_no_memory(weir_error *err);
/* From errno. */
weir_status wr_file_set_failure(const wr_file_set *s, const char *name, const char *what, weir_error *err);
wr_set_file *wr_file_set_find(const wr_file_set *s, const char *name, size_t len); /* NULL: not known */
weir_status wr_file_set_add(wr_file_set *s, const char *name, size_t len, wr_set_file **out,
                            weir_error *err) WR_NODISCARD;
/* The known ones become none, for wr_file_set_keep_file to take them in again. */
void wr_file_set_clear_index(wr_file_set *s);
void wr_file_set_keep_file(wr_file_set *s, wr_set_file *f);
void wr_file_set_free_file(wr_file_set *s, wr_set_file *f);
/* What is not in the files yet is forgotten. */
void wr_file_set_drop_waiting(wr_file_set *s);
void wr_file_set_forget_all(wr_file_set *s);
weir_status wr_file_set_meet(wr_file_set *s, weir_text name, wr_set_file **out, weir_error *err) WR_NODISCARD;

/* Of a set of one file: it is known from the beginning. */
weir_status wr_file_set_meet_only(wr_file_set *s, weir_error *err) WR_NODISCARD;

/* ---- file_set_write.c ---- */

weir_status wr_file_set_open_file(wr_file_set *s, wr_set_file *f, bool creates, weir_error *err) WR_NODISCARD;
void wr_file_set_close_file(wr_file_set *s, wr_set_file *f);
/* Everything that waits goes to the files; `end`: members and frames end too. What fails stays. */
weir_status wr_file_set_drain_all(wr_file_set *s, bool end, weir_error *err);
/* What the packer has goes to the buffer; `end`: its memory goes too. */
weir_status wr_file_set_flush_packer(wr_file_set *s, wr_set_file *f, bool end, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_note_waiting(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;

/* ---- file_set_anew.c ---- */

/* With checkpoints rows of the open epoch are never lost to a file that is gone. */
bool wr_file_set_has_checkpoints(const wr_file_set *s);
/* Before files are written to: names are looked at anew, now (`always`) or if that was not done lately. */
void wr_file_set_look_anew(wr_file_set *s, bool always);
/* An open file that somebody deleted or moved away is begun anew; `now`: at any time. */
weir_status wr_file_set_look_at(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_look_now(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;
/* While it was closed somebody took it away, and perhaps put another one there, or cut it: it has so many
 * bytes. What it had of the open epoch nobody has any more. With exactly-once that is an error: the app goes
 * back and writes it again. */
weir_status wr_file_set_note_change(wr_file_set *s, wr_set_file *f, uint64_t size, weir_error *err);
/* The journal will say that the file was begun anew in this epoch, behind so many bytes. */
weir_status wr_file_set_note_anew(wr_file_set *s, const wr_set_file *f, uint64_t size, bool was_there,
                                  weir_error *err) WR_NODISCARD;

/* ---- file_turns.c: rotation ---- */

/* What the file of this name has, written or not, since it was begun: bytes, an upper bound. */
uint64_t wr_file_set_length(const wr_set_file *f);
bool wr_file_set_is_over(const wr_file_set *s, const wr_set_file *f); /* time has closed it */
/* Whether `len` bytes more may come into it. */
bool wr_file_set_fits(const wr_file_set *s, const wr_set_file *f, size_t len);
/* Before so many bytes come that have to stay together: cuts where they should not go into this file. */
weir_status wr_file_set_make_fit(wr_file_set *s, wr_set_file *f, size_t len, weir_error *err) WR_NODISCARD;
/* What comes next goes into a new file. Only memory is touched. */
weir_status wr_file_set_cut(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;
/* Cuts all that time has closed. */
weir_status wr_file_set_watch_time(wr_file_set *s, weir_error *err) WR_NODISCARD;
/* The file ends here: gets its hidden name (without checkpoints: its closed one). Tried again it goes on. */
weir_status wr_file_set_turn(wr_file_set *s, wr_set_file *f, int64_t begun_ms, weir_error *err) WR_NODISCARD;
/* Ended files, whose hidden names are durable from here on. */
weir_status wr_file_set_sync_ended(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;
/* Gives those their names that an earlier checkpoint has; what fails is told and tried with the next one. */
void wr_file_set_publish(wr_file_set *s, wr_set_file *f);
/* Publishes what a sink that had no chance to has left of a file that is new to this one. */
weir_status wr_file_set_take_over(wr_file_set *s, wr_set_file *f, weir_error *err) WR_NODISCARD;
/* The file is number `turn` of its name again; those that came after it are removed. */
weir_status wr_file_set_go_back(wr_file_set *s, wr_set_file *f, uint64_t turn, weir_error *err) WR_NODISCARD;

#endif
