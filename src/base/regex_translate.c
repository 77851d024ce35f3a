/* regex_translate.c: Java's regular expressions to PCRE2's: see regex.h. */
#include <stdio.h>
#include <string.h>

#include "base/regex.h"

typedef struct translation {
    const char *p, *begin, *end;
    wr_buf *out;
    weir_error *err;
} translation;

static weir_status refuse(translation *t, const char *what) {
    return weir_fail(t->err, WEIR_EPARSE, "regular expression '%.*s': %s",
                     (int)WR_MIN(t->end - t->begin, 100), t->begin, what);
}

/* ---- Escapes ------------------------------------------------------------------------------------------ */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_unicode(translation *t, uint32_t *code) {
    if (t->end - t->p < 6 || t->p[0] != '\\' || t->p[1] != 'u') return false;
    *code = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(t->p[i]);
        if (digit < 0) return false;
        *code = *code << 4 | (uint32_t)digit;
    }
    t->p += 6;
    return true;
}

static weir_status put_unicode(translation *t) {
    uint32_t code, low;
    if (!take_unicode(t, &code)) return refuse(t, "a bad \\u escape");
    if (code >= 0xD800 && code < 0xDC00 && take_unicode(t, &low))
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    wr_buf_printf(t->out, "\\x{%x}", code);
    return WEIR_OK;
}

/* \0, \0n, \0nn, \0mnn */
static void put_octal(translation *t) {
    uint32_t code = 0;
    t->p += 2;
    for (int i = 0; i < 3 && t->p < t->end && *t->p >= '0' && *t->p <= '7' && code < 32; i++)
        code = code * 8 + (uint32_t)(*t->p++ - '0');
    wr_buf_printf(t->out, "\\x{%x}", code);
}

/* Java's names of classes, and PCRE2's; posix ones stand inside brackets. */
static const struct {
    const char *java, *pcre;
    bool is_posix;
} classes[] = {
    {"Lower", "lower", true},
    {"Upper", "upper", true},
    {"ASCII", "ascii", true},
    {"Alpha", "alpha", true},
    {"Digit", "digit", true},
    {"Alnum", "alnum", true},
    {"Punct", "punct", true},
    {"Graph", "graph", true},
    {"Print", "print", true},
    {"Blank", "blank", true},
    {"Cntrl", "cntrl", true},
    {"XDigit", "xdigit", true},
    {"Space", "space", true},
    {"javaLowerCase", "Lowercase", false},
    {"javaUpperCase", "Uppercase", false},
    {"javaWhitespace", "White_Space", false},
    {"javaMirrored", "Bidi_Mirrored", false},
};

static weir_status put_property(translation *t, bool in_class) {
    char sign = t->p[1], name[64];
    t->p += 2;
    if (t->p == t->end) return refuse(t, "a \\p without a name");
    if (*t->p != '{') {
        wr_buf_printf(t->out, "\\%c%c", sign, *t->p++);
        return WEIR_OK;
    }
    const char *close = memchr(t->p, '}', (size_t)(t->end - t->p));
    if (!close || close - t->p > 60) return refuse(t, "a \\p{ without its }");
    snprintf(name, sizeof name, "%.*s", (int)(close - t->p - 1), t->p + 1);
    t->p = close + 1;
    for (size_t i = 0; i < WR_COUNT(classes); i++) {
        if (strcmp(classes[i].java, name) != 0) continue;
        if (!classes[i].is_posix)
            wr_buf_printf(t->out, "\\%c{%s}", sign, classes[i].pcre);
        else
            wr_buf_printf(t->out, "%s[:%s%s:]%s", in_class ? "" : "[", sign == 'P' ? "^" : "",
                          classes[i].pcre, in_class ? "" : "]");
        return WEIR_OK;
    }
    if (strncmp(name, "In", 2) == 0 || strncmp(name, "java", 4) == 0 || strncmp(name, "blk=", 4) == 0)
        return refuse(t, "weir does not know this \\p{…}; it knows categories, scripts and POSIX classes");
    const char *plain = strncmp(name, "Is", 2) == 0 ? name + 2 : name, *equals = strchr(plain, '=');
    wr_buf_printf(t->out, "\\%c{%s}", sign, equals ? equals + 1 : plain);
    return WEIR_OK;
}

