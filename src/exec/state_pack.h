/* state_pack.h: saved states that are much alike, in few bytes.
 *
 * A state is xored with another one, its model; what is left is mostly zeros, which are left out:
 *
 *   8 bytes of state    mask of those that are not 0, then these
 *   8 zeros             0, then how many more such groups follow (0 to 255)
 *
 * The last group is filled up with zeros. */
#ifndef WR_STATE_PACK_H
#define WR_STATE_PACK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that a packed state of n bytes takes at most. */
static inline size_t wr_state_packed_most(size_t n) { return (n + 7) / 8 * 9 + 1; }
/* Returns how many bytes it took. model may be shorter or longer than the state (NULL with n_model 0). */
size_t wr_state_pack(const unsigned char *state, size_t n, const unsigned char *model, size_t n_model,
                     unsigned char *out);
/* False, with out unspecified, if the bytes are not those of a state of n bytes. */
bool wr_state_unpack(const unsigned char *packed, size_t n_packed, const unsigned char *model, size_t n_model,
                     unsigned char *out, size_t n);

#endif
