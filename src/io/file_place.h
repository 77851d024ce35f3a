/* file_place.h: where the files of a sink are whose file.uri holds {{attribute}}, and which names are let in.
 *
 * What an event says is hostile: it becomes (part of) one name, never a way out. The folder in front of the
 * first name with {{…}} is opened once; below it every step is taken from a descriptor to the next and
 * follows no link (openat with O_NOFOLLOW), so that neither "..", nor "/", nor a link that somebody laid
 * leads away. */
#ifndef WR_IO_FILE_PLACE_H
#define WR_IO_FILE_PLACE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "weir_io.h"

typedef struct wr_file_place {
    char *folder;     /* the fixed one, ends in '/', or "" */
    const char *rest; /* of the template, behind the folder; belongs to the settings */
    size_t skip;      /* bytes of file.uri in front of rest */
    uint32_t n_slashes;
    size_t longest; /* name that is let in, in bytes */
    int fd;         /* of folder; -1: not open, nothing is there */
} wr_file_place;

/* Takes file.uri apart; opens nothing. Without {{…}} there is one name, its last. WEIR_ECONFIG: a name is
 * empty,
 * "." or "..". */
weir_status wr_file_place_init(wr_file_place *p, const weir_io_host *host, const char *uri,
                               weir_error *err) WR_NODISCARD;
void wr_file_place_fini(wr_file_place *p);
weir_status wr_file_place_open(wr_file_place *p, weir_error *err) WR_NODISCARD;
/* Another folder may have the fixed one's name by now, or none: then it is not open any more. */
void wr_file_place_look_again(wr_file_place *p);
/* Whether the rest of a file's name that came of the template is one name for each name there. WEIR_EVALUE
 * says what is wrong. */
weir_status wr_file_place_check(const wr_file_place *p, const char *name, size_t len,
                                weir_error *err) WR_NODISCARD;
/* How long the file is; *exists false: it isn't there. WEIR_EVALUE: something else has its name. */
weir_status wr_file_place_look(const wr_file_place *p, const char *name, bool *exists, uint64_t *size,
                               weir_error *err) WR_NODISCARD;
/* The same with all that the system says of it, and 0 or -1 with errno; a link is not followed. */
int wr_file_place_stat(const wr_file_place *p, const char *name, struct stat *st);
/* Opens it for writing; `creates`: makes what is missing of its folders and of it. -1 with errno. */
int wr_file_place_file(const wr_file_place *p, const char *name, bool creates);
/* 0, or -1 with errno. */
int wr_file_place_remove(const wr_file_place *p, const char *name);
/* Gives it another name in the same folder. Unless it `replaces`, EEXIST says that there is such a name. */
int wr_file_place_rename(const wr_file_place *p, const char *name, const char *leaf, bool replaces);
/* Calls `each` for every name in the folder of `name`. */
int wr_file_place_list(const wr_file_place *p, const char *name, void (*each)(void *ctx, const char *leaf),
                       void *ctx);
size_t wr_file_place_leaf(const char *name);                       /* where in it the last name begins */
void wr_file_place_sync(const wr_file_place *p, const char *name); /* its folder's entry is durable */

#endif
