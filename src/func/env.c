/* env.c: the functions of namespace env that mean something outside of a Java machine: getSystemProperty and
 * getOriginIPFromXForwarded. The others (getEnvironmentProperty reads properties of the Java machine,
 * getYAMLProperty Siddhi's settings, getUserAgentProperty a library's table of browsers) aren't there, and
 * refused by name. */
#include <stdlib.h>

#include "func/containers.h"
#include "func/functions.h"

#define EVAL(name) static weir_status name(void *self, const weir_call *call, weir_error *err)

/* ---- getSystemProperty -------------------------------------------------------------------------------- */

WR_CHECK(check_property, wr_env_get_system_property, WEIR_STRING, {1, false, {WR_T_STRING}},
         {2, false, {WR_T_STRING, WR_T_STRING}})

static weir_status put_variable(const weir_call *call, uint32_t row, wr_text key) {
    const char *name = wr_arena_strndup(call->arena, key.p, key.n);
    if (!name) return WEIR_ENOMEM;
    const char *value = strlen(name) == key.n ? getenv(name) : NULL;
    wr_text otherwise;
    if (value) return wr_put_copy(call, row, value, strlen(value));
    if (call->n_args == 2 && wr_text_arg(call, 1, row, &otherwise))
        wr_put_view(call, row, otherwise.p, otherwise.n);
    else
        wr_put_null(call, row);
    return WEIR_OK;
}

EVAL(eval_property) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text key;
        if (wr_text_needed(call, 0, row, "env:getSystemProperty", &key)) WR_TRY(put_variable(call, row, key));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_env_get_system_property, "env", "getSystemProperty", check_property, eval_property,
            "Gives the value of an environment variable of the process.",
            "env:getSystemProperty('NO_SUCH_VARIABLE', 'none') -> 'none'",
            {"env:getSystemProperty(<string> name)", "Null where there is none; a name that is null fails."},
            {"env:getSystemProperty(<string> name, <string> otherwise)",
             "The last argument where there is none."});

/* ---- getOriginIPFromXForwarded ------------------------------------------------------------------------ */

WR_CHECK(check_origin, wr_env_get_origin_ip, WEIR_STRING, {1, false, {WR_T_STRING}})

/* Four numbers up to 255, of one to three digits, with points between. */
static bool read_address(wr_text s, uint32_t out[4]) {
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        size_t begin = at;
        if (i && (at >= s.n || s.p[at++] != '.')) return false;
        begin = at;
        for (out[i] = 0; at < s.n && s.p[at] >= '0' && s.p[at] <= '9' && at - begin < 3; at++)
            out[i] = out[i] * 10 + (uint32_t)(s.p[at] - '0');
        if (at == begin || out[i] > 255) return false;
    }
    return at == s.n;
}

static bool begins_with(wr_text s, const char *text) {
    size_t n = strlen(text);
    return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* As its text begins, not as its numbers are: 010.1.2.3 is public to Siddhi. */
static bool is_private(wr_text s, const uint32_t ip[4]) {
    if (begins_with(s, "127.") || begins_with(s, "10.") || begins_with(s, "192.168.")) return true;
    return begins_with(s, "172.") && s.n > 6 && s.p[6] == '.' && ip[1] >= 16 && ip[1] <= 31;
}

static wr_text trimmed(wr_text s) {
    while (s.n && (unsigned char)*s.p <= ' ') s.p++, s.n--;
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
    return s;
}

static bool find_public(wr_text header, wr_text *out) {
    while (true) {
        const char *comma = memchr(header.p, ',', header.n);
        wr_text entry = {header.p, comma ? (size_t)(comma - header.p) : header.n};
        uint32_t ip[4];
        *out = trimmed(entry);
        if (read_address(*out, ip) && !is_private(*out, ip)) return true;
        if (!comma) return false;
        header.n -= entry.n + 1;
        header.p = comma + 1;
    }
}

EVAL(eval_origin) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text header, ip;
        if (!wr_text_needed(call, 0, row, "env:getOriginIPFromXForwarded", &header)) continue;
        if (find_public(header, &ip))
            WR_TRY(wr_put_copy(call, row, ip.p, ip.n));
        else
            wr_put_null(call, row);
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_env_get_origin_ip, "env", "getOriginIPFromXForwarded", check_origin, eval_origin,
            "Gives the first public IPv4 address of an X-Forwarded-For header.",
            "env:getOriginIPFromXForwarded('192.168.1.1, 2.49.128.82, 8.8.8.8') -> '2.49.128.82'",
            {"env:getOriginIPFromXForwarded(<string> header)", "Null where there is none; null fails."});
