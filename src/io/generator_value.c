/* generator_value.c: see generator_value.h. */
#include "io/generator_value.h"

#include <math.h>
#include <string.h>

#include "io/event_time.h"
#include "io/number.h"
#include "io/options.h"

#define MAX_ARGS 64
#define BLOCK    256 /* rows that are made at a time */

/* ---- Random numbers ----------------------------------------------------------------------------------- */

/* The finaliser of splitmix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit over all. */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t random_bits(const wr_gen_value *g, uint64_t row) {
    return mix(g->key + row * 0x9E3779B97F4A7C15u);
}

/* In [0, 1), 53 bits. */
static double random_unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

/* In [0, n), by multiplication instead of division (Lemire 2019); the bias is below n / 2^64. */
static uint64_t random_below(uint64_t bits, uint64_t n) {
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)bits * n) >> 64);
}

/* ---- Parsing ------------------------------------------------------------------------------------------ */

typedef struct call {
    const char *name;
    uint32_t n_args;
    const char *args[MAX_ARGS];
} call;

static char *trimmed(weir_arena *arena, const char *text, size_t len) {
    while (len && *text == ' ') text++, len--;
    while (len && text[len - 1] == ' ') len--;
    return wr_arena_strndup(arena, text, len);
}

/* name, or name(arg,arg,...); false: neither, or no memory. */
static bool parse_call(const char *text, weir_arena *arena, call *out) {
    *out = (call){0};
    size_t name_len = strcspn(text, "(");
    out->name = trimmed(arena, text, name_len);
    if (!out->name || !text[name_len]) return out->name && *out->name;
    const char *p = text + name_len + 1, *end = strrchr(p, ')');
    if (!end || end[1 + strspn(end + 1, " ")]) return false;
    for (; p <= end && out->n_args < MAX_ARGS; p++) {
        size_t len = strcspn(p, ",");
        if (p + len > end) len = (size_t)(end - p);
        if (!(out->args[out->n_args++] = trimmed(arena, p, len))) return false;
        p += len;
        if (p == end) return true;
    }
    return false;
}

static bool long_arg(const call *c, uint32_t i, int64_t *out) {
    return wr_parse_long(c->args[i], strlen(c->args[i]), out) == WR_NUMBER_OK;
}

static bool double_arg(const call *c, uint32_t i, double *out) {
    return wr_parse_double(c->args[i], strlen(c->args[i]), out) == WR_NUMBER_OK && isfinite(*out);
}

static bool parse_int(const call *c, wr_gen_value *g) {
    g->kind = WR_GEN_INT;
    return c->n_args == 2 && long_arg(c, 0, &g->lo) && long_arg(c, 1, &g->hi) && g->lo <= g->hi;
}

static bool parse_uniform(const call *c, wr_gen_value *g) {
    g->kind = WR_GEN_UNIFORM;
    return c->n_args == 2 && double_arg(c, 0, &g->a) && double_arg(c, 1, &g->b) && g->a <= g->b;
}

static bool parse_normal(const call *c, wr_gen_value *g) {
    g->kind = WR_GEN_NORMAL;
    return c->n_args == 2 && double_arg(c, 0, &g->a) && double_arg(c, 1, &g->b) && g->b >= 0;
}

static bool parse_sequence(const call *c, wr_gen_value *g) {
    g->kind = WR_GEN_SEQUENCE;
    g->hi = 1;
    return c->n_args <= 2 && (c->n_args < 1 || long_arg(c, 0, &g->lo)) &&
           (c->n_args < 2 || long_arg(c, 1, &g->hi));
}

static bool parse_time(const call *c, wr_gen_value *g) {
    wr_time_pattern iso = {0};
    int64_t step;
    g->kind = WR_GEN_TIME;
    if (c->n_args != 2) return false;
    if (!long_arg(c, 0, &g->lo) && !wr_time_from_text(&iso, c->args[0], strlen(c->args[0]), &g->lo))
        return false;
    if (double_arg(c, 1, &g->b)) return true;
    if (!wr_parse_time_span(c->args[1], &step)) return false;
    g->b = (double)step;
    return true;
}

