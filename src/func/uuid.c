/* uuid.c: UUID(): a random UUID (version 4, RFC 9562) for each row.
 *
 * Randomness is the point here, so this is the one function whose results differ from run to run. Each call
 * site draws its seed from the system once, when it is opened, and then computes: no row waits for the
 * kernel. The generator is xoshiro256** by Blackman and Vigna. */
#include <errno.h>
#include <sys/random.h>

#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

#define TEXT_BYTES 36u

typedef struct generator {
    uint64_t s[4];
} generator;

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static uint64_t next(generator *g) {
    uint64_t *s = g->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return wr_check_arg_count(&wr_function_uuid, args, n_args, 0, 0, err);
}

static weir_status open_site(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)args;
    (void)n_args;
    generator *g = self;
    ssize_t got;
    do got = getrandom(g->s, sizeof g->s, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof g->s) return weir_fail(err, WEIR_EIO, "the system gives no random numbers");
    g->s[0] |= 1; /* the one seed that does not work is all zeros */
    return WEIR_OK;
}

/* xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx, y one of 89ab */
static void put_uuid(char *text, uint64_t high, uint64_t low) {
    static const char digits[] = "0123456789abcdef";
    high = (high & ~(uint64_t)0xF000) | 0x4000;
    low = (low & ~((uint64_t)3 << 62)) | (uint64_t)2 << 62;
    for (uint32_t i = 0, bit = 128; i < TEXT_BYTES; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            text[i] = '-';
            continue;
        }
        bit -= 4;
        text[i] = digits[(bit >= 64 ? high >> (bit - 64) : low >> bit) & 15];
    }
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    generator *g = self;
    char *text = wr_arena_array(call->arena, call->n_sel, TEXT_BYTES);
    if (!text) return WEIR_ENOMEM;
    weir_string *to = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++, text += TEXT_BYTES) {
        uint64_t high = next(g);
        put_uuid(text, high, next(g));
        to[wr_call_row(call, k)] = weir_string_view(text, TEXT_BYTES);
    }
    return WEIR_OK;
}

const weir_function_type wr_function_uuid = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "UUID",
    .doc = "Gives a new random UUID (version 4) for each event.",
    .example = "instanceOfString(UUID()) -> true",
    .params = (const weir_param_doc[]){{"UUID()", "No arguments."}, {NULL, NULL}},
    .check = check,
    .state_size = sizeof(generator),
    .open = open_site,
    .eval = eval,
    .not_pure = true,
};