/* \Q…\E, to the end if there is no \E */
static void put_quoted(translation *t) {
    const char *from = t->p;
    for (t->p += 2; t->p < t->end; t->p++)
        if (t->p[0] == '\\' && t->p + 1 < t->end && t->p[1] == 'E') {
            t->p += 2;
            break;
        }
    wr_buf_put(t->out, from, (size_t)(t->p - from));
}

/* t->p is at the backslash. */
static weir_status put_escape(translation *t, bool in_class) {
    if (t->p + 1 == t->end) return refuse(t, "a \\ at the end");
    switch (t->p[1]) {
    case 'u': return put_unicode(t);
    case 'p':
    case 'P': return put_property(t, in_class);
    case '0': put_octal(t); return WEIR_OK;
    case 'Q': put_quoted(t); return WEIR_OK;
    case 'K':
    case 'C':
    case 'g':
    case 'o':
    case 'N': return refuse(t, "an escape that Java does not have");
    default:
        wr_buf_put(t->out, t->p, 2);
        t->p += 2;
        return WEIR_OK;
    }
}

/* ---- Classes and groups ------------------------------------------------------------------------------- */

/* t->p is at the bracket. A class in a class adds its members, so its brackets are left out. */
static weir_status put_class(translation *t) {
    uint32_t depth = 0;
    do {
        char c = *t->p;
        if (c == '\\') {
            WR_TRY(put_escape(t, true));
            continue;
        }
        t->p++;
        if (c == '&' && t->p < t->end && *t->p == '&')
            return refuse(t, "weir does not run intersections of classes (&&)");
        if (c == '[') {
            if (depth && t->p < t->end && *t->p == '^')
                return refuse(t, "weir does not run a negated class inside another");
            if (++depth == 1) wr_buf_putc(t->out, c);
            if (depth == 1 && t->p < t->end && *t->p == '^') wr_buf_putc(t->out, *t->p++);
        } else if (c == ']') {
            if (--depth == 0) wr_buf_putc(t->out, c);
        } else {
            wr_buf_putc(t->out, c);
        }
    } while (depth && t->p < t->end);
    return depth ? refuse(t, "a class without its ]") : WEIR_OK;
}

/* Flags: (?i), (?im-s:. u (Unicode case) is how weir matches anyway. */
static weir_status put_flags(translation *t) {
    for (; t->p < t->end && *t->p != ')' && *t->p != ':'; t->p++) {
        if (*t->p == 'u') continue;
        if (!strchr("imsx-", *t->p)) return refuse(t, "weir does not run this flag or group");
        wr_buf_putc(t->out, *t->p);
    }
    return WEIR_OK;
}

/* t->p is at the parenthesis. */
static weir_status put_group(translation *t) {
    wr_buf_putc(t->out, *t->p++);
    if (t->p == t->end) return WEIR_OK;
    if (*t->p == '*') return refuse(t, "a * with nothing to repeat");
    if (*t->p != '?') return WEIR_OK;
    wr_buf_putc(t->out, *t->p++);
    if (t->p == t->end || strchr(":=!><", *t->p)) return WEIR_OK;
    return put_flags(t);
}

weir_status wr_regex_translate(const char *pattern, size_t len, wr_buf *out, weir_error *err) {
    translation t = {.p = pattern, .begin = pattern, .end = pattern + len, .out = out, .err = err};
    while (t.p < t.end) {
        if (*t.p == '\\')
            WR_TRY(put_escape(&t, false));
        else if (*t.p == '[')
            WR_TRY(put_class(&t));
        else if (*t.p == '(')
            WR_TRY(put_group(&t));
        else
            wr_buf_putc(out, *t.p++);
    }
    return out->failed ? weir_fail(err, WEIR_ENOMEM, "out of memory for a regular expression") : WEIR_OK;
}
