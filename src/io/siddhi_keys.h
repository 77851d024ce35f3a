/* siddhi_keys.h: keys of Siddhi's sources, sinks and mappers that no option of weir stands for.
 *
 * An app of Siddhi may set what has no meaning here (how long a thread waits, the size of a pool): such a key
 * is passed over. One that asks for something weir does not do is refused, and the message says what. */
#ifndef WR_SIDDHI_KEYS_H
#define WR_SIDDHI_KEYS_H

#include <stdbool.h>

typedef struct wr_siddhi_key {
    const char *of; /* "@source(type='file')", as messages name it */
    const char *name;
    const char
        *harmless; /* the value that changes nothing, in any case of letters; NULL: any, unless why is set */
    const char *why; /* what another value asks for in vain */
} wr_siddhi_key;

extern const wr_siddhi_key wr_siddhi_keys[]; /* ends with a row without name */

/* NULL: no such key. */
const wr_siddhi_key *wr_siddhi_key_find(const char *of, const char *name);
bool wr_siddhi_key_takes(const wr_siddhi_key *key, const char *value);

#endif