static bool parse_bool(const call *c, wr_gen_value *g) {
    g->kind = WR_GEN_BOOL;
    return c->n_args == 1 && double_arg(c, 0, &g->a) && g->a >= 0 && g->a <= 1;
}

/* The choices become values of the attribute's type by way of a column of one row. */
static bool parse_choices(const call *c, wr_gen_value *g, weir_arena *arena) {
    g->kind = WR_GEN_CHOICE;
    g->n_choices = c->n_args;
    weir_value *choices = wr_arena_zero(arena, c->n_args, sizeof *choices);
    wr_string_heap heap = {.arena = arena};
    for (uint32_t i = 0; i < c->n_args && choices; i++) {
        union {
            int32_t i;
            int64_t l;
            float f;
            double d;
            uint8_t b;
            weir_string s;
        } cell;
        weir_column column = {.type = g->type, .data = &cell};
        if (wr_cell_from_text[g->type](&column, 0, c->args[i], strlen(c->args[i]), &heap) != WR_CELL_OK)
            return false;
        choices[i].type = g->type;
        switch (g->type) {
        case WEIR_INT: choices[i].as.i = cell.i; break;
        case WEIR_LONG: choices[i].as.l = cell.l; break;
        case WEIR_FLOAT: choices[i].as.f = cell.f; break;
        case WEIR_DOUBLE: choices[i].as.d = cell.d; break;
        case WEIR_BOOL: choices[i].as.b = cell.b; break;
        default: choices[i].as.s = cell.s; break;
        }
    }
    g->choices = choices;
    return choices && c->n_args > 0;
}

static bool parse_kind(const call *c, wr_gen_value *g, weir_arena *arena) {
    static const struct {
        const char *name;
        bool (*parse)(const call *c, wr_gen_value *g);
    } kinds[] = {{"int", parse_int},           {"uniform", parse_uniform}, {"normal", parse_normal},
                 {"sequence", parse_sequence}, {"time", parse_time},       {"bool", parse_bool}};
    if (strcmp(c->name, "choice") == 0 || (strcmp(c->name, "constant") == 0 && c->n_args == 1))
        return parse_choices(c, g, arena);
    for (size_t i = 0; i < WR_COUNT(kinds); i++)
        if (strcmp(c->name, kinds[i].name) == 0)
            return kinds[i].parse(c, g) && ((g->type == WEIR_BOOL) == (g->kind == WR_GEN_BOOL));
    return false;
}

weir_status wr_gen_value_parse(const char *text, const weir_attribute *attribute, uint32_t column,
                               uint64_t seed, weir_arena *arena, wr_gen_value *out, weir_error *err) {
    call c;
    *out = (wr_gen_value){.type = attribute->type, .key = mix(mix(seed) + column + 1)};
    if (attribute->type == WEIR_OBJECT)
        return weir_fail(err, WEIR_ETYPE, "the generator makes no objects, as '%s' is", attribute->name);
    if (parse_call(text, arena, &c) && parse_kind(&c, out, arena)) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "attr.%s is '%s', which makes no %s: it takes int(lo,hi), uniform(lo,hi), "
                     "normal(mean,deviation), sequence(start,step), time(start,step), choice(a,b,...), "
                     "constant(a), or bool(p) for a bool",
                     attribute->name, text, weir_type_name(attribute->type));
}

/* ---- Filling ------------------------------------------------------------------------------------------ */

static bool is_whole(const wr_gen_value *g) { return g->kind != WR_GEN_UNIFORM && g->kind != WR_GEN_NORMAL; }

static int64_t whole_at(const wr_gen_value *g, uint64_t row) {
    switch (g->kind) {
    case WR_GEN_INT: {
        uint64_t span = (uint64_t)g->hi - (uint64_t)g->lo + 1, bits = random_bits(g, row);
        return (int64_t)((uint64_t)g->lo + (span ? random_below(bits, span) : bits));
    }
    case WR_GEN_SEQUENCE: return (int64_t)((uint64_t)g->lo + (uint64_t)g->hi * row);
    case WR_GEN_TIME: return g->lo + (int64_t)floor((double)row * g->b);
    default: return random_unit(random_bits(g, row)) < g->a;
    }
}

static double real_at(const wr_gen_value *g, uint64_t row) {
    uint64_t bits = random_bits(g, row);
    if (g->kind == WR_GEN_UNIFORM) return g->a + (g->b - g->a) * random_unit(bits);
    /* Box and Muller: two uniform numbers give a normal one */
    double u = 1 - random_unit(bits), v = random_unit(mix(bits ^ g->key));
    return g->a + g->b * sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static void put_wholes(const int64_t *v, uint32_t n, weir_column *c, uint32_t first) {
    for (uint32_t i = 0; i < n; i++) {
        switch (c->type) {
        case WEIR_INT: ((int32_t *)c->data)[first + i] = (int32_t)v[i]; break;
        case WEIR_LONG: ((int64_t *)c->data)[first + i] = v[i]; break;
        case WEIR_FLOAT: ((float *)c->data)[first + i] = (float)v[i]; break;
        case WEIR_DOUBLE: ((double *)c->data)[first + i] = (double)v[i]; break;
        default: ((uint8_t *)c->data)[first + i] = v[i] != 0; break;
        }
    }
}

static int64_t clamped(double v) { return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : llrint(v); }

static void put_reals(const double *v, uint32_t n, weir_column *c, uint32_t first) {
    for (uint32_t i = 0; i < n; i++) {
        switch (c->type) {
        case WEIR_INT: ((int32_t *)c->data)[first + i] = (int32_t)clamped(v[i]); break;
        case WEIR_LONG: ((int64_t *)c->data)[first + i] = clamped(v[i]); break;
        case WEIR_FLOAT: ((float *)c->data)[first + i] = (float)v[i]; break;
        default: ((double *)c->data)[first + i] = v[i]; break;
        }
    }
}

/* A number as text, in a string column. */
static bool put_text(const wr_gen_value *g, uint64_t row, weir_column *c, uint32_t at, wr_string_heap *heap) {
    char text[WR_NUMBER_TEXT_BYTES];
    size_t len =
        is_whole(g) ? wr_format_long(whole_at(g, row), text) : wr_format_double(real_at(g, row), text);
    return wr_cell_from_text[WEIR_STRING](c, at, text, len, heap) == WR_CELL_OK;
}

static void put_choice(const weir_value *v, weir_column *c, uint32_t at) {
    switch (v->type) {
    case WEIR_INT: ((int32_t *)c->data)[at] = v->as.i; break;
    case WEIR_LONG: ((int64_t *)c->data)[at] = v->as.l; break;
    case WEIR_FLOAT: ((float *)c->data)[at] = v->as.f; break;
    case WEIR_DOUBLE: ((double *)c->data)[at] = v->as.d; break;
    case WEIR_BOOL: ((uint8_t *)c->data)[at] = v->as.b; break;
    default: ((weir_string *)c->data)[at] = v->as.s; break;
    }
}

static bool fill_block(const wr_gen_value *g, uint64_t number, uint32_t n, weir_column *c, uint32_t first,
                       wr_string_heap *heap) {
    union {
        int64_t whole[BLOCK];
        double real[BLOCK];
    } v;
    if (g->kind == WR_GEN_CHOICE) {
        for (uint32_t i = 0; i < n; i++)
            put_choice(&g->choices[random_below(random_bits(g, number + i), g->n_choices)], c, first + i);
        return true;
    }
    if (c->type == WEIR_STRING) {
        for (uint32_t i = 0; i < n; i++)
            if (!put_text(g, number + i, c, first + i, heap)) return false;
        return true;
    }
    if (is_whole(g)) {
        for (uint32_t i = 0; i < n; i++) v.whole[i] = whole_at(g, number + i);
        put_wholes(v.whole, n, c, first);
    } else {
        for (uint32_t i = 0; i < n; i++) v.real[i] = real_at(g, number + i);
        put_reals(v.real, n, c, first);
    }
    return true;
}

bool wr_gen_value_fill(const wr_gen_value *g, uint64_t number, uint32_t n, weir_column *c, uint32_t first,
                       wr_string_heap *heap) {
    for (uint32_t done = 0; done < n;) {
        uint32_t block = WR_MIN(n - done, (uint32_t)BLOCK);
        if (!fill_block(g, number + done, block, c, first + done, heap)) return false;
        done += block;
    }
    return true;
}
